package rollup

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// appsReadyOf is the rollup's condition in one line.
func appsReadyOf(conditions []metav1.Condition) string {
	return fmt.Sprintf("%s %s: %s", conditions[0].Status, conditions[0].Reason, conditions[0].Message)
}

func TestMunicipalityAppsReady(t *testing.T) {
	c := promoted(bringing("svarut", "2.5.0", v1alpha1.RolloutHalted))
	returned := moved("digi-tv.svarut.2.5.0.1", "first", v1alpha1.OutcomeReturned, "went back to 2.4.1, as 2.5.0 failed")
	unreadable := func(m *v1alpha1.Municipality) {
		m.Spec.Windows = []v1alpha1.Window{{Schedule: "0 8 30 2 *", Duration: metav1.Duration{Duration: time.Hour}}}
	}
	const mend = `spec.windows[0].schedule: "0 8 30 2 *" never opens, as none of its months has such a day: correct the day of month or the month; no rollout comes here until this is mended; `
	cases := []struct {
		reason     string
		test, prod []func(*v1alpha1.AppInstallation) // nil where nothing is installed
		change     func(*v1alpha1.Municipality)
		want       string
	}{
		{"who waits, and runs well, has what it should have now", some(), some(), nil, "2/2 True Ready: 2/2 apps running; 2 with another version to come"},
		{"who waits for a first version has not", some(), nil, nil, "1/2 False AppsProgressing: 1/2 apps running; prod/svarut: Rollout digi-tv.svarut.2.5.0.1 is halted: nobody else is moved until a retry is asked for or another version is promoted; 1 with another version to come"},
		{"who went back is told of", some(returned), some(), nil, "2/2 True Ready: 2/2 apps running; test/svarut went back to 2.4.1, as 2.5.0 failed; 1 with another version to come"},
		{"who went back and is not well there", some(returned, failed), some(), nil, "1/2 False AppsFailed: 1/2 apps running; test/svarut: parameters.sender: is required; 1 with another version to come"},
		{"windows that nobody can read are told, with the field", some(), some(), unreadable, "2/2 False InvalidSpec: " + mend + "2/2 apps running; 2 with another version to come"},
		{"freezes too", some(), some(), func(m *v1alpha1.Municipality) {
			m.Spec.Freezes = []v1alpha1.FreezePeriod{{From: tomorrow, Until: tomorrow, Reason: "x"}}
		}, "2/2 False InvalidSpec: spec.freezes[0].until: 2026-11-23T12:00:00Z is not after from, 2026-11-23T12:00:00Z: write a later time; no rollout comes here until this is mended; 2/2 apps running; 2 with another version to come"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			m := municipality("vinje")
			if tc.change != nil {
				tc.change(m)
			}
			who := tenant{m, installedAt()}
			for environment, change := range map[string][]func(*v1alpha1.AppInstallation){"test": tc.test, "prod": tc.prod} {
				if i := installation(m, environment, "svarut", "2.4.1", change...); change != nil {
					who.installed = merged(who.installed, installedAt(i))
				}
			}
			places := placesOf(c, who, now)
			days, faults := daysOf(m)
			turns{country: c, tenant: who, days: days, now: now}.tell(places)
			got := municipalityStatus(m, places, closed(faults), now)
			if diff := cmp.Diff(tc.want, got.Running+" "+appsReadyOf(got.Conditions)); diff != "" {
				t.Errorf("AppsReady (-want +got):\n%s", diff)
			}
		})
	}
}

// some is a list that is not nil, also where nothing is in it.
func some(changes ...func(*v1alpha1.AppInstallation)) []func(*v1alpha1.AppInstallation) {
	return append([]func(*v1alpha1.AppInstallation){}, changes...)
}

func merged[K comparable, V any](a, b map[K]V) map[K]V {
	for k, v := range b {
		a[k] = v
	}
	return a
}

