package country_test

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// atProd changes the installation of svarut in vinje's production.
func atProd(change func(*v1alpha1.AppInstallation)) change {
	return func(o *country.Objects) {
		change(o.Installations["vinje"][resolution.Place{App: "svarut", Environment: "prod"}])
	}
}

// says is a decision of vinje on svarut.
func says(d v1alpha1.AppDecision) change {
	d.Name = "svarut"
	return decides("vinje", d)
}

func onVinje(change func(*v1alpha1.Municipality)) change {
	return func(o *country.Objects) { change(resident(o, "vinje")) }
}

func nothingInstalled(o *country.Objects) {
	delete(o.Installations["vinje"], resolution.Place{App: "svarut", Environment: "prod"})
}

func starting(i *v1alpha1.AppInstallation) {
	i.Status.HealthySince = nil
	i.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: "False", ObservedGeneration: i.Generation, Message: "Deployment post: 0 of 2 pods are ready"}}
}

func failing(i *v1alpha1.AppInstallation) {
	i.Status.HealthySince = nil
	i.Status.Conditions = []metav1.Condition{
		{Type: "Ready", Status: "False", ObservedGeneration: i.Generation, Message: "parameters.sender: is required"},
		{Type: "Stalled", Status: "True", ObservedGeneration: i.Generation},
	}
}

// numberTaken gives vinje the number of oslo; of one age, the name decides.
func numberTaken(m *v1alpha1.Municipality) { m.Spec.Number = "oslo" }

func suspendedVinje(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionOperator }

// ended is a move to 2.5.0 by the network's rollout that came to an outcome.
func ended(outcome v1alpha1.MoveOutcome, message string) planner.Stamp {
	s := moved("pilot")
	s.Outcome, s.Message = outcome, message
	return s
}

