package country

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/resolution"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func raw(s string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(s)} }

func at(d time.Duration) *metav1.Time { return new(metav1.NewTime(now.Add(d))) }

var prod = resolution.Place{App: "svarut", Environment: "prod"}

// given is what there is.
type given struct {
	municipality v1alpha1.Municipality
	platform     v1alpha1.PlatformSpec
	networks     []*v1alpha1.Network
	apps         map[string]*v1alpha1.SharedApp
	installed    map[resolution.Place]*v1alpha1.AppInstallation
	standing     map[string]bool
	// neighbour is another municipality; nil where there is none.
	neighbour *v1alpha1.Municipality
}

// observe makes of it what the holder would hand out.
func (g given) observe() (*Country, *Tenant) {
	all := Compile(g.objects(), now)
	vinje := all.Tenant("vinje")
	return all, vinje
}

func (g given) objects() Objects {
	o := Objects{
		Platform: g.platform, Apps: g.apps, Municipalities: []*v1alpha1.Municipality{&g.municipality}, Missing: map[string]bool{},
		Installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{"vinje": g.installed},
	}
	if g.neighbour != nil {
		o.Municipalities = append(o.Municipalities, g.neighbour)
	}
	for _, n := range g.networks {
		member := n.DeepCopy()
		member.Spec.Members.Names = []string{"vinje"}
		o.Networks = append(o.Networks, *member)
	}
	for _, e := range g.municipality.Spec.Environments {
		o.Missing[v1alpha1.NamespaceFor("vinje", e.Name)] = !g.standing[e.Name]
	}
	return o
}

// plan is what its decisions ask for now.
func (g given) plan() Consent {
	all, t := g.observe()
	return all.Consent(t)
}

// world is Vinje with two environments that stand, in a network that recommends
// svarut from stable, which is 2.4.1.
func world(change ...func(*given)) given {
	seen := given{
		municipality: v1alpha1.Municipality{
			ObjectMeta: metav1.ObjectMeta{Name: "vinje", Labels: map[string]string{v1alpha1.LabelCounty: "40"}},
			Spec: v1alpha1.MunicipalitySpec{
				Number: "4036", DisplayName: "Vinje", Domains: []string{"vinje.kommune.no", "vinje.no"}, DeletionPolicy: v1alpha1.DeletionRetain,
				Environments: []v1alpha1.Environment{
					{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed},
					{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen},
				},
			},
		},
		networks: []*v1alpha1.Network{{ObjectMeta: metav1.ObjectMeta{Name: "digi-tv"}, Spec: v1alpha1.NetworkSpec{Apps: []v1alpha1.Proposal{{
			Name: "svarut", Channel: "stable", Obligation: v1alpha1.ObligationRecommended, Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction},
		}}}}},
		apps: map[string]*v1alpha1.SharedApp{"svarut": {
			ObjectMeta: metav1.ObjectMeta{Name: "svarut"},
			Spec: v1alpha1.SharedAppSpec{
				Channels: []v1alpha1.Channel{{Name: "stable", Version: "2.4.1"}},
				Versions: []v1alpha1.Version{{Version: "2.3.0"}, {Version: "2.4.1"}, {Version: "2.5.0"}},
			},
			Status: v1alpha1.SharedAppStatus{Versions: []v1alpha1.VersionStatus{
				{Version: "2.3.0", Digest: "sha256:23", Available: true}, {Version: "2.4.1", Digest: "sha256:24", Available: true}, {Version: "2.5.0", Digest: "sha256:25", Available: true},
			}},
		}},
		installed: map[resolution.Place]*v1alpha1.AppInstallation{},
		standing:  map[string]bool{"prod": true, "test": true},
	}
	for _, c := range change {
		c(&seen)
	}
	return seen
}

// brought is the record that a rollout left on what it brought.
var brought = &v1alpha1.Move{Rollout: "digi-tv.svarut.2.4.1.1", Network: "digi-tv", Attempt: 1, Wave: "everyone", MovedAt: *at(-time.Hour)}

// itself is the record of a move of the municipality's own.
var itself = &v1alpha1.Move{Target: v1alpha1.Release{Version: "2.4.1", Digest: "sha256:24"}, MovedAt: *at(0)}

// everywhere puts into the world what rollouts bring in the end.
func everywhere(seen *given) {
	m := &seen.municipality
	app := catalogue.Compile(seen.apps["svarut"])
	in := resolution.Input{Municipality: m, Networks: seen.networks, Apps: catalogue.Apps{"svarut": app}, Now: now}
	for e := range m.Spec.Environments {
		v, found := resolution.One(in, &m.Spec.Environments[e], "svarut")
		if !found {
			continue
		}
		i := installation.For(installation.Rest{Apps: catalogue.Apps{"svarut": app}}, m, &m.Spec.Environments[e], v)
		i.Generation, i.UID, i.Spec.Move = 1, "u", brought
		seen.installed[v.Place] = i
	}
}

