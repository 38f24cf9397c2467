package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// board writes a chart into a folder.
func board(t *testing.T, more map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "board")
	files := map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: board\nversion: 1.0.0\n", "values.yaml": "title: Notices\nextra: {}\n",
		"templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata:\n  title: {{ .Values.title | quote }}\n  who: {{ .Values.allmenning.displayName }}\n",
	}
	for name, content := range more {
		files[name] = content
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBundleOfAChart(t *testing.T) {
	dir := board(t, map[string]string{"settings.yaml": "values: {title: Oppslag}\n", "values.other.yaml": "title: Annet\n"})
	fresh := board(t, map[string]string{"templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  a: {{ randAlphaNum 8 }}\n"})
	shared := board(t, map[string]string{"templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  a: {{ .Values.password }}\n", "values.yaml": "title: a\npassword: b\n",
		".settings": "parameters: [{parameter: password, value: password}]\n", ".given": "password: hunter\n"})
	out := filepath.Join(t.TempDir(), "out")
	for _, tc := range []struct {
		reason string
		args   []string
		fails  bool
		want   []string
	}{
		{"a chart is checked", []string{"bundle", "check", dir}, false, []string{"1 objects: no faults found"}},
		{"what would differ is reported with its line", []string{"bundle", "check", fresh}, true, []string{"templates/secret.yaml:5: error [chart]: randAlphaNum"}},
		{"it is rendered with the version's values and the tenant's facts", []string{"bundle", "render", dir, "--chart-settings", filepath.Join(dir, "settings.yaml"), "--display-name", "Vinje"}, false,
			[]string{"title: Oppslag", "who: Vinje"}},
		{"settings that are none", []string{"bundle", "check", dir, "--chart-settings", filepath.Join(dir, "values.yaml")}, true, []string{"read chart settings"}},
		{"no component corrects a chart", []string{"bundle", "check", dir, "--fix"}, true, []string{"from-chart"}},
		{"it is rendered once into a folder, which is a success", []string{"bundle", "from-chart", dir, "-f", filepath.Join(dir, "values.other.yaml"), "--set", "extra.a=b", "-o", out}, false,
			[]string{"wrote 3 files", "one value for all: ConfigMap/board: data.who", "no faults found"}},
		{"what one password for all is made of is named", []string{"bundle", "from-chart", shared, "--chart-settings", filepath.Join(shared, ".settings"), "--parameters", filepath.Join(shared, ".given"), "-o", filepath.Join(t.TempDir(), "out")}, false,
			[]string{"one value for all: Secret/x: data.a; write a replacement that reads data.parameter_password from allmenning-context.yaml", "Secret/x: data.a, a secret that all municipalities would share"}},
		{"a folder that is not empty stays", []string{"bundle", "from-chart", dir, "-o", out}, true, []string{"is not empty"}},
		{"the folder is a bundle", []string{"bundle", "render", out, "--app", "board"}, false, []string{"title: Annet", "who: Eksempel"}},
		{"what would differ is not rendered once either", []string{"bundle", "from-chart", fresh, "-o", out + "2"}, true, []string{"templates/secret.yaml:5", "so that nothing was written"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, errs, err := call(t, tc.args...)
			if (err != nil) != tc.fails {
				t.Fatalf("%v: %s%s", err, got, errs)
			}
			text := got + errs
			if err != nil {
				text += err.Error()
			}
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in\n%s", want, text)
				}
			}
		})
	}
}

// TestFromChartOfWhatRestartsPods shows that a folder with nothing but warnings is a success, without what the chart draws to
// restart its pods.
func TestFromChartOfWhatRestartsPods(t *testing.T) {
	const web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n" +
		"    metadata:\n      labels: {app: web}\n      annotations: {restarted: {{ now | quote }}, of: {{ .Release.Name }}}\n" +
		"    spec:\n      securityContext: {runAsNonRoot: true}\n      containers: [{name: web, image: example.org/web:1, envFrom: [{secretRef: {name: login}}]}]\n"
	for _, tc := range []struct {
		reason, template string
		code             int
		want             []string
	}{
		{"warnings alone", web, 0, []string{
			"warning [", "Secret/login", "made to fit: Deployment/web: annotation restarted of its pods is left out", "no faults found",
		}},
		{"what the catalogue would refuse is written, and said", strings.Replace(web, "runAsNonRoot: true", "", 1), 1, []string{
			"error [pod-security]", "was written, and the catalogue would refuse this bundle as it is: correct there what is listed above",
		}},
	} {
		dir, out := board(t, map[string]string{"templates/web.yaml": tc.template}), filepath.Join(t.TempDir(), "out")
		got, errs, err := call(t, "bundle", "from-chart", dir, "-o", out)
		if (err != nil) != (tc.code != 0) || (err != nil && exitCode(err) != tc.code) {
			t.Errorf("%s: %v, want exit code %d", tc.reason, err, tc.code)
		}
		text := got + errs
		if err != nil {
			text += err.Error()
		}
		for _, want := range tc.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", tc.reason, want, text)
			}
		}
		if strings.Contains(text, "one value for all: Deployment") {
			t.Errorf("%s: what the operator writes to restart pods is listed as the tenant's:\n%s", tc.reason, text)
		}
		content, err := os.ReadFile(filepath.Join(out, "deployment-web.yaml"))
		if err != nil || strings.Contains(string(content), "restarted") || !strings.Contains(string(content), "of: board") {
			t.Errorf("%s: %v: %s", tc.reason, err, content)
		}
	}
}

