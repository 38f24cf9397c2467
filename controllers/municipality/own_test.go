package municipality

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// asks is an installation that asks for a namespace of its own.
func asks(app string) *v1alpha1.AppInstallation {
	return &v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{Name: app, Namespace: "vinje-prod", Generation: 1, CreationTimestamp: *at(0)},
		Spec: v1alpha1.AppInstallationSpec{App: app, Isolation: v1alpha1.IsolationOwn, State: v1alpha1.InstallationPresent}}
}

// leaving is one of which all is uninstalled.
func leaving(app string) *v1alpha1.AppInstallation {
	i := asks(app)
	i.Spec.State, i.Status.ObservedGeneration = v1alpha1.InstallationAbsent, i.Generation
	i.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonRemovingNamespace, ObservedGeneration: 1}}
	return i
}

// withOwn is the world in which prod has a namespace for an app.
func withOwn(t *testing.T, m v1alpha1.Municipality, app string) observed {
	t.Helper()
	seen := settled(t, m)
	e := seen.environments["prod"]
	e.installations, e.own = 1, map[string]ownHome{app: {installed: asks(app), share: shareOf(nil)}}
	seen.environments["prod"] = e
	todo := planFor(t, seen, "prod")
	e.own[app] = ownHome{environment: built(t, todo.own[0].apply), installed: asks(app), share: shareOf(nil)}
	for _, o := range todo.apply {
		e.objects[key(o.Kind, o.Name)] = live(t, o)
		if quota, ok := e.objects[key(o.Kind, o.Name)].(*corev1.ResourceQuota); ok {
			quota.Status.Hard = quota.Spec.Hard
		}
	}
	seen.municipality.Status = v1alpha1.MunicipalityStatus{ObservedGeneration: m.Generation, Environments: []v1alpha1.EnvironmentStatus{{Name: "prod", State: v1alpha1.EnvironmentReady}}}
	return seen
}

func TestPlanOwnGolden(t *testing.T) {
	seen := settled(t, vinje(func(m *v1alpha1.Municipality) {
		m.Spec.Access = append(m.Spec.Access, v1alpha1.Access{Role: v1alpha1.AccessDeveloper, Groups: []string{"leverandor-y"}, Apps: []string{"svarut"}})
	}))
	seen.isolations = map[string]v1alpha1.Isolation{"svarut": v1alpha1.IsolationOwn}
	e := seen.environments["prod"]
	e.own = map[string]ownHome{"svarut": {installed: asks("svarut"), share: shareOf(nil)}}
	seen.environments["prod"] = e
	todo, err := plan(seen, now)
	if err != nil {
		t.Fatal(err)
	}
	flat := todo
	flat.environments = nil
	for _, e := range todo.environments {
		flat.environments = append(append(flat.environments, e), e.own...)
	}
	golden(t, "own.yaml", written(t, flat))
}

func TestPlanOwnIsMadeOnceAndKept(t *testing.T) {
	seen := withOwn(t, vinje(), "svarut")
	got := planFor(t, seen, "prod")
	if len(got.apply)+len(got.remove)+len(got.own[0].apply)+len(got.own[0].remove) > 0 || got.state != v1alpha1.EnvironmentReady {
		t.Errorf("sent again: %v %v, removed %v %v, %s", namesOf(got.apply), namesOf(got.own[0].apply), removedBy(got), removedBy(got.own[0]), got.state)
	}
}

