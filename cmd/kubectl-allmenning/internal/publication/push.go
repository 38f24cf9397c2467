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

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/allmenning/allmenning/internal/bundle"
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
	layer    []byte
}

// Digest names the artifact.
func (a Artifact) Digest() string { return digest.FromBytes(a.Manifest).String() }

// Pack packs a folder.
func Pack(b bundle.Bundle) (Artifact, error) {
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(b.Files[name])), Format: tar.FormatPAX}
		if err := archive.WriteHeader(header); err != nil {
			return Artifact{}, fmt.Errorf("pack %s: %w", name, err)
		}
		if _, err := archive.Write(b.Files[name]); err != nil {
			return Artifact{}, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return Artifact{}, fmt.Errorf("pack: %w", err)
	}
	if err := compressed.Close(); err != nil {
		return Artifact{}, fmt.Errorf("pack: %w", err)
	}
	manifest, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: artifactType,
		Config: ocispec.DescriptorEmptyJSON,
		Layers: []ocispec.Descriptor{{MediaType: layerType, Digest: digest.FromBytes(packed.Bytes()), Size: int64(packed.Len())}},
	})
	if err != nil {
		return Artifact{}, fmt.Errorf("pack: %w", err)
	}
	out := Artifact{Manifest: manifest, layer: packed.Bytes()}
	// What the operator will make of it, before anybody pushes it.
	_, err = bundle.FromArtifact(manifest, map[string][]byte{digest.FromBytes(out.layer).String(): out.layer})
	return out, err
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
	for _, blob := range []struct {
		descriptor ocispec.Descriptor
		content    []byte
	}{
		{ocispec.DescriptorEmptyJSON, ocispec.DescriptorEmptyJSON.Data},
		{ocispec.Descriptor{MediaType: layerType, Digest: digest.FromBytes(a.layer), Size: int64(len(a.layer))}, a.layer},
	} {
		exists, err := target.Blobs().Exists(ctx, blob.descriptor)
		if err != nil {
			return fmt.Errorf("push to %s: %w", repository, err)
		}
		if exists {
			continue
		}
		if err := target.Blobs().Push(ctx, blob.descriptor, bytes.NewReader(blob.content)); err != nil {
			return fmt.Errorf("push to %s: %w", repository, err)
		}
	}
	descriptor := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(a.Manifest), Size: int64(len(a.Manifest))}
	if err := target.Manifests().PushReference(ctx, descriptor, bytes.NewReader(a.Manifest), tag); err != nil {
		return fmt.Errorf("push to %s: %w", repository, err)
	}
	return nil
}
