package resolution_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/resolution"
)

// choices reads decisions off the fuzzer's bytes; when they run out it always takes
// the first possibility.
type choices struct{ left []byte }

func (c *choices) below(n int) int {
	if len(c.left) == 0 {
		return 0
	}
	first := c.left[0]
	c.left = c.left[1:]
	return int(first) % n
}

func pick[T any](c *choices, all ...T) T { return all[c.below(len(all))] }

var (
	appNames     = []string{"kobo", "svarut"}
	versionNames = []string{"1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1", "2.0.0"}
)

// randomWorld is anything that the API server would let be written. What is installed
// comes from the world before it.
func randomWorld(c *choices, installed map[resolution.Place]*v1alpha1.AppInstallation) resolution.Input {
	in := resolution.Input{Municipality: &v1alpha1.Municipality{}, Apps: catalogue.Apps{}, Installed: installed, Freeze: c.below(4) == 3, Now: now}
	in.Municipality.Name = "vinje"
	in.Municipality.Spec.Environments = []v1alpha1.Environment{
		{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed},
		{Name: "test", Stage: v1alpha1.StageTest, Zone: pick(c, v1alpha1.ZoneOpen, v1alpha1.ZoneClosed)},
	}
	for _, name := range appNames {
		if c.below(8) != 7 {
			in.Apps[name] = catalogue.Compile(randomApp(c, name))
		}
		if c.below(4) == 3 {
			in.Municipality.Spec.Apps = append(in.Municipality.Spec.Apps, randomDecision(c, name))
		}
	}
	return in
}

// randomNetworks hold and follow each other in any way, circles and unknown names too.
func randomNetworks(c *choices) []v1alpha1.Network {
	names := []string{"a", "b", "c", "d", "e"}
	var all []v1alpha1.Network
	for _, name := range names[:c.below(6)] {
		n := randomNetwork(c, name)
		if c.below(2) == 0 {
			n.Spec.Members.Names = []string{"vinje"}
		}
		for _, other := range append([]string{"nowhere"}, names...) {
			if c.below(6) == 5 {
				n.Spec.Members.Networks = append(n.Spec.Members.Networks, other)
			}
		}
		if c.below(4) == 3 {
			n.Spec.Successor = pick(c, append([]string{"nowhere"}, names...)...)
		}
		n.Spec.Ends = pick(c, nil, nil, nil, &tomorrow, &before)
		if c.below(8) == 7 {
			n.DeletionTimestamp = &before
		}
		all = append(all, *n)
	}
	return all
}

func randomApp(c *choices, name string) *v1alpha1.SharedApp {
	a := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: name}}
	a.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: pick(c, versionNames...)}, {Name: "pilot", Version: pick(c, versionNames...)}}
	for _, number := range versionNames {
		if c.below(8) == 7 {
			continue
		}
		a.Spec.Versions = append(a.Spec.Versions, v1alpha1.Version{Version: number, State: pick(c, v1alpha1.VersionActive, v1alpha1.VersionActive, v1alpha1.VersionWithdrawn)})
		a.Status.Versions = append(a.Status.Versions, v1alpha1.VersionStatus{Version: number, Digest: "sha256:" + name + number, Available: c.below(4) != 3})
	}
	if c.below(8) == 7 {
		a.Spec.Suspend = new(true)
	}
	if c.below(4) == 3 {
		for i := range a.Spec.Versions {
			a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{
				{Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneClosed}, {Stage: v1alpha1.StageProduction, Zone: pick(c, v1alpha1.ZoneClosed, v1alpha1.ZoneOpen)},
			}}
		}
	}
	for i := range a.Spec.Versions {
		if within := pick(c, "", "", ">=1.9", "<2"); name == "svarut" && within != "" {
			v := &a.Spec.Versions[i]
			if v.Requires == nil {
				v.Requires = &v1alpha1.Requirements{}
			}
			v.Requires.Apps = []v1alpha1.RequiredApp{{Name: "kobo", Version: within}}
		}
	}
	return a
}

