package overview

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestPatience(t *testing.T) {
	c, promoted := "stable", "pilot"
	m := municipality("vinje")
	changed := func(channel string, change func(*v1alpha1.Municipality), installed ...*v1alpha1.AppInstallation) v1alpha1.MunicipalityStatus {
		o := objects(network("digi-tv", v1alpha1.ObligationRecommended, "svarut"))
		o.Networks[0].Spec.Apps[0].Channel = channel
		m := municipality("vinje")
		change(m)
		return statusOf(t, with(o, m, installed...), "vinje")
	}
	at := func(channel string, installed ...*v1alpha1.AppInstallation) v1alpha1.MunicipalityStatus {
		return changed(channel, func(*v1alpha1.Municipality) {}, installed...)
	}
	prod := func(change ...func(*v1alpha1.AppInstallation)) *v1alpha1.AppInstallation {
		return installation(m, "prod", "svarut", "2.4.1", change...)
	}
	test := func(change ...func(*v1alpha1.AppInstallation)) *v1alpha1.AppInstallation {
		return installation(m, "test", "svarut", "2.4.1", change...)
	}
	otherwise := func(i *v1alpha1.AppInstallation) { failed(i); i.Status.Conditions[0].Message = "another fault" }
	moving := installation(m, "test", "svarut", "2.5.0", progressing)
	asked := installation(m, "test", "svarut", "2.5.0", progressing, func(i *v1alpha1.AppInstallation) {
		i.Status.AppliedVersion, i.Status.AppliedDigest = "2.4.1", digest("2.4.1")
	})
	next := func(s v1alpha1.MunicipalityStatus, text string, change ...func(*v1alpha1.MunicipalityApp)) v1alpha1.MunicipalityStatus {
		s.Apps[0].Next = text
		for _, c := range change {
			c(&s.Apps[1])
		}
		return s
	}
	newer := func(s v1alpha1.MunicipalityStatus) v1alpha1.MunicipalityStatus {
		s.Conditions[0].ObservedGeneration++
		return s
	}
	badWindows := func(m *v1alpha1.Municipality) {
		m.Spec.Windows = []v1alpha1.Window{{Schedule: "daily", Duration: metav1.Duration{Duration: time.Hour}}}
	}
	badDecision := func(m *v1alpha1.Municipality) { m.Spec.Apps = []v1alpha1.AppDecision{{Name: "svarutt"}} }
	unreadable, faulty := changed(c, badWindows, prod(), test()), changed(c, badDecision)
	none := statusOf(t, with(objects(), municipality("vinje")), "vinje")
	alone := municipality("vinje")
	badDecision(alone)
	noneAndFaulty := statusOf(t, with(objects(), alone), "vinje")
	tenancy := v1alpha1.MunicipalityStatus{Conditions: []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue}}}
	cases := []struct {
		reason     string
		live, next v1alpha1.MunicipalityStatus
		want       time.Duration
	}{
		{"the first word may wait for the installations to become ready", v1alpha1.MunicipalityStatus{}, at(c), progressPatience},
		{"the first word that all is ready is written at once", v1alpha1.MunicipalityStatus{}, at(c, prod(), test()), 0},
		{"the first word that something failed is written at once", v1alpha1.MunicipalityStatus{}, at(c, prod(failed)), 0},
		{"missing, then progressing, may wait", due(at(c)), at(c, prod(progressing), test(progressing)), progressPatience},
		{"one of two ready may wait", at(c, prod(progressing), test(progressing)), at(c, prod(), test(progressing)), progressPatience},
		{"that one waits no longer may wait a little", at(c), due(at(c)), turnPatience},
		{"the end is written at once", at(c, prod(), test(progressing)), at(c, prod(), test()), 0},
		{"what was ready and is no longer is written at once", at(c, prod(), test()), at(c, prod(), test(progressing)), 0},
		{"that a newer version is to come may wait", at(c, prod(), test()), at(promoted, prod(), test()), turnPatience},
		{"who comes in turn, and when, may wait", at(promoted, prod(), test()), next(at(promoted, prod(), test()), "wave pilot is done"), turnPatience},
		{"a promotion beside a decision is written at once", at(c, prod(), test()), next(at(promoted, prod(), test()), "", func(a *v1alpha1.MunicipalityApp) { a.State = "Held" }), 0},
		{"a promotion in a newer generation of the spec is written at once", at(c, prod(), test()), newer(at(promoted, prod(), test())), 0},
		{"a further attempt at what is there may wait", at(c, prod(), test()), next(at(c, prod(), test()), "", func(a *v1alpha1.MunicipalityApp) { a.Rollout = "digi-tv.svarut.2.4.1.2" }), turnPatience},
		{"a turn that comes takes ready back at once", at(promoted, prod(), test()), at(promoted, prod(), moving), 0},
		{"a version that is asked for is reported at once, also while nothing is ready", at(promoted, prod(progressing), test(progressing)), at(promoted, prod(progressing), asked), 0},
		{"that it is there may wait", at(promoted, prod(progressing), asked), at(promoted, prod(progressing), moving), progressPatience},
		{"unless nobody was looking when it was asked for", at(promoted, prod(progressing), test(progressing)), at(promoted, prod(progressing), moving), 0},
		{"a member that went back is reported at once", at(promoted, prod(), test()), next(at(promoted, prod(), test()), "", func(a *v1alpha1.MunicipalityApp) { a.State = v1alpha1.AppReturned }), 0},
		{"windows that nobody can read are reported at once", at(c, prod(), test()), unreadable, 0},
		{"a fault of the spec is reported at once, also while apps are on their way", at(c), faulty, 0},
		{"that it is fixed, too", faulty, at(c), 0},
		{"that there are no apps may wait for the tenancy to be ready", v1alpha1.MunicipalityStatus{}, none, progressPatience},
		{"a fault that speaks of no place may, too", v1alpha1.MunicipalityStatus{}, noneAndFaulty, progressPatience},
		{"that there are no apps is reported when the tenancy is ready", tenancy, none, 0},
		{"the first app of all may wait to become ready", none, at(c), progressPatience},
		{"the first app of all is reported at once where the municipality's own spec brought it", none, newer(at(c)), 0},
		{"that the first app is ready is reported at once", none, at(c, prod(), test()), 0},
		{"that the first app failed is reported at once", none, at(c, prod(failed)), 0},
		{"that the last app went is reported at once", at(c, prod(), test()), none, 0},
		{"one of two that ran and runs no longer is written at once", at(c, prod(failed), test()), at(c, prod(failed), test(progressing)), 0},
		{"a failure is written at once", at(c, prod(progressing), test(progressing)), at(c, prod(failed), test(progressing)), 0},
		{"another failure of the same is written at once", at(c, prod(failed), test(progressing)), at(c, prod(otherwise), test(progressing)), 0},
		{"a failure that is over is written at once", at(c, prod(failed), test(progressing)), at(c, prod(progressing), test(progressing)), 0},
		{"progress beside a known failure may wait", due(at(c, prod(failed))), at(c, prod(failed), test(progressing)), progressPatience},
		{"the end beside a known failure is written at once", at(c, prod(failed), test(progressing)), at(c, prod(failed), test()), 0},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if sameMunicipality(tc.live, tc.next) {
				t.Fatal("nothing changes in this case")
			}
			if got := patience(tc.live, tc.next, now); got != tc.want {
				t.Errorf("patience = %v, want %v", got, tc.want)
			}
		})
	}
}