// A network measures against what it offers: only who is excused is not waited for.
func TestNetworkMembers(t *testing.T) {
	returned := moved("digi-tv.svarut.2.5.0.1", "first", v1alpha1.OutcomeReturned, "went back to 2.4.1, as 2.5.0 failed")
	hold := &v1alpha1.Hold{Version: "2.4.1", Reason: "year-end"}
	closedZone := func(c *country, _ *v1alpha1.Municipality) {
		c.apps["svarut"].Spec.Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneClosed}, {Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}}}
	}
	suspended := func(_ *country, m *v1alpha1.Municipality) { m.Spec.Suspend = new(true) }
	cases := []struct {
		reason   string
		decision v1alpha1.AppDecision
		version  string
		install  func(*v1alpha1.AppInstallation)
		change   func(*country, *v1alpha1.Municipality)
		want     string
	}{
		{"at what is offered", v1alpha1.AppDecision{}, "2.5.0", nil, nil, "1/1; True 1/1 member apps running"},
		{"waits for its turn", v1alpha1.AppDecision{}, "2.4.1", nil, nil, "1/1; True 1/1 member apps running"},
		{"went back", v1alpha1.AppDecision{}, "2.4.1", returned, nil, "1/1; True 1/1 member apps running"},
		{"holds", v1alpha1.AppDecision{Hold: hold}, "2.4.1", nil, nil, "0/0 excused Held: held at 2.4.1: year-end; True no member apps"},
		{"deferred", v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Reason: "budget"}, "2.4.1", nil, nil, "0/0 excused Deferred: deferred: budget; True no member apps"},
		{"declined", v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline, Reason: "has its own"}, "2.4.1", nil, nil, "0/0 excused Declined: declined: has its own; True no member apps"},
		{"keeps what is higher", v1alpha1.AppDecision{}, "2.6.0", func(i *v1alpha1.AppInstallation) { i.Spec.DecidedBy.Name = "helse" }, nil,
			"0/0 excused Ahead: digi-tv offers 2.5.0, and a change of who decides never lowers a version; True no member apps"},
		{"can't take it", v1alpha1.AppDecision{}, "2.4.1", nil, closedZone,
			"0/0 excused Blocked: decline svarut in spec.apps, or set zone of environment prod in spec.environments to Open: SharedApp svarut requires zone Open in Production, and the environment has Closed; True no member apps"},
		{"nobody can take it", v1alpha1.AppDecision{}, "2.4.1", nil, func(c *country, _ *v1alpha1.Municipality) { c.apps["svarut"].Status.Versions = nil },
			"0/1 not ready [vinje]; False 0/1 member apps running; svarut at vinje: version 2.5.0 of SharedApp svarut is not available yet: the catalogue has not checked it"},
		{"suspended, and not at it", v1alpha1.AppDecision{}, "2.4.1", nil, suspended, "0/0 excused Suspended: Municipality vinje is suspended: take its spec.suspend out; True no member apps"},
		{"suspended, and at it", v1alpha1.AppDecision{}, "2.5.0", nil, suspended, "1/1; True 1/1 member apps running"},
		{"names its own version", v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.4.1"}, "2.4.1", nil, nil, "0/0 elsewhere [{vinje {Municipality vinje}}]; True no member apps"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			tc.decision.Name = "svarut"
			c, m := promoted(bringing("svarut", "2.5.0", v1alpha1.RolloutProgressing)), municipality("vinje", tc.decision)
			if tc.change != nil {
				tc.change(&c, m)
			}
			who := tenant{m, installedAt()}
			for _, environment := range []string{"prod", "test"} {
				i := installation(m, environment, "svarut", tc.version)
				if tc.install != nil {
					tc.install(i)
				}
				who.installed = merged(who.installed, installedAt(i))
			}
			seen := observedNetwork{country: c, network: &c.networks[0], members: []tenant{who}}
			status := networkStatus(seen, placesOfAll(c, seen.members, now), now)
			app := status.Apps[0]
			got := fmt.Sprintf("%d/%d", app.Running, app.Members)
			if len(app.NotReady) > 0 {
				got += fmt.Sprintf(" not ready %v", app.NotReady)
			}
			if len(app.ExcusedMembers) > 0 {
				got += fmt.Sprintf(" excused %s: %s", app.ExcusedMembers[0].Reason, app.ExcusedMembers[0].Message)
			}
			if len(app.DecidedElsewhere) > 0 {
				got += fmt.Sprintf(" elsewhere %v", app.DecidedElsewhere)
			}
			got += fmt.Sprintf("; %s %s", status.Conditions[0].Status, status.Conditions[0].Message)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("member (-want +got):\n%s", diff)
			}
			if app.Rollout != "digi-tv.svarut.2.5.0.1" || app.Phase != v1alpha1.RolloutProgressing {
				t.Errorf("rollout %q is %q", app.Rollout, app.Phase)
			}
		})
	}
}