func randomNetwork(c *choices, name string) *v1alpha1.Network {
	n := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: pick(c, before, tomorrow)}}
	n.Spec.Priority = pick(c, nil, new(int32(1)), new(int32(-1)))
	if c.below(8) == 7 {
		n.Spec.Suspend = new(true)
	}
	for _, app := range appNames {
		if c.below(3) == 2 {
			continue
		}
		n.Spec.Apps = append(n.Spec.Apps, v1alpha1.Proposal{
			Name: app, Channel: pick(c, "stable", "pilot", "beta"),
			Obligation: pick(c, v1alpha1.ObligationRecommended, v1alpha1.ObligationMandatory, v1alpha1.ObligationOptional),
			Stages:     pick(c, []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}, []v1alpha1.Stage{v1alpha1.StageTest}),
		})
	}
	return n
}

func randomDecision(c *choices, app string) v1alpha1.AppDecision {
	d := v1alpha1.AppDecision{Name: app, Decision: pick(c, v1alpha1.DecisionAdopt, v1alpha1.DecisionDecline, v1alpha1.DecisionDefer, ""), Reason: pick(c, "", "own system")}
	switch d.Decision {
	case v1alpha1.DecisionAdopt:
		switch c.below(4) {
		case 1:
			d.Network = pick(c, "a", "b", "nowhere")
		case 2:
			d.Channel = pick(c, "stable", "pilot", "beta")
		case 3:
			d.Version = pick(c, append([]string{"9.9.9"}, versionNames...)...)
		}
	case v1alpha1.DecisionDefer:
		d.Until = pick(c, nil, &tomorrow, &before)
	case v1alpha1.DecisionDecline:
	}
	d.Hold = randomHold(c)
	if c.below(4) == 3 {
		d.Environments = []v1alpha1.EnvironmentDecision{{
			Name: pick(c, "prod", "test"), Decision: pick(c, v1alpha1.DecisionDecline, v1alpha1.DecisionAdopt, v1alpha1.DecisionDefer, ""),
			Reason: pick(c, "", "not here"), Hold: randomHold(c),
		}}
		if d.Environments[0].Decision == v1alpha1.DecisionDefer {
			d.Environments[0].Until = pick(c, nil, &tomorrow, &before)
		}
	}
	return d
}

func randomHold(c *choices) *v1alpha1.Hold {
	if c.below(4) != 3 {
		return nil
	}
	return &v1alpha1.Hold{Version: pick(c, append([]string{""}, versionNames...)...), Reason: "year-end", Until: pick(c, nil, &tomorrow, &before)}
}

// decisionOf is what the municipality says at a place, read as its fields are documented.
func decisionOf(in resolution.Input, place resolution.Place) (v1alpha1.Decision, v1alpha1.AppDecision) {
	for _, d := range in.Municipality.Spec.Apps {
		if d.Name != place.App {
			continue
		}
		for _, here := range d.Environments {
			over := here.Decision == v1alpha1.DecisionDefer && here.Until != nil && !in.Now.Before(here.Until.Time)
			if here.Name == place.Environment && here.Decision != "" && !over {
				return here.Decision, d
			}
		}
		return d.Decision, d
	}
	return "", v1alpha1.AppDecision{}
}

// FuzzResolve lets a municipality live through a few random worlds. What was decided
// in one is installed in the next.
func FuzzResolve(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("the nation offers, the network proposes, the municipality decides"))
	source := rand.NewChaCha8([32]byte{})
	for range 100 {
		world := make([]byte, 3000)
		_, _ = source.Read(world) // it never fails
		f.Add(world)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := &choices{left: raw}
		l := life{installed: map[resolution.Place]*v1alpha1.AppInstallation{}, brought: map[resolution.Place]resolution.Group{}}
		for range 12 {
			in := randomWorld(c, l.installed)
			networks := randomNetworks(c)
			in.All = resolution.NewNetworks(networks, now)
			in.Networks = in.All.Of(in.Municipality)
			in.Installed = resolution.Remember(in.Municipality, in.Apps, nil, l.installed) // all of them were deleted by hand
			checkMembership(t, networks, in)
			verdicts := verdictsOf(in)
			checkOrder(t, in, verdicts)
			for _, v := range verdicts {
				checkVerdict(t, in, v)
				l.follow(t, c, in, v)
			}
		}
	})
}

