package cel

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestSurface checks what a person meets first: what to call the kinds, and
// what kubectl get shows.
func TestSurface(t *testing.T) {
	shortNames := map[string][]string{
		"Platform":        nil,
		"Municipality":    {"muni"},
		"Network":         nil,
		"SharedApp":       {"sapp"},
		"AppInstallation": {"appinst"},
		"Rollout":         nil,
	}
	seen := map[string]bool{}
	for _, d := range definitions(t) {
		want, known := shortNames[d.kind()]
		if !known {
			t.Errorf("%s: a kind that this test does not know: add its short names", d.kind())
		}
		seen[d.kind()] = true
		if diff := cmp.Diff(want, d.Spec.Names.ShortNames); diff != "" {
			t.Errorf("%s: short names (-want +got):\n%s", d.kind(), diff)
		}
		if !slices.Contains(d.Spec.Names.Categories, "allmenning") {
			t.Errorf("%s: not in category allmenning, so that `kubectl get allmenning` leaves it out", d.kind())
		}
		if d.version().Subresources == nil || d.version().Subresources.Status == nil {
			t.Errorf("%s: no status subresource, so that everybody who may edit it may forge its status", d.kind())
		}
		requireColumns(t, d)
	}
	for kind := range shortNames {
		if !seen[kind] {
			t.Errorf("%s: no definition", kind)
		}
	}
}

// requireColumns checks that kubectl get answers whether all is well, since when,
// and what is wrong. A Rollout is a record of progress rather than a wish that is
// ready or not: kubectl get --watch says how far it is, and what it waits for.
func requireColumns(t *testing.T, d definition) {
	t.Helper()
	columns := map[string]string{}
	for _, column := range d.version().AdditionalPrinterColumns {
		columns[column.Name] = column.JSONPath
	}
	if d.kind() == "Rollout" {
		want := map[string]string{
			"App": ".spec.app", "Version": ".spec.version", "Attempt": ".spec.attempt",
			"Phase": ".status.phase", "Wave": ".status.wave", "Verified": ".status.progress",
			"Moving": ".status.moving", "Failed": ".status.failed", "Excused": ".status.excused", "Security fix": ".status.securityFix",
			"Age": ".metadata.creationTimestamp", "Next": ".status.next",
		}
		if diff := cmp.Diff(want, columns); diff != "" {
			t.Errorf("%s: columns (-want +got):\n%s", d.kind(), diff)
		}
		return
	}
	if got, want := columns["Ready"], `.status.conditions[?(@.type=="Ready")].status`; got != want {
		t.Errorf("%s: column Ready reads %q, want %q", d.kind(), got, want)
	}
	for _, name := range []string{"Age", "Message"} {
		if columns[name] == "" {
			t.Errorf("%s: no column %s", d.kind(), name)
		}
	}
}

// TestDefinitionsAreServed checks that the API server found nothing to complain
// of: a schema that is not structural is served, but neither pruned nor defaulted.
func TestDefinitionsAreServed(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(apiServer, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	want := map[apiextensionsv1.CustomResourceDefinitionConditionType]apiextensionsv1.ConditionStatus{
		apiextensionsv1.Established:         apiextensionsv1.ConditionTrue,
		apiextensionsv1.NamesAccepted:       apiextensionsv1.ConditionTrue,
		apiextensionsv1.NonStructuralSchema: "",
	}
	for _, d := range definitions(t) {
		var served apiextensionsv1.CustomResourceDefinition
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(d), &served); err != nil {
			t.Errorf("%s: %v", d.kind(), err)
			continue
		}
		got := map[apiextensionsv1.CustomResourceDefinitionConditionType]apiextensionsv1.ConditionStatus{}
		for _, condition := range served.Status.Conditions {
			got[condition.Type] = condition.Status
		}
		for condition, status := range want {
			if got[condition] != status {
				t.Errorf("%s: condition %s is %q, want %q", d.kind(), condition, got[condition], status)
			}
		}
	}
}

// TestDefaults checks what an object holds that nobody has touched yet. The
// observedGeneration of -1 is what keeps kstatus, and so kubectl wait and GitOps
// tools, from taking a fresh object for one that is ready.
func TestDefaults(t *testing.T) {
	cases := []struct {
		reason string
		kind   string
		create string
		path   []string
		want   any
	}{
		{"A municipality that is deleted keeps its namespaces.", "Municipality", ``, []string{"deletionPolicy"}, "Retain"},
		{
			"A proposal that names an app alone says the rest.", "Network", `spec: {apps: [{name: svarut}]}`, []string{"apps"},
			[]any{map[string]any{"name": "svarut", "channel": "stable", "obligation": "Recommended", "stages": []any{"Test", "Production"}}},
		},
		{
			"A version that is listed is offered.", "SharedApp", ``, []string{"versions"},
			[]any{map[string]any{"version": "2.4.1", "state": "Active", "source": map[string]any{"configMap": map[string]any{"name": "svarut-2.4.1"}}}},
		},
		{
			"A wave that is named alone has a budget, a soak and an end.", "Network", rollout(`waves: [{name: everyone}]`), []string{"rollout"},
			map[string]any{"waves": []any{map[string]any{
				"name": "everyone", "maxConcurrent": "25%", "maxFailures": int64(0), "soak": "1h", "progressDeadline": "30m",
			}}},
		},
		{
			"An approval is for the first attempt, unless it says another.", "Network",
			`spec: {apps: [{name: svarut}], rollout: {approvals: [{app: svarut, digest: "` + digest("a") + `", wave: everyone}]}}`,
			[]string{"rollout", "approvals"},
			[]any{map[string]any{"app": "svarut", "channel": "", "digest": digest("a"), "wave": "everyone", "attempt": int64(1)}},
		},
		{
			"A window is in Norway's time.", "Municipality", `spec: {windows: [{schedule: "0 18 * * 1-5", duration: 4h}]}`, []string{"windows"},
			[]any{map[string]any{"schedule": "0 18 * * 1-5", "duration": "4h", "timeZone": "Europe/Oslo"}},
		},
		{"An installation is there to be installed.", "AppInstallation", ``, []string{"state"}, "Present"},
		{"A Platform without a spec is one with defaults.", "Platform", `spec: null`, nil, map[string]any{}},
	}
	c := operatorClient(t)
	for _, tt := range cases {
		t.Run(tt.reason, func(t *testing.T) {
			manifest := tables()[slices.IndexFunc(tables(), func(other table) bool { return other.kind == tt.kind })].manifest
			object := create(t, c, toObject(merge(parse(t, manifest), parse(t, tt.create))))
			if err := c.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
				t.Fatal(err)
			}
			got, _, err := unstructured.NestedFieldNoCopy(object.Object, append([]string{"spec"}, tt.path...)...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
			}
			if diff := cmp.Diff(map[string]any{"observedGeneration": int64(-1)}, object.Object["status"]); diff != "" {
				t.Errorf("status of a fresh %s (-want +got):\n%s", tt.kind, diff)
			}
		})
	}
}
