package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

const (
	fieldOwner   = client.FieldOwner("allmenning-demo")
	applyWorkers = 10
)

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	err := errors.Join(clientgoscheme.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
	if err != nil {
		return nil, fmt.Errorf("registering types: %w", err)
	}
	return scheme, nil
}

// newApplier is a client of the person who runs the demo: the cluster's
// administrator.
func newApplier(config *rest.Config) (client.Client, error) {
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	writer, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return writer, nil
}

// applyAll applies the objects server-side, several at a time, in no order.
func applyAll(ctx context.Context, writer client.Client, objects []*unstructured.Unstructured, sent func(count int)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(applyWorkers)
	for i, object := range objects {
		group.Go(func() error {
			err := writer.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), fieldOwner, client.ForceOwnership)
			if err != nil {
				return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
			}
			return nil
		})
		sent(i + 1)
	}
	return group.Wait()
}

// installDefault applies config/default: namespaces and CRDs first, then the
// rest. Its Deployment is left out, as the demo runs the operator beside the
// cluster: the nodes are played, and run no images.
func installDefault(ctx context.Context, writer client.Client, objects []*unstructured.Unstructured) error {
	var first, others []*unstructured.Unstructured
	for _, object := range objects {
		switch object.GetKind() {
		case "Namespace", "CustomResourceDefinition":
			first = append(first, object)
		case "Deployment":
		default:
			others = append(others, object)
		}
	}
	quiet := func(int) {}
	if err := applyAll(ctx, writer, first, quiet); err != nil {
		return err
	}
	if err := awaitEstablished(ctx, writer); err != nil {
		return err
	}
	return applyAll(ctx, writer, others, quiet)
}

// awaitEstablished waits until the API server serves each CRD.
func awaitEstablished(ctx context.Context, reader client.Client) error {
	waiting := "the list of CRDs"
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
		var list apiextensionsv1.CustomResourceDefinitionList
		if err := reader.List(ctx, &list); err != nil {
			return false, fmt.Errorf("listing CRDs: %w", err)
		}
		for _, crd := range list.Items {
			if !established(crd) {
				waiting = crd.Name
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the API server to serve %s: %w", waiting, err)
	}
	return nil
}

func established(crd apiextensionsv1.CustomResourceDefinition) bool {
	for _, condition := range crd.Status.Conditions {
		if condition.Type == apiextensionsv1.Established {
			return condition.Status == apiextensionsv1.ConditionTrue
		}
	}
	return false
}

// applyScenario applies the Platform, apps, networks and municipalities.
func applyScenario(ctx context.Context, writer client.Client, show *progress, all manifests) error {
	show.step("offering the shared apps")
	quiet := func(int) {}
	if err := applyAll(ctx, writer, all.settings, quiet); err != nil {
		return err
	}
	if err := applyAll(ctx, writer, all.apps, quiet); err != nil {
		return err
	}
	show.step(fmt.Sprintf("onboarding %d municipalities in %d networks", len(all.municipalities), len(all.tenants)-len(all.municipalities)))
	return applyAll(ctx, writer, all.tenants, func(count int) {
		show.update(fmt.Sprintf("sent %d/%d", count, len(all.tenants)))
	})
}
