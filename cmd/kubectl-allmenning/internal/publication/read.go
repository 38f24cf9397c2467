// Package publication is what a publisher does with a bundle before it is offered: it reads a folder, judges it
// by the rules of the catalogue without a cluster, writes what can be corrected, and pushes it.
//
//   - read.go: a folder as a bundle.
//   - check.go: what is wrong with it, each fault with file and line.
//   - locate.go: where an object is written.
//   - fix.go, component.go: a kustomize component that corrects what can be corrected.
//   - overlays.go, repeats.go: what is listed where the root has no kustomization file.
//   - push.go: the folder as an OCI artifact.
package publication

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/chart"
)

// Read reads a folder as it would be pushed: all but files and folders whose names begin with a dot. A packed chart
// is read as the folder that it holds.
func Read(dir string) (bundle.Bundle, error) {
	if filepath.Ext(dir) == ".tgz" {
		return readPacked(dir)
	}
	b := bundle.Bundle{Files: map[string][]byte{}}
	size := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if is, err := packed(dir, path, entry); !is {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // the folder that the user named
		if err != nil {
			return err
		}
		if size += len(content); size > bundle.MaxUnpackedBytes || len(b.Files) == bundle.MaxFiles {
			return fmt.Errorf("more than %d files, or %d bytes: is this the folder of a bundle?", bundle.MaxFiles, bundle.MaxUnpackedBytes)
		}
		name, err := filepath.Rel(dir, path)
		b.Files[filepath.ToSlash(name)] = content
		return err
	})
	if err == nil && len(b.Files) == 0 {
		err = errors.New(dir + " holds no files")
	}
	if err != nil {
		return bundle.Bundle{}, fmt.Errorf("read bundle: %w", err)
	}
	if b.IsChart() {
		if b.Files, err = chart.WithoutIgnored(b.Files); err != nil {
			return bundle.Bundle{}, fmt.Errorf("read %s: %w", ignoreFile, err)
		}
	}
	b.Digest = bundle.DigestOf(b.Files)
	return b, nil
}

// ignoreFile says what of a chart's folder is no part of the chart.
const ignoreFile = ".helmignore"

func readPacked(file string) (bundle.Bundle, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return bundle.Bundle{}, fmt.Errorf("read chart: %w", err)
	}
	b, err := bundle.FromConfigMap(nil, map[string][]byte{filepath.Base(file): content})
	if err != nil {
		return b, fmt.Errorf("read chart: %w", err)
	}
	b = bundle.Bundle{Files: b.Files}
	b.Digest = bundle.DigestOf(b.Files)
	return b, nil
}

// packed says whether something in the folder is a file of the bundle; the error is that of a walk.
func packed(dir, path string, entry fs.DirEntry) (bool, error) {
	hidden := path != dir && strings.HasPrefix(entry.Name(), ".") && entry.Name() != ignoreFile
	switch {
	case hidden && entry.IsDir():
		return false, filepath.SkipDir
	case hidden || entry.IsDir():
		return false, nil
	case !entry.Type().IsRegular():
		return false, fmt.Errorf("%s is neither a file nor a folder; a bundle holds nothing else", path)
	}
	return true, nil
}
