package country_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// TestBroughtUpToDateIsCompiledFromScratch plays random events to a model, and compares what it
// comes to with a country that is compiled of the same objects.
func TestBroughtUpToDateIsCompiledFromScratch(t *testing.T) {
	seeds := 120
	if testing.Short() {
		seeds = 30
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newEvents(uint64(seed))
			before := view(w.model.Country())
			for range 40 {
				said := w.several()
				if !w.same(t, said, before) {
					return
				}
				before = view(w.model.Country())
			}
		})
	}
}

// same settles the model, and compares it with a country from scratch, with what it said has
// changed, and with the country of before, which must be as it was.
func (w *events) same(t *testing.T, said []string, before map[string]string) bool {
	t.Helper()
	was := w.model.Country()
	changed := w.model.Settle(w.now)
	is, want := view(w.model.Country()), view(country.Compile(w.objects(), w.now))
	for _, part := range slices.Sorted(maps.Keys(want)) {
		if is[part] != want[part] {
			t.Errorf("after %v, %s (-from scratch +brought up to date):\n%s", said, part, gocmp.Diff(want[part], is[part]))
			return false
		}
	}
	for part := range is {
		if _, known := want[part]; !known {
			t.Errorf("after %v, there is no %s from scratch:\n%s", said, part, is[part])
			return false
		}
	}
	for part, text := range view(was) {
		if before[part] != text {
			t.Errorf("after %v, %s of a country that was handed out before is\n%s\nand was\n%s", said, part, text, before[part])
			return false
		}
	}
	w.replan(t, said)
	for _, part := range untold(before, is, changed) {
		t.Errorf("after %v, %s is another and nobody is woken:\n%s\nwas\n%s", said, part, is[part], before[part])
		return false
	}
	return true
}

// replan compares plans that take over what was planned before with plans that do not. What was
// planned at another time names that.
func (w *events) replan(t *testing.T, said []string) {
	t.Helper()
	c := w.model.Country()
	if !w.planned.Equal(w.now) {
		w.plans, w.planned = map[string]country.Plan{}, w.now
	}
	for _, group := range c.Groups() {
		w.plans[group] = c.Replan(group, w.plans[group])
		if is, want := planText(w.plans[group]), planText(c.Plan(group)); is != want {
			t.Fatalf("after %v, plan of %s (-from scratch +taken over):\n%s", said, group, gocmp.Diff(want, is))
		}
	}
}

// untold are the parts that differ without being named among what changed.
func untold(before, is map[string]string, changed country.Changed) []string {
	var all []string
	for part := range maps.Keys(is) {
		kind, name := part[:1], part[2:]
		named := map[string]map[string]bool{"t": changed.Municipalities, "d": changed.Decisions, "g": changed.Groups, "n": changed.Networks}[kind]
		if named != nil && before[part] != is[part] && !named[name] {
			all = append(all, part)
		}
	}
	return all
}

// view is all that readers see of a country, in parts.
func view(c *country.Country) map[string]string {
	all := map[string]string{"c next": c.Next.String(), "c groups": fmt.Sprint(c.Groups())}
	for t := range c.Tenants {
		all["t "+t.Name] = text(map[string]any{
			"networks": names(t.Networks), "calendar": t.Calendar != nil, "faults": t.CalendarFaults,
			"missing": t.Missing, "incomplete": t.Incomplete, "rows": t.Rows, "until": t.Until, "installed": len(t.Installed),
		})
		var verdicts []resolution.Verdict
		for _, row := range t.Rows {
			verdicts = append(verdicts, row.Verdict)
		}
		all["d "+t.Name] = text([]any{verdicts, t.Missing})
	}
	for _, group := range c.Groups() {
		plan := c.Plan(group)
		for i := range plan.Introductions {
			in := &plan.Introductions[i].Input
			in.Now = time.Time{} // a plan made at another time is another one
			plan.Introductions[i].Step = rollout.Step{}
		}
		plan.Again = time.Time{}
		if len(plan.Introductions) > 0 {
			all["g "+group] = planText(plan)
		}
		all["s "+group] = text(c.Strategy(group))
		var members []string
		for t := range c.Members(group) {
			members = append(members, t.Name)
		}
		if len(members) > 0 {
			all["n "+group] = fmt.Sprint(members)
		}
	}
	return all
}