func TestPlanOwnComesAndGoes(t *testing.T) {
	const deny = "NetworkPolicy/allmenning-default-deny"
	change := func(f func(*ownHome)) func(*observed) {
		return func(s *observed) {
			h := s.environments["prod"].own["svarut"]
			f(&h)
			s.environments["prod"].own["svarut"] = h
		}
	}
	leaves := func(h *ownHome) { h.installed = leaving("svarut") }
	cases := []struct {
		reason  string
		m       v1alpha1.Municipality
		change  func(*observed)
		apply   []string
		remove  []string
		refused string
	}{
		{"one that somebody deleted by hand is no reason to delete anything", vinje(deletePolicy), change(func(h *ownHome) { h.installed = nil }), nil, nil, ""},
		{"nor one that is being uninstalled still", vinje(), change(func(h *ownHome) { h.installed.Spec.State = v1alpha1.InstallationAbsent }), nil, nil, ""},
		{"when all of it is uninstalled, its namespace goes", vinje(), change(leaves), []string{deny}, []string{"Namespace/"}, ""},
		{"but not with volumes", vinje(), change(func(h *ownHome) { leaves(h); h.volumes = []string{"data"} }), nil, nil, ""},
		{"nor by a status of an earlier spec", vinje(), change(func(h *ownHome) { leaves(h); h.installed.Generation = 2 }), nil, nil, ""},
		{"nor while the definition goes", vinje(), func(s *observed) { s.definitionGoes = true; change(leaves)(s) }, nil, nil, ""},
		{"nor one that another Municipality made", vinje(), change(func(h *ownHome) { leaves(h); h.namespace.Annotations[v1alpha1.AnnotationHeldBy] = "4035" }), []string{"Namespace/vinje-prod--svarut"}, nil, ""},
		{"what it keeps goes when somebody says so", vinje(), change(func(h *ownHome) { h.installed, h.forsaken = nil, true }), []string{deny}, []string{"Namespace/"}, ""},
		{"but not while the definition goes", vinje(), func(s *observed) {
			s.definitionGoes = true
			change(func(h *ownHome) { h.installed, h.forsaken = nil, true })(s)
		}, nil, nil, ""},
		{"one of another app is not touched", vinje(), change(func(h *ownHome) { h.namespace.Labels[v1alpha1.LabelApp] = "kart" }), nil, nil, "not Allmenning's"},
		{"one that is the environment's of somebody is not, either", vinje(), change(func(h *ownHome) { delete(h.namespace.Labels, v1alpha1.LabelApp) }), nil, nil, "not Allmenning's"},
		{"one that is gone is not made for an app that goes", vinje(), change(func(h *ownHome) { leaves(h); h.environment = environment{} }), nil, nil, ""},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := withOwn(t, tc.m, "svarut")
			tc.change(&seen)
			got := planFor(t, seen, "prod")
			own := got.own[0]
			if diff := cmp.Diff(tc.apply, namesOf(own.apply)); diff != "" {
				t.Errorf("applied (-want +got):\n%s", diff)
			}
			if removed := removedBy(own); len(removed) != len(tc.remove) {
				t.Errorf("removed %v, want %v", removed, tc.remove)
			}
			refused, fault := refusals(got, nil)
			if (fault != nil) != (tc.refused != "") || (fault != nil && (!strings.Contains(refused[0].Message, tc.refused) || refused[0].App != "svarut")) {
				t.Errorf("refused %+v, want %q", refused, tc.refused)
			}
			if got.state != v1alpha1.EnvironmentReady {
				t.Errorf("the environment is %s: %s", got.state, got.outcome.Message)
			}
		})
	}
}

func TestPlanOwnGoesWithTheEnvironment(t *testing.T) {
	cases := []struct {
		reason string
		change func(*environment, *ownHome)
		goes   bool
		state  v1alpha1.EnvironmentState
		says   string
	}{
		{"the apps are uninstalled first", func(e *environment, _ *ownHome) { e.installations = 1 }, false, v1alpha1.EnvironmentDeleting, "being uninstalled"},
		{"one that is uninstalled goes meanwhile", func(e *environment, h *ownHome) { e.installations, h.installed = 2, leaving("svarut") }, true, v1alpha1.EnvironmentDeleting, "being uninstalled"},
		{"then what nobody asks for", func(_ *environment, h *ownHome) { h.installed = nil }, true, v1alpha1.EnvironmentDeleting, "namespaces of its apps"},
		{"one with volumes is kept, and the environment with it", func(_ *environment, h *ownHome) { h.installed, h.volumes = nil, []string{"data"} }, false, v1alpha1.EnvironmentRetained, "PersistentVolumeClaim data"},
		{"that of the environment is the last", func(e *environment, _ *ownHome) { e.own = nil }, false, v1alpha1.EnvironmentDeleting, "its namespace is being deleted"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := withOwn(t, vinje(deletePolicy), "svarut")
			deleting(&seen.municipality)
			e := seen.environments["prod"]
			e.installations = 0
			h := e.own["svarut"]
			tc.change(&e, &h)
			if e.own != nil {
				e.own["svarut"] = h
			}
			seen.environments["prod"] = e
			got := planFor(t, seen, "prod")
			gone := 0
			for _, own := range got.own {
				for _, o := range own.remove {
					if _, is := o.(*corev1.Namespace); is {
						gone++
					}
				}
			}
			if (gone > 0) != tc.goes || got.state != tc.state || !strings.Contains(got.outcome.Message, tc.says) {
				t.Errorf("goes %v, %s %q; want %v, %s %q", gone > 0, got.state, got.outcome.Message, tc.goes, tc.state, tc.says)
			}
			if !keepsFinalizer(seen) {
				t.Error("the Municipality does not wait for it")
			}
		})
	}
}

