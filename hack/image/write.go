package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
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

// writeArchive writes the layout as one file. Beside it stands manifest.json, which docker reads: it names the image of
// one platform, this machine's where that was built.
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
	return pack(folder, file)
}

// dockerManifest is an entry of manifest.json, as `docker save` writes it.
type dockerManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func writeDockerManifest(folder string, x *index, reference name.Tag) error {
	chosen := x.built[0]
	if i := slices.IndexFunc(x.built, func(b built) bool { return b.platform.Architecture == runtime.GOARCH }); i >= 0 {
		chosen = x.built[i]
	}
	manifest, err := chosen.image.Manifest()
	if err != nil {
		return err
	}
	entry := dockerManifest{Config: blob(manifest.Config.Digest), RepoTags: []string{reference.String()}}
	for _, l := range manifest.Layers {
		entry.Layers = append(entry.Layers, blob(l.Digest))
	}
	content, err := json.Marshal([]dockerManifest{entry})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "manifest.json"), content, 0o600)
}

func blob(digest v1.Hash) string { return path.Join("blobs", digest.Algorithm, digest.Hex) }

// pack writes the files of a folder into an archive, in the order of their names and without times.
func pack(folder, file string) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(out)
	err = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		inside, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		content, err := os.Open(name) //nolint:gosec // written just before
		if err != nil {
			return err
		}
		defer content.Close() //nolint:errcheck // it was only read
		info, err := content.Stat()
		if err != nil {
			return err
		}
		return put(archive, filepath.ToSlash(inside), 0o644, info.Size(), content)
	})
	if err == nil {
		err = archive.Close()
	}
	if closed := out.Close(); err == nil {
		err = closed
	}
	return err
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
