package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// tally counts the objects that are as they should be, as a watch reports them.
type tally struct {
	good func(*unstructured.Unstructured) bool

	mutex sync.Mutex
	names map[string]bool
}

func newTally(good func(*unstructured.Unstructured) bool) *tally {
	return &tally{good: good, names: map[string]bool{}}
}

func (t *tally) see(object *unstructured.Unstructured, gone bool) {
	good := !gone && t.good(object)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if good {
		t.names[nameOf(object)] = true
	} else {
		delete(t.names, nameOf(object))
	}
}

func (t *tally) count() int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return len(t.names)
}

// nameOf is unique among the objects of one cluster.
func nameOf(object *unstructured.Unstructured) string {
	return object.GetKind() + "/" + object.GetNamespace() + "/" + object.GetName()
}

// spectator sees each object that a watch reports.
type spectator interface {
	see(object *unstructured.Unstructured, gone bool)
}

// follow watches a resource until ctx ends, and returns when the spectators have seen
// all that is there already.
func follow(ctx context.Context, reader dynamic.Interface, resource schema.GroupVersionResource, selector string, spectators ...spectator) error {
	see := func(event any, gone bool) {
		if unknown, ok := event.(cache.DeletedFinalStateUnknown); ok {
			event = unknown.Obj
		}
		object, ok := event.(*unstructured.Unstructured)
		if !ok {
			return
		}
		for _, s := range spectators {
			s.see(object, gone)
		}
	}
	informer := dynamicinformer.NewFilteredDynamicInformer(reader, resource, metav1.NamespaceAll, 0, cache.Indexers{},
		func(o *metav1.ListOptions) { o.LabelSelector = selector }).Informer()
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { see(object, false) },
		UpdateFunc: func(_, object any) { see(object, false) },
		DeleteFunc: func(object any) { see(object, true) },
	})
	if err != nil {
		return fmt.Errorf("watching %s: %w", resource.Resource, err)
	}
	go informer.RunWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return fmt.Errorf("watching %s: %w", resource.Resource, context.Cause(ctx))
	}
	return nil
}

// expectation is a tally and the count that it should reach.
type expectation struct {
	what  string
	tally *tally
	count int
}

// metAll says whether all are as expected, and says how far they have come.
func metAll(expectations []expectation) (done bool, line string) {
	done = true
	for _, e := range expectations {
		count := e.tally.count()
		done = done && count == e.count
		line += fmt.Sprintf("%s %d/%d  ", e.what, count, e.count)
	}
	return done, line
}

// await waits until all are as expected at once. Alive, which may be nil, ends the wait
// with its error.
func await(ctx context.Context, timeout time.Duration, alive func() error, say *progress, expectations ...expectation) error {
	line := ""
	err := wait.PollUntilContextTimeout(ctx, 10*time.Millisecond, timeout, true, func(context.Context) (bool, error) {
		if alive != nil {
			if err := alive(); err != nil {
				return false, err
			}
		}
		done := false
		done, line = metAll(expectations)
		say.update("%s", line)
		return done, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("after %s the count is %s: %w", timeout, line, err)
	}
	return err
}

// ready is what `kubectl wait --for=condition=Ready` waits for.
func ready(object *unstructured.Unstructured) bool { return holds(object, v1alpha1.ConditionReady) }

// appsReady says whether the object is Ready, and all apps below it are ready, too.
func appsReady(object *unstructured.Unstructured) bool {
	return ready(object) && holds(object, v1alpha1.ConditionAppsReady)
}

// holds says whether a condition is true of the object's latest generation.
func holds(object *unstructured.Unstructured, condition string) bool {
	content, _, err := unstructured.NestedFieldNoCopy(object.Object, "status")
	body, ok := content.(map[string]any)
	if err != nil || !ok {
		return false
	}
	var known struct {
		Conditions []metav1.Condition `json:"conditions"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(body, &known); err != nil {
		return false
	}
	for _, c := range known.Conditions {
		if c.Type == condition {
			return c.Status == metav1.ConditionTrue && c.ObservedGeneration == object.GetGeneration()
		}
	}
	return false
}

// current says whether kstatus calls the object Current.
func current(object *unstructured.Unstructured) bool {
	result, err := status.Compute(object)
	return err == nil && result.Status == status.CurrentStatus && seenByController(object)
}

// seenByController is false for an object whose controller has not looked at it at all.
// kstatus calls such a PodDisruptionBudget Current.
func seenByController(object *unstructured.Unstructured) bool {
	if object.GetKind() != "Deployment" && object.GetKind() != "PodDisruptionBudget" {
		return true
	}
	observed, found, err := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	return err == nil && found && observed == object.GetGeneration()
}

// runs says whether an installation runs that version, from the bundle that it should,
// and is Ready.
func runs(version string) func(*unstructured.Unstructured) bool {
	return func(object *unstructured.Unstructured) bool {
		wanted, _, err := unstructured.NestedString(object.Object, "spec", "digest")
		if err != nil {
			return false
		}
		digest, _, err := unstructured.NestedString(object.Object, "status", "appliedDigest")
		if err != nil {
			return false
		}
		applied, _, err := unstructured.NestedString(object.Object, "status", "appliedVersion")
		return err == nil && applied == version && digest == wanted && ready(object)
	}
}
