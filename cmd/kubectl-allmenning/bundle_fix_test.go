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
		{"folders that end alike have the name in which they differ", "list prod/board", "north", []string{"north/board", "prod/board"}},
		{"what follows the main line is nearer than what tries it", "list overlays/stable", "review", []string{"overlays/latest", "overlays/review", "overlays/stable"}},
		{"which of several is a person's to say", "of the overlays demo, test list one", "", []string{"demo", "test"}},
	} {
		files := maps.Clone(base)
		for _, name := range tc.overlays {
			up := strings.Repeat("../", strings.Count(name, "/"))
			files[name+"/kustomization.yaml"] = strings.Replace(overlay, "../base", up+"../base", 1) + name + "}\n"
		}
		out, _, err := call(t, "bundle", "check", folderOf(t, files))
		listed := strings.SplitN(out, "\n", 2)[0]
		if !errors.Is(err, errRefused) || !strings.Contains(out, tc.want) || (tc.not != "" && strings.Contains(listed[strings.LastIndex(listed, "would list"):], tc.not)) {
			t.Errorf("%s: %v, want %q:\n%s", tc.reason, err, tc.want, out)
		}
	}
}

// TestBundleCheckFixSaysWhatItCorrected shows that a finding which stays is not said to be corrected.
func TestBundleCheckFixSaysWhatItCorrected(t *testing.T) {
	dir := folderOf(t, map[string]string{"a.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: web}\n"})
	_, errs, err := call(t, "bundle", "check", dir, "--fix")
	if !errors.Is(err, errRefused) || !strings.Contains(errs, "corrected: kustomization.yaml: missing") || strings.Contains(errs, "corrected: ClusterRole") {
		t.Errorf("%v, want the kustomization file alone to be corrected:\n%s", err, errs)
	}
}

// TestBundleCheckOfAnotherStage shows that a manifest of a stage that has no kustomization is not part of another stage.
func TestBundleCheckOfAnotherStage(t *testing.T) {
	const settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
	files := map[string]string{"deploy/prod/kustomization.yaml": "resources: [a.yaml]\n", "deploy/prod/a.yaml": settings}
	for _, tc := range []struct{ reason, file, want string }{
		{"beside the overlay for production", "deploy/dev/settings.yaml", "- deploy/prod\n"},
		{"of no stage", "deploy/mail/settings.yaml", "- deploy/mail/settings.yaml\n- deploy/prod\n"},
		{"in a folder that other things than stages are named", "deploy/main/settings.yaml", "- deploy/main/settings.yaml\n- deploy/prod\n"},
		{"a stage, but not beside the overlay", "mail/dev/settings.yaml", "- deploy/prod\n- mail/dev/settings.yaml\n"},
	} {
		files := maps.Clone(files)
		files[tc.file] = strings.Replace(settings, "settings", "more", 1)
		dir := folderOf(t, files)
		if out, errs, err := call(t, "bundle", "check", dir, "--fix"); err != nil {
			t.Fatalf("%s: %v\n%s%s", tc.reason, err, out, errs)
		}
		if got := contents(t, dir)[string(filepath.Separator)+"kustomization.yaml"]; got != "resources:\n"+tc.want {
			t.Errorf("%s: it lists %q, want %q", tc.reason, got, tc.want)
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

// TestBundleCheckOfWhatBecameADeployment shows that a ReplicationController is not listed where a Deployment took its place.
func TestBundleCheckOfWhatBecameADeployment(t *testing.T) {
	const name = "metadata: {name: web}\n"
	const old, deployment = "apiVersion: v1\nkind: ReplicationController\n" + name, "apiVersion: apps/v1\nkind: Deployment\n" + name
	const service = "---\napiVersion: v1\nkind: Service\n" + name
	for _, tc := range []struct {
		reason, want string
		files        map[string]string
	}{
		{"a Deployment of its name", "deployment.yaml", map[string]string{"old/web.yaml": old, "deployment.yaml": deployment}},
		{"in one of two files that have the Deployment", "deployment.yaml", map[string]string{"all.yaml": old + "---\n" + deployment, "deployment.yaml": deployment}},
		{"none of its name", "deployment.yaml, old/web.yaml", map[string]string{"old/web.yaml": old, "deployment.yaml": strings.Replace(deployment, "web", "other", 1)}},
		{"beside an object of its own", "deployment.yaml, old/web.yaml", map[string]string{"old/web.yaml": old + service, "deployment.yaml": deployment}},
	} {
		out, _, err := call(t, "bundle", "check", folderOf(t, tc.files))
		if !errors.Is(err, errRefused) || !strings.Contains(out, "would list "+tc.want+"\n") {
			t.Errorf("%s: %v, want %q:\n%s", tc.reason, err, tc.want, out)
		}
	}
}

// TestBundleCheckOfAFieldThatIsThereTwice shows where an object has a field twice, such as all of those of the next, before
// which the line with --- is missing.
func TestBundleCheckOfAFieldThatIsThereTwice(t *testing.T) {
	const one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n"
	dir := folderOf(t, map[string]string{"kustomization.yaml": "resources: [a.yaml, b.yaml]\n",
		"a.yaml": one + strings.Replace(one, "one", "two", 1), "b.yaml": strings.Replace(one, "one", "three", 1) + "data: {a: b}\ndata: {a: c}\n"})
	out, _, err := call(t, "bundle", "check", dir)
	for _, want := range []string{
		"a.yaml:1: error [build]: ConfigMap/one: apiVersion: it is there twice; take one out", "b.yaml:4: error [build]: ConfigMap/three: data: it is there twice", "write --- on a line before it",
	} {
		if !errors.Is(err, errRefused) || !strings.Contains(out, want) {
			t.Errorf("%v, want %q:\n%s", err, want, out)
		}
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
