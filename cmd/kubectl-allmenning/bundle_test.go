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

func TestBundleCheckFix(t *testing.T) {
	dir := folderOf(t, portal())
	before := contents(t, dir)
	out, errs, err := call(t, "bundle", "check", dir, "--fix")
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	for _, want := range []string{"wrote " + filepath.Join(dir, "kustomization.yaml"), "wrote " + filepath.Join(dir, "allmenning", "kustomization.yaml"), "corrected: Service/web: spec.type"} {
		if !strings.Contains(errs, want) {
			t.Errorf("it does not say %q:\n%s", want, errs)
		}
	}
	after := contents(t, dir)
	for name, content := range before {
		if after[name] != content {
			t.Errorf("%s of the publisher was changed:\n%s", name, cmp.Diff(content, after[name]))
		}
	}
	rendered, _, err := call(t, "bundle", "render", dir, "--municipality", "vinje", "--domain", "vinje.kommune.no")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"host: portal.vinje.kommune.no", "- portal.vinje.kommune.no", "type: ClusterIP", "runAsNonRoot: true", "namespace: vinje-prod"} {
		if !strings.Contains(rendered, want) {
			t.Errorf("what vinje gets does not hold %q:\n%s", want, rendered)
		}
	}
	for _, gone := range []string{"nodeName", "tolerations", "nodePort", "server-snippet", "kind: Namespace", "NetworkPolicy"} {
		if strings.Contains(rendered, gone) {
			t.Errorf("what vinje gets still holds %s", gone)
		}
	}
	if _, again, err := call(t, "bundle", "check", dir, "--fix"); err != nil || strings.Contains(again, "wrote") {
		t.Errorf("a second time: %v, %s", err, again)
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

func TestBundleCheckFixKeepsAKustomizationFile(t *testing.T) {
	files := portal()
	delete(files, "cluster.yaml")
	files["kustomization.yaml"] = "# What the portal is made of.\nresources:\n- web.yaml # the program\n- routes/ingress.yaml\n\ncomponents:\n# none yet\nnamePrefix: dev-\n"
	dir := folderOf(t, files)
	if out, errs, err := call(t, "bundle", "check", dir, "--fix"); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	text := contents(t, dir)[string(filepath.Separator)+"kustomization.yaml"]
	for _, want := range []string{"# What the portal is made of.", "- web.yaml # the program", "- allmenning\n", "- allmenning-context.yaml", "namePrefix: dev-"} {
		if !strings.Contains(text, want) {
			t.Errorf("the kustomization file lost, or did not get, %q:\n%s", want, text)
		}
	}
}

// TestBundleCheckFixTakesOutNoPartOfTheApp shows that what an app needs to work stays, and stays refused where it may not be held.
func TestBundleCheckFixTakesOutNoPartOfTheApp(t *testing.T) {
	const old = "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: c\n        image: example.org/web:1\n        securityContext: {capabilities: {add: [CHOWN]}}\n"
	dir := folderOf(t, map[string]string{"web.yaml": old})
	if out, errs, err := call(t, "bundle", "check", dir, "--fix"); err != nil || !strings.Contains(out, "extensions/v1beta1 is written as apps/v1") {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	rendered, _, err := call(t, "bundle", "render", dir)
	if err != nil || !strings.Contains(rendered, "apiVersion: apps/v1") || !strings.Contains(rendered, "runAsNonRoot: true") || strings.Contains(rendered, "CHOWN") {
		t.Errorf("%v: a workload of an old version: %s", err, rendered)
	}
	for reason, object := range map[string]string{
		"write a Role and a RoleBinding":            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: web}\n",
		"write an Ingress for what it routes":       "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\n",
		"delete on pods is more than an app may":    "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: web}\nrules: [{apiGroups: [''], resources: [pods], verbs: [delete]}]\n",
		"no longer served by Kubernetes; write it ": "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {selector: {}}\n",
	} {
		out, _, err := call(t, "bundle", "check", folderOf(t, map[string]string{"web.yaml": old, "more.yaml": object}), "--fix")
		if !errors.Is(err, errRefused) || !strings.Contains(out, reason) {
			t.Errorf("%v, want that it stays refused, and %q:\n%s", err, reason, out)
		}
	}
}

// TestBundleCheckOfOverlays shows which of the folders below becomes the bundle where its root has no kustomization file.
func TestBundleCheckOfOverlays(t *testing.T) {
	const overlay = "resources: [../base]\ncommonAnnotations: {from: "
	base := map[string]string{"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}
	for _, tc := range []struct {
		reason, want, not string
		overlays          []string
	}{
		{"a base alone", "list base", "", nil},
		{"an overlay brings its base", "list test", "base", []string{"test"}},
		{"of several, the one for production", "list prod", "test", []string{"prod", "test"}},
		{"of stages, the one that is nearest to production", "list test", "local", []string{"local", "test"}},
		{"of versions, the last", "list v10", "v9", []string{"v9", "v10"}},
		{"not one for another platform", "list ha", "openshift", []string{"openshift", "ha"}},
		{"which of several is a person's to say", "a bundle installs each object once", "", []string{"demo", "test"}},
	} {
		files := maps.Clone(base)
		for _, name := range tc.overlays {
			files[name+"/kustomization.yaml"] = overlay + name + "}\n"
		}
		out, _, err := call(t, "bundle", "check", folderOf(t, files))
		listed := strings.SplitN(out, "\n", 2)[0]
		if !errors.Is(err, errRefused) || !strings.Contains(out, tc.want) || (tc.not != "" && strings.Contains(listed[strings.LastIndex(listed, "would list"):], tc.not)) {
			t.Errorf("%s: %v, want %q:\n%s", tc.reason, err, tc.want, out)
		}
	}
}

// TestBundleCheckFixOfARoute shows that a route of another controller becomes an Ingress, with the municipality's name.
func TestBundleCheckFixOfARoute(t *testing.T) {
	const route = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\nspec: {routes: [{match: Host(`board.example.org`), MORE services: [{name: web, port: 80}]}]}\n---\n" +
		"apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\nspec: {compress: {}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
	dir := folderOf(t, map[string]string{"web.yaml": strings.Replace(route, "MORE", "middlewares: [{name: m}],", 1)})
	if out, errs, err := call(t, "bundle", "check", dir, "--fix"); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	rendered, _, err := call(t, "bundle", "render", dir, "--domain", "vinje.kommune.no")
	if err != nil || !strings.Contains(rendered, "host: board.vinje.kommune.no") || strings.Contains(rendered, "traefik") {
		t.Errorf("%v, want an Ingress alone:\n%s", err, rendered)
	}
	dir = folderOf(t, map[string]string{"web.yaml": strings.Replace(route, "MORE", "middlewares: [{name: login}],", 1)})
	if out, _, err := call(t, "bundle", "check", dir, "--fix"); !errors.Is(err, errRefused) || !strings.Contains(out, "write an Ingress for what it routes") {
		t.Errorf("a route with a login: %v, want it refused:\n%s", err, out)
	}
}

// TestBundleCheckOfRepeats shows that of manifests which hold the same objects, those that say them alone are listed.
func TestBundleCheckOfRepeats(t *testing.T) {
	const a, b = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"
	dir := folderOf(t, map[string]string{"all.yaml": a + "---\n" + b, "a.yaml": a, "b.yaml": b, "c.yaml": strings.Replace(a, "name: a", "name: c", 1)})
	if out, errs, err := call(t, "bundle", "check", dir, "--fix"); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	if got, want := contents(t, dir)[string(filepath.Separator)+"kustomization.yaml"], "resources:\n- a.yaml\n- b.yaml\n- c.yaml\n"; got != want {
		t.Errorf("it lists %q, want %q", got, want)
	}
}

// TestBundleCheckFixOfAPatchedAnnotation shows that an annotation goes also where another overlay put it.
func TestBundleCheckFixOfAPatchedAnnotation(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"base/kustomization.yaml": "resources: [a.yaml]\n",
		"base/a.yaml":             "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n",
		"prod/kustomization.yaml": "resources: [../base]\npatches:\n- patch: '{apiVersion: v1, kind: Service, metadata: {name: web, annotations: {example.org/balancer: big}}}'\n",
	})
	if out, errs, err := call(t, "bundle", "check", dir, "--fix"); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
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
