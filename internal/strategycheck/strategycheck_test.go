package strategycheck_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/strategycheck"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	unread  = "; until then nothing new starts where this strategy holds"
	takeOut = ": correct the name, or take the entry out"
)

// compiled are apps by name.
func compiled(list ...*v1alpha1.SharedApp) catalogue.Apps {
	all := catalogue.Apps{}
	for _, o := range list {
		all[o.Name] = catalogue.Compile(o)
	}
	return all
}

// telemark are four members: two at the coast, two inland.
func telemark() []*v1alpha1.Municipality {
	place := func(name, where string) *v1alpha1.Municipality {
		return &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"county": "40", "lies": where}}}
	}
	return []*v1alpha1.Municipality{place("kragero", "coast"), place("porsgrunn", "coast"), place("tokke", "inland"), place("vinje", "inland")}
}

// wave picks members by name, and by a label, as "lies=coast", where one is given.
func wave(name, label string, names ...string) v1alpha1.Wave {
	w := v1alpha1.Wave{Name: name, Members: &v1alpha1.WaveMembers{Names: names}}
	if key, value, ok := strings.Cut(label, "="); ok {
		w.Members.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
	}
	return w
}

// digest of a bundle, of one letter.
func digest(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }

func offers() catalogue.Apps {
	oci := func(letter string) v1alpha1.Source {
		return v1alpha1.Source{OCI: &v1alpha1.OCISource{Repository: "ghcr.io/ks/svarut", Digest: digest(letter)}}
	}
	return compiled(
		&v1alpha1.SharedApp{
			ObjectMeta: metav1.ObjectMeta{Name: "svarut"},
			Spec: v1alpha1.SharedAppSpec{
				Versions: []v1alpha1.Version{{Version: "2.4.1", Source: oci("a")}, {Version: "2.5.0", Source: oci("b")}},
				Channels: []v1alpha1.Channel{{Name: "stable", Version: "2.4.1"}, {Name: "pilot", Version: "2.5.0"}},
			},
		},
		&v1alpha1.SharedApp{
			ObjectMeta: metav1.ObjectMeta{Name: "kobo"},
			Spec:       v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{{Version: "1.0.0", Source: v1alpha1.Source{ConfigMap: &v1alpha1.ConfigMapSource{Name: "kobo"}}}}},
			Status:     v1alpha1.SharedAppStatus{Versions: []v1alpha1.VersionStatus{{Version: "1.0.0", Digest: digest("c")}}},
		},
		&v1alpha1.SharedApp{
			ObjectMeta: metav1.ObjectMeta{Name: "unread"},
			Spec:       v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{{Version: "1.0.0", Source: v1alpha1.Source{ConfigMap: &v1alpha1.ConfigMapSource{Name: "unread"}}}}},
		},
	)
}