func TestSkewOfManyVersions(t *testing.T) {
	installed := map[string]int32{"2.4.1": 7, "2.5.0": 7, "2.3.0": 9}
	for i := range 40 {
		installed[fmt.Sprintf("1.%02d.0", i)] = 1
	}
	got := skew(installed)
	if len(got) != maxSkew || got[0].Version != "2.3.0" || got[1].Version != "2.4.1" || got[2].Version != "2.5.0" || got[3].Version != "1.00.0" {
		t.Errorf("skew = %v, want the 16 most frequent, and of equals the lower first", got)
	}
}

// With 5,000 members and 256 apps, all of them in trouble, and every text as long as it may
// be, the status of a Network stays below 512 KiB.
func TestNetworkStatusIsBounded(t *testing.T) {
	const members, proposed = 5000, 256
	long := func(n int) string { return strings.Repeat("x", n) }
	apps := make([]v1alpha1.NetworkApp, 0, proposed)
	for i := range proposed {
		app := v1alpha1.NetworkApp{
			Name: fmt.Sprintf("%s%03d", long(37), i), Version: long(64), Rollout: long(253), Phase: v1alpha1.RolloutProgressing, Message: long(300),
			Running: int32(i), UpToDate: int32(i), Members: members, Excused: members, Elsewhere: members,
		}
		for range maxNames {
			app.NotReady = append(app.NotReady, long(40))
			app.DecidedElsewhere = append(app.DecidedElsewhere, v1alpha1.ElsewhereNote{Name: long(40), DecidedBy: v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: long(63)}})
			app.ExcusedMembers = append(app.ExcusedMembers, v1alpha1.MemberNote{Name: long(40), Reason: long(32), Message: long(256)})
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
	if len(worst.NotReady) != maxNames || len(worst.ExcusedMembers) != maxNames || len(worst.Versions) != maxSkew {
		t.Errorf("the app in most trouble was cut: %d not ready, %d excused, %d versions", len(worst.NotReady), len(worst.ExcusedMembers), len(worst.Versions))
	}
	if len(best.NotReady) != 0 || best.Members != members || best.Name != apps[proposed-1].Name {
		t.Errorf("the app in least trouble has %d names, and counts %d members", len(best.NotReady), best.Members)
	}
	if len(apps[proposed-1].NotReady) != maxNames {
		t.Error("what was given is changed")
	}
}

func TestSmallNetworkStatusIsWhole(t *testing.T) {
	apps := []v1alpha1.NetworkApp{{Name: "svarut", NotReady: []string{"vinje"}, ExcusedMembers: []v1alpha1.MemberNote{{Name: "tokke", Reason: "Held"}}}}
	if diff := cmp.Diff(apps, bounded(apps)); diff != "" {
		t.Errorf("bounded (-want +got):\n%s", diff)
	}
}

func TestAdoptions(t *testing.T) {
	c := countryOf(
		network("digi-tv", v1alpha1.ObligationRecommended, "svarut"), network("helse", v1alpha1.ObligationRecommended, "svarut"), network("over", v1alpha1.ObligationRecommended, "svarut"))
	c.networks[0].Spec.Members = v1alpha1.Members{Names: []string{"fyresdal", "tokke"}}
	c.networks[1].Spec.Members = v1alpha1.Members{Names: []string{"nissedal"}}
	c.networks[2].Spec.Ends = new(metav1.NewTime(now.Add(-time.Hour)))
	ofChannel := func(channel string, phase v1alpha1.RolloutPhase) v1alpha1.Rollout {
		r := bringing("svarut", "2.5.0", phase)
		r.Name, r.Spec.Network, r.Spec.Channel = "direct.svarut."+channel+".2.5.0.1", "", channel
		return r
	}
	c.rollouts = currentRollouts([]v1alpha1.Rollout{
		bringing("svarut", "2.4.1", v1alpha1.RolloutCompleted), ofChannel("stable", v1alpha1.RolloutCompleted), ofChannel("pilot", v1alpha1.RolloutHalted),
	})
	follows := func(channel string) v1alpha1.AppDecision {
		return v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Channel: channel}
	}
	holds := follows("stable")
	holds.Hold = &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end"}
	at := func(m *v1alpha1.Municipality, version string) tenant {
		return tenant{m, installedAt(installation(m, "prod", "svarut", version), installation(m, "test", "svarut", version))}
	}
	digiTV := v1alpha1.NetworkAdoption{Name: "digi-tv", Version: "2.4.1", Running: "2/2", UpToDate: "1/2", Phase: v1alpha1.RolloutCompleted}
	helse := v1alpha1.NetworkAdoption{Name: "helse", Version: "2.4.1", Running: "1/1", UpToDate: "1/1"}
	networks := []tenant{at(municipality("fyresdal"), "2.3.0"), at(municipality("nissedal"), "2.4.1"), at(municipality("tokke"), "2.4.1")}
	oslo, bergen := at(municipality("oslo", follows("stable")), "2.4.1"), at(municipality("bergen", follows("pilot")), "2.4.1")
	voss := at(municipality("voss", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Version: "2.3.0"}), "2.3.0")
	cases := []struct {
		reason  string
		tenants []tenant
		want    []v1alpha1.NetworkAdoption
	}{
		{"those that are not done come first; one that is over is not told", networks, []v1alpha1.NetworkAdoption{digiTV, helse}},
		{
			"who follows a channel takes it directly", slices.Concat(networks, []tenant{oslo}),
			[]v1alpha1.NetworkAdoption{digiTV, {Name: "direct", Version: "2.4.1", Running: "1/1", UpToDate: "1/1", Phase: v1alpha1.RolloutHalted}, helse},
		},
		{
			"those who follow different channels have no version in common", slices.Concat(networks, []tenant{oslo, bergen, voss}),
			[]v1alpha1.NetworkAdoption{digiTV, {Name: "direct", Running: "3/3", UpToDate: "2/3", Phase: v1alpha1.RolloutHalted}, helse},
		},
		{
			"who holds is excused", slices.Concat(networks, []tenant{at(municipality("oslo", holds), "2.3.0")}),
			[]v1alpha1.NetworkAdoption{digiTV, {Name: "direct", Running: "0/0", UpToDate: "0/0", Excused: 1, Phase: v1alpha1.RolloutHalted}, helse},
		},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := observedSharedApp{country: c, app: c.apps["svarut"], tenants: tc.tenants}
			if diff := cmp.Diff(tc.want, adoptions(seen, placesOfAll(c, tc.tenants, now), now)); diff != "" {
				t.Errorf("adoptions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdoptionsAreBounded(t *testing.T) {
	seen := observedSharedApp{country: countryOf(), app: sharedApp("svarut"), tenants: []tenant{{municipality: municipality("vinje")}}}
	for i := range 120 {
		n := network(fmt.Sprintf("n%03d", i), v1alpha1.ObligationRecommended, "svarut")
		n.Spec.Members = v1alpha1.Members{}
		if i == 119 {
			n.Spec.Members = v1alpha1.Members{Names: []string{"vinje"}}
		}
		seen.country.networks = append(seen.country.networks, n)
	}
	got := adoptions(seen, placesOfAll(seen.country, seen.tenants, now), now)
	if len(got) != maxAdoptions || got[0].Name != "n119" || got[1].Name != "n000" {
		t.Errorf("%d networks, first %s and %s: want 100, and the one that is not done first", len(got), got[0].Name, got[1].Name)
	}
}

func TestRunWithdrawn(t *testing.T) {
	app := sharedApp("svarut")
	app.Spec.Versions[0].State, app.Spec.Versions[2].State = v1alpha1.VersionWithdrawn, v1alpha1.VersionWithdrawn
	var installations []v1alpha1.AppInstallation
	for i := range 60 {
		installations = append(installations, *installation(municipality(fmt.Sprintf("m%02d", 59-i)), "prod", "svarut", "2.3.0"))
	}
	leaving := installation(municipality("tokke"), "prod", "svarut", "2.4.1", func(i *v1alpha1.AppInstallation) { i.Status.AppliedVersion = "2.5.0" })
	coming := installation(municipality("vinje"), "prod", "svarut", "2.5.0", func(i *v1alpha1.AppInstallation) { i.Status.AppliedVersion = "" })
	installations = append(installations, *leaving, *coming, *installation(municipality("oslo"), "prod", "svarut", "2.4.1"))
	text, names := runWithdrawn(app, installations)
	if want := "; 2.3.0 is withdrawn: 60 installations still run it; 2.5.0 is withdrawn: 1 installation still runs it"; text != want {
		t.Errorf("text %q, want %q", text, want)
	}
	if len(names) != maxNames || names[0] != "m00-prod" || names[49] != "m49-prod" {
		t.Errorf("%d names from %s to %s, want the first 50", len(names), names[0], names[len(names)-1])
	}
	status := sharedAppStatus(observedSharedApp{country: countryOf(), app: app, installations: installations}, nil, now)
	if !strings.HasSuffix(status.Conditions[0].Message, text) || len(status.RunWithdrawn) != maxNames {
		t.Errorf("AppsReady says %q", status.Conditions[0].Message)
	}
}
