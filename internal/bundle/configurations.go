package bundle

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// configurationAtFault names the file of configurations that kustomize failed at, which says what is wrong and not
// where. Nil where it failed at something else.
func configurationAtFault(b Bundle, failure error) error {
	for _, file := range slices.Sorted(maps.Keys(b.Files)) {
		if !slices.Contains(konfig.RecognizedKustomizationFileNames(), path.Base(file)) {
			continue
		}
		var k types.Kustomization
		if k.Unmarshal(b.Files[file]) != nil {
			continue // a folder that nothing uses
		}
		dir := path.Dir(file)
		for i, entry := range k.Configurations {
			err := tryConfigurations(b, dir, k.Configurations[:i+1])
			if err != nil && strings.Contains(failure.Error(), innermost(err).Error()) {
				return fmt.Errorf("%s: it is no configuration for kustomize: %w; correct it, or take it out of configurations in %s", path.Join(dir, entry), err, file)
			}
		}
	}
	return nil
}

// tryConfigurations builds nothing but an empty ConfigMap with some configurations of a folder.
func tryConfigurations(b Bundle, dir string, entries []string) error {
	folder := filesys.MakeFsInMemory()
	names := make([]string, 0, len(entries))
	for i, entry := range entries {
		name := fmt.Sprintf("%d.yaml", i)
		if err := folder.WriteFile(path.Join(root, name), b.Files[path.Join(dir, entry)]); err != nil {
			return err
		}
		names = append(names, name)
	}
	text := "configurations: [" + strings.Join(names, ", ") + "]\nconfigMapGenerator: [{name: none}]\n"
	if err := folder.WriteFile(path.Join(root, konfig.DefaultKustomizationFileName()), []byte(text)); err != nil {
		return err
	}
	_, err := runKustomize(folder)
	return err
}

// innermost is the first of the errors that were wrapped in each other.
func innermost(err error) error {
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		err = cause
	}
	return err
}
