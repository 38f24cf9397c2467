// Package imports keeps the table of docs/design/architecture.md: which package of this
// module may import which.
package imports

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/allmenning/allmenning/"

// layer is a row of the table. Of the rows that fit a package the first is its own.
type layer struct {
	// packages and allowed are folders, each with those below it. "*" is any one segment.
	packages string
	allowed  []string
	// siblings says whether the packages of a row may import each other, where "*" differs.
	siblings bool
}

var layers = []layer{
	{packages: "api", siblings: true},
	{packages: "internal", allowed: []string{"api"}, siblings: true},
	{packages: "controllers/internal", allowed: []string{"api", "internal", "config/crd", "config/policy"}, siblings: true},
	{packages: "controllers/snapshot", allowed: []string{"api", "internal", "controllers/internal"}},
	{packages: "controllers/*", allowed: []string{"api", "internal", "controllers/internal", "controllers/snapshot"}},
	{packages: "controllers", allowed: []string{"api", "internal"}, siblings: true},
	{packages: "cmd/manager", allowed: []string{"controllers", "internal/provenance"}},
	{packages: "cmd/kubectl-allmenning", allowed: []string{"api", "internal", "config/crd", "config/rbac"}, siblings: true},
	{packages: "config/crd"},
	{packages: "config/policy"},
	{packages: "config/rbac"},
	{packages: "test/walls", allowed: []string{"api"}},
}

func TestImports(t *testing.T) {
	list := exec.Command("go", "list", "-f", "{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}\n{{end}}", "./...")
	list.Dir = "../.."
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	judged := 0
	for line := range strings.Lines(string(out)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(to, module) {
			continue
		}
		judged++
		if from, to = strings.TrimPrefix(from, module), strings.TrimPrefix(to, module); !allowed(from, to) {
			t.Errorf("package %s imports %s: see the table in docs/design/architecture.md", from, to)
		}
	}
	if judged == 0 {
		t.Error("go list shows no package of this module that imports another")
	}
}

// allowed says whether one package may import another. What no row speaks of, tests and
// tools, may import what it needs.
func allowed(from, to string) bool {
	at := slices.IndexFunc(layers, func(l layer) bool { return within(from, l.packages) })
	if at < 0 {
		return true
	}
	l := layers[at]
	own := from == to || strings.HasPrefix(to, root(from, l.packages)+"/") || to == root(from, l.packages)
	if l.siblings {
		own = own || within(to, l.packages)
	}
	return own || slices.ContainsFunc(l.allowed, func(folder string) bool { return within(to, folder) })
}

// within says whether a package is a folder, or below it.
func within(name, folder string) bool { return root(name, folder) != "" }

// root is the folder of a package that a row means, with "*" as it is there; empty where it is another.
func root(name, folder string) string {
	segments, pattern := strings.Split(name, "/"), strings.Split(folder, "/")
	if len(segments) < len(pattern) {
		return ""
	}
	for i, p := range pattern {
		if p != "*" && p != segments[i] {
			return ""
		}
	}
	return strings.Join(segments[:len(pattern)], "/")
}

func TestAllowed(t *testing.T) {
	cases := []struct {
		reason, from, to string
		want             bool
	}{
		{"controllers reach the machinery that they share", "controllers/rollout", "controllers/internal/apply", true},
		{"one kind's controller does not call another's", "controllers/rollout", "controllers/consent", false},
		{"a controller may have packages of its own", "controllers/sharedapp", "controllers/sharedapp/scan", true},
		{"the model of the country knows no controller", "internal/country", "controllers/internal/apply", false},
		{"pure packages build on each other", "internal/country", "internal/resolution", true},
		{"the API imports nothing", "api/v1alpha1", "internal/calendar", false},
		{"its generated packages are the API", "api/v1alpha1/applyconfiguration/api/v1alpha1", "api/v1alpha1", true},
		{"the command line is no operator", "cmd/kubectl-allmenning/internal/world", "controllers", false},
		{"the manager wires the kinds together", "controllers", "controllers/rollout", true},
		{"product code does not need the tests", "controllers/rollout", "test/controlplane", false},
		{"tests may import anything", "test/e2e", "test/controlplane", true},
		{"who judges the walls does not ask who writes them", "test/walls", "internal/walls", false},
	}
	for _, c := range cases {
		if got := allowed(c.from, c.to); got != c.want {
			t.Errorf("%s: %s imports %s: got %v, want %v", c.reason, c.from, c.to, got, c.want)
		}
	}
}