func TestStatusOfAPlace(t *testing.T) {
	at := func(r v1alpha1.Release, stamps ...planner.Stamp) change {
		return install("vinje", "prod", r, stamps...)
	}
	all := func(changes ...change) change {
		return func(o *country.Objects) {
			for _, c := range changes {
				c(o)
			}
		}
	}
	given := says(v1alpha1.AppDecision{Parameters: &apiextensionsv1.JSON{Raw: []byte(`{"a":1,"b":2}`)}})
	returned := ended(v1alpha1.OutcomeReturned, "went back to 2.4.1, as 2.5.0 failed")
	stuck := ended(v1alpha1.OutcomeStuck, "2.5.0 failed; it stays as it is")
	hold := &v1alpha1.Hold{Version: before.Version, Reason: "year-end"}
	adopts := says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: other.Version})
	const taken = "spec.number oslo belongs to Municipality oslo (its spec.number), which is older; nothing is made for vinje: set its own number, or delete one of the two"
	const late = "its parameters, or what it knows of its municipality, are about to be brought up to date"
	cases := []struct {
		reason string
		change change
		want   string
	}{
		{"healthy at what is decided", at(target), "Ready runs, up to date, settled: "},
		{"its turn comes, and it runs until then", at(before), "Waiting runs, settled, waits: "},
		{"nothing is there until its turn", nothingInstalled, "Waiting waits: "},
		{"nothing is there, nor its environment", all(nothingInstalled, onVinje(func(m *v1alpha1.Municipality) {
			m.Status = v1alpha1.MunicipalityStatus{ObservedGeneration: 1, Environments: []v1alpha1.EnvironmentStatus{{Name: "prod", State: v1alpha1.EnvironmentPending, Message: "its quota is not in force"}}}
		})), "Missing : environment prod of Municipality vinje is not ready yet: its quota is not in force"},
		{"nothing is there, and the municipality is suspended", all(nothingInstalled, onVinje(suspendedVinje)), "Missing : Municipality vinje is suspended: take its spec.suspend out"},
		{"healthy, though its municipality is suspended", all(at(target), onVinje(suspendedVinje)), "Ready runs, up to date, settled: "},
		{"installed, and its number belongs to another", all(at(target), onVinje(numberTaken)), "Blocked : " + taken},
		{"nothing is there, and its number belongs to another", all(nothingInstalled, onVinje(numberTaken)), "Blocked : " + taken},
		{"declined, and its number belongs to another", all(says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}), onVinje(numberTaken)), "Blocked : " + taken},
		{"declined with nothing there, and its number belongs to another", all(nothingInstalled, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}), onVinje(numberTaken)), "Declined not counted: "},
		{"coming up", all(at(target), atProd(starting)), "Progressing : Deployment post: 0 of 2 pods are ready"},
		{"a person must fix it", all(at(target), atProd(failing)), "Failed : parameters.sender: is required"},
		{"a failure at the previous version is reported as one", all(at(before), atProd(failing)), "Failed waits: parameters.sender: is required"},
		{"a Ready of an earlier generation does not count", all(at(target), atProd(func(i *v1alpha1.AppInstallation) { i.Generation++ })), "Progressing : "},
		{"another digest applied does not count", all(at(target), atProd(func(i *v1alpha1.AppInstallation) { i.Status.AppliedDigest = "sha256:x" })), "Progressing : "},
		{"parameters that have not arrived", all(at(target), given), "Progressing : " + late},
		{"facts that have not arrived where its turn comes", all(at(before), atProd(func(i *v1alpha1.AppInstallation) { i.Spec.Tenant.Number = "1" })), "Progressing waits: " + late},
		{"parameters that are written in another order are the same", all(at(target), given, atProd(func(i *v1alpha1.AppInstallation) {
			i.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(`{"b": 2, "a": 1}`)}
		})), "Ready runs, up to date, settled: "},
		{"facts of the municipality that have not arrived", all(at(target), atProd(func(i *v1alpha1.AppInstallation) { i.Spec.Tenant.Zone = v1alpha1.ZoneOpen })), "Progressing : " + late},
		{"it went back, and runs", at(before, returned), "Returned runs, settled, waits: went back to 2.4.1, as 2.5.0 failed"},
		{"it went back, and is not healthy yet", all(at(before, returned), atProd(starting)), "Progressing waits: Deployment post: 0 of 2 pods are ready"},
		{"it went back from another version than the one to come", at(before, planner.Stamp{Name: "digi-tv.svarut.2.4.9.1", Network: "digi-tv", Target: v1alpha1.Release{Version: "2.4.9", Digest: "sha256:249"}, Outcome: v1alpha1.OutcomeReturned, Message: "went back"}),
			"Waiting runs, settled, waits: "},
		{"its own move went back", all(adopts, at(before, planner.Stamp{Target: other, Outcome: v1alpha1.OutcomeReturned, Message: "went back to 2.4.1, as 2.6.0 failed"})),
			"Returned runs, settled, waits: went back to 2.4.1, as 2.6.0 failed"},
		{"it stays where it failed", all(at(target, stuck), atProd(starting)), "Stuck : 2.5.0 failed; it stays as it is"},
		{"it stayed where it failed, and recovered", at(target, stuck), "Ready runs, up to date, settled: "},
		{"declined", all(nothingInstalled, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline})), "Declined not counted: "},
		{"declined, and not gone yet", says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}), "Removing : "},
		{"deferred where nothing is", all(nothingInstalled, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer})), "Deferred not counted: "},
		{"deferred where it runs", says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer}), "Deferred runs, up to date, settled: "},
		{"held", says(v1alpha1.AppDecision{Hold: hold}), "Held runs, up to date, settled: "},
		{"held, and not healthy", all(says(v1alpha1.AppDecision{Hold: hold}), atProd(failing)), "Failed : parameters.sender: is required"},
		{"nobody asks for it any longer", onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Apps = nil }), "Unrequested runs, up to date, settled: "},
		{"blocked with nothing there", all(nothingInstalled, onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Apps[0].Channel = "beta" })),
			`Blocked : SharedApp svarut has no channel "beta": it has stable, pilot (asked for by digi-tv)`},
		{"blocked from what is wanted, and runs", all(adopts, func(o *country.Objects) { o.Platform.Freeze = new(true) }),
			"Blocked runs: the platform is frozen (spec.freeze of Platform default): nothing new is started until it is taken out"},
		{"what is wanted is withdrawn, and runs", all(at(target), onApp(func(a *v1alpha1.SharedApp) { a.Spec.Versions[1].State = v1alpha1.VersionWithdrawn })),
			"Ready runs, up to date, settled: version 2.5.0 of SharedApp svarut is withdrawn: it is not newly installed anywhere"},
		{"in a zone that it does not fit in", all(says(v1alpha1.AppDecision{Hold: hold}), onApp(func(a *v1alpha1.SharedApp) {
			for i := range a.Spec.Versions {
				a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}}}
			}
		})), "Blocked runs: decline svarut in spec.apps, or set zone of environment prod in spec.environments to Open: version 2.4.1 of SharedApp svarut requires zone Open in Production, and the environment has Closed"},
		{"suspended by a person", all(at(target), atProd(func(i *v1alpha1.AppInstallation) { i.Spec.Suspend = new(true) })),
			"Blocked runs: AppInstallation vinje-prod/svarut is suspended: take its spec.suspend out"},
		{"deleted by hand", all(nothingInstalled, onVinje(func(m *v1alpha1.Municipality) {
			m.Status.Apps = []v1alpha1.MunicipalityApp{{Name: "svarut", Environment: "prod", Version: before.Version, State: v1alpha1.AppReady}}
		})), "Progressing : its AppInstallation was deleted: it is written again"},
	}
	for _, c := range cases {
		row := country.Compile(world(c.change), now).Tenant("vinje").Row(resolution.Place{App: "svarut", Environment: "prod"})
		if row == nil {
			t.Errorf("%s: there is nothing to say of svarut", c.reason)
			continue
		}
		if diff := gocmp.Diff(c.want, statusText(row.Status)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.reason, diff)
		}
	}
}