func names(all []*v1alpha1.Network) []string {
	var names []string
	for _, n := range all {
		names = append(names, n.Name)
	}
	return names
}

// planText is all that a plan says. JSON has no keys that are releases.
func planText(plan country.Plan) string {
	all := text(plan.Again)
	for _, intro := range plan.Introductions {
		releases := map[string]rollout.Availability{}
		for r, a := range intro.Input.Releases {
			releases[r.Version+" "+r.Digest] = a
		}
		in := intro.Input
		all += text([]any{
			intro.Group, intro.App, intro.Course, intro.Stale, intro.Step, releases,
			in.Rollout, in.Group, in.Strategy, in.SecurityFix, in.Members, in.Left, in.Gates, in.Outages, in.Now,
		})
	}
	return all
}

func text(value any) string {
	raw, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		panic(err) // else everything would be the same
	}
	return string(raw)
}

// events plays what happens to a country: to a model and, side by side, to the objects.
type events struct {
	rng           *rand.Rand
	now           time.Time
	model         *country.Model
	platform      v1alpha1.PlatformSpec
	municipality  map[string]*v1alpha1.Municipality
	network       map[string]*v1alpha1.Network
	app           map[string]*v1alpha1.SharedApp
	installations map[string]map[resolution.Place]*v1alpha1.AppInstallation
	deleted       map[string]map[resolution.Place]*v1alpha1.AppInstallation
	rollout       map[string]*v1alpha1.Rollout
	missing       map[string]bool
	plans         map[string]country.Plan
	planned       time.Time
}

var (
	towns  = []string{"vinje", "tokke", "oslo", "bykle"}
	groups = []string{"digi-tv", "digi-sor", "digi-old"}
	apps   = []string{"svarut", "kobo", "id-gateway"}
)

func newEvents(seed uint64) *events {
	w := &events{
		rng: rand.New(rand.NewPCG(seed, 8)), now: now, model: country.NewModel(), //nolint:gosec // a test plays the same each time
		municipality: map[string]*v1alpha1.Municipality{}, network: map[string]*v1alpha1.Network{}, app: map[string]*v1alpha1.SharedApp{},
		installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{}, deleted: map[string]map[resolution.Place]*v1alpha1.AppInstallation{}, rollout: map[string]*v1alpha1.Rollout{}, missing: map[string]bool{},
	}
	w.model.SetOutages(rollout.Outages{{}}) // as Compile does
	w.model.Settle(w.now)
	return w
}

func (w *events) objects() country.Objects {
	o := country.Objects{Platform: w.platform, Apps: w.app, Installations: w.installations, Deleted: w.deleted, Missing: w.missing}
	for _, m := range w.municipality {
		o.Municipalities = append(o.Municipalities, m)
	}
	for _, n := range w.network {
		o.Networks = append(o.Networks, *n)
	}
	for _, r := range w.rollout {
		o.Rollouts = append(o.Rollouts, r)
	}
	return o
}

// several events happen before anybody looks.
func (w *events) several() []string {
	var said []string
	for range 1 + w.rng.IntN(3) {
		kinds := []func() string{
			w.onMunicipality, w.onMunicipality, w.onNetwork, w.onNetwork, w.onApp, w.onInstallation, w.onInstallation, w.onInstallation,
			w.onRollout, w.onRollout, w.onMissing, w.onPlatform, w.onClock,
		}
		said = append(said, kinds[w.rng.IntN(len(kinds))]())
	}
	return said
}

func pick[T any](w *events, all ...T) T { return all[w.rng.IntN(len(all))] }

func (w *events) onClock() string {
	w.now = w.now.Add(time.Duration(w.rng.IntN(4)) * time.Hour)
	return "now " + w.now.String()
}

