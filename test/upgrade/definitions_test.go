package upgrade

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/operator"
	"github.com/allmenning/allmenning/test/staged"
)

// Definitions that are older than the operator, or newer, are named by the Platform, with the fix, and cost no storm of requests. Applied
// as they should be, all goes on.
func TestDefinitionsOfAnotherReleaseAreNamed(t *testing.T) {
	w := staged.NewWorld(t, *patience)
	w.Install(now.config)
	c := staged.Country{Admin: w.Admin, Size: *members}
	redefine(w, "appinstallations", "status", func(fields map[string]apiextensionsv1.JSONSchemaProps) { delete(fields, "history") })
	o := w.Start(now.program)
	if err := c.Make(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Eventually("the Platform names what the definition lacks", func(ctx context.Context) error {
		return says(ctx, w, v1alpha1.ReasonDefinitionOutdated, "AppInstallation status.history", "apply config/crd")
	})
	w.Eventually("the log does, too", func(context.Context) error {
		log, err := os.ReadFile(o.Log())
		if err == nil && !strings.Contains(string(log), "other definitions") {
			err = fmt.Errorf("%d bytes without a word of it", len(log))
		}
		return err
	})
	calm(w, c, o)

	w.Install(now.config)
	w.Eventually("with the right definitions all goes on", func(ctx context.Context) error { return c.At(ctx, 0) })
	w.Eventually("every status is Ready", c.Ready)

	redefine(w, "networks", "spec", func(fields map[string]apiextensionsv1.JSONSchemaProps) {
		fields["tomorrow"] = apiextensionsv1.JSONSchemaProps{Type: "string"}
	})
	w.Stop(o)
	w.Start(now.program)
	w.Eventually("the Platform names what it does not know", func(ctx context.Context) error {
		return says(ctx, w, v1alpha1.ReasonReady, "Network spec.tomorrow", "run the operator of the release")
	})
}

// redefine changes the fields of the spec or status of one of our kinds, and waits until the API server goes by it.
func redefine(w *staged.World, plural, part string, change func(map[string]apiextensionsv1.JSONSchemaProps)) {
	w.Helper()
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		var crd apiextensionsv1.CustomResourceDefinition
		if err := w.Admin.Get(w.Context(), client.ObjectKey{Name: plural + "." + v1alpha1.GroupVersion.Group}, &crd); err != nil {
			return err
		}
		change(crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties[part].Properties)
		return w.Admin.Update(w.Context(), &crd)
	})
	if err != nil {
		w.Fatal(err)
	}
}

// says returns an error unless the Platform's condition Ready has a reason, and says all of some words.
func says(ctx context.Context, w *staged.World, reason string, words ...string) error {
	var p v1alpha1.Platform
	if err := w.Admin.Get(ctx, client.ObjectKey{Name: v1alpha1.PlatformName}, &p); err != nil {
		return err
	}
	ready := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.Reason != reason {
		return fmt.Errorf("it says %+v", p.Status.Conditions)
	}
	for _, word := range words {
		if !strings.Contains(ready.Message, word) {
			return fmt.Errorf("it says %q, without %q", ready.Message, word)
		}
	}
	return nil
}

// calm waits until what can't be stored is tried seldom: at most once in five seconds for each object on average.
func calm(w *staged.World, c staged.Country, o *operator.Process) {
	w.Helper()
	last, since := -1, time.Now()
	w.Eventually("what can't be stored is tried seldom", func(ctx context.Context) error {
		metrics, err := o.Scrape(ctx)
		if err != nil || (last >= 0 && time.Since(since) < rest) {
			return fmt.Errorf("counting requests for %s (%w)", rest, err)
		}
		sum := writes(metrics).Total()
		made := sum - last
		if first := last < 0; first || made > c.Installations() {
			last, since = sum, time.Now()
			return fmt.Errorf("%d requests in %s for %d installations", made, rest, c.Installations())
		}
		w.Logf("with a definition that lacks a field: %d requests in %s, for %d installations", made, rest, c.Installations())
		return nil
	})
}