func checkOrder(t *testing.T, in resolution.Input, verdicts []resolution.Verdict) {
	t.Helper()
	shuffled := in
	shuffled.Networks = slices.Clone(in.Networks)
	slices.Reverse(shuffled.Networks)
	if diff := cmp.Diff(verdicts, verdictsOf(shuffled)); diff != "" {
		t.Errorf("the order of networks changes the verdicts:\n%s", diff)
	}
	judged := map[resolution.Place]bool{}
	for _, v := range verdicts {
		if judged[v.Place] {
			t.Errorf("%v has two verdicts", v.Place)
		}
		judged[v.Place] = true
	}
	for place := range in.Installed {
		if !judged[place] {
			t.Errorf("%v is installed and has no verdict", place)
		}
	}
}

func checkVerdict(t *testing.T, in resolution.Input, v resolution.Verdict) {
	t.Helper()
	installed := in.Installed[v.Place]
	decision, _ := decisionOf(in, v.Place)
	if (v.Why == resolution.Blocked) != (v.Blocker.Level != "" && v.Blocker.Name != "" && v.Blocker.Reason != "") {
		t.Errorf("%v: %q, and in the way is %+v", v.Place, v.Why, v.Blocker)
	}
	if v.Why == resolution.Blocked && v.Message == "" {
		t.Errorf("%v is blocked and does not say why", v.Place)
	}
	if v.Group.Network != "" && (v.Group.Channel != "" || v.Group.Network != v.Network) {
		t.Errorf("%v: group %+v, and follows %q", v.Place, v.Group, v.Network)
	}
	if v.Why != resolution.Unrequested && v.Why != resolution.Ahead && (v.DecidedBy.Level == "" || v.DecidedBy.Name == "") {
		t.Errorf("%v: nobody decided: %+v", v.Place, v)
	}
	if !v.Until.IsZero() && !v.Until.After(in.Now) {
		t.Errorf("%v: time changes it at %s, which has passed", v.Place, v.Until.Format(time.RFC3339))
	}
	switch v.Action {
	case resolution.Remove:
		if installed == nil || decision != v1alpha1.DecisionDecline || in.Freeze {
			t.Errorf("%v is removed: installed %v, decision %q, freeze %v", v.Place, installed != nil, decision, in.Freeze)
		}
	case resolution.Nothing:
		if installed != nil {
			t.Errorf("%v is installed, and the verdict is Nothing", v.Place)
		}
	case resolution.Keep:
		if installed == nil || v.Version != installed.Spec.Version || v.Digest != installed.Spec.Digest {
			t.Errorf("%v: %s %s is not what is installed", v.Place, v.Version, v.Digest)
		}
	case resolution.Install:
		checkInstall(t, in, v, installed)
	}
}

func checkInstall(t *testing.T, in resolution.Input, v resolution.Verdict, installed *v1alpha1.AppInstallation) {
	t.Helper()
	app := in.Apps.Of(v.App).Object
	if app == nil {
		t.Fatalf("%v is installed, and no SharedApp offers it", v.Place)
	}
	available := slices.ContainsFunc(app.Status.Versions, func(s v1alpha1.VersionStatus) bool {
		return s.Version == v.Version && s.Digest == v.Digest && s.Available
	})
	withdrawn := slices.ContainsFunc(app.Spec.Versions, func(s v1alpha1.Version) bool {
		return s.Version == v.Version && s.State == v1alpha1.VersionWithdrawn
	})
	if !available || withdrawn {
		t.Errorf("%v gets %s, available %v, withdrawn %v", v.Place, v.Version, available, withdrawn)
	}
	checkRequired(t, in, v, installed)
	byItself := v.Group == (resolution.Group{}) || v.Why == resolution.Held
	if byItself && in.Freeze && (installed == nil || installed.Spec.Version != v.Version) {
		t.Errorf("%v moves to %s in a freeze", v.Place, v.Version)
	}
	if !byItself && v.Target != (v1alpha1.Release{Version: v.Version, Digest: v.Digest}) {
		t.Errorf("%v gets %s, and its group aims at %s", v.Place, v.Version, v.Target.Version)
	}
	decision, said := decisionOf(in, v.Place)
	if decision == v1alpha1.DecisionDecline && v.Message == "" {
		t.Errorf("%v is installed, though declined, and nobody is asked for a reason: %+v", v.Place, said)
	}
}