// TestNothingComesToWhoGoes shows that of a municipality that is being deleted only what is still installed is counted.
func TestNothingComesToWhoGoes(t *testing.T) {
	goes := onVinje(func(m *v1alpha1.Municipality) { m.DeletionTimestamp = &metav1.Time{Time: now} })
	for _, tc := range []struct {
		reason string
		change change
		// want is empty where there is nothing to say.
		want string
	}{
		{"what is installed runs on until it is uninstalled", install("vinje", "prod", target), "Ready runs, up to date, settled: "},
		{"what is being uninstalled is waited for", atProd(func(i *v1alpha1.AppInstallation) { i.Spec.State = v1alpha1.InstallationAbsent }), "Removing : "},
		{"what is gone does not come back", nothingInstalled, ""},
		{"nor is what somebody deleted written again", func(o *country.Objects) {
			nothingInstalled(o)
			resident(o, "vinje").Status.Apps = []v1alpha1.MunicipalityApp{{Name: "svarut", Environment: "prod", Version: before.Version, State: v1alpha1.AppReady}}
		}, ""},
	} {
		got := ""
		if row := country.Compile(world(tc.change, goes), now).Tenant("vinje").Row(resolution.Place{App: "svarut", Environment: "prod"}); row != nil {
			got = statusText(row.Status)
		}
		if diff := gocmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
		}
	}
}

func statusText(s country.Status) string {
	var is []string
	for _, f := range []struct {
		word string
		is   bool
	}{{"not counted", !s.Counted}, {"runs", s.Running}, {"up to date", s.UpToDate}, {"settled", s.Settled}, {"waits", s.Waits}} {
		if f.is {
			is = append(is, f.word)
		}
	}
	return fmt.Sprintf("%s %s: %s", s.State, strings.Join(is, ", "), s.Message)
}

