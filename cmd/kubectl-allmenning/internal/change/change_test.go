package change_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/change"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

const digest = "sha256:2424242424242424242424242424242424242424242424242424242424242424"

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// country is an app, a network with three waves of which the latter two need approval,
// and one whose waves the Platform gives; and rollouts of both, the pilots of which are done.
func country(changes ...func(*world.World)) *world.World {
	waves := []v1alpha1.Wave{{Name: "pilot", Members: &v1alpha1.WaveMembers{Names: []string{"vinje", "tokke"}}}, {Name: "some", RequireApproval: new(true)}, {Name: "rest", RequireApproval: new(true)}}
	rollout := func(network string) v1alpha1.Rollout {
		return v1alpha1.Rollout{
			ObjectMeta: metav1.ObjectMeta{Name: network + ".svarut.2.4.1.2"},
			Spec:       v1alpha1.RolloutSpec{Network: network, App: "svarut", Version: "2.4.1", Digest: digest, Attempt: 2},
			Status: v1alpha1.RolloutStatus{Phase: v1alpha1.RolloutProgressing, Waves: []v1alpha1.WaveStatus{
				{Name: "pilot", State: v1alpha1.WaveDone},
				{Name: "some", State: v1alpha1.WaveWaiting, Approval: v1alpha1.ApprovalWanting},
				{Name: "rest", State: v1alpha1.WaveWaiting, Approval: v1alpha1.ApprovalWanting},
			}},
		}
	}
	w := &world.World{
		Source:   "the cluster",
		Platform: &v1alpha1.Platform{Spec: v1alpha1.PlatformSpec{Rollout: &v1alpha1.RolloutStrategy{Waves: waves}}},
		Apps: []v1alpha1.SharedApp{{
			ObjectMeta: metav1.ObjectMeta{Name: "svarut"},
			Spec: v1alpha1.SharedAppSpec{
				Channels: []v1alpha1.Channel{{Name: "stable", Version: "2.4.1"}},
				Versions: []v1alpha1.Version{{Version: "2.3.0", State: v1alpha1.VersionWithdrawn}, {Version: "2.4.1"}, {Version: "2.5.0"}, {Version: "2.6.0"}},
			},
			Status: v1alpha1.SharedAppStatus{Versions: []v1alpha1.VersionStatus{{Version: "2.6.0", Message: "the registry says no"}}},
		}},
		Networks: []v1alpha1.Network{
			{ObjectMeta: metav1.ObjectMeta{Name: "digi"}, Spec: v1alpha1.NetworkSpec{
				Members: v1alpha1.Members{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: "40"}}},
				Rollout: &v1alpha1.RolloutStrategy{Waves: waves},
			}},
			{ObjectMeta: metav1.ObjectMeta{Name: "plain"}, Spec: v1alpha1.NetworkSpec{Members: v1alpha1.Members{Names: []string{"tokke"}}}},
			{ObjectMeta: metav1.ObjectMeta{Name: "gone"}, Spec: v1alpha1.NetworkSpec{Members: v1alpha1.Members{Names: []string{"tokke"}}, Successor: "plain"}},
		},
		Municipalities: []v1alpha1.Municipality{{
			ObjectMeta: metav1.ObjectMeta{Name: "tokke"}, Spec: v1alpha1.MunicipalitySpec{Number: "4034", FormerNumbers: []string{"0833"}},
		}},
		Rollouts: []v1alpha1.Rollout{rollout("digi"), rollout("plain"), {
			ObjectMeta: metav1.ObjectMeta{Name: "direct.svarut.stable.2.4.1.1"},
			Spec:       v1alpha1.RolloutSpec{Channel: "stable", App: "svarut", Version: "2.4.1", Digest: digest, Attempt: 1},
			Status: v1alpha1.RolloutStatus{Phase: v1alpha1.RolloutProgressing, Waves: []v1alpha1.WaveStatus{
				{Name: "pilot", State: v1alpha1.WaveRunning}, {Name: "some", State: v1alpha1.WaveWaiting, Approval: v1alpha1.ApprovalWanting},
			}},
		}},
	}
	for _, c := range changes {
		c(w)
	}
	return w
}

func phase(p v1alpha1.RolloutPhase) func(*world.World) {
	return func(w *world.World) { w.Rollouts[0].Status.Phase = p }
}

func approved(wave string, attempt int32) func(*world.World) {
	return func(w *world.World) {
		s := w.Networks[0].Spec.Rollout
		s.Approvals = append(s.Approvals, v1alpha1.Approval{App: "svarut", Digest: digest, Wave: wave, Attempt: attempt})
	}
}

