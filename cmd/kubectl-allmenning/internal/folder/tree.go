package folder

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
)

// fileNames are the names that kustomize knows a kustomization file by.
var fileNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// IsKustomization says whether a file has a name that kustomize looks for.
func IsKustomization(name string) bool { return slices.Contains(fileNames, filepath.Base(name)) }

// tree is a kustomization and all that it leads to.
type tree struct {
	// file of the kustomization.
	file string
	// component may be used by others, and not be built by itself.
	component bool
	// folders of all kustomizations in it.
	folders map[string]bool
	// used files, those of the kustomizations included.
	used map[string]bool
	// patches come first that count last; resources are files of whole objects.
	patches, resources []string
	// patchesInline says that a kustomization file holds a patch itself.
	patchesInline bool
	// faults keep it from being built.
	faults []error
}

// kustomizationOf is the kustomization file of a folder; empty where there is none. Kinds of
// others, such as Flux's, may have a file of that name too.
func (r *reader) kustomizationOf(folder string) string {
	for _, name := range fileNames {
		file := filepath.Join(folder, name)
		data, err := r.content(file)
		if err != nil {
			continue
		}
		f, err := manifest.Parse(file, data)
		if err != nil {
			return file
		}
		foreign := func(o manifest.Object) bool {
			return o.APIVersion != "" && !strings.HasPrefix(o.APIVersion, "kustomize.config.k8s.io/")
		}
		if !slices.ContainsFunc(f.Objects(), foreign) {
			return file
		}
	}
	return ""
}

// treeOf follows a kustomization through all that it uses. What is missing, or not on this
// machine, is a fault: nothing is fetched.
func (r *reader) treeOf(folder string) *tree {
	folder = filepath.Clean(folder)
	t := &tree{folders: map[string]bool{}, used: map[string]bool{}}
	r.follow(t, folder, nil)
	return t
}

func (r *reader) follow(t *tree, folder string, path []string) {
	file := r.kustomizationOf(folder)
	if t.file == "" {
		t.file = file
	}
	if slices.Contains(path, folder) {
		t.faults = append(t.faults, faultIn(file, fmt.Errorf("it leads back to itself by %s: take one of the references out", strings.Join(path, ", "))))
		return
	}
	if t.folders[folder] {
		return
	}
	t.folders[folder] = true
	t.used[file] = true

	f := r.parse(file)
	data, err := r.content(file)
	if err != nil || r.faulty[file] {
		return
	}
	var k types.Kustomization
	if err := k.Unmarshal(data); err != nil {
		t.faults = append(t.faults, faultIn(file, err))
		return
	}
	t.component = t.component || (len(path) == 0 && k.Kind == types.ComponentKind)
	t.patchesInline = t.patchesInline || len(k.PatchesJson6902) > 0 || //nolint:staticcheck // deprecated, and in use
		slices.ContainsFunc(k.Patches, func(p types.Patch) bool { return p.Path == "" })
	for _, ref := range references(&k) {
		r.take(t, f, ref, append(slices.Clone(path), folder))
	}
}

// take adds one reference of a kustomization file.
func (r *reader) take(t *tree, from *manifest.File, ref reference, path []string) {
	target := filepath.Join(path[len(path)-1], ref.path)
	if filepath.IsAbs(ref.path) {
		target = filepath.Clean(ref.path)
	}

	_, given := r.options.Texts[target]
	info, err := os.Stat(target)
	switch {
	case given || (err == nil && !info.IsDir()):
		r.takeUsed(t, ref, target)
	case err == nil && ref.folders && r.kustomizationOf(target) != "":
		r.follow(t, target, path)
	case err == nil:
		t.faults = append(t.faults, faultAt(from, ref.field, fmt.Errorf("folder %s has no kustomization file", ref.path)))
	default:
		t.faults = append(t.faults, faultAt(from, ref.field,
			fmt.Errorf("there is no file or folder %q: correct the path, or take it out; nothing is fetched from other machines", ref.path)))
	}
}

