package bundle

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/allmenning/allmenning/internal/contract"
)

const (
	// MaxNodes bounds the YAML nodes of the files that a bundle uses, with aliases written out: each takes
	// about a kilobyte while it is built.
	MaxNodes = 100_000
	// MaxWork bounds what building a bundle does: each patch, operation of a JSON patch and target of a
	// replacement is looked for in each object.
	MaxWork = 20_000
)

// Scan returns why a bundle must not be built: it could reach beyond its own files, run something, or grow
// beyond the limits. It reads each kustomization file that the root leads to, and what that uses; other
// files don't matter. The findings are about files, and name the field and the way out.
func Scan(b Bundle) []contract.Finding {
	if b.IsChart() {
		return scanChart(b)
	}
	s := scanner{files: b.Files, costs: map[string]int{}, texts: newTexts()}
	if err := s.context(); err != nil {
		s.found(ContextFile, err)
	}
	if _, err := s.kustomization("."); err != nil {
		s.found("", err)
	}
	s.checkSources()
	s.checkVariables()
	if s.nodes > MaxNodes {
		s.found("", fmt.Errorf("its files hold %d YAML nodes with aliases written out, at most %d are allowed; split the app", s.nodes, MaxNodes))
	}
	if s.work > MaxWork {
		s.found("", fmt.Errorf("patches and replacements are looked for in the objects %d times, at most %d are allowed; use fewer, or split the app", s.work, MaxWork))
	}
	if s.generated > MaxRenderedBytes {
		s.found("", fmt.Errorf("generators read %d bytes, and all objects together may have at most %d; split the app", s.generated, MaxRenderedBytes))
	}
	return s.findings
}

// scanner walks from kustomization file to kustomization file.
type scanner struct {
	files map[string][]byte
	// costs of the folders that have been seen: the objects and folders that building one takes. A
	// folder that is being read costs unfinished.
	costs map[string]int
	// contextName is the name of the ConfigMap in ContextFile, empty if there is none.
	contextName string
	// sources and targets are what replacements, and vars, read and write.
	sources []source
	targets []target
	// variables are the vars, and texts what they are written into.
	variables []variable
	texts     texts
	// nodes, work and generated are what building costs, so far; generated is what generators read, in bytes.
	nodes, work, generated int
	findings               []contract.Finding
}

const unfinished = -1

// found notes what is wrong in a file; the file is empty where the error names it.
func (s *scanner) found(file string, err error) {
	s.findings = append(s.findings, contract.Finding{Rule: "files", Object: file, Problem: err.Error()})
}

// context checks the file that the facts of the tenant are written into, if there is one.
func (s *scanner) context() error {
	content, found := s.files[ContextFile]
	if !found {
		return nil
	}
	parsed, err := parseContext(content)
	if err != nil {
		return err
	}
	s.contextName = parsed.Name
	return nil
}

// kustomization reads the kustomization file of a folder, and returns what building it costs.
func (s *scanner) kustomization(dir string) (int, error) {
	cost, seen := s.costs[dir]
	if seen && cost == unfinished {
		return 0, fmt.Errorf("%s: the folder leads back to itself; take one of the references out", dir)
	}
	if seen {
		return cost, nil
	}
	s.costs[dir] = unfinished
	file, err := s.kustomizationFile(dir)
	if err != nil {
		return 0, err
	}
	cost = s.readKustomization(dir, file)
	s.costs[dir] = cost
	return cost, nil
}

func (s *scanner) kustomizationFile(dir string) (string, error) {
	var found []string
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		file := path.Join(dir, name)
		if _, there := s.files[file]; there {
			found = append(found, file)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", fmt.Errorf("%s: there is %s beside it; keep one of them", found[0], found[1])
	case dir == ".":
		return "", errors.New("kustomization.yaml: missing at the root of the bundle; a bundle is a kustomize folder, or a Helm chart with a Chart.yaml")
	default:
		return "", fmt.Errorf("%s: missing; a folder that is used as a resource needs one", path.Join(dir, "kustomization.yaml"))
	}
}

// readKustomization returns what building one kustomization costs, and notes all that is wrong with it.
func (s *scanner) readKustomization(dir, file string) int {
	if _, err := s.parse(s.files[file]); err != nil {
		s.found(file, err)
		return 1
	}
	var k types.Kustomization
	if err := k.Unmarshal(s.files[file]); err != nil {
		s.found(file, err)
		return 1
	}
	if wrong := k.EnforceFields(); len(wrong) > 0 {
		s.found(file, errors.New(strings.Join(wrong, "; ")))
		return 1
	}
	at := &kustomizationScan{scanner: s, dir: dir, file: file, steps: len(k.CommonLabels) + len(k.CommonAnnotations)} //nolint:staticcheck // deprecated, and bundles use it
	for _, label := range k.Labels {
		at.steps += len(label.Pairs)
	}
	at.checkForbidden(&k)
	at.checkFiles(&k)
	at.checkReplacements(&k)
	at.checkVars(&k)
	cost := at.checkBuiltins(&k) + at.costOf(&k)
	s.work += at.steps * cost
	return cost
}

// kustomizationScan reads one kustomization file.
type kustomizationScan struct {
	*scanner

	dir, file string
	// steps are the patches, operations and targets in it.
	steps int
}

// fault notes what is wrong in this file.
func (s *kustomizationScan) fault(err error) {
	if err != nil {
		s.found(s.file, err)
	}
}