func says(d v1alpha1.AppDecision) func(*given) {
	d.Name = "svarut"
	return func(s *given) { s.municipality.Spec.Apps = []v1alpha1.AppDecision{d} }
}

func at23(s *given) {
	for _, i := range s.installed {
		i.Spec.Version, i.Spec.Digest = "2.3.0", "sha256:23"
	}
}

// absent asks for the installation in prod to go; gone says that nothing is left of it.
func absent(s *given) {
	s.installed[prod].Spec.State = v1alpha1.InstallationAbsent
	s.installed[prod].Generation = 2
}

func gone(s *given) {
	absent(s)
	s.installed[prod].Status = v1alpha1.AppInstallationStatus{ObservedGeneration: 2, Conditions: []metav1.Condition{
		{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 2},
	}}
}

func deletes(s *given) { s.municipality.Spec.DeletionPolicy = v1alpha1.DeletionDelete }

// leaves makes the municipality controller say that environments are being deleted.
func leaves(environments ...string) func(*given) {
	return func(s *given) {
		for _, name := range environments {
			s.municipality.Status.Environments = append(s.municipality.Status.Environments,
				v1alpha1.EnvironmentStatus{Name: name, State: v1alpha1.EnvironmentDeleting})
		}
	}
}

func deleted(s *given)    { s.municipality.DeletionTimestamp = at(0) }
func freezes(s *given)    { s.platform.Freeze = new(true) }
func withoutNet(s *given) { s.networks = nil }
func withoutProd(s *given) {
	s.municipality.Spec.Environments = s.municipality.Spec.Environments[1:]
}

// taken gives the number of the world's municipality to an older one, too.
func taken(s *given) {
	s.municipality.CreationTimestamp = *at(0)
	s.neighbour = &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: "bykle", CreationTimestamp: *at(-time.Hour)}, Spec: v1alpha1.MunicipalitySpec{Number: "3820", FormerNumbers: []string{"4036"}}}
}

func younger(s *given) { s.neighbour.CreationTimestamp = *at(time.Minute) }

func heir(s *given) { s.networks[0].Name = "digi-sor" }

var (
	decline = says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline})
	named   = says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.4.1"})
	atOnce  = says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.4.1", Immediate: new(true)})
	held    = says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end closing"}})
)

