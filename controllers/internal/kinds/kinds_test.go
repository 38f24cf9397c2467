package kinds

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/restmapper"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/internal/installable"
)

// listed is an API server that counts the lists of kinds, and refuses those of one.
type listed struct {
	client.Reader
	asked map[string]int
	dark  string
}

func (l *listed) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	kind := list.GetObjectKind().GroupVersionKind().Kind
	l.asked[kind]++
	if kind == l.dark+"List" {
		return apierrors.NewForbidden(schema.GroupResource{Resource: l.dark}, "", errors.New("no role"))
	}
	return nil
}

// discovered is a mapper as discovery makes it: it finds kinds by their names in lower case, too.
func discovered() meta.RESTMapper {
	in := metav1.GroupVersionForDiscovery{GroupVersion: "v1", Version: "v1"}
	return restmapper.NewDiscoveryRESTMapper([]*restmapper.APIGroupResources{{
		Group: metav1.APIGroup{Versions: []metav1.GroupVersionForDiscovery{in}, PreferredVersion: in},
		VersionedResources: map[string][]metav1.APIResource{"v1": {
			{Name: "configmaps", Kind: "ConfigMap", Namespaced: true}, {Name: "secrets", Kind: "Secret", Namespaced: true},
		}},
	}})
}

// errNoWatch is the answer of who is to start no watch.
var errNoWatch = errors.New("no watch is to be started")

func TestReadableStartsNoWatch(t *testing.T) {
	for _, tc := range []struct {
		reason, apiVersion, kind string
		// want is a part of what is said; empty where the kind can be read.
		want string
		// lists is how often the API server is asked for objects.
		lists int
	}{
		{"one that the cluster has", "v1", "ConfigMap", "", 1},
		{"one that the operator may not list", "v1", "Secret", "the operator may not list Secret (v1)", 1},
		{"the name in lower case is of no kind", "v1", "configmap", "the cluster does not know configmap (v1)", 0},
		{"nor is a version that is not served", "v2", "ConfigMap", "the cluster does not know ConfigMap (v2)", 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			live := &listed{asked: map[string]int{}, dark: "Secret"}
			r := New(clocktesting.NewFakePassiveClock(time.Unix(0, 0)))
			r.Use(live, discovered(), nil, func(schema.GroupVersionKind) error { return errNoWatch }, nil)
			gvk := schema.FromAPIVersionAndKind(tc.apiVersion, tc.kind)

			err := r.Readable(t.Context(), gvk)
			if (err == nil) != (tc.want == "") || (err != nil && !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("Readable: %v, want %q", err, tc.want)
			}
			if got := live.asked[tc.kind+"List"]; got != tc.lists {
				t.Errorf("%d lists, want %d", got, tc.lists)
			}
			if watched := r.Watched(); len(watched) > 0 {
				t.Errorf("watched: %v", watched)
			}

			err = r.Ensure(t.Context(), gvk)
			if starts := errors.Is(err, errNoWatch); starts != (tc.want == "") {
				t.Errorf("who holds the kind: %v; a watch is to be started where it can be read, and nowhere else", err)
			}
		})
	}
}

func TestGone(t *testing.T) {
	later := func() (installable.Mapper, error) {
		m := meta.NewDefaultRESTMapper([]schema.GroupVersion{{Group: "example.org", Version: "v2"}})
		m.Add(schema.GroupVersionKind{Group: "example.org", Version: "v2", Kind: "Queue"}, meta.RESTScopeNamespace)
		return m, nil
	}
	nothing := func() (installable.Mapper, error) { return meta.NewDefaultRESTMapper(nil), nil }
	missing := newFault(queue, apierrors.NewNotFound(schema.GroupResource{}, ""))
	for _, tc := range []struct {
		reason   string
		fault    *Fault
		discover func() (installable.Mapper, error)
		want     bool
		err      bool
	}{
		{"its definition was deleted", missing, nothing, true, false},
		{"another version of it is served: its objects are there", missing, later, false, false},
		{"the operator may not list it", newFault(queue, apierrors.NewForbidden(schema.GroupResource{}, "", nil)), nothing, false, false},
		{"the API server does not answer", missing, func() (installable.Mapper, error) { return nil, errors.New("no answer") }, false, true},
	} {
		r := New(clocktesting.NewFakePassiveClock(time.Unix(0, 0)))
		r.Discover(tc.discover)
		if got, err := r.Gone(tc.fault); got != tc.want || (err != nil) != tc.err {
			t.Errorf("%s: %v, %v", tc.reason, got, err)
		}
	}
}
