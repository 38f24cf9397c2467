package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/transport"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers"
)

// writes sees the requests of an operator that apply one object, and may act before they reach
// the API server.
type writes struct {
	next http.RoundTripper
	// path is the end of the object's path.
	path string
	// before the nth such request is sent, which begins with 1.
	before func(n int)

	mu       sync.Mutex
	requests int
	answers  map[int]int // status codes, by the number of the request
}

// RoundTrip sends a request on.
func (w *writes) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPatch || !strings.HasSuffix(req.URL.Path, w.path) || req.URL.Query().Has("dryRun") {
		return w.next.RoundTrip(req)
	}
	w.mu.Lock()
	w.requests++
	n := w.requests
	w.mu.Unlock()

	w.before(n)
	answer, err := w.next.RoundTrip(req)
	if err == nil {
		w.mu.Lock()
		if w.answers == nil {
			w.answers = map[int]int{}
		}
		w.answers[n] = answer.StatusCode
		w.mu.Unlock()
	}
	return answer, err
}

// answered are the status codes so far, in the order of the requests, up to one without an answer.
func (w *writes) answered() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []int
	for n := 1; w.answers[n] != 0; n++ {
		all = append(all, w.answers[n])
	}
	return all
}

// through runs an operator of its own, whose writes to one object pass through here.
func (w *writes) through(t *testing.T) {
	t.Helper()
	config, err := plane.ConfigFor(operatorAccount)
	if err != nil {
		t.Fatal(err)
	}
	config.WrapTransport = transport.Wrappers(config.WrapTransport, func(next http.RoundTripper) http.RoundTripper {
		w.next = next
		return w
	})
	ctx, cancel := context.WithCancel(context.Background())
	mgr, err := controllers.New(ctx, config, controllers.Options{
		Namespace: operatorNamespace, MetricsAddress: "0", HealthAddress: "0", FetchTimeout: 10 * time.Second, Log: logr.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the operator ended: %v", err)
		}
	})
}