func TestCheck(t *testing.T) {
	rest := v1alpha1.Wave{Name: "everyone"}
	broken := v1alpha1.Wave{Name: "broken", Members: &v1alpha1.WaveMembers{Selector: &metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "lies", Operator: "Near"}},
	}}}
	approval := func(app, letter string) v1alpha1.Approval {
		return v1alpha1.Approval{App: app, Digest: digest(letter), Wave: "everyone", Attempt: 1}
	}
	approving := func(wave string) v1alpha1.Approval {
		return v1alpha1.Approval{App: "svarut", Digest: digest("a"), Wave: wave, Attempt: 1}
	}
	inherited := &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{wave("coast", "lies=coast"), wave("islands", "lies=island"), {Name: "rest"}}}
	cases := []struct {
		reason   string
		strategy v1alpha1.RolloutStrategy
		general  *v1alpha1.RolloutStrategy
		faults   []string
		notes    []string
	}{
		{reason: "nothing said is nothing wrong"},
		{
			reason: "a pilot by name, out of those that a later wave selects, is how a pilot is picked",
			strategy: v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
				wave("pilot", "", "vinje"), wave("inland", "lies=inland"), rest,
			}},
		},
		{
			reason: "two selectors that pick one member",
			strategy: v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
				wave("coast", "lies=coast"), wave("county", "county=40"), rest,
			}},
			faults: []string{"spec.rollout.waves[1].members: waves coast and county overlap at kragero, porsgrunn, who go with coast, the first: let one of them leave these out"},
		},
		{
			reason: "three members are named, the others counted; each pair of waves is reported",
			strategy: v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
				wave("county", "county=40"), wave("all", "county=40"), wave("inland", "lies=inland"),
			}},
			faults: []string{
				"spec.rollout.waves[1].members: waves county and all overlap at kragero, porsgrunn, tokke and 1 more, who go with county, the first: let one of them leave these out",
				"spec.rollout.waves[2].members: waves county and inland overlap at tokke, vinje, who go with county, the first: let one of them leave these out",
			},
		},
		{
			reason: "a name in a later wave is overruled by a selector before it, which nobody wants",
			strategy: v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
				wave("inland", "lies=inland"), wave("careful", "", "vinje", "kragero"), rest,
			}},
			faults: []string{"spec.rollout.waves[1].members: waves inland and careful overlap at vinje, who go with inland, the first: let one of them leave these out"},
		},
		{
			reason:   "a selector that does not parse picks nobody",
			strategy: v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{wave("pilot", "", "vinje"), broken, rest}},
			faults:   []string{`spec.rollout.waves[1].members.selector: "Near" is not a valid label selector operator: correct the selector` + unread},
		},
		{
			reason: "an empty wave, and names of those who are no members, stop nobody",
			strategy: v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
				wave("pilot", "", "vinje", "oslo", "bergen"), wave("islands", "lies=island"), rest,
			}},
			notes: []string{
				"wave islands is empty: no member goes with it (spec.rollout.waves[1].members)",
				"wave pilot names who is no member: bergen, oslo (spec.rollout.waves[0].members.names)",
			},
		},
		{
			reason:   "who is in no wave goes with the last, so that one is not empty",
			strategy: v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{wave("pilot", "", "vinje"), wave("islands", "lies=island")}},
		},
		{
			reason: "windows and freezes that can't be",
			strategy: v1alpha1.RolloutStrategy{
				Windows: []v1alpha1.Window{{Schedule: "0 8 * * 1-4", Duration: metav1.Duration{Duration: time.Hour}, TimeZone: "Europe/Olso"}},
				Freezes: []v1alpha1.FreezePeriod{{From: metav1.NewTime(now), Until: metav1.NewTime(now), Reason: "never"}},
			},
			faults: []string{
				`spec.rollout.windows[0].timeZone: "Europe/Olso" is not in the IANA time zone database: write a name such as Europe/Oslo` + unread,
				"spec.rollout.freezes[0].until: 2026-11-22T12:00:00Z is not after from, 2026-11-22T12:00:00Z: write a later time" + unread,
			},
		},
		{
			reason: "approvals of present and past versions stay",
			strategy: v1alpha1.RolloutStrategy{
				Approvals: []v1alpha1.Approval{approval("svarut", "a"), approval("svarut", "b"), approval("kobo", "c")},
			},
		},
		{
			reason:   "a digest that nobody has is a slip of the hand",
			strategy: v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{approval("svarut", "a"), approval("svarut", "c")}},
			faults: []string{"spec.rollout.approvals[1].digest sha256:cccccccccccc...: no version of SharedApp svarut has it: " +
				"copy spec.digest of the Rollout that is meant, or take the entry out"},
		},
		{
			reason:   "the digest of a bundle that was not read yet may turn out to be this one",
			strategy: v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{approval("unread", "d")}},
		},
		{
			reason:   "that a proposed app does not exist is reported at the proposal, once",
			strategy: v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{approval("mistyped", "a")}},
		},
		{
			reason: "an app that nobody offers or proposes is reported at each entry that names it",
			strategy: v1alpha1.RolloutStrategy{
				Approvals: []v1alpha1.Approval{approval("svrut", "a")}, Retries: []v1alpha1.Retry{{App: "svrut", Digest: digest("a"), Attempt: 2}},
			},
			faults: []string{
				`spec.rollout.approvals[0].app "svrut": there is no SharedApp of that name` + takeOut,
				`spec.rollout.retries[0].app "svrut": there is no SharedApp of that name` + takeOut,
			},
		},
		{
			reason:   "waves that nobody says are those of the default",
			strategy: v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{approval("svarut", "a"), approving("evryone")}},
			faults: []string{`spec.rollout.approvals[1].wave "evryone": there is no wave of that name, but pilot, everyone ` +
				`(the default, as spec.rollout.waves is not said)` + takeOut},
		},
		{
			reason:   "a Platform that says no waves leaves the default in force",
			strategy: v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{approving("pilot")}}, general: &v1alpha1.RolloutStrategy{},
		},
		{
			reason:   "inherited waves are the Platform's, and their names alone are known",
			strategy: v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{approving("coast"), approving("pilot")}}, general: inherited,
			faults: []string{`spec.rollout.approvals[1].wave "pilot": there is no wave of that name, but coast, islands, rest ` +
				`(spec.rollout.waves of Platform default)` + takeOut},
		},
		{
			reason:   "waves of its own stand in place of the Platform's",
			strategy: v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{rest}, Approvals: []v1alpha1.Approval{approving("everyone"), approving("coast")}}, general: inherited,
			faults: []string{`spec.rollout.approvals[1].wave "coast": there is no wave of that name, but everyone (spec.rollout.waves)` + takeOut},
		},
		{
			reason:   "that inherited waves are empty, overlap or name who is no member is nothing that the network says",
			strategy: v1alpha1.RolloutStrategy{MaxIntroductions: new(int32(1))},
			general: &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
				wave("coast", "lies=coast"), wave("county", "county=40"), wave("islands", "lies=island", "utsira"), rest,
			}},
		},
		{
			reason: "a retry of what nobody has",
			strategy: v1alpha1.RolloutStrategy{Retries: []v1alpha1.Retry{
				{App: "svarut", Digest: digest("a"), Attempt: 2}, {App: "kobo", Digest: digest("a"), Attempt: 2},
			}},
			faults: []string{
				"spec.rollout.retries[1].digest sha256:aaaaaaaaaaaa...: no version of SharedApp kobo has it: copy spec.digest of the Rollout that is meant, or take the entry out",
			},
		},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			faults, notes := strategycheck.Check(strategycheck.Input{
				Said: &tc.strategy, General: tc.general, Members: telemark(), Noun: "member", Apps: offers(),
				Proposed: []v1alpha1.Proposal{{Name: "svarut"}, {Name: "mistyped"}},
			})
			same(t, tc.faults, tc.notes, faults, notes)
		})
	}
}