// costOf adds up the objects that a kustomization brings. A folder that is used twice counts twice,
// and at least as one object, which stops a few small folders from multiplying each other.
func (s *kustomizationScan) costOf(k *types.Kustomization) int {
	cost := len(k.ConfigMapGenerator) + len(k.SecretGenerator)
	for _, list := range []struct {
		field   string
		entries []string
	}{{"resources", k.Resources}, {"bases", k.Bases}, {"components", k.Components}} { //nolint:staticcheck // deprecated, and bundles use it
		for _, entry := range list.entries {
			more, err := s.resource(list.field, entry)
			s.fault(err)
			if cost += more; cost > MaxObjects {
				s.fault(fmt.Errorf("%s: %w", list.field, errTooMany))
				return cost
			}
		}
	}
	return max(cost, 1)
}

func (s *kustomizationScan) resource(field, entry string) (int, error) {
	target, err := resolve(s.dir, field, entry)
	if err != nil {
		return 0, err
	}

	content, isFile := s.files[target]
	if !isFile {
		if !s.isFolder(target) {
			return 0, s.missing(field, entry)
		}
		return s.kustomization(target)
	}

	if err := beneath(s.dir, field, entry, target); err != nil {
		return 0, err
	}

	documents, err := s.parse(content)
	if err != nil {
		return 0, fmt.Errorf("%s: %s: %w", field, target, err)
	}
	if target == ContextFile {
		return 0, nil
	}

	count := 0
	for _, document := range documents {
		count += countObjects(document)
	}
	return count, nil
}

// parse reads the YAML of a file that is used, and counts what it costs.
func (s *scanner) parse(content []byte) ([]*yaml.Node, error) {
	documents, nodes, err := parseYAML(content)
	if s.nodes += nodes; s.nodes <= MaxNodes {
		for _, document := range documents {
			s.texts.read("", document)
		}
	}
	return documents, err
}

func (s *scanner) isFolder(dir string) bool {
	if dir == "." {
		return true
	}
	for name := range s.files {
		if strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

// resolve returns the path, from the root of the bundle, that an entry of a kustomization file names.
func resolve(dir, field, entry string) (string, error) {
	if isRemote(entry) {
		return "", fmt.Errorf("%s: %q is remote; a bundle may use its own files only: copy the file into the bundle", field, entry)
	}
	if path.IsAbs(entry) {
		return "", fmt.Errorf("%s: %q is an absolute path; write it relative to this file", field, entry)
	}
	target := path.Join(dir, entry)
	if target == ".." || strings.HasPrefix(target, "../") {
		return "", fmt.Errorf("%s: %q leads out of the bundle; keep what it needs inside, or make the folder above the bundle, with a kustomization.yaml that lists this one", field, entry)
	}
	if target != "." && !usableName(target) {
		return "", fmt.Errorf("%s: %q: the name of a file that is used holds letters a to z, digits, and . _ - alone; rename it", field, entry)
	}
	return target, nil
}

// usableName says whether kustomize can hold a file of that name in memory.
func usableName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./", r)
	})
}

// isRemote says whether kustomize could take an entry for a URL or a Git repository. It asks before
// it looks for a local file of that name, so the spelling alone has to be safe.
func isRemote(entry string) bool {
	return strings.ContainsAny(entry, ":?@\\") || strings.Contains(entry, "//") ||
		strings.HasPrefix(strings.ToLower(entry), "github.com/")
}

// beneath keeps a file reference in the folder of the kustomization file, as kustomize itself does.
func beneath(dir, field, entry, target string) error {
	if dir == "." || strings.HasPrefix(target, dir+"/") {
		return nil
	}
	return fmt.Errorf("%s: %q is a file outside the folder of this kustomization; only whole folders may be used from elsewhere", field, entry)
}

// content checks that an entry names a file of the bundle at or below the kustomization.
func (s *kustomizationScan) content(field, entry string) ([]byte, error) {
	target, err := resolve(s.dir, field, entry)
	if err != nil {
		return nil, err
	}
	content, found := s.files[target]
	if !found {
		return nil, s.missing(field, entry)
	}
	return content, beneath(s.dir, field, entry, target)
}

// checkForbidden refuses what runs something, reaches outside, or changes how kustomize reads all
// bundles of this process.
func (s *kustomizationScan) checkForbidden(k *types.Kustomization) {
	const helm = "runs Helm, which a bundle may not; write the result of helm template into the bundle"
	for _, field := range []struct {
		name, why string
		set       bool
	}{
		{"helmCharts", helm, len(k.HelmCharts) > 0},
		{"helmGlobals", helm, k.HelmGlobals != nil},
		{"helmChartInflationGenerator", helm, len(k.HelmChartInflationGenerator) > 0},
		{"openapi", "replaces the schema of every bundle in this process; take it out", len(k.OpenAPI) > 0},
		{"crds", "changes how every bundle is read; take it out and use patches", len(k.Crds) > 0},
	} {
		if field.set {
			s.fault(fmt.Errorf("%s: %s", field.name, field.why))
		}
	}

	if slices.Contains(k.BuildMetadata, types.ManagedByLabelOption) {
		s.fault(fmt.Errorf("buildMetadata: %s writes a label that Allmenning owns; take it out", types.ManagedByLabelOption))
	}
}

// missing says that an entry names nothing. Where no file is in a folder, the bundle may have lost its folders on the way.
func (s *kustomizationScan) missing(field, entry string) error {
	fix := "add the file, or take the entry out"
	flat := !slices.ContainsFunc(slices.Collect(maps.Keys(s.files)), func(name string) bool { return strings.Contains(name, "/") })
	if folder, _, ok := strings.Cut(path.Clean(entry), "/"); flat && (ok && folder != ".." || path.Ext(entry) == "") {
		fix += "; if it is a folder that was there when you made a ConfigMap of the bundle: that holds no folders, so give it the folder packed, as one .tgz"
	}
	return fmt.Errorf("%s: %q is not in the bundle; %s", field, entry, fix)
}
