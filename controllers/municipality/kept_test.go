package municipality

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestForsakes(t *testing.T) {
	const uid = "3f2a9c1b-5a5e-4c0f-9d57-1f6f3bd8a001"
	declines := func(m *v1alpha1.Municipality) {
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: "svarut", Decision: v1alpha1.DecisionDecline}}
	}
	says := func(value string) func(*v1alpha1.Municipality) {
		return func(m *v1alpha1.Municipality) {
			m.Annotations = map[string]string{v1alpha1.AnnotationDeleteVolumes: value}
		}
	}
	for _, tc := range []struct {
		reason string
		m      v1alpha1.Municipality
		want   bool
	}{
		{"it declines the app, and names what is kept", vinje(declines, says("prod/svarut/3f2a9c1b")), true},
		{"among others", vinje(declines, says("test/kart/11111111, prod/svarut/3f2a9c1b")), true},
		{"it says nothing", vinje(declines), false},
		{"that namespaces go with their environment is another matter", vinje(declines, says("true")), false},
		{"it names what was kept the last time", vinje(declines, says("prod/svarut/11111111")), false},
		{"it names none in particular", vinje(declines, says("prod/svarut")), false},
		{"it names another environment", vinje(declines, says("test/svarut/3f2a9c1b")), false},
		{"it has not declined the app: its AppInstallation may be back any moment", vinje(says("prod/svarut/3f2a9c1b")), false},
		{"it adopts the app in that environment", vinje(declines, says("prod/svarut/3f2a9c1b"), func(m *v1alpha1.Municipality) {
			m.Spec.Apps[0].Environments = []v1alpha1.EnvironmentDecision{{Name: "prod", Decision: v1alpha1.DecisionAdopt}}
		}), false},
		{"the environment is not in the spec", vinje(declines, says("prod/svarut/3f2a9c1b"), func(m *v1alpha1.Municipality) { m.Spec.Environments = m.Spec.Environments[1:] }), false},
	} {
		if got := forsakes(&tc.m, "prod", "svarut", uid, now); got != tc.want {
			t.Errorf("%s: %v", tc.reason, got)
		}
	}
}

func TestWhatIsKeptIsSaid(t *testing.T) {
	kept := func(h *ownHome) { h.installed, h.claims = nil, []string{"data-0", "data-1"} }
	for _, tc := range []struct {
		reason string
		change func(*v1alpha1.Municipality, *ownHome)
		claims []string
		says   []string
	}{
		{"an app that is installed", func(*v1alpha1.Municipality, *ownHome) {}, nil, nil},
		{"one that was uninstalled", func(_ *v1alpha1.Municipality, h *ownHome) { kept(h) }, []string{"data-0", "data-1"},
			[]string{"namespace vinje-prod--svarut", "decline svarut", "Municipality vinje allmenning.dev/delete-volumes=prod/svarut/11112222", "adopt the app", "PersistentVolumeClaims data-0, data-1"}},
		{"the claims are gone, and the namespace is not", func(_ *v1alpha1.Municipality, h *ownHome) { kept(h); h.claims = nil }, nil, []string{"no volumes any longer"}},
		{"many claims", func(_ *v1alpha1.Municipality, h *ownHome) { kept(h); h.claims = strings.Split("abcdefghijkl", "") }, strings.Split("abcdefgh", ""), []string{"a, b, c, d, e and 7 more"}},
		{"it is on its way out", func(_ *v1alpha1.Municipality, h *ownHome) { kept(h); h.namespace.DeletionTimestamp = at(0) }, nil, nil},
		{"it is about to go", func(_ *v1alpha1.Municipality, h *ownHome) { kept(h); h.forsaken = true }, nil, nil},
		{"another Municipality made it", func(_ *v1alpha1.Municipality, h *ownHome) {
			kept(h)
			h.namespace.Annotations[v1alpha1.AnnotationHeldBy] = "4035"
		}, nil, nil},
		{"one that shares the environment's namespace", func(_ *v1alpha1.Municipality, h *ownHome) { h.installed = asks("svarut") }, []string{"data-ledger-0"},
			[]string{"kubectl delete pvc,secret -n vinje-prod -l allmenning.dev/app=ledger", "adopt ledger", "PersistentVolumeClaim data-ledger-0"}},
		{"the Municipality goes: what becomes of it is said there", func(m *v1alpha1.Municipality, h *ownHome) { kept(h); deleting(m) }, nil, nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			seen := withOwn(t, vinje(), "svarut")
			h := seen.environments["prod"].own["svarut"]
			h.namespace.UID = "11112222-3333"
			tc.change(&seen.municipality, &h)
			seen.environments["prod"].own["svarut"] = h
			if strings.HasPrefix(tc.reason, "one that shares") {
				e := seen.environments["prod"]
				e.left = map[string][]string{"ledger": {"data-ledger-0"}}
				seen.environments["prod"] = e
			}
			got := keptIn(seen.municipality, "prod", seen.environments["prod"])
			if (len(got) > 0) != (tc.says != nil) {
				t.Fatalf("kept: %+v", got)
			}
			if len(got) == 0 {
				return
			}
			if diff := cmp.Diff(tc.claims, got[0].Claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			for _, part := range tc.says {
				if !strings.Contains(got[0].Message, part) {
					t.Errorf("%q lacks %q", got[0].Message, part)
				}
			}
			todo, err := plan(seen, now)
			if err != nil {
				t.Fatal(err)
			}
			next := status(seen, todo, applied{}, now)
			if message := next.Conditions[0].Message; !strings.HasSuffix(message, "; kept is data of uninstalled apps: prod/"+got[0].App) {
				t.Errorf("the Municipality says %q", message)
			}
		})
	}
}
