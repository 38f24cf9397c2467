package country_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/reference"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/strategycheck"
)

// TestBroughtUpToDateIsCompiledFromScratch plays random events to a model, and compares what it
// comes to with a country that is compiled of the same objects.
func TestBroughtUpToDateIsCompiledFromScratch(t *testing.T) {
	seeds := randomSeeds
	if testing.Short() {
		seeds = min(seeds, 30)
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

// TestBroughtUpToDate plays what random events seldom come to.
func TestBroughtUpToDate(t *testing.T) {
	w := newEvents(0)
	set := func(n v1alpha1.Network) {
		w.network[n.Name] = &n
		w.model.SetNetwork(n.Name, &n)
	}
	vinje := municipality("vinje")
	vinje.Spec.Apps = []v1alpha1.AppDecision{{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Network: "digi-old"}}
	w.municipality["vinje"], w.app["svarut"] = vinje, app("svarut")
	w.model.SetMunicipality("vinje", vinje)
	w.model.SetApp("svarut", w.app["svarut"])
	old := network("digi-old", "tokke")
	heir := *old.DeepCopy()
	heir.Spec.Successor = "digi-tv"
	steps := []struct {
		reason string
		does   func()
	}{
		{"a municipality names a network that it is no member of", func() { set(network("digi-tv", "vinje")); set(old) }},
		{"that one hands over to the network that it is a member of", func() { set(heir) }},
		{"and is deleted", func() {
			delete(w.network, "digi-old")
			w.model.SetNetwork("digi-old", nil)
		}},
		{"its network goes first", func() {
			set(network("digi-tv", "vinje"))
			first := app("svarut")
			first.Spec.PilotNetworks = []string{"digi-tv"}
			w.app["svarut"] = first
			w.model.SetApp("svarut", first)
		}},
		{"its only member, which named another network, takes the app from it", func() {
			follows := vinje.DeepCopy()
			follows.Spec.Apps = nil
			w.municipality["vinje"] = follows
			w.model.SetMunicipality("vinje", follows)
		}},
		{"another claims its number, and is older by name", func() {
			bykle := municipality("bykle")
			bykle.Spec.FormerNumbers = []string{vinje.Spec.Number}
			w.municipality["bykle"] = bykle
			w.model.SetMunicipality("bykle", bykle)
		}},
		{"that one is deleted", func() {
			delete(w.municipality, "bykle")
			w.model.SetMunicipality("bykle", nil)
		}},
	}
	for _, step := range steps {
		before := view(w.model.Country())
		step.does()
		w.same(t, []string{step.reason}, before)
	}
}

// TestApprovalOnThePlatformWakesDirectAdoptersAlone: of all others nothing is another thing then.
func TestApprovalOnThePlatformWakesDirectAdoptersAlone(t *testing.T) {
	w := newEvents(3)
	for range 20 {
		w.several()
	}
	w.model.Settle(w.now)
	approves := w.platform.DeepCopy()
	approves.Rollout = &v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{{App: "svarut", Channel: "stable", Digest: target.Digest, Wave: "everyone"}}}
	if w.platform.Rollout != nil {
		approves.Rollout.Waves = w.platform.Rollout.Waves
	}
	w.model.SetPlatform(*approves)
	changed := w.model.Settle(w.now)
	diff(t, "one group is planned again", "groups", changed.Groups, map[string]bool{country.Direct: true})
	diff(t, "and no municipality is looked at", "decisions", changed.Decisions, map[string]bool{})
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
	for _, part := range unreported(before, is, changed) {
		t.Errorf("after %v, %s is another and nobody is woken (-was +is):\n%s", said, part, gocmp.Diff(before[part], is[part]))
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
		w.plans, w.planned = map[string]country.GroupPlan{}, w.now
	}
	for _, group := range c.Groups() {
		w.plans[group] = c.Replan(group, w.plans[group])
		if is, want := planText(w.plans[group]), planText(c.Plan(group)); is != want {
			t.Fatalf("after %v, plan of %s (-from scratch +taken over):\n%s", said, group, gocmp.Diff(want, is))
		}
	}
}

// unreported are the parts that differ without being named among what changed.
func unreported(before, is map[string]string, changed country.Changed) []string {
	var all []string
	for part := range maps.Keys(is) {
		kind, name := part[:1], part[2:]
		named := map[string]map[string]bool{
			"t": changed.Municipalities, "d": changed.Decisions, "g": changed.Groups, "n": changed.Networks, "a": changed.Apps, "w": changed.Doors,
			"o": changed.NetworkSpecs, "f": changed.AppSpecs, "p": {"country": changed.PlatformSpec},
		}[kind]
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
			"missing": t.Missing, "incomplete": t.Incomplete, "taken": t.NumberTaken, "rows": t.Rows, "until": t.Until, "installed": len(t.Installed),
		})
		var verdicts []resolution.Verdict
		var refused []*country.Refusal
		for _, row := range t.Rows {
			verdicts, refused = append(verdicts, row.Verdict), append(refused, row.Refused)
		}
		all["d "+t.Name] = text([]any{verdicts, refused, t.Missing, t.NumberTaken, c.Platform.Suspend, ownMoves(c, t), addresses(c, t)})
		all["w "+t.Name] = ""
		if doors := country.Doors(c, t.Name); len(doors) > 0 && t.IsThere() {
			all["w "+t.Name] = text(doors)
		}
	}
	for _, group := range c.Groups() {
		plan := c.Plan(group)
		for i := range plan.Introductions {
			in := &plan.Introductions[i].Input
			in.Now = time.Time{} // a plan made at another time is another one
			plan.Introductions[i].Step = planner.Step{}
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
		reported := ""
		for _, app := range apps {
			if group == country.Direct {
				break // what is taken directly is reported of the app
			}
			reported += adoptionText(c.Adoption(app, group))
		}
		if len(members) > 0 || reported != "" {
			all["n "+group] = fmt.Sprint(members, reported)
		}
	}
	for _, app := range apps {
		all["a "+app] = usageText(c, app)
	}
	judged(c, all)
	return all
}

