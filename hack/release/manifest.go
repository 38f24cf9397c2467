package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"sigs.k8s.io/kustomize/api/filters/imagetag"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// configured is the image that config/ names.
const configured = "ghcr.io/allmenning/manager"

// writeManifest writes the objects of config/default into one file, with another image. Namespaces and definitions come
// first, so that one `kubectl apply` does.
func writeManifest(source, image, to string) error {
	tag, err := imageTag(image)
	if err != nil {
		return err
	}
	settings := krusty.MakeDefaultOptions()
	settings.Reorder = krusty.ReorderOptionLegacy
	objects, err := krusty.MakeKustomizer(settings).Run(filesys.MakeFsOnDisk(), filepath.Join(source, "config", "default"))
	if err != nil {
		return fmt.Errorf("build config/default: %w", err)
	}
	if err := objects.ApplyFilter(imagetag.LegacyFilter{ImageTag: tag}); err != nil {
		return fmt.Errorf("name the image %s: %w", image, err)
	}
	content, err := objects.AsYaml()
	if err != nil {
		return err
	}
	if !bytes.Contains(content, []byte("image: "+image+"\n")) {
		return fmt.Errorf("config/default has no container of the image %s that could be %s", configured, image)
	}
	head := "# All objects of Allmenning: kubectl apply --server-side -f install.yaml\n# See https://github.com/allmenning/allmenning/blob/main/docs/install.md\n"
	return os.WriteFile(to, append([]byte(head), content...), 0o644) //nolint:gosec // it is for everybody
}

// imageTag reads the name of an image, as people write it.
func imageTag(image string) (types.Image, error) {
	if _, err := name.ParseReference(image, name.StrictValidation); err != nil {
		return types.Image{}, fmt.Errorf("--image: %w: give a tag, a digest, or both", err)
	}
	named, digest, _ := strings.Cut(image, "@")
	tag := types.Image{Name: configured, NewName: named, Digest: digest}
	if at := strings.LastIndex(named, ":"); at > strings.LastIndex(named, "/") { // else it is the port of a registry
		tag.NewName, tag.NewTag = named[:at], named[at+1:]
	}
	return tag, nil
}
