package main

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/allmenning/allmenning/hack/program"
)

// description is what an image says of itself.
type description struct {
	Version string
	Commit  program.Commit
}

// labels are the annotations that the OCI image specification defines (annotations.md).
func (d description) labels() map[string]string {
	labels := map[string]string{
		"org.opencontainers.image.title":         "Allmenning",
		"org.opencontainers.image.description":   "Operator for a Kubernetes platform that many municipalities share",
		"org.opencontainers.image.source":        "https://github.com/allmenning/allmenning",
		"org.opencontainers.image.documentation": "https://github.com/allmenning/allmenning/tree/main/docs",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.version":       d.Version,
		"org.opencontainers.image.created":       d.Commit.Date(),
	}
	if d.Commit.Hash != "" {
		labels["org.opencontainers.image.revision"] = d.Commit.Hash
	}
	return labels
}

// index is an image for several platforms, with an SBOM for each.
type index struct {
	description
	images v1.ImageIndex
	built  []built
}

// built is the image of a platform.
type built struct {
	platform v1.Platform
	image    v1.Image
	// list is the SBOM, and bom an artifact of it that refers to the image.
	list []byte
	bom  v1.Image
}

func newIndex(d description) *index {
	images := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	return &index{description: d, images: marked(images, d.labels())}
}

// add makes the image of a program that is in a file.
func (x *index) add(file string, platform v1.Platform) error {
	image, err := x.image(file, platform)
	if err != nil {
		return err
	}
	list, err := bom(file, image, x.program(platform))
	if err != nil {
		return err
	}
	bom, err := referring(image, list)
	if err != nil {
		return err
	}
	x.images = mutate.AppendManifests(x.images, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
	x.built = append(x.built, built{platform: platform, image: image, list: list, bom: bom})
	return nil
}

// program is the operator's, for a platform.
func (d description) program(platform v1.Platform) program.Program {
	return program.Program{Name: "manager", Version: d.Version, Commit: d.Commit, OS: platform.OS, Arch: platform.Architecture}
}

// image has one layer that seldom changes and one with the program. It is built on nothing: there is no shell.
func (x *index) image(file string, platform v1.Platform) (v1.Image, error) {
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	created := v1.Time{Time: x.Commit.Time}
	config := &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant, Created: created,
		Config: v1.Config{
			User: fmt.Sprintf("%d:%d", user, user), Entrypoint: []string{"/" + programPath}, WorkingDir: "/",
			Env: []string{"PATH=/", "SSL_CERT_FILE=/" + certificatesPath}, Labels: x.labels(),
		},
	}
	image, err := mutate.ConfigFile(base, config)
	if err != nil {
		return nil, err
	}

	system, err := systemLayer()
	if err != nil {
		return nil, fmt.Errorf("layer of certificates: %w", err)
	}
	operator, err := programLayer(file)
	if err != nil {
		return nil, fmt.Errorf("layer of the program: %w", err)
	}
	image, err = mutate.Append(image,
		mutate.Addendum{Layer: system, History: v1.History{Created: created, CreatedBy: "hack/image: certificates"}},
		mutate.Addendum{Layer: operator, History: v1.History{Created: created, CreatedBy: "hack/image: go build ./cmd/manager"}},
	)
	if err != nil {
		return nil, err
	}
	return marked(image, x.labels()), nil
}

// marked is an image or an index with annotations.
func marked[T partial.WithRawManifest](what T, annotations map[string]string) T {
	with, ok := mutate.Annotations(what, annotations).(T)
	if !ok { // the library says that what goes in comes out
		panic(fmt.Sprintf("annotations make a %T of a %T", with, what))
	}
	return with
}

func (x *index) digest() (v1.Hash, error) { return x.images.Digest() }

// sizes says for each platform how much is to be downloaded.
func (x *index) sizes() []string {
	var lines []string
	for _, b := range x.built {
		var total int64
		layers, err := b.image.Layers()
		if err != nil {
			continue
		}
		for _, l := range layers {
			size, err := l.Size()
			if err != nil {
				continue
			}
			total += size
		}
		lines = append(lines, fmt.Sprintf("%s: %.1f MB compressed", b.platform, float64(total)/1e6))
	}
	return lines
}