func TestCheckOfThePlatform(t *testing.T) {
	said := v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
		wave("pilot", "", "vinje", "vinnje"), wave("islands", "lies=island"), {Name: "everyone"},
	}}
	faults, notes := strategycheck.Check(strategycheck.Input{Said: &said, Members: telemark(), Noun: "Municipality"})
	same(t, nil, []string{
		"wave islands is empty: no Municipality goes with it (spec.rollout.waves[1].members)",
		"wave pilot names who is no Municipality: vinnje (spec.rollout.waves[0].members.names)",
	}, faults, notes)
}

func TestCheckOfTheChannelsThatThePlatformApproves(t *testing.T) {
	approval := func(channel string) v1alpha1.Approval {
		return v1alpha1.Approval{App: "svarut", Channel: channel, Digest: digest("a"), Wave: "everyone", Attempt: 1}
	}
	said := v1alpha1.RolloutStrategy{
		Approvals: []v1alpha1.Approval{approval("stable"), approval("stabel")},
		Retries:   []v1alpha1.Retry{{App: "svarut", Channel: "pilot", Digest: digest("a"), Attempt: 2}, {App: "svarut", Channel: "pilto", Digest: digest("a"), Attempt: 2}},
	}
	faults, notes := strategycheck.Check(strategycheck.Input{Said: &said, Members: telemark(), Noun: "Municipality", Apps: offers()})
	same(t, []string{
		`spec.rollout.approvals[1].channel: SharedApp svarut has no channel "stabel": it has stable, pilot` + takeOut,
		`spec.rollout.retries[1].channel: SharedApp svarut has no channel "pilto": it has stable, pilot` + takeOut,
	}, nil, faults, notes)
}

func TestCheckOfANetworkWithoutMembers(t *testing.T) {
	said := v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{wave("pilot", "", "vinje")}}
	faults, notes := strategycheck.Check(strategycheck.Input{Said: &said, Noun: "member"})
	if faults != nil || notes != nil {
		t.Errorf("faults %v and notes %v: that nobody is a member is reported once, and not for each wave", faults, notes)
	}
}

func TestCheckOfNothingSaid(t *testing.T) {
	general := v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{wave("coast", "lies=coast"), wave("county", "county=40"), wave("islands", "lies=island")}}
	faults, notes := strategycheck.Check(strategycheck.Input{General: &general, Members: telemark(), Noun: "member"})
	if faults != nil || notes != nil {
		t.Errorf("faults %v and notes %v: what the Platform says is reported there", faults, notes)
	}
}

func same(t *testing.T, wantFaults, wantNotes, faults, notes []string) {
	t.Helper()
	if diff := cmp.Diff(wantFaults, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantNotes, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}