// judged adds what is said of whether specs make sense.
func judged(c *country.Country, all map[string]string) {
	check := func(in strategycheck.Input) []any {
		in.Apps = c.Apps
		faults, notes := strategycheck.Check(in)
		return []any{faults, notes}
	}
	for _, group := range groups {
		n := c.Network(group)
		if n == nil {
			continue
		}
		var offers []any
		for _, p := range n.Spec.Apps {
			offers = append(offers, c.Apps.Of(p.Name).Proposal(p))
		}
		members := country.Municipalities(c.Members(group))
		all["o "+group] = text([]any{
			c.Networks.Faults(group), c.Networks.Heir(group), len(members), len(country.Municipalities(c.Observers(group))), reference.UnknownMembers(n, func(name string) bool { return c.Tenant(name).IsThere() }), offers,
			check(strategycheck.Input{Said: n.Spec.Rollout, General: c.Platform.Rollout, Members: members, Noun: "member", Proposed: n.Spec.Apps}),
		})
	}
	for name, app := range c.Apps {
		all["f "+name] = text([]any{reference.SharedApp(app, reference.Known{Apps: c.Apps, Networks: c.Networks, Platform: c.Platform}), country.PilotFaults(c, name, app.Object.Spec.PilotNetworks), c.Platform.Suspend != nil && *c.Platform.Suspend})
	}
	all["p country"] = text([]any{check(strategycheck.Input{Said: c.Platform.Rollout, Members: country.Municipalities(c.Tenants), Noun: "Municipality"}), country.ClosedWalls(c)})
}

// addresses are what installations are to get as addresses of doors.
func addresses(c *country.Country, t *country.Tenant) map[string][]v1alpha1.InstalledDoor {
	all := map[string][]v1alpha1.InstalledDoor{}
	for _, i := range c.Consent(t).Write {
		place := resolution.Place{App: i.Name, Environment: i.Spec.Tenant.Environment}
		if was := t.Installed[place]; was != nil && text(i.Spec.Doors) != text(was.Spec.Doors) {
			all[fmt.Sprint(place)] = i.Spec.Doors
		}
	}
	return all
}

// ownMoves are what a municipality's own moves rest on, besides the time.
func ownMoves(c *country.Country, t *country.Tenant) []any {
	var all []any
	for _, row := range t.Rows {
		if row.Own == nil {
			continue
		}
		all = append(all, row.Own, c.Platform.Freeze, c.Platform.Suspend, c.Platform.Pause, c.Strategy(country.Direct).Waves)
		if app := c.Apps.Of(row.Verdict.App); app.Exists() {
			all = append(all, app.Object.Spec.Suspend, app.Object.Status.Versions)
		}
		for place, i := range t.Installed {
			if own := i.Spec.Move != nil && i.Spec.Move.Rollout == ""; own && place.App == row.Verdict.App && t.Municipality.Spec.Environment(place.Environment) == nil {
				all = append(all, i.Spec, i.Status)
			}
		}
	}
	return all
}

// adoptionText is all that readers see of an adoption; empty where that is nothing.
func adoptionText(a *country.Adoption) string {
	optedOut := slices.Collect(a.OptedOutMembers)
	elsewhere, versions := fmt.Sprint(maps.Collect(a.DecidedElsewhere)), fmt.Sprint(maps.Collect(a.Versions))
	if !a.Asked && a.Counted == 0 && a.OptedOut() == 0 && a.Elsewhere() == 0 && versions == "map[]" {
		return ""
	}
	return fmt.Sprintln(a.App, "in", a.Network, a.Asked, tallyText(&a.Tally), a.Wanted(), optedOut, elsewhere, versions)
}

func tallyText(t *country.Tally) string {
	name, first, _ := t.First()
	return fmt.Sprintf("%d of %d run, %d are up to date, %d settled; %s: %+v; behind %v",
		t.Running, t.Counted, t.UpToDate, t.Settled, name, first, slices.Collect(t.Behind))
}

func usageText(c *country.Country, app string) string {
	u := c.Usage(app)
	text := fmt.Sprintln(u.Installations, tallyText(&u.Tally), maps.Collect(u.Versions))
	for _, r := range []v1alpha1.Release{before, target, other} {
		text += fmt.Sprintln(r.Version, slices.Collect(u.Having(r.Version)))
	}
	for a := range c.Adoptions(app) {
		text += adoptionText(a)
		if s := c.Subject(resolution.Group{Network: a.Network}, app); s != nil {
			text += fmt.Sprintln("current", name(s.Current()))
		}
	}
	return text
}

func name(r *v1alpha1.Rollout) string {
	if r == nil {
		return ""
	}
	return r.Name + " " + string(r.Status.Phase)
}

func names(all []*v1alpha1.Network) []string {
	var names []string
	for _, n := range all {
		names = append(names, n.Name)
	}
	return names
}

// planText is all that a plan says. JSON has no keys that are releases.
func planText(plan country.GroupPlan) string {
	all := text(plan.Again)
	for _, intro := range plan.Introductions {
		releases := map[string]planner.Availability{}
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
