package main

import (
	"context"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/allmenning/allmenning/hack/archive"
)

// writeLayout replaces a folder by the image in the OCI image layout (image-layout.md), its SBOMs among it.
func writeLayout(folder string, x *index, reference name.Tag) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	to, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	// containerd wants the whole name, the specification the tag.
	named := layout.WithAnnotations(map[string]string{
		"io.containerd.image.name":          reference.String(),
		"org.opencontainers.image.ref.name": reference.TagStr(),
	})
	if err := to.AppendIndex(x.images, named); err != nil {
		return err
	}
	for _, b := range x.built {
		if err := to.AppendImage(b.bom); err != nil {
			return err
		}
	}
	return nil
}

// writeArchive writes the layout as one file. Beside it is manifest.json, which `docker load` reads.
func writeArchive(file string, x *index, reference name.Tag) error {
	folder, err := os.MkdirTemp(filepath.Dir(file), ".image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	if err := writeLayout(folder, x, reference); err != nil {
		return err
	}
	if err := writeDockerManifest(folder, x, reference); err != nil {
		return err
	}
	files, err := archive.Folder(folder)
	if err != nil {
		return err
	}
	return archive.Write(file, files)
}

// dockerManifest is an entry of manifest.json, as `docker save` writes it.
type dockerManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// writeDockerManifest lists the image of each platform, as manifest.json has no word for platforms: the first one has the
// image's name, and all of them that name with "-" and the architecture behind it.
func writeDockerManifest(folder string, x *index, reference name.Tag) error {
	var entries []dockerManifest
	for i, b := range x.built {
		manifest, err := b.image.Manifest()
		if err != nil {
			return err
		}
		entry := dockerManifest{Config: blob(manifest.Config.Digest), RepoTags: []string{reference.String() + "-" + b.platform.Architecture}}
		if i == 0 {
			entry.RepoTags = append(entry.RepoTags, reference.String())
		}
		for _, l := range manifest.Layers {
			entry.Layers = append(entry.Layers, blob(l.Digest))
		}
		entries = append(entries, entry)
	}
	content, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "manifest.json"), content, 0o600)
}

func blob(digest v1.Hash) string { return path.Join("blobs", digest.Algorithm, digest.Hex) }

// writeBOMs writes the SBOM of each platform as a file.
func (x *index) writeBOMs(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // they are for everybody
		return err
	}
	for _, b := range x.built {
		file := strings.Join([]string{"manager", x.Version, b.platform.OS, b.platform.Architecture}, "-") + ".spdx.json"
		if err := os.WriteFile(filepath.Join(folder, file), b.list, 0o644); err != nil { //nolint:gosec // they are for everybody
			return err
		}
	}
	return nil
}

// push sends the image, and then the SBOMs, which refer to it.
func push(ctx context.Context, x *index, reference name.Tag) error {
	with := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	if err := remote.WriteIndex(reference, x.images, with...); err != nil {
		return err
	}
	for _, b := range x.built {
		digest, err := b.bom.Digest()
		if err != nil {
			return err
		}
		if err := remote.Write(reference.Context().Digest(digest.String()), b.bom, with...); err != nil {
			return err
		}
	}
	return nil
}