func (w *events) onPlatform() string {
	p := w.platform.DeepCopy()
	switch w.rng.IntN(4) {
	case 0:
		p.Freeze = new(w.rng.IntN(2) == 0)
	case 1:
		p.Pause = new(w.rng.IntN(2) == 0)
	case 2:
		p.Rollout = pick(w, nil, &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{{Name: "all"}}})
	case 3:
		p.Suspend = new(w.rng.IntN(2) == 0)
	}
	w.platform = *p
	w.model.SetPlatform(*p)
	return "platform"
}

func (w *events) onMissing() string {
	m, e := pick(w, towns...), pick(w, "prod", "test")
	missing := w.rng.IntN(2) == 0
	if missing && !w.missing[v1alpha1.NamespaceFor(m, e)] {
		maps.DeleteFunc(w.deleted[m], func(p resolution.Place, _ *v1alpha1.AppInstallation) bool { return p.Environment == e })
	}
	w.missing[v1alpha1.NamespaceFor(m, e)] = missing
	w.model.SetMissing(m, e, missing)
	return "missing " + m + " " + e
}

func (w *events) later() *metav1.Time {
	return new(metav1.NewTime(w.now.Add(time.Duration(1+w.rng.IntN(5)) * time.Hour)))
}

func (w *events) onMunicipality() string {
	name := pick(w, towns...)
	if w.rng.IntN(12) == 0 {
		delete(w.municipality, name)
		delete(w.deleted, name)
		w.model.SetMunicipality(name, nil)
		return "no " + name
	}
	m := municipality(name)
	if was := w.municipality[name]; was != nil {
		m = was.DeepCopy()
	}
	switch w.rng.IntN(9) {
	case 0:
		m.Labels[v1alpha1.LabelCounty] = pick(w, "40", "42")
	case 1:
		m.Spec.Apps = nil
	case 2:
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: pick(w, apps...), Decision: v1alpha1.DecisionAdopt, Channel: pick(w, "", "pilot"), Version: pick(w, "", "2.5.0")}}
	case 3:
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: pick(w, apps...), Decision: v1alpha1.DecisionDefer, Until: w.later(), Reason: "later"}}
	case 4:
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: pick(w, apps...), Hold: &v1alpha1.Hold{Version: "2.4.1", Until: w.later(), Reason: "x"}}}
	case 5:
		m.Spec.Suspend = new(w.rng.IntN(2) == 0)
	case 6:
		m.Spec.Freezes = []v1alpha1.FreezePeriod{{From: *w.later(), Until: metav1.NewTime(w.now.Add(100 * time.Hour)), Reason: "election"}}
	case 7:
		m.Spec.Environments = municipality(name).Spec.Environments[:1+w.rng.IntN(2)]
	case 8:
		m.Status.Apps = []v1alpha1.MunicipalityApp{{Name: pick(w, apps...), Environment: "prod", Version: pick(w, before.Version, target.Version)}}
	}
	w.municipality[name] = m
	w.model.SetMunicipality(name, m)
	return "municipality " + name
}

func (w *events) onNetwork() string {
	name := pick(w, groups...)
	if w.rng.IntN(12) == 0 {
		delete(w.network, name)
		w.model.SetNetwork(name, nil)
		return "no " + name
	}
	fresh := network(name, pick(w, towns...), pick(w, towns...))
	n := &fresh
	if was := w.network[name]; was != nil {
		n = was.DeepCopy()
	}
	switch w.rng.IntN(8) {
	case 0:
		n.Spec.Members = v1alpha1.Members{Selector: selector(v1alpha1.LabelCounty, pick(w, "40", "42"))}
	case 1:
		n.Spec.Members = v1alpha1.Members{Names: []string{pick(w, towns...)}, Networks: []string{pick(w, groups...)}}
	case 2:
		n.Spec.Apps = append(n.Spec.Apps[:0:0], v1alpha1.Proposal{Name: pick(w, apps...), Channel: pick(w, "stable", "pilot"), Obligation: pick(w, v1alpha1.ObligationMandatory, v1alpha1.ObligationOptional), Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}})
	case 3:
		n.Spec.Ends = pick(w, nil, w.later())
	case 4:
		n.Spec.Successor = pick(w, "", pick(w, groups...))
	case 5:
		n.Spec.Pause = new(w.rng.IntN(2) == 0)
	case 6:
		n.Spec.Rollout = &v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{{App: "svarut", Digest: target.Digest, Wave: "pilot"}}}
	case 7:
		n.Spec.Priority = new(int32(w.rng.IntN(3))) //nolint:gosec // less than three
	}
	w.network[name] = n
	w.model.SetNetwork(name, n)
	return "network " + name
}