// TestMembersOfANetworkAreCounted counts one member, vinje, which decides, or fares, in its own way.
func TestMembersOfANetworkAreCounted(t *testing.T) {
	both := func(r v1alpha1.Release, stamps ...planner.Stamp) change {
		return func(o *country.Objects) {
			install("vinje", "prod", r, stamps...)(o)
			install("vinje", "test", r, stamps...)(o)
		}
	}
	byOthers := planner.Stamp{Name: "helse.svarut.2.6.0.1", Network: "helse", Target: other}
	mandatory := onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Apps[0].Obligation = v1alpha1.ObligationMandatory })
	unfit := onApp(func(a *v1alpha1.SharedApp) {
		for i := range a.Spec.Versions {
			a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneClosed}, {Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}}}
		}
	})
	cases := []struct {
		reason  string
		changes []change
		want    string
	}{
		{"at what is offered", []change{both(target)}, "counted 1, running 1, up to date 1"},
		{"waits for its turn", []change{both(before)}, "counted 1, running 1, up to date 0"},
		{"one environment has it, the other not yet", []change{both(before), install("vinje", "test", target)}, "counted 1, running 1, up to date 0"},
		{"went back", []change{both(before, ended(v1alpha1.OutcomeReturned, "went back"))}, "counted 1, running 1, up to date 0"},
		{"one environment failed", []change{both(target), atProd(failing)}, "counted 1, running 0, up to date 0, behind [vinje]"},
		{"holds", []change{both(before), says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Version: "2.4.1", Reason: "year-end"}})}, "counted 0, running 0, up to date 0, opted out Held: held at 2.4.1: year-end"},
		{"deferred", []change{both(before), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Reason: "budget"})}, "counted 0, running 0, up to date 0, opted out Deferred: deferred: budget"},
		{"declined", []change{both(before), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline, Reason: "has its own"})}, "counted 0, running 0, up to date 0, opted out Declined: declined: has its own"},
		{"keeps what is higher", []change{both(other, byOthers)}, "counted 0, running 0, up to date 0, opted out Ahead: digi-tv offers 2.5.0, and a change of who decides never lowers a version"},
		{"can't take it, and runs what it has: it counts", []change{both(before), unfit}, "counted 1, running 1, up to date 0, behind [vinje]"},
		{"can't take it, and has nothing", []change{nothingInstalled, unfit}, "counted 1, running 0, up to date 0, behind [vinje]"},
		{"can't take what is Mandatory: the same", []change{both(before), unfit, mandatory}, "counted 1, running 1, up to date 0, behind [vinje]"},
		{"nobody can take it", []change{both(before), onApp(func(a *v1alpha1.SharedApp) { a.Status.Versions = nil })}, "counted 1, running 1, up to date 0, behind [vinje]"},
		{"suspended, and not at it", []change{both(before), onVinje(suspendedVinje)}, "counted 0, running 0, up to date 0, opted out Suspended: Municipality vinje is suspended: take its spec.suspend out"},
		{"suspended, and at it", []change{both(target), onVinje(suspendedVinje)}, "counted 1, running 1, up to date 1"},
		{"names its own version", []change{both(before), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.4.1"})}, "counted 0, running 0, up to date 0, elsewhere vinje"},
		{"observes: it counts nowhere", []change{both(before), onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Members.Observers = []string{"vinje"} })}, "counted 0, running 0, up to date 0"},
	}
	for _, c := range cases {
		o := world(append(c.changes, onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Members.Names = []string{"vinje"} }))...)
		a := country.Compile(o, now).Adoption("svarut", "digi-tv")
		got := fmt.Sprintf("counted %d, running %d, up to date %d", a.Counted, a.Running, a.UpToDate)
		for name := range a.Behind {
			got += fmt.Sprintf(", behind [%s]", name)
		}
		for note := range a.OptedOutMembers {
			got += fmt.Sprintf(", opted out %s: %s", note.Reason, note.Message)
		}
		for _, by := range a.DecidedElsewhere {
			got += ", elsewhere " + by.Name
		}
		if diff := gocmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.reason, diff)
		}
	}
}
