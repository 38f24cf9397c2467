package kinds

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var (
	queue     = schema.GroupVersionKind{Group: "example.org", Version: "v1", Kind: "Queue"}
	configMap = schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
)

// watching is a cache that counts the watches of kinds: those that are begun, and those that ended.
type watching struct {
	cache.Cache
	begun, ended []string
}

func (*watching) GetInformer(context.Context, client.Object, ...cache.InformerGetOption) (cache.Informer, error) {
	return nil, nil
}

func (w *watching) RemoveInformer(_ context.Context, o client.Object) error {
	w.ended = append(w.ended, o.GetObjectKind().GroupVersionKind().Kind)
	return nil
}

// own is a client that is not another.
type own struct {
	client.Client
	number int
}

// held is a registry of Queues and ConfigMaps.
func held(live client.Reader, w *watching) *Registry {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(queue, meta.RESTScopeNamespace)
	mapper.Add(configMap, meta.RESTScopeNamespace)
	r, clients := New(clocktesting.NewFakePassiveClock(time.Unix(0, 0))), 0
	r.Use(live, mapper, w, func(gvk schema.GroupVersionKind) error { w.begun = append(w.begun, gvk.Kind); return nil },
		func() (client.Client, error) { clients++; return &own{number: clients}, nil })
	return r
}

func TestAWatchEndsWithItsLastHolder(t *testing.T) {
	w := &watching{}
	r := held(&listed{asked: map[string]int{}}, w)
	hold := func(owner string, all ...schema.GroupVersionKind) {
		t.Helper()
		if err := r.Hold(t.Context(), owner, all); err != nil {
			t.Fatal(err)
		}
		for _, gvk := range all {
			if err := r.Ensure(t.Context(), gvk); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range []struct {
		reason       string
		do           func()
		begun, ended []string
		watched      bool
	}{
		{"who holds it first begins it", func() { hold("a", queue, configMap) }, []string{"Queue", "ConfigMap"}, nil, true},
		{"another finds it there", func() { hold("b", queue, configMap) }, []string{"Queue", "ConfigMap"}, nil, true},
		{"one who lets go leaves it to the other", func() { hold("a", configMap) }, []string{"Queue", "ConfigMap"}, nil, true},
		{"who never held it ends nothing", func() { hold("c") }, []string{"Queue", "ConfigMap"}, nil, true},
		{"the last ends it, but not that of a kind of Kubernetes", func() { hold("b"); hold("a") }, []string{"Queue", "ConfigMap"}, []string{"Queue"}, false},
		{"and once", func() { hold("b") }, []string{"Queue", "ConfigMap"}, []string{"Queue"}, false},
		{"who holds it again begins it again", func() { hold("b", queue) }, []string{"Queue", "ConfigMap", "Queue"}, []string{"Queue"}, true},
	} {
		before := r.Client(queue)
		s.do()
		if diff := cmp.Diff([][]string{s.begun, s.ended}, [][]string{w.begun, w.ended}); diff != "" {
			t.Errorf("%s: begun and ended (-want +got):\n%s", s.reason, diff)
		}
		if r.IsWatched(queue) != s.watched || slices.Contains(r.Watched(), queue) != s.watched || (r.Client(queue) != nil) != s.watched {
			t.Errorf("%s: watched is %v, of %v, want %v, by %v", s.reason, r.IsWatched(queue), r.Watched(), s.watched, r.Client(queue))
		}
		last, _ := r.Client(queue).(*own)
		if before == nil && last != nil && len(w.ended) > 0 && last.number != 2 {
			t.Errorf("%s: it has the client of the watch that ended, which waits for that", s.reason)
		}
	}
	if r.Client(configMap) != nil {
		t.Error("a kind whose watch never ends has a client of its own")
	}
}

func TestTheFaultOfAKindGoesWithItsLastHolder(t *testing.T) {
	w := &watching{}
	r := held(&listed{asked: map[string]int{}, dark: "Queue"}, w)
	if err := r.Hold(t.Context(), "a", []schema.GroupVersionKind{queue}); err != nil {
		t.Fatal(err)
	}
	if err := r.Ensure(t.Context(), queue); err == nil || len(r.Faults()) != 1 {
		t.Fatalf("%v, %v", err, r.Faults())
	}
	<-r.Changed()
	if err := r.Hold(t.Context(), "a", nil); err != nil || len(r.Faults()) > 0 {
		t.Errorf("%v: nobody holds it, and it is reported still: %v", err, r.Faults())
	}
	select {
	case <-r.Changed():
	default:
		t.Error("the Platform is not looked at, which reports it")
	}
	if len(w.ended) > 0 {
		t.Errorf("watches ended that never began: %v", w.ended)
	}
}
