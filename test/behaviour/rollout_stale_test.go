package behaviour_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/allmenning/allmenning/api/v1alpha1"
	rolloutcontroller "github.com/allmenning/allmenning/controllers/rollout"
	"github.com/allmenning/allmenning/controllers/snapshot"
)

// startRollouts runs the rollout controller alone until the end of the test: nobody
// installs anything, or says how it is doing, but the test.
func startRollouts(t *testing.T) {
	t.Helper()
	access := rest.CopyConfig(plane.Config())
	access.QPS = -1
	access.Impersonate = rest.ImpersonationConfig{UserName: operatorAccount}
	mgr, err := ctrl.NewManager(access, ctrl.Options{
		Scheme: admin.Scheme(), Logger: logr.Discard(), Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	holder := snapshot.New(mgr.GetCache(), clock.RealClock{})
	if err := mgr.Add(holder); err != nil {
		t.Fatal(err)
	}
	alone := &rolloutcontroller.Reconciler{Client: mgr.GetClient(), Holder: holder, Events: mgr.GetEventRecorder("rollout")}
	if err := alone.SetupWithManager(mgr); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := mgr.Start(ctx); err != nil {
			t.Errorf("the manager ended: %v", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// Not parallel: nobody but the rollout controller may run.
func TestAStaleStatusDoesNotCount(t *testing.T) {
	all := startOperator(t)
	app := publish(t, unique("stale"), nil, files("stale", nil), files("stale", nil))
	pilot, other := town(t, "pilot"), town(t, "other")
	n := introduced(t, app, inWaves(wave("pilot", pilot), wave("everyone")), pilot, other)
	all.Stop()
	startRollouts(t)
	c := asOperator(t)
	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	i := until(t, "the pilot is asked to move", appInstallation(pilot.Name+"-prod", app.Name), func(i *v1alpha1.AppInstallation) error {
		return expect("version", i.Spec.Version, "1.1.0")
	})
	if isReady(i.Status.Conditions, i.Status.ObservedGeneration) != nil || i.Status.ObservedGeneration >= i.Generation {
		t.Fatalf("its status must still speak of 1.0.0, and say that it is well: %+v", i.Status)
	}
	before := read(t, appInstallation(other.Name+"-prod", app.Name))
	longAgo := metav1.NewTime(time.Now().Add(-time.Hour))
	for _, tc := range []struct {
		reason string
		change func(s *v1alpha1.AppInstallationStatus)
	}{
		{"a status of an earlier generation", func(*v1alpha1.AppInstallationStatus) {}},
		{"a status of this one with a condition of an earlier", func(s *v1alpha1.AppInstallationStatus) {
			s.ObservedGeneration, s.AppliedVersion, s.AppliedDigest = i.Generation, i.Spec.Version, i.Spec.Digest
		}},
		{"a digest that is not the one asked for", func(s *v1alpha1.AppInstallationStatus) {
			meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionReady).ObservedGeneration = i.Generation
			s.AppliedVersion, s.AppliedDigest = "1.0.0", before.Spec.Digest
		}},
		{"health that nobody dated", func(s *v1alpha1.AppInstallationStatus) {
			s.AppliedVersion, s.AppliedDigest, s.HealthySince = i.Spec.Version, i.Spec.Digest, nil
		}},
	} {
		i.Status.HealthySince = &longAgo
		tc.change(&i.Status)
		if err := c.Status().Update(t.Context(), i); err != nil {
			t.Fatal(err)
		}
		planned(t, n, r)
		if s := planned(t, n, r).Status; s.Verified != 0 || s.Moving != 1 {
			t.Errorf("%s counts: %d verified, %d on their way", tc.reason, s.Verified, s.Moving)
		}
		stays(t, other, before)
	}
	i.Status.HealthySince = &longAgo
	if err := c.Status().Update(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	until(t, "the next wave begins", before, func(i *v1alpha1.AppInstallation) error { return expect("version", i.Spec.Version, "1.1.0") })
}