func TestShareOut(t *testing.T) {
	list := func(cpu, pods string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceRequestsCPU: resource.MustParse(cpu), corev1.ResourcePods: resource.MustParse(pods)}
	}
	share := func(cpu string, pods int32) v1alpha1.Quota {
		zero, none := new(resource.MustParse("0")), new(int32(0))
		return v1alpha1.Quota{CPU: new(resource.MustParse(cpu)), Memory: zero, EphemeralStorage: zero, Storage: zero, Pods: &pods, Services: none, Secrets: none, ConfigMaps: none, PersistentVolumeClaims: none, Objects: none}
	}
	has := func(h ownHome, hard corev1.ResourceList) ownHome {
		h.namespace = &corev1.Namespace{}
		quota := &corev1.ResourceQuota{Spec: corev1.ResourceQuotaSpec{Hard: hard}}
		h.objects = built(t, nil).objects
		h.objects["ResourceQuota/allmenning"] = quota
		return h
	}
	cases := []struct {
		reason  string
		used    corev1.ResourceList
		own     map[string]ownHome
		rest    corev1.ResourceList
		granted []string
		refused string
	}{
		{"nobody has a share", nil, nil, list("4", "40"), nil, ""},
		{"a share is taken from the environment's", nil, map[string]ownHome{"a": {installed: asks("a"), share: share("1", 5)}}, list("3", "35"), []string{"a"}, ""},
		{"one that does not fit is refused by name, and others are not harmed", nil,
			map[string]ownHome{"a": {installed: asks("a"), share: share("3", 5)}, "b": {installed: asks("b"), share: share("2", 5)}, "c": {installed: asks("c"), share: share("1", 5)}},
			list("0", "30"), []string{"a", "c"}, "b"},
		{"what is in use in the environment is not given away", list("3500m", "4"), map[string]ownHome{"a": {installed: asks("a"), share: share("1", 5)}}, list("4", "40"), nil, "a"},
		{"what one has it keeps, also where the quota was lowered", list("3500m", "4"), map[string]ownHome{"a": has(ownHome{installed: asks("a"), share: share("5", 5)}, list("5", "5"))}, list("0", "35"), []string{"a"}, ""},
		{"one that declares more has what it had where there is no room", list("3", "4"), map[string]ownHome{"a": has(ownHome{installed: asks("a"), share: share("3", 5)}, list("1", "5"))}, list("3", "35"), []string{"a"}, "a"},
		{"one that declares less gives back", nil, map[string]ownHome{"a": has(ownHome{installed: asks("a"), share: share("1", 5)}, list("3", "5"))}, list("3", "35"), []string{"a"}, ""},
		{"one of an app that goes counts while it is there", nil, map[string]ownHome{"a": has(ownHome{installed: leaving("a"), share: share("1", 5)}, list("1", "5"))}, list("3", "35"), []string{"a"}, ""},
		{"and not when it is gone", nil, map[string]ownHome{"a": {installed: leaving("a"), share: share("1", 5)}}, list("4", "40"), nil, ""},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			live := environment{own: tc.own, objects: built(t, nil).objects}
			live.objects["ResourceQuota/allmenning"] = &corev1.ResourceQuota{Status: corev1.ResourceQuotaStatus{Used: tc.used}}
			got := shareOut(list("4", "40"), live, "prod", "vinje")
			for name, want := range tc.rest {
				if has := got.rest[name]; has.Cmp(want) != 0 {
					t.Errorf("the environment keeps %s of %s, want %s", has.String(), name, want.String())
				}
			}
			var granted []string
			for _, app := range byAge(tc.own) {
				if got.granted[app] != nil {
					granted = append(granted, app)
				}
			}
			if diff := cmp.Diff(tc.granted, granted); diff != "" {
				t.Errorf("granted (-want +got):\n%s", diff)
			}
			if why := got.refused[tc.refused]; (tc.refused == "") != (len(got.refused) == 0) || (tc.refused != "" && !strings.Contains(why, "raise cpu in quota of environment prod in spec.environments of Municipality vinje")) {
				t.Errorf("refused %v, want %q", got.refused, tc.refused)
			}
		})
	}
}

func TestAccessUnfit(t *testing.T) {
	ends := func(apps ...string) v1alpha1.Municipality {
		return vinje(func(m *v1alpha1.Municipality) { m.Spec.Access[1].Apps = apps })
	}
	for _, tc := range []struct {
		reason string
		m      v1alpha1.Municipality
		want   []string
	}{
		{"access to environments", vinje(), nil},
		{"an app of its own namespace", ends("own"), nil},
		{"one that shares", ends("own", "shared"), []string{"spec.access[1].apps", "take shared out"}},
		{"one that nobody knows", ends("svartu"), []string{"spec.access[1].apps", "no SharedApp \"svartu\""}},
	} {
		got := accessUnfit(observed{municipality: tc.m, isolations: map[string]v1alpha1.Isolation{"own": v1alpha1.IsolationOwn, "shared": ""}})
		if (got == nil) != (tc.want == nil) {
			t.Errorf("%s: %+v", tc.reason, got)
		}
		for _, part := range tc.want {
			if got != nil && (got.State != condition.Stalled || !strings.Contains(got.Message, part)) {
				t.Errorf("%s: %+v lacks %q", tc.reason, got, part)
			}
		}
	}
}