func TestConsent(t *testing.T) {
	cases := []struct {
		reason string
		seen   given
		// want is "namespace/app state version" of each write, "delete namespace/app" of each removal.
		want []string
	}{
		{"what a network proposes comes by its rollout, in its turn", world(), nil},
		{"so does what a channel offers", world(withoutNet, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Channel: "stable"})), nil},
		{"what the municipality names is written, its first stage first", world(named), []string{"vinje-test/svarut Present 2.4.1"}},
		{"everywhere where it wants it at once", world(atOnce), []string{"vinje-prod/svarut Present 2.4.1", "vinje-test/svarut Present 2.4.1"}},
		{"what is written is not written again", world(everywhere), nil},
		{"an environment whose namespace is not there waits", world(atOnce, func(s *given) { delete(s.standing, "prod") }), []string{"vinje-test/svarut Present 2.4.1"}},
		{"so does one on its way out", world(atOnce, func(s *given) { s.standing["prod"] = false }), []string{"vinje-test/svarut Present 2.4.1"}},
		{"a promotion is left to its rollout", world(everywhere, at23), nil},
		{"a version that the municipality names moves", world(everywhere, at23, named), []string{"vinje-test/svarut Present 2.4.1"}},
		{"one that it holds where nothing is, too", world(held), []string{"vinje-test/svarut Present 2.3.0"}},
		{"new parameters do not wait for a turn, and move nothing", world(everywhere, at23, says(v1alpha1.AppDecision{Parameters: raw(`{"sender":"Vinje"}`)})),
			[]string{"vinje-prod/svarut Present 2.3.0", "vinje-test/svarut Present 2.3.0"}},
		{"who decides now is written, and moves nothing", world(everywhere, heir), []string{"vinje-prod/svarut Present 2.4.1", "vinje-test/svarut Present 2.4.1"}},
		{"who offers something new has not decided on what is there", world(everywhere, at23, heir), nil},
		{"a deferral keeps, and says who decided", world(everywhere, at23, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer})),
			[]string{"vinje-prod/svarut Present 2.3.0", "vinje-test/svarut Present 2.3.0"}},
		{"leaving the network uninstalls nothing", world(everywhere, withoutNet), []string{"vinje-prod/svarut Present 2.4.1", "vinje-test/svarut Present 2.4.1"}},
		{"Decline uninstalls, by asking first", world(everywhere, decline), []string{"vinje-prod/svarut Absent 2.4.1", "vinje-test/svarut Absent 2.4.1"}},
		{"what was asked to go is asked once", world(everywhere, decline, func(s *given) {
			for _, i := range s.plan().Write {
				s.installed[resolution.Place{App: i.Name, Environment: i.Labels[v1alpha1.LabelEnvironment]}] = i
			}
		}), nil},
		{"what is gone is deleted", world(everywhere, gone, decline), []string{"vinje-test/svarut Absent 2.4.1", "delete vinje-prod/svarut"}},
		{"what is asked for again is left to its rollout while it goes", world(everywhere, absent), nil},
		{"and is deleted once it is gone, so that the rollout makes it again", world(everywhere, gone), []string{"delete vinje-prod/svarut"}},
		{"where the municipality names the version, it is written, not deleted", world(atOnce, everywhere, gone), []string{"vinje-prod/svarut Present 2.4.1"}},
		{"a suspended installation that was declined goes", world(everywhere, decline, func(s *given) {
			s.installed[prod].Spec.Suspend = new(true)
		}), []string{"vinje-prod/svarut Absent 2.4.1", "vinje-test/svarut Absent 2.4.1"}},

		{"nothing moves while the Municipality is suspended", world(func(s *given) { s.municipality.Spec.Suspend = v1alpha1.SuspensionOperator }), nil},
		{"nothing moves while the Platform is suspended", world(everywhere, gone, decline, func(s *given) { s.platform.Suspend = new(true) }), nil},
		{"a number that belongs to another: a Decline uninstalls nothing", world(everywhere, decline, taken), nil},
		{"nor does what it names come, nor what it knows of itself to what runs", world(everywhere, at23, atOnce, taken), nil},
		{"nor is anything deleted", world(everywhere, gone, decline, taken), nil},
		{"nor uninstalled with it", world(everywhere, deleted, deletes, leaves("prod", "test"), taken), nil},
		{"a younger one takes no number", world(everywhere, decline, taken, younger), []string{"vinje-prod/svarut Absent 2.4.1", "vinje-test/svarut Absent 2.4.1"}},
		{"a freeze starts nothing", world(named, freezes), nil},
		{"it does not keep a decider from being written", world(everywhere, heir, freezes), []string{"vinje-prod/svarut Present 2.4.1", "vinje-test/svarut Present 2.4.1"}},
		{"a freeze leaves what runs", world(everywhere, freezes), nil},
		{"a freeze lets an uninstall that has begun end", world(everywhere, decline, absent, func(s *given) {
			s.installed[prod].Spec.DecidedBy = v1alpha1.Decider{Level: v1alpha1.LevelMunicipality, Name: "vinje"}
			s.installed[prod].Annotations = map[string]string{v1alpha1.AnnotationDecision: "declined"}
		}, freezes), []string{"vinje-test/svarut Present 2.4.1"}},

		{"a Municipality that is deleted leaves its apps", world(everywhere, deleted), nil},
		{"with deletionPolicy Delete they are uninstalled", world(everywhere, deleted, deletes, leaves("prod", "test")), []string{"vinje-prod/svarut Absent 2.4.1", "vinje-test/svarut Absent 2.4.1"}},
		{"not where the municipality controller deletes nothing: the number belongs to another, the definition is being deleted", world(everywhere, deleted, deletes), nil},
		{"nor on what it said of an earlier spec", world(everywhere, deleted, deletes, leaves("prod"), func(s *given) { s.municipality.Generation++ }), nil},
		{"nor in a freeze", world(everywhere, deleted, deletes, leaves("prod", "test"), freezes), nil},
		{"an environment that left the spec keeps its apps", world(everywhere, withoutProd), nil},
		{"with deletionPolicy Delete it does not", world(everywhere, withoutProd, deletes, leaves("prod")), []string{"vinje-prod/svarut Absent 2.4.1"}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			todo := tc.seen.plan()
			var got []string
			for _, i := range todo.Write {
				got = append(got, i.Namespace+"/"+i.Name+" "+string(i.Spec.State)+" "+i.Spec.Version)
			}
			for _, i := range todo.Remove {
				got = append(got, "delete "+i.Namespace+"/"+i.Name)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConsentWritesAgainWhatSomebodyDeleted(t *testing.T) {
	says := func(state v1alpha1.AppState) func(*given) {
		return func(s *given) {
			s.municipality.Status.Apps = []v1alpha1.MunicipalityApp{{Name: "svarut", Environment: "prod", Version: "2.3.0", State: state}}
		}
	}
	if got := world(withoutNet, says("Unrequested")).plan().Write; len(got) != 1 || got[0].Spec.Version != "2.3.0" || got[0].Spec.Digest != "sha256:23" {
		t.Errorf("write = %v, want svarut 2.3.0 again, as its status still lists it", got)
	}
	if got := world(withoutNet, says("Removing")).plan().Write; len(got) > 0 {
		t.Errorf("write = %v, want nothing: it was asked to go", got)
	}
	if got := world(says("Waiting")).plan().Write; len(got) != 1 || got[0].Spec.Version != "2.3.0" || got[0].Spec.Digest != "sha256:23" {
		t.Errorf("write = %v, want svarut 2.3.0 again, though a rollout is to bring 2.4.1", got)
	}
}

func TestConsentKeepsTheRecordOfWhatIsThere(t *testing.T) {
	cases := []struct {
		reason  string
		seen    given
		by      string
		rollout *v1alpha1.Move
	}{
		{"another decider on the same release", world(everywhere, heir), "digi-sor", brought},
		{"the municipality itself names the release that is there", world(everywhere, named), "vinje", brought},
		{"a hold", world(everywhere, held), "vinje", brought},
		{"new parameters before its turn: who decided on the release that is there", world(everywhere, at23, heir, says(v1alpha1.AppDecision{Parameters: raw(`{"a":1}`)})), "digi-tv", brought},
		{"another version that the municipality names: no rollout brought it", world(everywhere, at23, atOnce), "vinje", itself},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			written := tc.seen.plan().Write
			if len(written) != 2 {
				t.Fatalf("%d writes, want one in each environment", len(written))
			}
			for _, i := range written {
				if diff := cmp.Diff(tc.rollout, i.Spec.Move); diff != "" || i.Spec.DecidedBy.Name != tc.by {
					t.Errorf("%s: decided by %+v, want %s; spec.move (-want +got):\n%s", i.Namespace, i.Spec.DecidedBy, tc.by, diff)
				}
			}
		})
	}
}