// checkRequired checks that no app which is installed loses the version that it requires.
func checkRequired(t *testing.T, in resolution.Input, v resolution.Verdict, installed *v1alpha1.AppInstallation) {
	t.Helper()
	svarut, there := in.Apps.Of("svarut").Object, in.Installed[resolution.Place{App: "svarut", Environment: v.Environment}]
	if v.App != "kobo" || installed == nil || svarut == nil || there == nil {
		return
	}
	at := slices.IndexFunc(svarut.Spec.Versions, func(o v1alpha1.Version) bool { return o.Version == there.Spec.Version })
	if at < 0 || svarut.Spec.Versions[at].Requires == nil || len(svarut.Spec.Versions[at].Requires.Apps) == 0 {
		return
	}
	within, err := semver.NewConstraint(svarut.Spec.Versions[at].Requires.Apps[0].Version)
	if err != nil {
		t.Fatal(err)
	}
	if within.Check(semver.MustParse(installed.Spec.Version)) && !within.Check(semver.MustParse(v.Version)) {
		t.Errorf("%v goes from %s to %s, and svarut requires %s", v.Place, installed.Spec.Version, v.Version, within)
	}
}

// life is what a municipality's environments go through.
type life struct {
	installed map[resolution.Place]*v1alpha1.AppInstallation
	// brought is who brought the version that is there: a group, or the municipality itself, which is
	// the zero group.
	brought map[resolution.Place]resolution.Group
}

// follow does what a verdict says, and checks that nobody takes back to a lower version what others
// brought. What is brought may fail, and return.
func (l life) follow(t *testing.T, c *choices, in resolution.Input, v resolution.Verdict) {
	t.Helper()
	switch installed := l.installed[v.Place]; v.Action {
	case resolution.Remove:
		delete(l.installed, v.Place)
		delete(l.brought, v.Place)
	case resolution.Keep:
		installed.Spec.DecidedBy = v1alpha1.Decider{Level: v.DecidedBy.Level, Name: v.DecidedBy.Name}
	case resolution.Install:
		l.install(t, c, in, v)
	case resolution.Nothing:
	}
}

func (l life) install(t *testing.T, c *choices, in resolution.Input, v resolution.Verdict) {
	t.Helper()
	by := v.Group
	if v.Why == resolution.Held {
		by = resolution.Group{} // the municipality brings it itself
	}
	next := &v1alpha1.AppInstallation{Spec: v1alpha1.AppInstallationSpec{
		App: v.App, Version: v.Version, Digest: v.Digest, State: v1alpha1.InstallationPresent,
		DecidedBy: v1alpha1.Decider{Level: v.DecidedBy.Level, Name: v.DecidedBy.Name},
	}}
	was := l.installed[v.Place]
	l.installed[v.Place] = next
	if was != nil && was.Spec.Version == v.Version { // nobody moves it
		next.Spec.Move, next.Spec.LastVerified, next.Spec.LastVerifiedBy = was.Spec.Move, was.Spec.LastVerified, was.Spec.LastVerifiedBy
		return
	}

	if was != nil && lower(v.Version, was.Spec.Version) {
		before := l.brought[v.Place]
		_, said := decisionOf(in, v.Place)
		own := before == (resolution.Group{}) && v.DecidedBy.Level == v1alpha1.LevelMunicipality
		if said.Version != v.Version && !own && (before == (resolution.Group{}) || before != v.Group) {
			t.Errorf("%v goes down from %s, which %v brought, to %s by %v", v.Place, was.Spec.Version, before, v.Version, v.Group)
		}
	}
	next.Spec.Move = &v1alpha1.Move{Network: by.Network, Channel: by.Channel}
	if was != nil {
		next.Spec.LastVerified = &v1alpha1.Release{Version: was.Spec.Version, Digest: was.Spec.Digest}
		next.Spec.LastVerifiedBy = was.Spec.BroughtBy()
		if c.below(4) == 3 { // it fails, and returns
			next.Spec.Version, next.Spec.Digest, next.Spec.Move.Outcome = was.Spec.Version, was.Spec.Digest, v1alpha1.OutcomeReturned
			return
		}
	}
	l.brought[v.Place] = by
}

func lower(a, b string) bool { return semver.MustParse(a).LessThan(semver.MustParse(b)) }
