package chart

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const restarted = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    metadata:\n      annotations:\n        restarted: {{ now | quote }}\n        drawn: {{ randAlphaNum 5 | quote }}\n        of: {{ .Chart.Name }}\n"

// TestWhatRestartsPods shows that a chart which restarts its pods with each upgrade does so when something changes.
func TestWhatRestartsPods(t *testing.T) {
	digest := func(value, namespace string) string {
		f := facts()
		f.Namespace = namespace
		out, found := Render(files(map[string]string{
			"values.yaml": "heading: " + value + "\n", "templates/web.yaml": restarted, "templates/settings.yaml": settings + "data: {heading: {{ .Values.heading }}}\n",
		}), Settings{}, f)
		if len(found) > 0 {
			t.Fatalf("%v", found)
		}
		if len(out.Adjusted) != 2 || !strings.HasPrefix(out.Adjusted[0], "Deployment/web: annotation drawn of its pods changes when") {
			t.Errorf("it says %q of what it changed", out.Adjusted)
		}
		for _, o := range out.Objects {
			if o.GetKind() != "Deployment" {
				continue
			}
			annotations, _, err := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "annotations")
			if err != nil || annotations["of"] != "board" || annotations["restarted"] != annotations["drawn"] {
				t.Errorf("%v: annotations %v", err, annotations)
			}
			return annotations["drawn"]
		}
		return ""
	}
	first := digest("a", "vinje-prod")
	if len(first) != 8 || digest("a", "vinje-prod") != first {
		t.Errorf("it is %q, and another with the same objects", first)
	}
	if digest("b", "vinje-prod") == first {
		t.Error("it stays when the objects change, so that the pods run on with what they read before")
	}
	if digest("a", "seljord-prod") == first {
		t.Error("it shows that another tenant has the same objects")
	}
}

// TestWhatIsDrawnElsewhere shows that what is drawn stays refused where it is more than what restarts pods.
func TestWhatIsDrawnElsewhere(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: {{ randAlphaNum 5 | quote }}}\n"
	for _, tc := range []struct{ reason, template string }{
		{"a password beside it", restarted + "---\n" + secret},
		{"a label of the pods", strings.Replace(restarted, "annotations", "labels", 1)},
		{"an annotation of the workload itself", strings.Replace(restarted, "{name: web}", "{name: web, annotations: {at: {{ now | quote }}}}", 1)},
		{"the key of an annotation", strings.Replace(restarted, "drawn:", "{{ randAlphaNum 4 }}:", 1)},
		{"pods of a Job, which can't be changed", strings.NewReplacer("apps/v1", "batch/v1", "Deployment", "Job").Replace(restarted)},
		{"another number of objects", restarted + "{{ if eq (randAlphaNum 3) \"refused\" }}\n---\n" + settings + "{{ end }}"},
	} {
		if _, found := Render(files(map[string]string{"templates/web.yaml": tc.template}), Settings{}, facts()); len(found) == 0 || !strings.Contains(found[0].Problem, "may not be used") {
			t.Errorf("%s: found %v, want it refused", tc.reason, found)
		}
	}
	_, found := Render(files(map[string]string{"templates/web.yaml": restarted + "        tag: {{ required \"a tag is needed\" .Values.tag }}\n"}), Settings{}, facts())
	if len(found) != 1 || !strings.Contains(found[0].Problem, "a tag is needed") {
		t.Errorf("beside what is wrong: found %v, want that alone", found)
	}
}