func TestConsentChangesNothingThatItWasGiven(t *testing.T) {
	seen := world(everywhere, decline)
	before := seen.installed[prod].DeepCopy()
	seen.plan()
	if diff := cmp.Diff(before, seen.installed[prod]); diff != "" {
		t.Errorf("the installation in the cache was changed (-before +after):\n%s", diff)
	}
}

func TestUninstalled(t *testing.T) {
	cases := []struct {
		reason string
		change func(*v1alpha1.AppInstallation)
		want   bool
	}{
		{"nothing is left", func(*v1alpha1.AppInstallation) {}, true},
		{"it was not asked to go", func(i *v1alpha1.AppInstallation) { i.Spec.State = v1alpha1.InstallationPresent }, false},
		{"nobody has looked at the request", func(i *v1alpha1.AppInstallation) { i.Generation++ }, false},
		{"an object is still there", func(i *v1alpha1.AppInstallation) {
			i.Status.Inventory = []v1alpha1.InstalledObject{{Name: "web"}}
		}, false},
		{"pods are ending", func(i *v1alpha1.AppInstallation) { i.Status.Conditions[0].Status = metav1.ConditionFalse }, false},
		{"the condition speaks of an earlier request", func(i *v1alpha1.AppInstallation) { i.Status.Conditions[0].ObservedGeneration-- }, false},
		{"there is no condition yet", func(i *v1alpha1.AppInstallation) { i.Status.Conditions = nil }, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			i := world(everywhere, gone).installed[prod]
			tc.change(i)
			if got := i.IsUninstalled(); got != tc.want {
				t.Errorf("uninstalled = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestDesiredGolden(t *testing.T) {
	seen := world(says(v1alpha1.AppDecision{
		Decision: v1alpha1.DecisionAdopt, Version: "2.4.1", Immediate: new(true), Parameters: raw(`{"sender":"Vinje kommune"}`),
		ParametersFrom: []v1alpha1.ParametersSource{{SecretRef: v1alpha1.LocalReference{Name: "svarut-credentials"}}},
		Environments:   []v1alpha1.EnvironmentDecision{{Name: "test", Parameters: raw(`{"sender":"TEST"}`)}},
	}))
	got := ""
	for _, i := range seen.plan().Write {
		text, err := yaml.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		got += "---\n" + string(text)
	}
	file := filepath.Join("testdata", "installations.yaml")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run with -update to write it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); run with -update if it should change:\n%s", file, diff)
	}
}