// takeUsed adds a file that a kustomization refers to.
func (r *reader) takeUsed(t *tree, ref reference, target string) {
	t.used[target] = true
	switch {
	case ref.patch:
		t.patches = append(t.patches, target)
	case ref.folders:
		if r.parse(target) != nil {
			t.resources = append(t.resources, target)
		}
	}
}

// faultIn is a fault of a file as a whole.
func faultIn(file string, err error) error {
	return &manifest.FaultError{Place: manifest.Place{File: file}, Err: err}
}

// faultAt is a fault of a field of a kustomization file.
func faultAt(f *manifest.File, field string, err error) error {
	place := manifest.Place{File: f.Name}
	if objects := f.Objects(); len(objects) > 0 {
		place.Line = objects[0].LineOf(field)
	}
	return &manifest.FaultError{Place: place, Err: fmt.Errorf("%s: %w", field, err)}
}

// wanted says whether a file that the tree is built of holds an object that is wanted.
func (t *tree) wanted(r *reader) bool {
	return slices.ContainsFunc(t.resources, r.concerns)
}

// reference of a kustomization file to another file, or to a folder.
type reference struct {
	field, path string
	// folders may be referred to as well as files, and the files are whole objects.
	folders bool
	patch   bool
}

// references of a kustomization, those that count last first.
func references(k *types.Kustomization) []reference {
	var all []reference
	add := func(field string, paths []string, as reference) {
		for i, path := range paths {
			if path != "" && !strings.Contains(path, "\n") { // with line breaks it is the content itself
				as.field, as.path = fmt.Sprintf("%s[%d]", field, i), path
				all = append(all, as)
			}
		}
	}

	for i, p := range slices.Backward(k.Patches) {
		if p.Path != "" {
			all = append(all, reference{field: fmt.Sprintf("patches[%d].path", i), path: p.Path, patch: true})
		}
	}
	old := make([]string, 0, len(k.PatchesStrategicMerge)) //nolint:staticcheck // deprecated, and in use
	for _, p := range k.PatchesStrategicMerge {            //nolint:staticcheck // as above
		old = append(old, string(p))
	}
	add("patchesStrategicMerge", old, reference{patch: true})
	for i, p := range k.PatchesJson6902 { //nolint:staticcheck // as above
		add(fmt.Sprintf("patchesJson6902[%d].path", i), []string{p.Path}, reference{})
	}
	add("components", k.Components, reference{folders: true})
	add("resources", k.Resources, reference{folders: true})
	add("bases", k.Bases, reference{folders: true}) //nolint:staticcheck // as above
	add("generators", k.Generators, reference{})
	add("transformers", k.Transformers, reference{})
	add("validators", k.Validators, reference{})
	add("configurations", k.Configurations, reference{})
	add("crds", k.Crds, reference{})
	for i, r := range k.Replacements {
		add(fmt.Sprintf("replacements[%d].path", i), []string{r.Path}, reference{})
	}
	for i := range k.ConfigMapGenerator {
		add(fmt.Sprintf("configMapGenerator[%d].files", i), sourcesOf(&k.ConfigMapGenerator[i].KvPairSources), reference{})
	}
	for i := range k.SecretGenerator {
		add(fmt.Sprintf("secretGenerator[%d].files", i), sourcesOf(&k.SecretGenerator[i].KvPairSources), reference{})
	}
	return all
}

// sourcesOf are the files of a generator, which may each have a key before them.
func sourcesOf(s *types.KvPairSources) []string {
	all := slices.Concat(s.FileSources, s.EnvSources)
	if s.EnvSource != "" {
		all = append(all, s.EnvSource)
	}
	for i := range all {
		if _, path, keyed := strings.Cut(all[i], "="); keyed {
			all[i] = path
		}
	}
	return all
}