func (w *events) onApp() string {
	name := pick(w, apps...)
	if w.rng.IntN(12) == 0 {
		delete(w.app, name)
		w.model.SetApp(name, nil)
		return "no " + name
	}
	a := app(name)
	switch w.rng.IntN(6) {
	case 0:
		a.Spec.Channels[0].Version = other.Version
	case 1:
		a.Spec.Suspend = new(true)
	case 2:
		a.Spec.Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway"}}}
	case 3:
		a.Spec.Versions[1].State = v1alpha1.VersionWithdrawn
	case 4:
		a.Spec.PilotNetworks = []string{pick(w, groups...)}
	case 5:
		a.Status.Versions = a.Status.Versions[:1]
	}
	w.app[name] = a
	w.model.SetApp(name, a)
	return "app " + name
}

func (w *events) onInstallation() string {
	m, e, name := pick(w, towns...), pick(w, "prod", "test"), pick(w, apps...)
	place := resolution.Place{App: name, Environment: e}
	was := w.installations[m][place]
	var i *v1alpha1.AppInstallation
	switch {
	case was != nil && w.rng.IntN(6) == 0:
	case was != nil && w.rng.IntN(3) == 0:
		i = was.DeepCopy()
		i.Status.Conditions[0].Status = pick(w, metav1.ConditionTrue, metav1.ConditionFalse)
		i.Spec.Suspend = new(w.rng.IntN(4) == 0)
	default:
		o := country.Objects{Installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{}}
		stamp := rollout.Stamp{MovedAt: metav1.NewTime(now), Wave: pick(w, "pilot", ""), Target: target, Attempt: 1}
		if w.rng.IntN(4) > 0 {
			stamp.Network = pick(w, groups...)
			stamp.Name = rollout.Name(v1alpha1.RolloutSpec{Network: stamp.Network, App: name, Version: target.Version, Attempt: 1})
		}
		installApp(name, m, e, pick(w, before, target, other), stamp)(&o)
		i = o.Installations[m][place]
	}
	if w.installations[m] == nil {
		w.installations[m] = map[resolution.Place]*v1alpha1.AppInstallation{}
	}
	w.installations[m] = maps.Clone(w.installations[m])
	w.installations[m][place] = i
	delete(w.deleted[m], place)
	if i == nil {
		delete(w.installations[m], place)
		if w.municipality[m] != nil {
			if w.deleted[m] == nil {
				w.deleted[m] = map[resolution.Place]*v1alpha1.AppInstallation{}
			}
			w.deleted[m][place] = was
		}
	}
	w.model.SetInstallation(m, place, i)
	return fmt.Sprintf("installation %s %s %s %v", m, e, name, i != nil)
}

func (w *events) onRollout() string {
	group, channel := pick(w, "", pick(w, groups...)), ""
	if group == "" {
		channel = pick(w, "stable", "pilot")
	}
	r := record(group, channel, pick(w, apps...), pick(w, before, target), int32(1+w.rng.IntN(2)), //nolint:gosec // one or two
		pick(w, v1alpha1.RolloutPending, v1alpha1.RolloutProgressing, v1alpha1.RolloutCompleted, v1alpha1.RolloutHalted, v1alpha1.RolloutSuperseded))
	if w.rng.IntN(8) == 0 {
		delete(w.rollout, r.Name)
		w.model.SetRollout(r.Name, nil)
		return "no " + r.Name
	}
	w.rollout[r.Name] = r
	w.model.SetRollout(r.Name, r)
	return "rollout " + r.Name
}
