package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Masterminds/sprig/v3"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/internal/contract"
)

var update = flag.Bool("update", false, "rewrite golden files")

const (
	metadata   = "apiVersion: v2\nname: board\nversion: 1.0.0\n"
	settings   = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
	annotation = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: NAME, annotations: {helm.sh/hook: \"HOOK\"}}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}\n"
)

func files(all map[string]string) map[string][]byte {
	out := map[string][]byte{File: []byte(metadata)}
	for name, content := range all {
		out[name] = []byte(content)
	}
	return out
}

func facts() Facts {
	return Facts{
		Release: "board", Namespace: "vinje-prod", Version: "1.0.0", Context: map[string]string{"municipality": "vinje", "displayName": "Vinje"},
		Capabilities: Capabilities{KubeVersion: "v1.37.0", APIVersions: []string{"v1", "apps/v1", "apps/v1/Deployment"}},
	}
}

func hook(name, hook string) string {
	return strings.NewReplacer("NAME", name, "HOOK", hook).Replace(annotation)
}

// packed is a subchart as helm package writes it.
func packed(t *testing.T, name string, all map[string]string) string {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for file, content := range all {
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name + "/" + file, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		reason string
		files  map[string]string
		values string
		want   []string // place and a part of the problem
	}{
		{"all uses are reported at once, each with its line", map[string]string{
			"templates/a.yaml": settings + "data:\n  a: {{ randAlphaNum 8 }}\n  b: {{ now | date \"2006\" }}\n",
			"templates/b.yaml": settings + "data: {c: {{ uuidv4 | quote }}}\n",
		}, "", []string{"templates/a.yaml:5: randAlphaNum", "templates/a.yaml:6: now", "templates/b.yaml:4: uuidv4"}},
		{"a use is reported where the helper has it", map[string]string{
			"templates/_helpers.tpl": "{{- define \"pass\" -}}\n{{ randAlphaNum 3 }}{{ genPrivateKey \"rsa\" }}\n{{- end }}\n", "templates/a.yaml": settings + "data: {a: {{ include \"pass\" . }}}\n",
		}, "", []string{"templates/_helpers.tpl:2: randAlphaNum", "templates/_helpers.tpl:2: genPrivateKey"}},
		{"lookup asks the cluster", map[string]string{"templates/a.yaml": settings + "{{ $s := lookup \"v1\" \"Secret\" .Release.Namespace \"x\" }}\ndata: {a: {{ $s.data | quote }}}\n"}, "",
			[]string{"templates/a.yaml:4: lookup may not be used: it asks the cluster"}},
		{"a certificate is another each time", map[string]string{"templates/a.yaml": settings + "{{ $ca := genCA \"a\" 3 }}\n{{ $c := genSignedCert \"b\" nil nil 3 $ca }}\ndata: {a: {{ $c.Cert | b64enc | quote }}}\n"}, "",
			[]string{"templates/a.yaml:4: genCA", "templates/a.yaml:5: genSignedCert"}},
		{"a salt is another each time", map[string]string{"templates/a.yaml": settings + "data: {a: {{ htpasswd \"a\" \"b\" | quote }}, b: {{ bcrypt \"a\" | quote }}, c: {{ encryptAES \"k\" \"t\" | quote }}}\n"}, "",
			[]string{"htpasswd", "bcrypt", "encryptAES"}},
		{"the environment and DNS are outside", map[string]string{"templates/a.yaml": settings + "data: {a: {{ env \"HOME\" | quote }}, b: {{ getHostByName \"a\" | quote }}}\n"}, "", []string{"env may not", "getHostByName may not"}},
		{"what tpl puts together is refused when it runs", map[string]string{"templates/a.yaml": settings + "data:\n  a: {{ tpl \"{{ randAlphaNum 3 }}\" . }}\n"}, "", []string{"templates/a.yaml:5: it can't be rendered"}},
		{"a date of nothing is that of the rendering", map[string]string{"templates/a.yaml": settings + "data:\n  a: {{ date \"2006\" \"x\" }}\n"}, "", []string{"templates/a.yaml:5: it can't be rendered"}},
		{"what the chart itself needs is reported, all of it", map[string]string{"templates/a.yaml": settings + "data:\n  a: {{ required \"a name is needed\" .Values.name }}\n  b: {{ fail \"and this\" }}\n"}, "",
			[]string{"templates/a.yaml:5: the chart needs a value: a name is needed", "templates/a.yaml:6: the chart refuses it: and this"}},
		{"each template that can't be parsed is reported", map[string]string{"templates/a.yaml": "a\n{{ if }}", "templates/b.yaml": "{{ nothing }}\n{{ .a }}"}, "",
			[]string{"templates/a.yaml:2: missing value for if", "templates/b.yaml:1: function \"nothing\""}},
		{"a definition belongs to the cluster", map[string]string{"crds/a.yaml": "kind: CustomResourceDefinition", "templates/a.yaml": settings}, "", []string{"crds/a.yaml:1: a CustomResourceDefinition"}},
		{"nothing is fetched", map[string]string{File: metadata + "dependencies:\n- {name: postgres, version: 1.x.x, repository: \"https://charts.example.org\"}\n", "templates/a.yaml": settings}, "",
			[]string{"Chart.yaml:5: dependency \"postgres\""}},
		{"a library installs nothing", map[string]string{File: metadata + "type: library\n"}, "", []string{"Chart.yaml:4: a chart of type library"}},
		{"the cluster must be one that the chart is for", map[string]string{File: metadata + "kubeVersion: \"<1.20\"\n", "templates/a.yaml": settings}, "", []string{"kubeVersion"}},
		{"no reference of a schema is followed", map[string]string{schemaFile: "{\n\"properties\": {\n\"a\": {\"$ref\": \"https://example.org/x.json\"}, \"b\": {\"$ref\": \"file:///etc/passwd\"}, \"c\": {\"$ref\": \"other.json\"}}}", "templates/a.yaml": settings}, "",
			[]string{"values.schema.json:3: $ref \"https://example.org/x.json\"", "file:///etc/passwd", "other.json"}},
		{"what does not fit the schema is reported, all of it", map[string]string{schemaFile: `{"required": ["b"], "properties": {"a": {"type": "string"}}}`, "templates/a.yaml": settings}, "{a: 1}",
			[]string{"a: got number, want string", "missing property 'b'"}},
		{"a hook at the end has no phase", map[string]string{"templates/a.yaml": "\n" + hook("a", "pre-delete")}, "", []string{"templates/a.yaml:4: Job/a: hook pre-delete"}},
		{"a hook of a rollback alone has no phase", map[string]string{"templates/a.yaml": hook("a", "post-rollback")}, "", []string{"templates/a.yaml:3: Job/a: hook \"post-rollback\""}},
		{"before and after at once is neither", map[string]string{"templates/a.yaml": hook("a", "post-install,pre-upgrade")}, "", []string{"templates/a.yaml:3: Job/a: hook \"post-install,pre-upgrade\""}},
		{"a hook that Helm does not have", map[string]string{"templates/a.yaml": hook("a", "sometimes")}, "", []string{"hook \"sometimes\""}},
		{"only a Job ends", map[string]string{"templates/a.yaml": strings.NewReplacer("batch/v1", "v1", "Job", "Pod").Replace(hook("a", "pre-install"))}, "", []string{"on a Pod"}},
		{"Jobs of one phase run at once", map[string]string{
			"templates/a.yaml": strings.Replace(hook("a", "pre-install"), "annotations: {", "annotations: {helm.sh/hook-weight: \"1\", ", 1),
			"templates/b.yaml": strings.Replace(hook("b", "pre-upgrade"), "annotations: {", "annotations: {helm.sh/hook-weight: \"2\", ", 1),
		}, "", []string{"templates/a.yaml:3: Job/a: helm.sh/hook-weight 1", "templates/b.yaml:3: Job/b: helm.sh/hook-weight 2"}},
		{"what comes out must be manifests", map[string]string{"templates/a.yaml": "a: [", "templates/b.yaml": "a: b\n"}, "", []string{"templates/a.yaml: what it comes to is no manifest", "templates/b.yaml"}},
		{"one object comes from one place", map[string]string{"templates/a.yaml": settings, "templates/b.yaml": settings}, "", []string{"templates/b.yaml: ConfigMap/settings: the object is there twice"}},
		{"a chart installs something", map[string]string{"templates/a.yaml": "{{ if .Values.on }}" + settings + "{{ end }}"}, "", []string{"Chart.yaml:1: the chart comes to no objects"}},
		{"a recursion of include ends", map[string]string{"templates/a.yaml": "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}"}, "", []string{"can't be rendered"}},
		{"a packed subchart that is none", map[string]string{"charts/a.tgz": "x", "templates/a.yaml": settings}, "", []string{"charts/a.tgz: not a packed chart"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var s Settings
			if err := yaml.Unmarshal([]byte(tc.values), &s.Values); err != nil {
				t.Fatal(err)
			}
			_, found := Render(files(tc.files), s, facts())
			text := strings.ReplaceAll(contract.Text(found), ". ", "\n")
			if len(found) != len(tc.want) {
				t.Errorf("%d findings, want %d:\n%s", len(found), len(tc.want), text)
			}
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not reported:\n%s", want, text)
				}
			}
		})
	}
}

