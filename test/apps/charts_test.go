package apps_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// chartFlags reads what the file of an archive says of the version of a chart, and returns the publisher's flags for it.
func chartFlags(t *testing.T, dir string, f txtar.File, said *v1alpha1.Version) []string {
	t.Helper()
	switch f.Name {
	case "version.yaml":
		if err := yaml.UnmarshalStrict(f.Data, said); err != nil {
			t.Fatal(err)
		}
		settings, err := yaml.Marshal(said.Chart)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "settings.yaml"), settings)
		return []string{"--chart-settings", filepath.Join(dir, "settings.yaml")}
	case "parameters.yaml":
		return []string{"--parameters", filepath.Join(dir, f.Name)}
	}
	return nil
}

// neverReadyChart has the pods of a chart never get ready, by its values.
func neverReadyChart(t *testing.T, settings v1alpha1.ChartSettings) *v1alpha1.ChartSettings {
	t.Helper()
	values := map[string]any{}
	if settings.Values != nil {
		if err := yaml.Unmarshal(settings.Values.Raw, &values); err != nil {
			t.Fatal(err)
		}
	}
	values["podAnnotations"] = map[string]any{"allmenning.dev/simulate": "never-ready"}
	raw, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	settings.Values = &apiextensionsv1.JSON{Raw: raw}
	return &settings
}

// generated are the values that the operator made for an app; nil where there are none.
func generated(ctx context.Context, namespace, app string) (map[string][]byte, error) {
	var secret corev1.Secret
	err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: app + "-generated"}, &secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return secret.Data, err
}

// untold fails where a value of an app's shows outside of its Secrets.
func untold(t *testing.T, namespace, app string, values map[string][]byte) {
	t.Helper()
	i := &v1alpha1.AppInstallation{}
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: app}, i); err != nil {
		t.Fatal(err)
	}
	var events corev1.EventList
	if err := admin.List(t.Context(), &events); err != nil {
		t.Fatal(err)
	}
	written, err := json.Marshal([]any{i, events})
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		if len(value) < 16 || bytes.Contains(written, value) {
			t.Errorf("%s: the value of %s is short, or shown", app, name)
		}
	}
}

// TestGeneratedValues has the value that an app's data may depend on stay, be asked for when it is lost, and be made again
// when somebody says so.
func TestGeneratedValues(t *testing.T) {
	t.Parallel()
	a := offerAs(t, "chart-eksport", "verdier")
	m := town(t, "verditown", "4601", a)
	namespace := m.Name + "-prod"
	a.runs(t, namespace, "1.0.0", nil)
	first, err := generated(t.Context(), namespace, a.name)
	if err != nil || len(first["apiKey"]) != 20 {
		t.Fatalf("made %d characters, %v; want 20", len(first["apiKey"]), err)
	}
	uses := func(value []byte) func(*v1alpha1.AppInstallation) error {
		return func(*v1alpha1.AppInstallation) error {
			var key corev1.Secret
			if err := admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: a.name + "-key"}, &key); err != nil {
				return err
			}
			if !bytes.Equal(key.Data["key"], value) {
				return errors.New("the app has another value")
			}
			return nil
		}
	}
	a.runs(t, namespace, "1.0.0", uses(first["apiKey"]))
	untold(t, namespace, a.name, first)

	lost := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: a.name + "-generated"}}
	if err := admin.Delete(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it says that the value is lost", func(ctx context.Context) error {
		i := &v1alpha1.AppInstallation{}
		if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: a.name}, i); err != nil {
			return err
		}
		ready := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.Reason != v1alpha1.ReasonSecretMissing || !strings.Contains(ready.Message, "apiKey") {
			return fmt.Errorf("%+v", ready)
		}
		return nil
	})
	if err := uses(first["apiKey"])(nil); err != nil {
		t.Errorf("what runs was changed: %v", err)
	}

	empty := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: a.name + "-generated", Annotations: map[string]string{v1alpha1.AnnotationAdopt: a.name}}}
	if err := admin.Create(t.Context(), empty); err != nil {
		t.Fatal(err)
	}
	var second map[string][]byte
	eventually(t, "another value is made", func(ctx context.Context) error {
		var err error
		if second, err = generated(ctx, namespace, a.name); err != nil || len(second["apiKey"]) != 20 || bytes.Equal(second["apiKey"], first["apiKey"]) {
			return fmt.Errorf("it is not: %w", err)
		}
		return nil
	})
	a.runs(t, namespace, "1.0.0", uses(second["apiKey"]))
	untold(t, namespace, a.name, second)
}
