package main

import (
	"errors"
	"fmt"
	"runtime/debug"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/allmenning/allmenning/hack/program"
)

// spdxType is the media type of SPDX as JSON (IANA).
const spdxType = "application/spdx+json"

// certificatesModule is where the certificates in the image come from.
const certificatesModule = "golang.org/x/crypto/x509roots/fallback"

// bom lists what is in an image.
func bom(file string, image v1.Image, of program.Program) ([]byte, error) {
	digest, err := image.Digest()
	if err != nil {
		return nil, err
	}
	content, err := of.BOM(file, program.Subject{SHA256: digest.Hex, Of: "the image's manifest", Beside: []debug.Module{certificatesSource()}})
	if err != nil {
		return nil, fmt.Errorf("list what is in the program: %w", err)
	}
	return content, nil
}

// referring is an artifact that holds an SBOM and refers to its image (OCI image specification 1.1, manifest.md,
// "subject"): registries list it among the image's referrers.
func referring(image v1.Image, bom []byte) (v1.Image, error) {
	subject, err := partial.Descriptor(image)
	if err != nil {
		return nil, err
	}
	// The config's type is the type of an artifact for registries that are older than artifactType.
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), spdxType)
	artifact, err = mutate.AppendLayers(artifact, static.NewLayer(bom, spdxType))
	if err != nil {
		return nil, err
	}
	refers, ok := mutate.Subject(artifact, *subject).(v1.Image)
	if !ok {
		return nil, errors.New("an image with a subject is no image")
	}
	return refers, nil
}

// certificatesSource is the module of the certificates. They are data of the image, so the program's list has not got them.
func certificatesSource() debug.Module {
	here, _ := debug.ReadBuildInfo()
	for _, m := range here.Deps {
		if m.Path == certificatesModule {
			return *m
		}
	}
	return debug.Module{Path: certificatesModule}
}
