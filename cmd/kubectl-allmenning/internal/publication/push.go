package publication

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/chart"
)

const (
	// artifactType says what the artifact is, for who lists a registry.
	artifactType = "application/vnd.allmenning.bundle.v1"
	layerType    = "application/vnd.allmenning.bundle.content.v1.tar+gzip"
)

// Artifact is a bundle as it is pushed. One folder gives one digest, whenever and wherever it is packed.
type Artifact struct {
	// Manifest as JSON; its digest names the artifact.
	Manifest []byte
	// Chart says that it is a Helm chart, as helm push makes one.
	Chart bool

	config, layer blob
}

// blob is content with what the manifest says of it.
type blob struct {
	ocispec.Descriptor

	content []byte
}

func newBlob(mediaType string, content []byte) blob {
	return blob{ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(content), Size: int64(len(content))}, content}
}

// Digest names the artifact.
func (a Artifact) Digest() string { return digest.FromBytes(a.Manifest).String() }

// Pack packs a folder: a chart as Helm does, anything else as a bundle.
func Pack(b bundle.Bundle) (Artifact, error) {
	manifest := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest}
	out, folder, layer := Artifact{Chart: b.IsChart()}, "", layerType
	if out.Chart {
		metadata, name, err := chart.Metadata(b.Files)
		if err != nil {
			return out, fmt.Errorf("pack: %w", err)
		}
		out.config, folder, layer = newBlob(bundle.HelmConfig, metadata), name+"/", bundle.HelmContent
		manifest.Config = out.config.Descriptor
	} else {
		out.config = blob{ocispec.DescriptorEmptyJSON, ocispec.DescriptorEmptyJSON.Data}
		manifest.Config, manifest.ArtifactType = ocispec.DescriptorEmptyJSON, artifactType
	}
	packed, err := archiveOf(b, folder)
	if err != nil {
		return out, err
	}
	out.layer = newBlob(layer, packed)
	manifest.Layers = []ocispec.Descriptor{out.layer.Descriptor}
	if out.Manifest, err = json.Marshal(manifest); err != nil {
		return out, fmt.Errorf("pack: %w", err)
	}
	// What the operator will make of it, before anybody pushes it.
	_, err = bundle.FromArtifact(out.Manifest, map[string][]byte{out.layer.Digest.String(): packed})
	return out, err
}

// archiveOf is a compressed archive of the files of a bundle, in a folder that may be empty.
func archiveOf(b bundle.Bundle, folder string) ([]byte, error) {
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: folder + name, Mode: 0o644, Size: int64(len(b.Files[name])), Format: tar.FormatPAX}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		if _, err := archive.Write(b.Files[name]); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if err := compressed.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return packed.Bytes(), nil
}

// Push sends an artifact to a repository, under a tag. Passwords are those of docker login.
func Push(ctx context.Context, a Artifact, repository, tag string, plainHTTP bool) error {
	target, err := remote.NewRepository(repository)
	if err != nil {
		return fmt.Errorf("%s is not a repository: %w", repository, err)
	}
	target.PlainHTTP = plainHTTP
	client := &auth.Client{Client: http.DefaultClient, Cache: auth.NewCache()}
	if store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{}); err == nil {
		client.Credential = credentials.Credential(store)
	}
	target.Client = client
	for _, part := range []blob{a.config, a.layer} {
		exists, err := target.Blobs().Exists(ctx, part.Descriptor)
		if err != nil {
			return pushFault(repository, err)
		}
		if exists {
			continue
		}
		if err := target.Blobs().Push(ctx, part.Descriptor, bytes.NewReader(part.content)); err != nil {
			return pushFault(repository, err)
		}
	}
	descriptor := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(a.Manifest), Size: int64(len(a.Manifest))}
	if err := target.Manifests().PushReference(ctx, descriptor, bytes.NewReader(a.Manifest), tag); err != nil {
		return pushFault(repository, err)
	}
	return nil
}

// pushFault says what a registry, or the way to it, had to say, and what to do about it.
func pushFault(repository string, err error) error {
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return fmt.Errorf("push to %s: the registry speaks no TLS: add --plain-http, and have the platform start the operator with --plain-http-registry: %w", repository, err)
	}
	return fmt.Errorf("push to %s: %w", repository, err)
}