// TestAMoveIsReportedTwice follows one app through an upgrade: when it is asked for, and when it is ready.
func TestAMoveIsReportedTwice(t *testing.T) {
	m := municipality("vinje")
	at := func(test *v1alpha1.AppInstallation) v1alpha1.MunicipalityStatus {
		o := objects(network("digi-tv", v1alpha1.ObligationRecommended, "svarut"))
		o.Networks[0].Spec.Apps[0].Channel = "pilot"
		return statusOf(t, with(o, municipality("vinje"), installation(m, "prod", "svarut", "2.4.1"), test), "vinje")
	}
	asked := installation(m, "test", "svarut", "2.5.0", progressing, func(i *v1alpha1.AppInstallation) {
		i.Status.AppliedVersion, i.Status.AppliedDigest = "2.4.1", digest("2.4.1")
	})
	live, writes := at(installation(m, "test", "svarut", "2.4.1")), 0
	for _, test := range []*v1alpha1.AppInstallation{asked, installation(m, "test", "svarut", "2.5.0", progressing), installation(m, "test", "svarut", "2.5.0")} {
		if next := at(test); patience(live, next, now) == 0 {
			live = next
			writes++
		}
	}
	if writes != 2 {
		t.Errorf("%d writes of the status for one app that is moved, want 2", writes)
	}
}

// due is a status in which nothing keeps back what is to be installed.
func due(s v1alpha1.MunicipalityStatus) v1alpha1.MunicipalityStatus {
	for i := range s.Apps {
		if s.Apps[i].State == v1alpha1.AppWaiting {
			s.Apps[i].State = v1alpha1.AppMissing
		}
	}
	return s
}

// The longer it takes, the less often progress is said; what is more than progress is not held up.
func TestPatienceGrows(t *testing.T) {
	m := municipality("vinje")
	at := func(installed ...*v1alpha1.AppInstallation) v1alpha1.MunicipalityStatus {
		return statusOf(t, with(objects(network("digi-tv", v1alpha1.ObligationRecommended, "svarut")), municipality("vinje"), installed...), "vinje")
	}
	prod, test := installation(m, "prod", "svarut", "2.4.1"), installation(m, "test", "svarut", "2.4.1", progressing)
	live, progress := due(at()), at(prod, test)
	cases := []struct {
		reason string
		next   v1alpha1.MunicipalityStatus
		lasted time.Duration
		want   time.Duration
	}{
		{"at first half a minute", progress, 10 * time.Second, progressPatience},
		{"then as long as it has lasted", progress, 2 * time.Minute, 2 * time.Minute},
		{"but not for ever", progress, time.Hour, mostPatience},
		{"a failure is written at once", at(prod, installation(m, "test", "svarut", "2.4.1", failed)), time.Hour, 0},
		{"the end is written at once", at(prod, installation(m, "test", "svarut", "2.4.1")), time.Hour, 0},
	}
	for _, tc := range cases {
		if got := patience(live, tc.next, now.Add(tc.lasted)); got != tc.want {
			t.Errorf("%s: patience = %v, want %v", tc.reason, got, tc.want)
		}
	}
}

func TestWaiting(t *testing.T) {
	var w waiting
	steps := []struct {
		reason string
		after  time.Duration
		want   time.Duration
	}{
		{"it begins to wait", 0, 0},
		{"a later change does not begin again", time.Second, time.Second},
		{"nor does the next", 3 * time.Second, 3 * time.Second},
	}
	for _, s := range steps {
		if got := w.since("vinje", now.Add(s.after)); got != s.want {
			t.Errorf("%s: since = %v, want %v", s.reason, got, s.want)
		}
	}
	w.end("vinje")
	if got := w.since("vinje", now.Add(time.Hour)); got != 0 {
		t.Errorf("after the end it begins again: since = %v, want 0", got)
	}
}
