package overview

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// With 5,000 members and 256 apps, all of them in trouble, and every text as long as it may
// be, the status of a Network stays below 512 KiB.
func TestNetworkStatusIsBounded(t *testing.T) {
	const members, proposed = 5000, 256
	long := func(n int) string { return strings.Repeat("x", n) }
	apps := make([]v1alpha1.NetworkApp, 0, proposed)
	for i := range proposed {
		app := v1alpha1.NetworkApp{
			Name: fmt.Sprintf("%s%03d", long(37), i), Wanted: long(64), Rollout: long(253), Phase: v1alpha1.RolloutProgressing, Message: long(300),
			Running: int32(i), UpToDate: int32(i), Members: members, OptedOut: members, Elsewhere: members,
		}
		for range maxNames {
			app.NotReady = append(app.NotReady, long(40))
			app.DecidedElsewhere = append(app.DecidedElsewhere, v1alpha1.ElsewhereNote{Name: long(40), DecidedBy: v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: long(63)}})
			app.OptedOutMembers = append(app.OptedOutMembers, v1alpha1.MemberNote{Name: long(40), Reason: long(32), Message: long(256)})
		}
		for range maxSkew {
			app.Versions = append(app.Versions, v1alpha1.VersionUsage{Version: long(64), Installations: members})
		}
		apps = append(apps, app)
	}
	status := v1alpha1.NetworkStatus{Apps: bounded(apps), Running: "0/1280000"}
	raw, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) >= 512<<10 {
		t.Errorf("the status has %d bytes, want less than 512 KiB", len(raw))
	}
	if len(raw) < 400<<10 {
		t.Errorf("the status has %d bytes: it leaves out more than it must", len(raw))
	}
	worst, best := status.Apps[0], status.Apps[proposed-1]
	if len(worst.NotReady) != maxNames || len(worst.OptedOutMembers) != maxNames || len(worst.Versions) != maxSkew {
		t.Errorf("the app in most trouble was cut: %d not ready, %d opted out, %d versions", len(worst.NotReady), len(worst.OptedOutMembers), len(worst.Versions))
	}
	if len(best.NotReady) != 0 || best.Members != members || best.Name != apps[proposed-1].Name {
		t.Errorf("the app in least trouble has %d names, and counts %d members", len(best.NotReady), best.Members)
	}
	if len(apps[proposed-1].NotReady) != maxNames {
		t.Error("what was given is changed")
	}
}

// rowsOf are as many apps, in five environments, with names as long as they may be, of which that of a
// Rollout is made. Every tenth failed.
func rowsOf(apps int, text string) []v1alpha1.MunicipalityApp {
	var all []v1alpha1.MunicipalityApp
	for i := range apps {
		for e := range 5 {
			row := v1alpha1.MunicipalityApp{
				Name: fmt.Sprintf("%037d%03d", 0, i), Environment: fmt.Sprintf("%014d%d", 0, e), State: v1alpha1.AppReady,
				Version: strings.Repeat("1", 64), Asked: strings.Repeat("3", 64), Wanted: strings.Repeat("2", 64), Rollout: strings.Repeat("r", 176),
				DecidedBy: v1alpha1.DecidedBy{Level: v1alpha1.LevelMunicipality, Name: strings.Repeat("m", 63), Reason: text + text},
				Next:      text, Message: text,
			}
			if i%10 == 0 {
				row.State = v1alpha1.AppFailed
			}
			all = append(all, row)
		}
	}
	return all
}

// A municipality with as many apps as its status lists, every list full and every text as long as it may
// be, is written: etcd takes 1.5 MiB.
func TestMunicipalityStatusIsBounded(t *testing.T) {
	cases := []struct {
		reason string
		apps   int
		text   string
		// calm and troubled are how many bytes are left of the message of an app that runs, and of one that failed.
		calm, troubled int
	}{
		{"what is usual is whole", 180, "comes after stage Test, where test soaks", 40, 40},
		{"180 apps in five environments", 180, strings.Repeat("x", 512), 32, 512},
		{"as many as are listed", 200, strings.Repeat("x", 512), 16, 512},
		{"in letters that JSON writes as six", 200, strings.Repeat("<", 512), 16, 16},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			rows := rowsOf(tc.apps, tc.text)
			before := slices.Clone(rows)
			fitting, shortened := brief(rows)
			if len(fitting) != len(rows) {
				t.Fatalf("%d rows of %d", len(fitting), len(rows))
			}
			if diff := cmp.Diff(before, rows); diff != "" {
				t.Error("what was given is changed")
			}
			calm, troubled := fitting[len(fitting)-1], fitting[0]
			if len(calm.Message) != tc.calm || len(troubled.Message) != tc.troubled {
				t.Errorf("%d bytes are left of what runs, %d of what failed", len(calm.Message), len(troubled.Message))
			}
			if cut := calm.Message != tc.text || troubled.Message != tc.text; shortened != cut {
				t.Errorf("it says %v, and has shortened: %v", shortened, cut)
			}
			if cut := strings.HasSuffix(calm.Message, "..."); cut != shortened {
				t.Errorf("message %q does not show that it was shortened", calm.Message)
			}
			if raw := jsonOf(t, fullMunicipality(fitting)); len(raw) > 1<<20 {
				t.Errorf("%d bytes", len(raw))
			}
		})
	}
}

// fullMunicipality has these apps, and everything else of the status is full.
func fullMunicipality(apps []v1alpha1.MunicipalityApp) v1alpha1.MunicipalityStatus {
	s := v1alpha1.MunicipalityStatus{Apps: apps}
	for i := range 64 {
		s.Environments = append(s.Environments, v1alpha1.EnvironmentStatus{
			Name: fmt.Sprintf("%015d", i), Namespace: fmt.Sprintf("%063d", i), State: v1alpha1.EnvironmentReady, Message: strings.Repeat("x", 1024),
		})
	}
	for i := range maxNetworks {
		s.Networks = append(s.Networks, v1alpha1.MunicipalityNetwork{Name: fmt.Sprintf("%063d", i), Observer: true})
	}
	for i := range 16 {
		s.Conditions = append(s.Conditions, metav1.Condition{Type: fmt.Sprint(i), Reason: strings.Repeat("x", 32), Message: strings.Repeat("x", 1024)})
	}
	return s
}

func jsonOf(t *testing.T, value any) []byte {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestLeftOut(t *testing.T) {
	cases := []struct {
		rows      int
		shortened bool
		want      string
	}{
		{0, false, ""},
		{24, false, "; 24 more than status.apps lists"},
		{0, true, "; texts in status.apps are shortened, as all of them would not fit: see the AppInstallations"},
	}
	for _, tc := range cases {
		if got := leftOut(tc.rows, tc.shortened); got != tc.want {
			t.Errorf("%+v: %q", tc, got)
		}
	}
}

func TestSmallNetworkStatusIsWhole(t *testing.T) {
	apps := []v1alpha1.NetworkApp{{Name: "svarut", NotReady: []string{"vinje"}, OptedOutMembers: []v1alpha1.MemberNote{{Name: "tokke", Reason: "Held"}}}}
	if diff := cmp.Diff(apps, bounded(apps)); diff != "" {
		t.Errorf("bounded (-want +got):\n%s", diff)
	}
}