// wave changes the status of a wave of the first Rollout.
func wave(at int, state v1alpha1.WaveState, approval v1alpha1.ApprovalState) func(*world.World) {
	return func(w *world.World) {
		w.Rollouts[0].Status.Waves[at].State, w.Rollouts[0].Status.Waves[at].Approval = state, approval
	}
}

func unread(kinds ...world.Kind) func(*world.World) {
	return func(w *world.World) {
		w.Unread = kinds
		if slices.Contains(kinds, world.Platforms) {
			w.Platform = nil
		}
		if slices.Contains(kinds, world.Networks) {
			w.Networks = nil
		}
	}
}

// TestUnapproved goes by what the Rollout says of its waves, and by approvals that were given since.
func TestUnapproved(t *testing.T) {
	for _, tc := range []struct {
		reason, rollout string
		world           *world.World
		want            []string
	}{
		{"both waves that need one", "digi.svarut.2.4.1.2", country(), []string{"some", "rest"}},
		{"whatever the Rollout says in words", "digi.svarut.2.4.1.2", country(func(w *world.World) {
			w.Rollouts[0].Status.Waves[1].WaitsFor = "the platform is frozen"
		}), []string{"some", "rest"}},
		{"one is approved", "digi.svarut.2.4.1.2", country(approved("some", 2)), []string{"rest"}},
		{"another attempt was approved", "digi.svarut.2.4.1.2", country(approved("some", 1)), []string{"some", "rest"}},
		{"one is done, and needs none", "digi.svarut.2.4.1.2", country(wave(1, v1alpha1.WaveDone, "")), []string{"rest"}},
		{"one is done, and somebody joined it", "digi.svarut.2.4.1.2", country(wave(1, v1alpha1.WaveDone, v1alpha1.ApprovalWanting)), []string{"some", "rest"}},
		{"everybody in it is excused, so the Rollout is Completed", "digi.svarut.2.4.1.2",
			country(phase(v1alpha1.RolloutCompleted), wave(1, v1alpha1.WaveDone, v1alpha1.ApprovalGiven)), []string{"rest"}},
		{"the Platform gives the waves", "plain.svarut.2.4.1.2", country(), []string{"some", "rest"}},
		{"the operator has not looked yet", "digi.svarut.2.4.1.2", country(func(w *world.World) { w.Rollouts[0].Status = v1alpha1.RolloutStatus{} }), nil},
		{"an approval of another channel", "direct.svarut.stable.2.4.1.1", country(func(w *world.World) {
			w.Platform.Spec.Rollout.Approvals = []v1alpha1.Approval{{App: "svarut", Channel: "pilot", Digest: digest, Wave: "some"}}
		}), []string{"some"}},
		{"one may not read the Platform that gives them", "plain.svarut.2.4.1.2", country(unread(world.Platforms)), []string{"some", "rest"}},
		{"one may not read the Network", "digi.svarut.2.4.1.2", country(unread(world.Networks)), []string{"some", "rest"}},
		{"it is halted", "digi.svarut.2.4.1.2", country(phase(v1alpha1.RolloutHalted)), nil},
		{"it is over", "digi.svarut.2.4.1.2", country(phase(v1alpha1.RolloutSuperseded)), nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			r, err := tc.world.Rollout(tc.rollout)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, change.Unapproved(tc.world, r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestApproveRemarks is about what somebody who approves should know first.
func TestApproveRemarks(t *testing.T) {
	stands := func(w *world.World) {
		for i := range w.Rollouts {
			w.Rollouts[i].Status.SecurityFix = true
			w.Rollouts[i].Status.Waves[0].StandIn = "kragero"
		}
	}
	const fix = "svarut 2.4.1 is a security fix: neither announcement nor soak delays it, and it does not queue"
	const stand = "Wave pilot: kragero goes first in place of tokke, vinje"
	for _, tc := range []struct {
		reason, rollout string
		world           *world.World
		want            []string
	}{
		{"nothing besides", "digi.svarut.2.4.1.2", country(), nil},
		{"a security fix, and a stand-in for those whom the network names", "digi.svarut.2.4.1.2", country(stands), []string{fix, stand}},
		{"and for those whom the Platform names", "plain.svarut.2.4.1.2", country(stands), []string{fix, stand}},
		{"and among direct adopters", "direct.svarut.stable.2.4.1.1", country(stands), []string{fix, stand}},
		{"for whom is not known", "plain.svarut.2.4.1.2", country(stands, unread(world.Platforms), func(w *world.World) { w.Rollouts[1].Status.Waves[0].Name = "first" }),
			[]string{fix, "Wave first: kragero goes first"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			r, err := tc.world.Rollout(tc.rollout)
			if err != nil {
				t.Fatal(err)
			}
			got, err := change.Approve(tc.world, r, "some", now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got.Remarks); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestApprove(t *testing.T) {
	for _, tc := range []struct {
		reason, rollout, wave string
		world                 *world.World
		// object and approved wave, or what the refusal says.
		object, approves, refusal string
	}{
		{"the wave that waits, where none is named", "digi.svarut.2.4.1.2", "", country(), "Network digi", "some", ""},
		{"a later wave ahead", "digi.svarut.2.4.1.2", "rest", country(), "Network digi", "rest", ""},
		{"an approval of another attempt does not count", "digi.svarut.2.4.1.2", "", country(approved("some", 1)), "Network digi", "some", ""},
		{"the Platform gives the waves, and the network approves", "plain.svarut.2.4.1.2", "", country(), "Network plain", "some", ""},
		{"the Platform gives the waves, and the coordinator may not read it", "plain.svarut.2.4.1.2", "", country(unread(world.Platforms)), "Network plain", "some", ""},
		{"direct adopters are approved on the Platform", "direct.svarut.stable.2.4.1.1", "some", country(), "Platform default", "some", ""},
		{"the wave that somebody joined after it was done", "digi.svarut.2.4.1.2", "", country(wave(1, v1alpha1.WaveDone, v1alpha1.ApprovalWanting)), "Network digi", "some", ""},
		{"everybody in the last wave is excused, so the Rollout is Completed", "digi.svarut.2.4.1.2", "",
			country(phase(v1alpha1.RolloutCompleted), wave(1, v1alpha1.WaveDone, v1alpha1.ApprovalGiven)), "Network digi", "rest", ""},
		{"the pilot is on", "direct.svarut.stable.2.4.1.1", "", country(), "", "", "wave pilot comes first, and needs no approval: approve a later one ahead with --wave: some"},
		{"none of it needs one", "direct.svarut.stable.2.4.1.1", "", country(func(w *world.World) { w.Rollouts[2].Status.Waves[1].Approval = "" }), "", "", "no wave of it waits for an approval"},
		{"it is approved", "digi.svarut.2.4.1.2", "some", country(approved("some", 2)), "", "", "spec.rollout.approvals has wave some of attempt 2"},
		{"an approval that names no attempt is of the first", "direct.svarut.stable.2.4.1.1", "some", country(func(w *world.World) {
			w.Platform.Spec.Rollout.Approvals = []v1alpha1.Approval{{App: "svarut", Channel: "stable", Digest: digest, Wave: "some"}}
		}), "", "", "spec.rollout.approvals has wave some of attempt 1"},
		{"the one that waited is approved", "digi.svarut.2.4.1.2", "", country(approved("some", 2)), "", "", "wave some is approved already"},
		{"a wave that needs none", "digi.svarut.2.4.1.2", "pilot", country(), "", "", "spec.rollout.waves[pilot].requireApproval is not set"},
		{"a wave that there is not", "digi.svarut.2.4.1.2", "all", country(), "", "", `it has no wave "all": it has pilot, some, rest`},
		{"a rollout that is halted", "digi.svarut.2.4.1.2", "", country(phase(v1alpha1.RolloutHalted)), "", "", "spec.rollout.retries"},
		{"a rollout that is over", "digi.svarut.2.4.1.2", "", country(phase(v1alpha1.RolloutSuperseded)), "", "", "took its place"},
		{"a rollout that is done", "digi.svarut.2.4.1.2", "", country(phase(v1alpha1.RolloutCompleted),
			wave(1, v1alpha1.WaveDone, v1alpha1.ApprovalGiven), wave(2, v1alpha1.WaveDone, v1alpha1.ApprovalGiven)), "", "", "no wave of it waits for an approval"},
		{"the operator has not looked yet", "digi.svarut.2.4.1.2", "", country(func(w *world.World) { w.Rollouts[0].Status.Waves = nil }), "", "", "its status shows no waves yet"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			r, err := tc.world.Rollout(tc.rollout)
			if err != nil {
				t.Fatal(err)
			}
			got, err := change.Approve(tc.world, r, tc.wave, now)
			if refused(t, err, tc.refusal) {
				return
			}
			fields := []manifest.Field{
				{Key: "app", Value: "svarut"}, {Key: "digest", Value: digest}, {Key: "wave", Value: tc.approves}, {Key: "attempt", Value: int64(r.Spec.Attempt)},
			}
			if r.Spec.Channel != "" {
				fields = slices.Insert(fields, 1, manifest.Field{Key: "channel", Value: r.Spec.Channel})
			}
			if diff := cmp.Diff(fields, got.Edit.Value); diff != "" || got.Kind+" "+got.Name != tc.object || got.Edit.String() != "spec.rollout.approvals" {
				t.Errorf("%s %s %s (-want +got):\n%s", got.Kind, got.Name, got.Edit, diff)
			}
		})
	}
}

func refused(t *testing.T, err error, words string) bool {
	t.Helper()
	switch {
	case words == "" && err != nil:
		t.Fatal(err)
	case words != "" && (err == nil || !strings.Contains(err.Error(), words)):
		t.Fatalf("got %v, want a refusal with %q", err, words)
	}
	return words != ""
}

func TestPromote(t *testing.T) {
	for _, tc := range []struct{ reason, app, version, channel, refusal string }{
		{"another version", "svarut", "2.5.0", "stable", ""},
		{"no such app", "kobo", "2.5.0", "stable", `no SharedApp "kobo" in the cluster: it has svarut`},
		{"no such version", "svarut", "9.9.9", "stable", "SharedApp svarut has no version 9.9.9: see its spec.versions (2.3.0, 2.4.1, 2.5.0, 2.6.0)"},
		{"no such channel", "svarut", "2.5.0", "beta", `SharedApp svarut has no channel "beta": it has stable: name one of these with --channel`},
		{"a withdrawn version", "svarut", "2.3.0", "stable", "version 2.3.0 of SharedApp svarut is withdrawn: it is not newly installed anywhere: take another version"},
		{"a version that can't be had", "svarut", "2.6.0", "stable", "the registry says no"},
		{"the same version", "svarut", "2.4.1", "stable", "spec.channels[stable].version is 2.4.1 already"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := change.Promote(country(), tc.app, tc.version, tc.channel)
			if refused(t, err, tc.refusal) {
				return
			}
			if want := "spec.channels[name=stable].version"; got.Edit.String() != want || got.Edit.Value != tc.version {
				t.Errorf("it sets %s to %v", got.Edit, got.Edit.Value)
			}
		})
	}
}

func TestOnboard(t *testing.T) {
	vinje := change.Newcomer{
		Name: "vinje", Number: "4036", DisplayName: "Vinje", Network: "plain", Inhabitants: 3800,
		Environments: []string{"prod:Production:Closed", "test:Test:Open"},
		Access:       []string{"Administrator=vinje-ikt", "Viewer=all", "Administrator=vinje-drift"},
	}
	m, join, err := change.Onboard(country(), vinje, now)
	if err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.MunicipalitySpec{
		Number: "4036", DisplayName: "Vinje", Inhabitants: new(int32(3800)),
		Environments: []v1alpha1.Environment{
			{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}, {Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen},
		},
		Access: []v1alpha1.Access{
			{Role: v1alpha1.AccessAdministrator, Groups: []string{"vinje-ikt", "vinje-drift"}}, {Role: v1alpha1.AccessViewer, Groups: []string{"all"}},
		},
	}
	if diff := cmp.Diff(want, m.Spec); diff != "" || m.Labels[v1alpha1.LabelCounty] != "40" {
		t.Errorf("labels %v, spec (-want +got):\n%s", m.Labels, diff)
	}
	if join == nil || join.Name != "plain" || join.Edit.String() != "spec.members.names" || join.Edit.Value != "vinje" {
		t.Errorf("it joins by %+v", join)
	}
	vinje.Network = "digi"
	if _, join, err = change.Onboard(country(), vinje, now); err != nil || join != nil {
		t.Errorf("digi selects it by its county, so nothing is to be changed: %+v, %v", join, err)
	}
	for _, tc := range []struct {
		reason  string
		change  func(*change.Newcomer)
		refusal string
	}{
		{"a name that is taken", func(n *change.Newcomer) { n.Name = "tokke" }, "Municipality tokke: it is there already"},
		{"a number that is taken", func(n *change.Newcomer) { n.Number = "4034" }, "Municipality vinje: spec.number 4034 belongs to Municipality tokke (its spec.number)"},
		{"a number that was somebody's", func(n *change.Newcomer) { n.Number = "0833" }, "spec.number 0833 belongs to Municipality tokke (its spec.formerNumbers)"},
		{"a network that there is not", func(n *change.Newcomer) { n.Network = "none" }, `no Network "none"`},
		{"a network that was handed over", func(n *change.Newcomer) { n.Network = "gone" }, "Network gone: it is over, and plain took its place"},
		{"an environment without a zone", func(n *change.Newcomer) { n.Environments = []string{"prod:Production"} }, "name:stage:zone"},
		{"access without a group", func(n *change.Newcomer) { n.Access = []string{"Viewer"} }, "role=group"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			n := vinje
			tc.change(&n)
			_, _, err := change.Onboard(country(), n, now)
			refused(t, err, tc.refusal)
		})
	}
}
