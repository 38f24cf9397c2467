package upgrade

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/operator"
	"github.com/allmenning/allmenning/test/staged"
)

// rest is how long an operator must have written nothing to be at rest. It is longer than any status is held back.
const rest = 5 * time.Second

// looked are the kinds that are compared: ours, and what the operator and the cluster make of them.
var looked = []schema.GroupVersionKind{
	v1alpha1.GroupVersion.WithKind("Platform"), v1alpha1.GroupVersion.WithKind("SharedApp"), v1alpha1.GroupVersion.WithKind("Network"),
	v1alpha1.GroupVersion.WithKind("Municipality"), v1alpha1.GroupVersion.WithKind("AppInstallation"), v1alpha1.GroupVersion.WithKind("Rollout"),
	corev1.SchemeGroupVersion.WithKind("Namespace"), corev1.SchemeGroupVersion.WithKind("ConfigMap"), corev1.SchemeGroupVersion.WithKind("Secret"),
	corev1.SchemeGroupVersion.WithKind("ServiceAccount"), corev1.SchemeGroupVersion.WithKind("ResourceQuota"), corev1.SchemeGroupVersion.WithKind("LimitRange"),
	corev1.SchemeGroupVersion.WithKind("Pod"), appsv1.SchemeGroupVersion.WithKind("Deployment"), appsv1.SchemeGroupVersion.WithKind("ReplicaSet"),
	networkingv1.SchemeGroupVersion.WithKind("NetworkPolicy"), rbacv1.SchemeGroupVersion.WithKind("RoleBinding"),
}

// picture is every object of these kinds, by kind, namespace and name.
type picture map[string]*unstructured.Unstructured

func look(w *staged.World) picture {
	w.Helper()
	all := picture{}
	for _, gvk := range looked {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(gvk)
		if err := w.Admin.List(w.Context(), list); err != nil {
			w.Fatal(err)
		}
		for i := range list.Items {
			o := &list.Items[i]
			all[gvk.Kind+" "+client.ObjectKeyFromObject(o).String()] = o
		}
	}
	return all
}

// difference is what became of the objects between two pictures.
type difference struct {
	// idle are those that were written and are as they were; changed are others, by the top fields that differ, and
	// apps those among these that belong to an app, or came or went with one.
	idle, changed, apps []string
}

func (p picture) until(after picture) difference {
	var d difference
	for _, key := range slices.Sorted(maps.Keys(p)) {
		was, is := p[key], after[key]
		if is == nil {
			d.add(key+" is gone", was)
			continue
		}
		if was.GetResourceVersion() == is.GetResourceVersion() && was.GetUID() == is.GetUID() {
			continue
		}
		fields := differing(was, is)
		if byCluster(is, fields) {
			continue
		}
		if len(fields) > 0 {
			d.add(key+": "+strings.Join(fields, ", "), is)
		} else {
			d.idle = append(d.idle, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if p[key] == nil {
			d.add(key+" is new", after[key])
		}
	}
	return d
}

// add notes an object that has changed. A NetworkPolicy of an app is a wall, which a release may build otherwise.
func (d *difference) add(what string, o *unstructured.Unstructured) {
	d.changed = append(d.changed, what)
	ofApp := o.GetLabels()[v1alpha1.LabelApp] != "" && o.GroupVersionKind().Group != v1alpha1.GroupVersion.Group
	if ofApp && o.GetKind() != "NetworkPolicy" && o.GetKind() != "Namespace" {
		d.apps = append(d.apps, what)
	}
}

// byCluster says whether only the status of an object that is not ours is another, which the cluster's own controllers write.
func byCluster(o *unstructured.Unstructured, fields []string) bool {
	elsewhere := func(field string) bool { return !strings.HasPrefix(field, "status.") }
	return len(fields) > 0 && o.GroupVersionKind().Group != v1alpha1.GroupVersion.Group && !slices.ContainsFunc(fields, elsewhere)
}

// differing are the fields that differ but for those that say only that there was a write.
func differing(was, is *unstructured.Unstructured) []string {
	var fields []string
	a, b := flat(was), flat(is)
	for _, field := range slices.Sorted(maps.Keys(a)) {
		if !equality.Semantic.DeepEqual(a[field], b[field]) {
			fields = append(fields, fmt.Sprintf("%s (%.120v -> %.120v)", field, a[field], b[field]))
		}
	}
	for _, field := range slices.Sorted(maps.Keys(b)) {
		if _, had := a[field]; !had {
			fields = append(fields, fmt.Sprintf("%s (%.120v)", field, b[field]))
		}
	}
	return fields
}

// flat is an object by its fields, those of metadata, spec and status by theirs.
func flat(o *unstructured.Unstructured) map[string]any {
	out := map[string]any{}
	for top, value := range o.Object {
		below, ok := value.(map[string]any)
		if !ok {
			out[top] = value
			continue
		}
		for name, field := range below {
			out[top+"."+name] = field
		}
	}
	for _, written := range []string{"metadata.resourceVersion", "metadata.managedFields", "metadata.generation"} {
		delete(out, written)
	}
	return out
}

// quiet waits until an operator has nothing left to do, and has written nothing for a while. It returns what it wrote in all.
func quiet(w *staged.World, o *operator.Process) operator.Requests {
	w.Helper()
	var last operator.Requests
	since := time.Now()
	w.Eventually("the operator comes to rest", func(ctx context.Context) error {
		if err := o.Death(); err != nil {
			w.Fatal(err)
		}
		metrics, err := o.Scrape(ctx)
		if err != nil {
			return err
		}
		wrote := writes(metrics)
		if wrote.Total() != last.Total() || last == nil {
			last, since = wrote, time.Now()
		}
		for _, controller := range []string{"municipality", "consent", "appinstallation"} {
			if seen := metrics.Work[controller].Reconciles; seen < *members-2 {
				return fmt.Errorf("%s has reconciled %d times only", controller, seen)
			}
		}
		if metrics.Queued > 0 || metrics.Active > 0 || time.Since(since) < rest {
			return fmt.Errorf("%d objects are queued, %d are worked on, %d requests wrote, the last one %s ago", metrics.Queued, metrics.Active, wrote.Total(), time.Since(since).Round(time.Second))
		}
		return nil
	})
	return last
}

// writes are the requests that changed something, or would have. What is no resource, or only reports it, is left out.
func writes(metrics operator.Metrics) operator.Requests {
	all := operator.Requests{}
	for call, count := range metrics.Requests {
		if call.Writes() && call.Resource != "none" && call.Resource != "events" {
			all[call] = count
		}
	}
	return all
}
