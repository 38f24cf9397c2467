package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/allmenning/allmenning/test/controlplane"
	"github.com/allmenning/allmenning/test/operator"
)

const (
	defaultFolder = "config/default"
	fieldOwner    = client.FieldOwner("allmenning-perf")
	// writers is how many requests the bench itself makes at a time.
	writers = 20
)

// cluster is a fresh control plane with CRDs, roles and policies, and the
// administrator's access to it.
type cluster struct {
	plane     *controlplane.ControlPlane
	writer    client.Client
	reader    dynamic.Interface
	discovery discovery.DiscoveryInterface
}

// whole is a control plane with the controllers that every cluster has, and without nodes.
func whole(o options) controlplane.Options {
	return controlplane.Options{ControllerManager: true, Profiling: o.profiles != ""}
}

// startCluster starts a control plane and applies config/default, except
// for the operator's Deployment: no node would run it.
func startCluster(ctx context.Context, o controlplane.Options, say *progress) (*cluster, error) {
	say.step("starting a control plane")
	plane, err := controlplane.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	home := &cluster{plane: plane}
	if err := home.prepare(ctx); err != nil {
		_ = plane.Stop() // the error above is the one that matters
		return nil, err
	}
	return home, nil
}

// start runs the operator on the cluster, and returns when it says that it is ready.
func (c *cluster) start(ctx context.Context, o options) (*operator.Process, error) {
	kubeconfig, err := c.plane.KubeconfigFor(operator.Identity)
	if err != nil {
		return nil, err
	}
	process, err := operator.Start(operator.Options{
		Program: o.manager, Kubeconfig: kubeconfig, LeaderElect: o.leaderElect,
		Log: filepath.Join(c.plane.Dir(), "logs", "allmenning-manager.log"),
	})
	if err != nil {
		return nil, err
	}
	if err := process.AwaitReady(ctx); err != nil {
		return nil, errors.Join(err, process.Stop())
	}
	return process, nil
}

func (c *cluster) prepare(ctx context.Context) error {
	config := c.plane.Config()
	config.WarningHandlerWithContext = rest.NoWarnings{}
	var err error
	if c.writer, err = client.New(config, client.Options{}); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if c.reader, err = dynamic.NewForConfig(config); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if c.discovery, err = discovery.NewDiscoveryClientForConfig(config); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	objects, err := kustomize(filesys.MakeFsOnDisk(), defaultFolder)
	if err != nil {
		return err
	}
	return c.install(ctx, objects)
}

// install applies CRDs and namespaces before what needs them.
func (c *cluster) install(ctx context.Context, objects []*unstructured.Unstructured) error {
	var first, others []*unstructured.Unstructured
	var crds []schema.GroupKind
	for _, object := range objects {
		switch object.GetKind() {
		case "CustomResourceDefinition":
			crds = append(crds, definedKind(object))
			first = append(first, object)
		case "Namespace":
			first = append(first, object)
		case "Deployment":
		default:
			others = append(others, object)
		}
	}
	if err := c.apply(ctx, first); err != nil {
		return err
	}
	if err := c.awaitServed(ctx, crds); err != nil {
		return err
	}
	return c.apply(ctx, others)
}

// awaitServed waits until the API server knows the kinds.
func (c *cluster) awaitServed(ctx context.Context, kinds []schema.GroupKind) error {
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		for _, kind := range kinds {
			_, err := c.writer.RESTMapper().RESTMapping(kind)
			if meta.IsNoMatchError(err) {
				return false, nil
			}
			if err != nil {
				return false, fmt.Errorf("asking whether %s is served: %w", kind, err)
			}
		}
		return true, nil
	})
}

func definedKind(crd *unstructured.Unstructured) schema.GroupKind {
	group, _, _ := unstructured.NestedString(crd.Object, "spec", "group") // a wrong type is no kind, and is never served
	kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
	return schema.GroupKind{Group: group, Kind: kind}
}

// apply applies the objects server-side, several at a time, in no order.
func (c *cluster) apply(ctx context.Context, objects []*unstructured.Unstructured) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for _, object := range objects {
		group.Go(func() error {
			err := c.writer.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), fieldOwner, client.ForceOwnership)
			if err != nil {
				return fmt.Errorf("applying %s %s/%s: %w", object.GetKind(), object.GetNamespace(), object.GetName(), err)
			}
			return nil
		})
	}
	return group.Wait()
}
