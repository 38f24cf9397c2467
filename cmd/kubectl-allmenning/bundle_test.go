package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/installable"
)

// portal is an app as its publisher had it for a cluster of its own: plain manifests, with all kinds of faults.
func portal() map[string]string {
	return map[string]string{
		"web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: portal
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeName: node-1
      tolerations: [{operator: Exists}]
      containers:
      - {name: web, image: registry.example.org/portal:1}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: portal}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports:
  - {port: 80, nodePort: 31000}
`,
		"routes/ingress.yaml": `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    nginx.ingress.kubernetes.io/server-snippet: return 200;
spec:
  tls: [{hosts: [portal.example.org], secretName: cert}]
  rules:
  - host: portal.example.org
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
`,
		"cluster.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: portal}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: all, namespace: portal}\nspec: {podSelector: {}}\n",
		"README.md":    "# Portal\n", "Bilder/skjærmbilde (1).png": "png",
	}
}

// folderOf writes files into a folder.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// call runs the program, and returns what it printed.
func call(t *testing.T, args ...string) (out, errs string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := newCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	err = execute(t.Context(), cmd)
	return stdout.String(), stderr.String(), err
}

func TestBundleCheckSaysAllAtOnceWithFileAndLine(t *testing.T) {
	out, _, err := call(t, "bundle", "check", folderOf(t, portal()))
	if !errors.Is(err, errRefused) || exitCode(err) != 1 {
		t.Errorf("%v, want that it would be refused, with exit code 1", err)
	}
	for _, want := range []string{
		"kustomization.yaml:1: error [files]", "cluster.yaml:2: error [kind]: Namespace/portal", "cluster.yaml:6: error [kind]: NetworkPolicy/all",
		"web.yaml:11: error [pod-placement]: Deployment/web: spec.template.spec.nodeName", "web.yaml:12: error [pod-placement]: Deployment/web: spec.template.spec.tolerations",
		"error [pod-security]: Deployment/web", "web.yaml:20: error [service]: Service/web: spec.type: LoadBalancer", "web.yaml:23: error [service]: Service/web: spec.ports[0].nodePort",
		"routes/ingress.yaml:6: error [annotations]", "routes/ingress.yaml:8: error [ingress-hosts]: Ingress/web: spec.tls[0].hosts[0]", "routes/ingress.yaml:10: error [ingress-hosts]: Ingress/web: spec.rules[0].host",
		"made to fit: metadata.namespace portal is taken off",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

func TestBundleCheckNamesAConfigurationAtFault(t *testing.T) {
	out, _, err := call(t, "bundle", "check", folderOf(t, map[string]string{
		"kustomization.yaml": "resources: [a.yaml]\nconfigurations: [more/kustomizeconfig.yaml]\n", "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
		"more/kustomizeconfig.yaml": "namePrefix: []\nnameReferences: []\n",
	}))
	if want := "more/kustomizeconfig.yaml:2: error [build]: more/kustomizeconfig.yaml: it is no configuration"; !errors.Is(err, errRefused) || !strings.Contains(out, want) {
		t.Errorf("%v: %s, want %q", err, out, want)
	}
}

// contents are the files of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBundleCheckForPrograms(t *testing.T) {
	dir := folderOf(t, portal())
	out, _, _ := call(t, "bundle", "check", dir, "-o", "sarif")
	var sarif struct {
		Version string
		Runs    []struct {
			Results []struct {
				RuleID, Level string
				Locations     []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &sarif); err != nil {
		t.Fatal(err)
	}
	if sarif.Version != "2.1.0" || len(sarif.Runs) != 1 || len(sarif.Runs[0].Results) < 10 {
		t.Fatalf("%+v", sarif)
	}
	for _, r := range sarif.Runs[0].Results {
		if r.RuleID == "" || len(r.Locations) != 1 || r.Locations[0].PhysicalLocation.Region.StartLine < 1 {
			t.Errorf("result without a place: %+v", r)
		}
	}
	out, _, _ = call(t, "bundle", "check", dir, "-o", "json")
	var report struct {
		Available bool
		Findings  []map[string]any
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Available || len(report.Findings) < 10 {
		t.Errorf("%v, %+v", err, report)
	}
}

func TestBundleCheckOfWhatCantBeRead(t *testing.T) {
	for reason, args := range map[string][]string{
		"no folder": {"bundle", "check", filepath.Join(t.TempDir(), "none")}, "an empty folder": {"bundle", "check", t.TempDir()},
		"parameters that are none": {"bundle", "check", folderOf(t, portal()), "--parameters", filepath.Join(t.TempDir(), "none")},
	} {
		if _, _, err := call(t, args...); err == nil || exitCode(err) != 2 {
			t.Errorf("%s: %v, exit code %d, want 2", reason, err, exitCode(err))
		}
	}
}

func TestBundleCheckKnowsWhatThePlatformAllows(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"kustomization.yaml": "resources: [a.yaml]\n",
		"a.yaml":             "apiVersion: fintlabs.no/v1alpha1\nkind: Application\nmetadata: {name: x}\n",
	})
	if out, _, err := call(t, "bundle", "check", dir); !errors.Is(err, errRefused) || !strings.Contains(out, "a.yaml:2: error [kind]") {
		t.Errorf("%v: %s", err, out)
	}
	if out, _, err := call(t, "bundle", "check", dir, "--kind", "applications.fintlabs.no"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestBundlePush(t *testing.T) {
	hub := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer hub.Close()
	host := strings.TrimPrefix(hub.URL, "http://")
	files := map[string]string{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "Les meg æøå.md": "hei\n"}
	push := func(more ...string) (string, error) {
		out, _, err := call(t, append([]string{"bundle", "push", folderOf(t, files), host + "/ks/svarut-bundle:2.4.1", "--plain-http"}, more...)...)
		return out, err
	}
	out, err := push()
	if err != nil {
		t.Fatal(err)
	}
	var versions []struct {
		Version string
		Source  struct {
			OCI struct{ Repository, Digest string }
		}
	}
	if err := yaml.Unmarshal([]byte(out), &versions); err != nil || len(versions) != 1 || versions[0].Version != "2.4.1" {
		t.Fatalf("%v: %s", err, out)
	}
	if again, err := push(); err != nil || again != out {
		t.Errorf("another time, of another folder with the same files: %v, %s, want %s", err, again, out)
	}

	get := func(path string) []byte {
		response, err := http.Get(hub.URL + "/v2/ks/svarut-bundle/" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		content, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", path, response.Status, err)
		}
		return content
	}
	manifest := get("manifests/" + versions[0].Source.OCI.Digest)
	parsed, err := bundle.ParseManifest(manifest)
	if err != nil {
		t.Fatal(err)
	}
	layers := map[string][]byte{}
	for _, layer := range parsed.Layers {
		layers[layer.Digest.String()] = get("blobs/" + layer.Digest.String())
	}
	pulled, err := bundle.FromArtifact(manifest, layers)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, content := range pulled.Files {
		got[name] = string(content)
	}
	if diff := cmp.Diff(files, got); diff != "" {
		t.Errorf("what the operator would read (-want +got):\n%s", diff)
	}

	bad := maps.Clone(files)
	bad["a.yaml"] = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"
	files = bad
	if _, err := push(); !errors.Is(err, errRefused) {
		t.Errorf("%v: what would be refused was pushed", err)
	}
	if _, err := push("--anyway"); err != nil {
		t.Error(err)
	}
}

func TestBundleCheckKnowsWhichImagesAPlatformAllows(t *testing.T) {
	dir := folderOf(t, portal())
	for _, tc := range []struct {
		reason string
		flags  []string
		want   bool
	}{
		{"any, where nothing is said", nil, false},
		{"of another registry", []string{"--allow-registry", "ghcr.io/ks/"}, true},
		{"of one that is listed", []string{"--allow-registry", "ghcr.io/ks/", "--allow-registry", "registry.example.org/"}, false},
		{"without a digest", []string{"--require-digests"}, true},
	} {
		out, _, err := call(t, append([]string{"bundle", "check", dir}, tc.flags...)...)
		if said := strings.Contains(out, "web.yaml:14: error [images]: Deployment/web: spec.template.spec.containers[web].image: registry.example.org/portal:1 "); said != tc.want || !errors.Is(err, errRefused) {
			t.Errorf("%s: said %t, want %t (%v):\n%s", tc.reason, said, tc.want, err, out)
		}
	}
}

func TestPlatformAddKind(t *testing.T) {
	out, _, err := call(t, "platform", "add-kind", "httproutes.gateway.networking.k8s.io")
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]rbacv1.ClusterRole{}
	for document := range strings.SplitSeq(out, "---\n") {
		var role rbacv1.ClusterRole
		if err := yaml.UnmarshalStrict([]byte(document), &role); err != nil {
			t.Fatal(err)
		}
		for label := range role.Labels {
			roles[label] = role
		}
	}
	if said := strings.Join(strings.Fields(strings.ReplaceAll(out, "#", "")), " "); !strings.Contains(said, installable.Risk) {
		t.Errorf("it does not name the risk:\n%s", out)
	}
	want := func(verbs ...string) []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{{APIGroups: []string{"gateway.networking.k8s.io"}, Resources: []string{"httproutes"}, Verbs: verbs}}
	}
	got := [][]rbacv1.PolicyRule{roles["allmenning.dev/aggregate-to-installer"].Rules, roles["allmenning.dev/aggregate-to-manager"].Rules}
	if diff := cmp.Diff([][]rbacv1.PolicyRule{want("get", "create", "patch", "delete"), want("get", "list", "watch")}, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	for _, tc := range []struct{ reason, name, want string }{
		{"a kind of Kubernetes without a group", "pods", ""},
		{"a kind of Kubernetes with one", "daemonsets.apps", ""},
		{"one whose group is missing", "deployments", "write deployments.apps"},
		{"one with a group that has it not", "configmaps.apps", "write configmaps"},
		{"one of a definition whose group is missing", "httproutes", "behind a dot the group of its definition"},
		{"a kind, and no resource", "HTTPRoute.gateway.networking.k8s.io", "write its plural name and the group"},
		{"the operator's", "appinstallations.allmenning.dev", "belongs to the operator"},
	} {
		_, _, err := call(t, "platform", "add-kind", tc.name)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: it says %v, want %q in it", tc.reason, err, tc.want)
		}
	}
}

// TestBundleCheckOfSeveralNamespaces shows that what stops an object from being placed hides nothing else.
func TestBundleCheckOfSeveralNamespaces(t *testing.T) {
	const network = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: n}\n"
	dir := folderOf(t, map[string]string{
		"kustomization.yaml": "resources: [a.yaml]\n",
		"a.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: kube-system\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: other}\ndata: {a: web.kube-system}\n" + network,
	})
	out, _, _ := call(t, "bundle", "check", dir)
	for _, want := range []string{
		`a.yaml:5: error [build]: ConfigMap/a: metadata.namespace: "kube-system": the objects of the bundle name several namespaces`,
		`a.yaml:9: error [build]: ConfigMap/b: metadata.namespace: "other"`, "error [kind]: NetworkPolicy/n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

// TestBundleCheckOfFields shows that what Kubernetes would not read is found without a cluster, on its line.
func TestBundleCheckOfFields(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"kustomization.yaml": "resources: [a.yaml]\n",
		"a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: W_\nspec:\n  replicas: \"2\"\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n" +
			"    spec:\n      securityContext: {runAsNonRoot: true}\n      containers:\n      - name: c\n        image: i\n        imagePullPolice: Always\n        env:\n        - name: A\n          value: 1\n" +
			"---\napiVersion: v1\nkind: configmap\nmetadata: {name: a}\n",
	})
	out, _, _ := call(t, "bundle", "check", dir)
	for _, want := range []string{
		"a.yaml:4: error [schema]: Deployment/W_: metadata.name: \"W_\" can't be the name",
		"a.yaml:6: error [schema]: Deployment/W_: spec.replicas: it is text, and must be a number",
		"a.yaml:15: error [schema]: Deployment/W_: spec.template.spec.containers[0].imagePullPolice: Kubernetes has no such field here, and refuses the object; write imagePullPolicy",
		"a.yaml:18: error [schema]: Deployment/W_: spec.template.spec.containers[0].env[0].value: it is a number, and must be text; write it in quotes",
		"a.yaml:21: error [kind]: configmap/a: kind: configmap (v1) is not a kind that the cluster knows; write kind: ConfigMap",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}
