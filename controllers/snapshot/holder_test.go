package snapshot

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
)

// begun is a holder that has read a country with one municipality and its namespace.
func begun() *Holder {
	h := New(nil, clock.RealClock{})
	h.seen(nil, &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: "vinje"},
		Spec: v1alpha1.MunicipalitySpec{Environments: []v1alpha1.Environment{
			{Name: "prod", Stage: v1alpha1.StageProduction}, {Name: "test", Stage: v1alpha1.StageTest},
		}},
	})
	h.seen(nil, namespace("vinje", "prod"))
	h.begin(nil)
	return h
}

func namespace(municipality, environment string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.NamespaceFor(municipality, environment), Labels: map[string]string{
		v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelMunicipality: municipality, v1alpha1.LabelEnvironment: environment,
	}}}
}

func installed(resourceVersion, version string) *v1alpha1.AppInstallation {
	return &v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{
			Name: "svarut", Namespace: "vinje-prod", ResourceVersion: resourceVersion,
			Labels: map[string]string{v1alpha1.LabelMunicipality: "vinje", v1alpha1.LabelEnvironment: "prod"},
		},
		Spec: v1alpha1.AppInstallationSpec{App: "svarut", Version: version, State: v1alpha1.InstallationPresent},
	}
}

func TestNobodyPlansOnOldNews(t *testing.T) {
	cases := []struct {
		reason string
		happen func(h *Holder)
		want   string
	}{
		{"what the cache says", func(h *Holder) { h.seen(nil, installed("9", "1.0.0")) }, "1.0.0"},
		{"what was written counts before the cache has it", func(h *Holder) {
			h.seen(nil, installed("9", "1.0.0"))
			h.Put(installed("10", "1.1.0"))
		}, "1.1.0"},
		{"what the cache says late is older", func(h *Holder) {
			h.Put(installed("10", "1.1.0"))
			h.seen(nil, installed("9", "1.0.0"))
		}, "1.1.0"},
		{"what it says afterwards is newer", func(h *Holder) {
			h.Put(installed("10", "1.1.0"))
			h.seen(nil, installed("10", "1.1.0"))
			h.seen(nil, installed("11", "1.2.0"))
		}, "1.2.0"},
		{"an answer that comes after the cache was quicker", func(h *Holder) {
			h.seen(nil, installed("11", "1.2.0"))
			h.Put(installed("10", "1.1.0"))
		}, "1.2.0"},
		{"what is deleted is gone", func(h *Holder) {
			h.seen(nil, installed("9", "1.0.0"))
			h.lost(toolscache.DeletedFinalStateUnknown{Obj: installed("10", "1.0.0")})
		}, ""},
		{"an answer does not bring it back", func(h *Holder) {
			h.seen(nil, installed("9", "1.0.0"))
			h.lost(installed("11", "1.1.0"))
			h.Put(installed("10", "1.1.0"))
		}, ""},
		{"a deletion that the cache reports late does not take what was made since", func(h *Holder) {
			h.seen(nil, installed("9", "1.0.0"))
			h.Put(installed("12", "1.1.0"))
			h.lost(installed("10", "1.0.0"))
		}, "1.1.0"},
		{"after a restore of the API server versions count from less", func(h *Holder) {
			h.seen(nil, installed("100", "1.1.0"))
			h.seen(nil, installed("50", "1.0.0"))
		}, "1.0.0"},
		{"one whose labels do not fit its namespace is nobody's", func(h *Holder) {
			i := installed("9", "1.0.0")
			i.Namespace = "elsewhere"
			h.seen(nil, i)
		}, ""},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			h := begun()
			c.happen(h)
			got := ""
			if live := h.Country().Live("vinje", "prod", "svarut"); live != nil {
				got = live.Spec.Version
			}
			if got != c.want {
				t.Errorf("%s: the version is %q, want %q", c.reason, got, c.want)
			}
		})
	}
}

func TestEnvironmentsAreMissingUntilTheirNamespaceIsThere(t *testing.T) {
	h := begun()
	missing := func() map[string]bool { return h.Country().Tenant("vinje").Missing }
	if got := missing(); got["prod"] || !got["test"] {
		t.Errorf("missing are %v, want test alone", got)
	}
	h.seen(nil, namespace("vinje", "test"))
	if got := missing(); len(got) > 0 {
		t.Errorf("missing are %v, want none", got)
	}
	going := namespace("vinje", "test")
	going.DeletionTimestamp = &metav1.Time{Time: time.Now()}
	h.seen(namespace("vinje", "test"), going)
	if got := missing(); !got["test"] {
		t.Error("a namespace on its way out is taken to be there")
	}
	stranger := namespace("vinje", "prod")
	stranger.Labels = nil
	h.seen(namespace("vinje", "prod"), stranger)
	if got := missing(); !got["prod"] {
		t.Error("a namespace that is not the municipality's any longer is taken to be its")
	}

	former := namespace("vinje", "prod")
	former.Annotations = map[string]string{v1alpha1.AnnotationHeldBy: "former"}
	h.seen(stranger, former)
	if got := missing(); !got["prod"] {
		t.Error("a namespace that an earlier Municipality held is taken to be this one's before it has taken it up")
	}
	own := h.Country().Tenant("vinje").Municipality.DeepCopy()
	own.UID = "former"
	h.seen(nil, own)
	if got := missing(); got["prod"] {
		t.Error("a namespace that the Municipality holds is taken to be missing")
	}
}

func TestWhomAChangeConcernsIsWoken(t *testing.T) {
	h := begun()
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	defer queue.ShutDown()
	source := h.Wakes(func(c country.Changed) map[string]bool { return c.Decisions }, 0)
	if err := source.Start(context.Background(), queue); err != nil {
		t.Fatal(err)
	}
	if err := source.WaitForSync(context.Background()); err != nil {
		t.Fatal(err)
	}
	woken := func(why string) {
		t.Helper()
		req, _ := queue.Get()
		queue.Done(req)
		if req.Name != "vinje" {
			t.Errorf("%s: woken is %q, want vinje", why, req.Name)
		}
	}
	woken("who starts late is woken for all that there is")
	h.seen(nil, installed("9", "1.0.0"))
	woken("something is installed")
	h.seen(nil, &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "nobody-has-it"}})
	if n := queue.Len(); n > 0 {
		t.Errorf("%d are woken by an app that concerns nobody", n)
	}
}