// Not parallel: the operator must be the one whose writes are seen.
func TestACreationTakesNothingOver(t *testing.T) {
	t.Run("an AppInstallation that another writer created", func(t *testing.T) {
		app := unique("first")
		w := &writes{path: "/appinstallations/" + app, before: func(int) {}}
		w.through(t)
		offered := publish(t, app, nil, files("first", nil))
		m := standing(t, town(t, "hjelmeland"))
		namespace := m.Name + "-prod"

		var other *v1alpha1.AppInstallation
		w.before = func(n int) {
			if n > 1 {
				return
			}
			other = appInstallation(namespace, app)
			other.Spec = v1alpha1.AppInstallationSpec{
				App: app, DecidedBy: v1alpha1.Decider{Level: v1alpha1.LevelMunicipality, Name: m.Name},
				Version: "1.0.0", Digest: "sha256:" + strings.Repeat("0", 64), Suspend: new(true),
				Tenant: v1alpha1.Tenant{Municipality: m.Name, Number: m.Spec.Number, DisplayName: m.Spec.DisplayName, Environment: "prod",
					Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen},
			}
			if err := asOperator(t).Create(context.Background(), other); err != nil {
				t.Errorf("create: %v", err)
			}
		}
		edit(t, m, adopts(offered.Name))
		eventually(t, "the operator decides again", func(context.Context) error {
			if got := w.answered(); len(got) < 2 {
				return fmt.Errorf("answers so far: %v", got)
			}
			return nil
		})
		if got := w.answered(); got[0] != http.StatusConflict {
			t.Errorf("answers %v: the first write took over what another had created meanwhile", got)
		}
		if live := read(t, other); live.UID != other.UID {
			t.Error("it was replaced")
		}
	})

	t.Run("a Rollout that another writer created", func(t *testing.T) {
		app, name := unique("third"), unique("net")
		w := &writes{path: "/rollouts/" + name + "." + app + ".1.0.0.1", before: func(int) {}}
		w.through(t)
		offered := publish(t, app, nil, files("third", nil))
		m := standing(t, town(t, "kvitsoy"))

		other := at(&v1alpha1.Rollout{}, "", name+"."+app+".1.0.0.1")
		w.before = func(n int) {
			if n > 1 {
				return
			}
			other.Annotations = map[string]string{"made-by": "another"}
			other.Spec = v1alpha1.RolloutSpec{Network: name, App: app, Version: "1.0.0", Digest: read(t, offered).Status.Versions[0].Digest, Attempt: 1, Sequence: 1}
			if err := asOperator(t).Create(context.Background(), other); err != nil {
				t.Errorf("create: %v", err)
			}
		}
		proposes(t, "net", app, func(n *v1alpha1.Network) { n.Name = name }, m)
		runs(t, m.Name+"-prod", app, "1.0.0")
		if got := w.answered(); len(got) != 1 || got[0] != http.StatusConflict {
			t.Errorf("answers to writes of the Rollout: %v, want one conflict, and no further write", got)
		}
		if live := read(t, other); live.UID != other.UID || live.Labels[v1alpha1.LabelManagedBy] != "" {
			t.Errorf("what another had created was taken over: %+v", live.ObjectMeta)
		}
	})

	t.Run("an object that the tenant created", func(t *testing.T) {
		app := unique("second")
		w := &writes{path: "/configmaps/second", before: func(int) {}}
		w.through(t)
		offered := publish(t, app, nil, files("second", nil))
		m := standing(t, town(t, "forsand"))
		own := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: m.Name + "-prod", Name: "second"}, Data: map[string]string{"mine": "yes"}}
		w.before = func(n int) {
			if n > 1 {
				return
			}
			if err := admin.Create(context.Background(), own); err != nil {
				t.Errorf("create: %v", err)
			}
		}
		edit(t, m, adopts(offered.Name))
		i := stalls(t, own.Namespace, app, "ConfigMap/second", "rename or delete")
		if got := readyReason(i); got != v1alpha1.ReasonNameTaken {
			t.Errorf("the reason is %s, want NameTaken", got)
		}
		if live := read(t, own); live.ResourceVersion != own.ResourceVersion {
			t.Errorf("the tenant's object was changed: %+v", live)
		}
	})

	t.Run("one object that two apps bring: one gets it", func(t *testing.T) {
		// Both must have decided that nobody has the object before the first of them writes it.
		both := make(chan struct{})
		w := &writes{path: "/configmaps/twin", before: func(n int) {
			if n == 2 {
				close(both)
			}
			<-both
		}}
		w.through(t)
		apps := []*v1alpha1.SharedApp{publish(t, unique("twin"), nil, files("twin", nil)), publish(t, unique("twin"), nil, files("twin", nil))}
		m := town(t, "sirdal", adopts(apps[0].Name), adopts(apps[1].Name))
		namespace := m.Name + "-prod"
		eventually(t, "one is Ready, and the other says that the name is taken", func(ctx context.Context) error {
			var ready, taken int
			for _, app := range apps {
				i := appInstallation(namespace, app.Name)
				if err := admin.Get(ctx, client.ObjectKeyFromObject(i), i); err != nil {
					return err
				}
				switch {
				case isReady(i.Status.Conditions, i.Generation) == nil:
					ready++
				case readyReason(i) == v1alpha1.ReasonNameTaken:
					taken++
				}
			}
			return errors.Join(expect("apps that are Ready", ready, 1), expect("apps that report NameTaken", taken, 1))
		})
		before := read(t, configMap(namespace, "twin"))
		edit(t, m, func(m *v1alpha1.Municipality) {
			m.Annotations = map[string]string{v1alpha1.AnnotationReconcile: "look"}
		})
		until(t, "it was looked at again", m, func(m *v1alpha1.Municipality) error {
			return expect("handled", m.Status.LastHandledReconcileAt, "look")
		})
		if after := read(t, before); after.ResourceVersion != before.ResourceVersion {
			t.Errorf("the object is still being written: %+v", after.ManagedFields)
		}
	})
}

// readyReason is the reason of the condition Ready.
func readyReason(i *v1alpha1.AppInstallation) string {
	if c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason
	}
	return ""
}