func TestUnsteadyFunctionsAreKnown(t *testing.T) {
	handled := steady()
	hermetic := sprig.HermeticTxtFuncMap()
	for name := range sprig.TxtFuncMap() {
		if _, is := hermetic[name]; is || handled[name] != nil || name == "dateModify" || name == "date_modify" {
			continue // those two work on a time that they are given
		}
		t.Errorf("sprig says that %s is not the same each time", name)
	}
}

func TestABranchThatIsNotTaken(t *testing.T) {
	all := files(map[string]string{"values.yaml": "password: \"\"\n", "templates/a.yaml": settings + "data:\n  a: {{ if .Values.password }}{{ .Values.password }}{{ else }}{{ randAlphaNum 8 }}{{ end }}\n",
		"templates/_unused.tpl": "{{ define \"nobody\" }}{{ now }}{{ end }}"})
	s := Settings{Parameters: []Mapping{{"secret", "password"}}}
	f := facts()
	f.Parameters = map[string]any{"secret": "hunter22"}
	out, found := Render(all, s, f)
	if len(found) > 0 {
		t.Fatal(contract.Text(found))
	}
	if len(out.Warnings) != 1 || out.Warnings[0].Place() != "templates/a.yaml:5" || !out.Warnings[0].Warning {
		t.Errorf("warnings: %v", out.Warnings)
	}
	all["templates/a.yaml"] = []byte(settings + "data: {a: {{ .Values.password | default (randAlphaNum 8) }}}\n")
	if _, found = Render(all, s, f); len(found) > 0 {
		t.Errorf("what comes out does not depend on it, and it is refused: %v", found)
	}
	f.Parameters = nil
	if _, found = Render(all, s, f); len(found) != 1 {
		t.Errorf("the branch is taken, and it is not refused: %v", found)
	}
}

