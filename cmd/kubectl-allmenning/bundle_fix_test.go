package main

import (
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
		{"which of several is a person's to say", "of the overlays demo, test list one", "", []string{"demo", "test"}},
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

// TestBundleCheckFixOfADefaultBackend shows that what answers for every name answers for one of the municipality's.
func TestBundleCheckFixOfADefaultBackend(t *testing.T) {
	const service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
	const backend = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: board}\nspec:\n  defaultBackend: {service: {name: web, port: {number: 80}}}\n"
	dir := folderOf(t, map[string]string{"web.yaml": backend + service})
	if out, errs, err := call(t, "bundle", "check", dir, "--fix"); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	rendered, _, err := call(t, "bundle", "render", dir, "--domain", "vinje.kommune.no")
	if err != nil || !strings.Contains(rendered, "host: board.vinje.kommune.no") || strings.Contains(rendered, "defaultBackend") || !strings.Contains(rendered, "name: web") {
		t.Errorf("%v, want a rule with a host:\n%s", err, rendered)
	}
	dir = folderOf(t, map[string]string{"web.yaml": backend + "  rules: [{host: a.eksempel.kommune.no}]\n" + service})
	if out, _, err := call(t, "bundle", "check", dir, "--fix"); !errors.Is(err, errRefused) || !strings.Contains(out, "spec.defaultBackend") {
		t.Errorf("beside rules: %v, want it refused:\n%s", err, out)
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
