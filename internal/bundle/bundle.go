package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/internal/contract"
)

const (
	// MaxStoredBytes bounds a bundle as it is stored, compressed if it came so. A ConfigMap holds
	// 1 MiB at most, and the rest is left for its metadata.
	MaxStoredBytes = 900 << 10
	// MaxUnpackedBytes bounds the files of a bundle together, and each YAML file with its aliases
	// written out.
	MaxUnpackedBytes = 4 << 20
	// MaxFiles bounds the number of files in a bundle.
	MaxFiles = 500
	// MaxObjects bounds the objects that a bundle brings, before and after it is built.
	MaxObjects = contract.MaxObjects
	// MaxRenderedBytes bounds the built objects together, as JSON.
	MaxRenderedBytes = 1 << 20
)

// Bundle is a kustomize folder, or a Helm chart, whose content has been checked against its digest.
type Bundle struct {
	// Digest names the content: "sha256:" and 64 hexadecimal digits.
	Digest string
	// Files of the folder by clean, relative path with slashes.
	Files map[string][]byte

	// stored is the form that proves the digest; nil means the files do.
	stored map[string][]byte
}

// FromConfigMap makes a bundle of the data of a ConfigMap. Its keys are the names of the files; a
// key can't hold a slash, so the folder is flat, unless its one file is a packed folder. It fails when the data is larger than can be stored.
func FromConfigMap(data map[string]string, binaryData map[string][]byte) (Bundle, error) {
	files := make(map[string][]byte, len(data)+len(binaryData))
	maps.Copy(files, binaryData)
	for key, value := range data {
		files[key] = []byte(value)
	}
	return fromFiles(files)
}

func fromFiles(files map[string][]byte) (Bundle, error) {
	if len(files) == 0 {
		return Bundle{}, fmt.Errorf("the bundle is empty: it needs at least a kustomization.yaml")
	}
	if len(files) > MaxFiles {
		return Bundle{}, fmt.Errorf("the bundle holds %d files, at most %d are allowed", len(files), MaxFiles)
	}
	for name := range files {
		if clean, err := cleanPath(name); err != nil || clean != name || strings.Contains(name, "/") {
			return Bundle{}, fmt.Errorf("%q can't be the name of a file in a ConfigMap", name)
		}
	}
	if size := sizeOf(files); size > MaxStoredBytes {
		return Bundle{}, fmt.Errorf("the bundle has %d bytes, at most %d are allowed", size, MaxStoredBytes)
	}
	b := Bundle{Digest: DigestOf(files), Files: files}
	err := b.unpack()
	return b, err
}

// unpack puts the files of a packed folder, which is the one file of the bundle, in its place: a ConfigMap has
// no folders, and a chart does, as does a bundle with a base or a component.
func (b *Bundle) unpack() error {
	for name, packed := range b.Files {
		if len(b.Files) > 1 || path.Ext(name) != ".tgz" {
			return nil
		}
		unpacked := folder{files: map[string][]byte{}}
		if err := unpacked.untarGzip(packed); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		files, err := unpacked.finish()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.stored, b.Files = b.Files, files
	}
	return nil
}

// DigestOf returns the digest of a flat folder: the SHA-256 of its files in the byte order of their
// names, each written as the length of the name in decimal, a colon, the name, the length of the
// content in bytes, a colon, the content. Lengths make it unambiguous. In a folder:
//
//	export LC_ALL=C; for f in *; do printf '%d:%s%d:' ${#f} "$f" $(wc -c <"$f"); cat "$f"; done | sha256sum
func DigestOf(files map[string][]byte) string {
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, _ = fmt.Fprintf(hash, "%d:%s%d:", len(name), name, len(files[name])) // a hash never fails
		_, _ = hash.Write(files[name])
	}
	return "sha256:" + hex.EncodeToString(hash.Sum(nil))
}

func digestOfBytes(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func sizeOf(files map[string][]byte) int {
	size := 0
	for _, content := range files {
		size += len(content)
	}
	return size
}

// cleanPath returns the path of a packed file in its one spelling, or an error for a path that leads
// out of the folder.
func cleanPath(name string) (string, error) {
	if name == "" || strings.ContainsAny(name, "\\\x00") {
		return "", fmt.Errorf("entry %q: a path must not be empty or hold a backslash", name)
	}
	if path.IsAbs(name) {
		return "", fmt.Errorf("entry %q: an absolute path is not allowed; pack the folder with relative paths", name)
	}
	if slices.Contains(strings.Split(name, "/"), "..") {
		return "", fmt.Errorf("entry %q: a path with .. is not allowed", name)
	}
	return path.Clean(name), nil
}