// TestGeneratedParametersAreTakenForGranted shows that a chart whose passwords are parameters can be checked where the SharedApp is not.
func TestGeneratedParametersAreTakenForGranted(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  a: {{ .Values.password | default (randAlphaNum 16) }}\n"
	mapped := "parameters: [{parameter: replicas, value: replicas}, {parameter: db.password, value: password}]\n"
	dir := board(t, map[string]string{"templates/secret.yaml": secret, "values.yaml": "title: a\npassword: ''\nreplicas: 1\n", ".settings": mapped})
	settings := filepath.Join(dir, ".settings")
	out, _, err := call(t, "bundle", "check", dir, "--chart-settings", settings)
	if err != nil || !strings.Contains(out, "taken for granted: parameter db.password has format: generated") || strings.Contains(out, "parameter replicas has") {
		t.Errorf("%v: %s", err, out)
	}
	for reason, args := range map[string][]string{
		"a value that no parameter takes the place of":   {"bundle", "check", dir},
		"a folder for all would have one password in it": {"bundle", "from-chart", dir, "--chart-settings", settings, "-o", filepath.Join(t.TempDir(), "out")},
	} {
		out, errs, err := call(t, args...)
		if err == nil || !strings.Contains(out+errs, "randAlphaNum may not be used") {
			t.Errorf("%s: %v: %s%s", reason, err, out, errs)
		}
	}
}

// TestPushToARegistryWithoutTLS shows that the error says how.
func TestPushToARegistryWithoutTLS(t *testing.T) {
	hub := httptest.NewServer(http.NotFoundHandler())
	defer hub.Close()
	_, _, err := call(t, "bundle", "push", board(t, nil), strings.TrimPrefix(hub.URL, "http://")+"/charts/board:1.0.0")
	if err == nil || !strings.Contains(err.Error(), "the registry speaks no TLS: add --plain-http") {
		t.Error(err)
	}
}

// TestSampleChartIsWhatIsPushed keeps the digest in the samples that of the chart beside it.
func TestSampleChartIsWhatIsPushed(t *testing.T) {
	hub := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer hub.Close()
	const samples = "../../config/samples/chart/"
	content, err := os.ReadFile(samples + "sharedapp.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var app v1alpha1.SharedApp
	if err := yaml.UnmarshalStrict(content, &app); err != nil {
		t.Fatal(err)
	}
	offered := app.Spec.Versions[0]
	settings, err := yaml.Marshal(offered.Chart)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, settings, 0o600); err != nil {
		t.Fatal(err)
	}
	parameters := filepath.Join(t.TempDir(), "parameters.yaml")
	if err := os.WriteFile(parameters, []byte("heading: Hei\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	out, _, err := call(t, "bundle", "push", samples+"oppslag", strings.TrimPrefix(hub.URL, "http://")+"/charts/oppslag:"+offered.Version, "--plain-http", "--chart-settings", file, "--parameters", parameters)
	if err != nil {
		t.Fatal(err)
	}
	var pushed []v1alpha1.Version
	if err := yaml.UnmarshalStrict([]byte(out), &pushed); err != nil || len(pushed) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	if diff := cmp.Diff(offered.Chart, pushed[0].Chart); diff != "" {
		t.Errorf("what is printed loses settings of the chart (-offered +printed):\n%s", diff)
	}
	if got, want := pushed[0].Source.Chart.Digest, offered.Source.Chart.Digest; got != want {
		t.Errorf("the chart is %s, and sharedapp.yaml offers %s", got, want)
	}
}
