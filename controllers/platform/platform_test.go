package platform

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/definition"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/installable"
)

// in is a Platform as it is seen in a country.
func in(o country.Objects, p v1alpha1.Platform) observed {
	return observed{platform: p, country: country.Compile(o, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))}
}

func TestStatus(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	stamp, earlier := metav1.NewTime(now), metav1.NewTime(now.Add(-time.Hour))
	ready := metav1.Condition{
		Type: "Ready", Status: "True", Reason: "Ready", Message: "in force", ObservedGeneration: 1, LastTransitionTime: earlier,
	}
	cases := []struct {
		reason   string
		platform v1alpha1.Platform
		want     v1alpha1.PlatformStatus
	}{
		{
			"a Platform that says nothing is in force, and the time of its transition stays",
			v1alpha1.Platform{
				ObjectMeta: metav1.ObjectMeta{Generation: 2, Annotations: map[string]string{v1alpha1.AnnotationReconcile: "now"}},
				Status:     v1alpha1.PlatformStatus{ObservedGeneration: 1, Conditions: []metav1.Condition{ready}},
			},
			v1alpha1.PlatformStatus{ObservedGeneration: 2, LastHandledReconcileAt: "now", Conditions: []metav1.Condition{
				{Type: "Ready", Status: "True", Reason: "Ready", Message: "in force", ObservedGeneration: 2, LastTransitionTime: earlier},
			}},
		},
		{
			"a frozen Platform says so",
			v1alpha1.Platform{ObjectMeta: metav1.ObjectMeta{Generation: 1}, Spec: v1alpha1.PlatformSpec{Freeze: new(true)}},
			v1alpha1.PlatformStatus{ObservedGeneration: 1, Conditions: []metav1.Condition{{
				Type: "Ready", Status: "True", Reason: "Ready", ObservedGeneration: 1, LastTransitionTime: stamp,
				Message: "in force; frozen: nothing is newly installed, upgraded or uninstalled until spec.freeze is taken out",
			}}},
		},
		{
			"a suspended Platform keeps what it said of the generation that it said it of",
			v1alpha1.Platform{
				ObjectMeta: metav1.ObjectMeta{Generation: 2}, Spec: v1alpha1.PlatformSpec{Suspend: new(true)},
				Status: v1alpha1.PlatformStatus{ObservedGeneration: 1, Conditions: []metav1.Condition{ready}},
			},
			v1alpha1.PlatformStatus{ObservedGeneration: 1, Conditions: []metav1.Condition{ready, {
				Type: "Suspended", Status: "True", Reason: "Suspended", ObservedGeneration: 2, LastTransitionTime: stamp,
				Message: "spec.suspend is set: nothing is changed until it is taken out",
			}}},
		},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, status(tc.platform, plan(in(country.Objects{}, tc.platform)), now)); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanStallsOnAStrategyThatCantBe(t *testing.T) {
	got := plan(in(country.Objects{}, v1alpha1.Platform{Spec: v1alpha1.PlatformSpec{
		DNS: []v1alpha1.DNSServer{{Namespace: "kube-system", PodLabels: map[string]string{"k8s-app": "kube dns"}}},
		Rollout: &v1alpha1.RolloutStrategy{
			Windows: []v1alpha1.Window{{Schedule: "0 8 30 2 *", Duration: metav1.Duration{Duration: time.Hour}, TimeZone: "Europe/Oslo"}},
		},
	}}))
	if got.State != condition.Stalled || got.Reason != v1alpha1.ReasonInvalidSpec {
		t.Errorf("outcome %+v, want Stalled, %s", got, v1alpha1.ReasonInvalidSpec)
	}
	for _, part := range []string{"spec.dns[0].podLabels", "spec.rollout.windows[0].schedule", "nothing new starts"} {
		if !strings.Contains(got.Message, part) {
			t.Errorf("message %q does not mention %s", got.Message, part)
		}
	}
}

// TestPlanHoldsTheStrategyAgainstTheCountry looks at what the condition makes of faults and
// notes; what they are, internal/strategycheck tests.
func TestPlanHoldsTheStrategyAgainstTheCountry(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	named := func(wave string, names ...string) v1alpha1.Wave {
		return v1alpha1.Wave{Name: wave, Members: &v1alpha1.WaveMembers{Names: names}}
	}
	selecting := func(wave string) v1alpha1.Wave {
		return v1alpha1.Wave{Name: wave, Members: &v1alpha1.WaveMembers{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"county": "40"}}}}
	}
	place := func(name string) *v1alpha1.Municipality {
		return &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"county": "40"}}}
	}
	everyone := v1alpha1.Wave{Name: "everyone"}
	cases := []struct {
		reason  string
		rollout v1alpha1.RolloutStrategy
		want    condition.Outcome
	}{
		{
			"a pilot out of a county", v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{named("pilot", "vinje"), selecting("county"), everyone}},
			condition.Outcome{State: condition.Ready, Reason: "Ready", Message: "in force"},
		},
		{
			"a name that nobody has stops nobody", v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{named("pilot", "vinje", "vinnje"), everyone}},
			condition.Outcome{State: condition.Ready, Reason: "Ready", Message: "in force; wave pilot names who is no Municipality: vinnje (spec.rollout.waves[0].members.names)"},
		},
		{
			"waves that overlap somewhere in the country", v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{selecting("county"), named("careful", "vinje"), everyone}},
			condition.Outcome{State: condition.Stalled, Reason: "InvalidSpec", Message: "spec.rollout.waves[1].members: waves county and careful overlap at vinje, " +
				"who go with county, the first: let one of them leave these out"},
		},
		{
			"approvals and retries of what nobody offers", v1alpha1.RolloutStrategy{
				Approvals: []v1alpha1.Approval{{App: "svrut", Digest: digest, Wave: "everyone"}},
				Retries:   []v1alpha1.Retry{{App: "svarut", Digest: digest, Attempt: 2}},
			},
			condition.Outcome{State: condition.Stalled, Reason: "InvalidSpec", Message: `spec.rollout.approvals[0].app "svrut": there is no SharedApp of that name: correct the name, or take the entry out; ` +
				"spec.rollout.retries[0].digest sha256:aaaaaaaaaaaa...: no version of SharedApp svarut has it: copy spec.digest of the Rollout that is meant, or take the entry out"},
		},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := plan(in(country.Objects{
				Municipalities: []*v1alpha1.Municipality{place("tokke"), place("vinje")},
				Apps:           map[string]*v1alpha1.SharedApp{"svarut": {ObjectMeta: metav1.ObjectMeta{Name: "svarut"}}},
			}, v1alpha1.Platform{Spec: v1alpha1.PlatformSpec{Rollout: &tc.rollout}}))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanStallsOnLabelsThatAreNone(t *testing.T) {
	bad := map[string]string{"k8s-app": "kube dns"}
	cases := []struct {
		reason string
		spec   v1alpha1.PlatformSpec
		field  string
	}{
		{"pods of a DNS server", v1alpha1.PlatformSpec{DNS: []v1alpha1.DNSServer{{Namespace: "kube-system", PodLabels: bad}}}, "spec.dns[0].podLabels"},
		{"namespace of an ingress controller", v1alpha1.PlatformSpec{Ingress: []v1alpha1.IngressController{{NamespaceLabels: bad}}}, "spec.ingress[0].namespaceLabels"},
		{"pods of an ingress controller", v1alpha1.PlatformSpec{Ingress: []v1alpha1.IngressController{{Namespace: "x"}, {Namespace: "y", PodLabels: bad}}}, "spec.ingress[1].podLabels"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			p := v1alpha1.Platform{Spec: tc.spec}
			got := status(p, plan(in(country.Objects{}, p)), time.Now())
			types := make([]string, 0, len(got.Conditions))
			for _, c := range got.Conditions {
				types = append(types, c.Type+"="+string(c.Status))
				if len(c.Message) < len(tc.field) || c.Message[:len(tc.field)] != tc.field {
					t.Errorf("message %q does not begin with the field %s", c.Message, tc.field)
				}
			}
			if diff := cmp.Diff([]string{"Ready=False", "Stalled=True"}, types); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanStallsOnAddressesOfTheClusterBeforeOtherFaults(t *testing.T) {
	seen := in(country.Objects{}, v1alpha1.Platform{Spec: v1alpha1.PlatformSpec{DNS: []v1alpha1.DNSServer{{PodLabels: map[string]string{"a": "b c"}}}}})
	seen.open = "spec.privateCIDRs: pods of node a (11.0.0.0/16)"
	got := plan(seen)
	if got.State != condition.Stalled || got.Reason != v1alpha1.ReasonRangeNotPrivate || !strings.HasPrefix(got.Message, seen.open) || !strings.Contains(got.Message, "spec.dns[0].podLabels") {
		t.Errorf("outcome %+v, want Stalled, with all faults", got)
	}
}

func TestPlanStallsOnPoliciesFirst(t *testing.T) {
	seen := in(country.Objects{}, v1alpha1.Platform{Spec: v1alpha1.PlatformSpec{DNS: []v1alpha1.DNSServer{{PodLabels: map[string]string{"a": "b c"}}}}})
	seen.unguarded = "ValidatingAdmissionPolicy x is missing: apply it"
	want := condition.Outcome{
		State: condition.Stalled, Reason: v1alpha1.ReasonPolicyMissing,
		Message: "what these admission policies forbid is not refused: ValidatingAdmissionPolicy x is missing: apply it",
	}
	if diff := cmp.Diff(want, plan(seen)); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestPlanTellsDefinitionsOfAnotherRelease(t *testing.T) {
	p := v1alpha1.Platform{}
	cases := []struct {
		reason  string
		schemas definition.Difference
		want    condition.Outcome
	}{
		{"older ones stall it, whatever else they have", definition.Difference{Lacks: "older", Adds: "newer"},
			condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonDefinitionOutdated, Message: "older"}},
		{"newer ones are named", definition.Difference{Adds: "newer"},
			condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: "in force; newer"}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := in(country.Objects{}, p)
			seen.schemas = tc.schemas
			if diff := cmp.Diff(tc.want, plan(seen)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKindsThatWereAddedAreNamedWithTheirRisk(t *testing.T) {
	seen := in(country.Objects{}, v1alpha1.Platform{})
	seen.added = []string{"httproutes.gateway.networking.k8s.io", "kafkas.kafka.strimzi.io"}
	got := plan(seen)
	if got.State != condition.Ready {
		t.Errorf("outcome %+v, want Ready: the platform chose so", got)
	}
	for _, part := range []string{"in force; ", "httproutes.gateway.networking.k8s.io, kafkas.kafka.strimzi.io", "ClusterRole allmenning-installer", installable.Risk} {
		if !strings.Contains(got.Message, part) {
			t.Errorf("message %q does not mention %s", got.Message, part)
		}
	}
	for len(seen.added) < 20 {
		seen.added = append(seen.added, "kafkas.kafka.strimzi.io")
	}
	if got := plan(seen).Message; !strings.Contains(got, "and 4 more") || !strings.HasSuffix(got, installable.Risk) {
		t.Errorf("message %q, want that many kinds hide nothing of the risk", got)
	}
}