func TestSettings(t *testing.T) {
	takes := func(path []string) bool { return path[0] == "sender" || path[0] == "mail" }
	for _, tc := range []struct {
		reason   string
		settings Settings
		want     []string
	}{
		{"nothing is fine", Settings{}, nil},
		{"what is there is fine", Settings{Values: map[string]any{"a": 1}, Parameters: []Mapping{{"sender", "app.sender"}, {"mail.from", "app.from"}}}, nil},
		{"the facts are the operator's", Settings{Values: map[string]any{"allmenning": 1, "global": map[string]any{"allmenning": 1}}}, []string{"values: allmenning is", "values: global.allmenning is"}},
		{"nor may a parameter go there", Settings{Parameters: []Mapping{{"sender", "global.allmenning.domain"}}}, []string{"parameters[0].value"}},
		{"a parameter that the version does not take", Settings{Parameters: []Mapping{{"other", "a"}}}, []string{"takes no parameter other"}},
		{"one value has one parameter", Settings{Parameters: []Mapping{{"sender", "a"}, {"mail", "a.b"}}}, []string{"parameters[1].value"}},
		{"names alone", Settings{Parameters: []Mapping{{"sender", "a[0]"}}}, []string{"parameters[0]: both are names"}},
		{"bounded", Settings{Values: map[string]any{"a": strings.Repeat("x", MaxValuesBytes)}}, []string{"at most"}},
		{"global has fields", Settings{Values: map[string]any{"global": "x"}}, []string{"global must be an object"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := tc.settings.Check(takes)
			if len(got) != len(tc.want) {
				t.Fatalf("got %q", got)
			}
			for i, want := range tc.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestSteady(t *testing.T) {
	all := files(map[string]string{"values.yaml": "m: {c: 3, a: 1, b: 2}\n", "templates/a.yaml": settings +
		"data:\n  keys: {{ keys .Values.m | join \",\" }}\n  values: {{ values .Values.m | join \",\" | quote }}\n  date: {{ toDate \"2006-01-02\" \"2026-05-17\" | date \"2006-01-02 15:04 MST\" }}\n" +
		"  zone: {{ dateInZone \"15:04\" (int64 0) \"Europe/Oslo\" | quote }}\n  api: {{ .Capabilities.APIVersions.Has \"apps/v1/Deployment\" | quote }}\n  kube: {{ .Capabilities.KubeVersion.Version }}\n" +
		"  go: {{ .Capabilities.HelmVersion.GoVersion | quote }}\n  install: \"{{ .Release.IsInstall }} {{ .Release.IsUpgrade }} {{ .Release.Revision }} {{ .Release.Service }}\"\n"})
	want := map[string]any{"keys": "a,b,c", "values": "1,2,3", "date": "2026-05-17 00:00 UTC", "zone": "01:00", "api": "true", "kube": "v1.37.0", "go": "", "install": "true false 1 Helm"}
	for range 20 {
		out, found := Render(all, Settings{}, facts())
		if len(found) > 0 {
			t.Fatal(contract.Text(found))
		}
		if diff := cmp.Diff(want, out.Objects[0].Object["data"]); diff != "" {
			t.Fatalf("data (-want +got):\n%s", diff)
		}
	}
}

// TestGolden renders the charts of testdata: archives with a settings.yaml and a parameters.yaml beside the chart.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var s Settings
			f := facts()
			all := map[string][]byte{}
			for _, file := range archive.Files {
				switch file.Name {
				case "settings.yaml":
					err = yaml.Unmarshal(file.Data, &s)
				case "parameters.yaml":
					err = yaml.Unmarshal(file.Data, &f.Parameters)
				default:
					all[file.Name] = file.Data
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			// A subchart that is packed comes to the same.
			whole := maps.Clone(all)
			sub := map[string]string{}
			for file, content := range all {
				if rest, is := strings.CutPrefix(file, "charts/database/"); is {
					delete(whole, file)
					sub[rest] = string(content)
				}
			}
			whole["charts/database-1.0.0.tgz"] = []byte(packed(t, "database", sub))
			got := rendered(t, all, s, f)
			if diff := cmp.Diff(got, rendered(t, whole, s, f)); diff != "" {
				t.Errorf("with its subchart packed it comes to something else (-folder +packed):\n%s", diff)
			}
			golden := strings.TrimSuffix(name, ".txtar") + ".golden.yaml"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("golden (-want +got):\n%s", diff)
			}
		})
	}
}

func rendered(t *testing.T, all map[string][]byte, s Settings, f Facts) string {
	t.Helper()
	out, found := Render(all, s, f)
	if len(found) > 0 {
		t.Fatal(contract.Text(found))
	}
	var text strings.Builder
	for _, o := range out.Objects {
		content, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString("---\n# " + o.File + "\n" + string(content))
	}
	for _, note := range out.Adjusted {
		text.WriteString("# adjusted: " + note + "\n")
	}
	for _, f := range out.Warnings {
		text.WriteString("# warning: " + f.Place() + ": " + f.String() + "\n")
	}
	return text.String()
}

func FuzzScan(f *testing.F) {
	f.Add("{{ define \"a\" }}{{ now }}{{ end }}{{ include \"a\" . | fail }}")
	f.Add("{{- range $i, $x := .Values.a }}{{ ($x | required \"a\").b }}{{ else }}{{ randInt 1 2 }}{{ end -}}")
	f.Add("{{/* now */}}{{ \"now\" }}{{ `now` | quote }}\r\nnow")
	f.Fuzz(func(t *testing.T, text string) {
		s := &source{bodies: map[string][]body{}}
		s.read("board/templates/a.yaml", "templates/a.yaml", text)
		if len(s.faults) > 0 {
			return
		}
		again := &source{bodies: map[string][]body{}}
		changed := s.rewrite("board/templates/a.yaml", text)
		again.read("board/templates/a.yaml", "templates/a.yaml", changed)
		if len(again.uses) > 0 {
			t.Errorf("a use is left: %q", changed)
		}
		if strings.Count(changed, "\n") != strings.Count(text, "\n") {
			t.Error("the lines are others")
		}
	})
}
