package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/allmenning/allmenning/internal/bundle"
)

var files = map[string]string{"kustomization.yaml": "resources: [base]\n", "base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": "a: b\n"}

// wrapper is between a client and the registry.
type wrapper func(http.Handler) http.Handler

// serve starts a registry, and pushes with the given function past all wrappers.
func serve(t *testing.T, start func(http.Handler) *httptest.Server, push func(*testing.T, *remote.Repository) string, wrappers ...wrapper) (*httptest.Server, Request) {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	plain := httptest.NewServer(handler)
	defer plain.Close()
	const name = "/ks/post"
	repository, err := remote.NewRepository(strings.TrimPrefix(plain.URL, "http://") + name)
	if err != nil {
		t.Fatal(err)
	}
	repository.PlainHTTP = true
	pushed := push(t, repository)
	for _, wrap := range wrappers {
		handler = wrap(handler)
	}
	server := start(handler)
	t.Cleanup(server.Close)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	_, host, _ := strings.Cut(server.URL, "://")
	return server, Request{Repository: host + name, Digest: pushed, PlainHTTP: strings.HasPrefix(server.URL, "http:")}
}

// orasPush does what "oras push" does: a file store, a manifest of the latest form, a copy.
func orasPush(add func(t *testing.T, store *file.Store) []ocispec.Descriptor) func(*testing.T, *remote.Repository) string {
	return func(t *testing.T, target *remote.Repository) string {
		t.Helper()
		store, err := file.New(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = store.Close() }()
		manifest, err := oras.PackManifest(t.Context(), store, oras.PackManifestVersion1_1, "application/vnd.unknown.artifact.v1",
			oras.PackManifestOptions{Layers: add(t, store)})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Tag(t.Context(), manifest, "v1"); err != nil {
			t.Fatal(err)
		}
		if _, err := oras.Copy(t.Context(), store, "v1", target, "v1", oras.DefaultCopyOptions); err != nil {
			t.Fatal(err)
		}
		return manifest.Digest.String()
	}
}

func writeFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// pushFolder is "oras push repository ./post".
var pushFolder = orasPush(func(t *testing.T, store *file.Store) []ocispec.Descriptor {
	layer, err := store.Add(t.Context(), "post", "", writeFiles(t))
	if err != nil {
		t.Fatal(err)
	}
	return []ocispec.Descriptor{layer}
})

// pushFiles is "oras push repository kustomization.yaml base/kustomization.yaml base/a.yaml".
var pushFiles = orasPush(func(t *testing.T, store *file.Store) []ocispec.Descriptor {
	dir := writeFiles(t)
	var layers []ocispec.Descriptor
	for name := range files {
		layer, err := store.Add(t.Context(), name, "", filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, layer)
	}
	return layers
})

// pushFlux pushes what "flux push artifact" makes.
func pushFlux(t *testing.T, target *remote.Repository) string {
	t.Helper()
	var archive bytes.Buffer
	compressed := gzip.NewWriter(&archive)
	writer := tar.NewWriter(compressed)
	for name, content := range files {
		if err := writer.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(writer, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(writer.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	return pushManifest(t, target, ocispec.Manifest{
		Config: pushBlob(t, target, "application/vnd.cncf.flux.config.v1+json", []byte(`{"created":"2026-01-01T00:00:00Z"}`)),
		Layers: []ocispec.Descriptor{pushBlob(t, target, "application/vnd.cncf.flux.content.v1.tar+gzip", archive.Bytes())},
		Annotations: map[string]string{
			"org.opencontainers.image.source": "https://example.org/post", "org.opencontainers.image.revision": "main@sha1:0123",
		},
	})
}

func pushBlob(t *testing.T, target *remote.Repository, mediaType string, content []byte) ocispec.Descriptor {
	t.Helper()
	descriptor := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(content), Size: int64(len(content))}
	if err := target.Push(t.Context(), descriptor, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return descriptor
}

func pushManifest(t *testing.T, target *remote.Repository, manifest ocispec.Manifest) string {
	t.Helper()
	manifest.Versioned, manifest.MediaType = specs.Versioned{SchemaVersion: 2}, ocispec.MediaTypeImageManifest
	written, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	return pushBlob(t, target, ocispec.MediaTypeImageManifest, written).Digest.String()
}

// pushHelm pushes what "helm push" makes, with a provenance file beside the chart.
func pushHelm(t *testing.T, target *remote.Repository) string {
	t.Helper()
	var archive bytes.Buffer
	compressed := gzip.NewWriter(&archive)
	writer := tar.NewWriter(compressed)
	for name, content := range map[string]string{"post/Chart.yaml": "apiVersion: v2\nname: post\nversion: 1.0.0\n", "post/templates/a.yaml": "a: b\n"} {
		if err := writer.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(writer, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(writer.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	return pushManifest(t, target, ocispec.Manifest{
		Config: pushBlob(t, target, bundle.HelmConfig, []byte(`{"name":"post"}`)),
		Layers: []ocispec.Descriptor{
			pushBlob(t, target, "application/vnd.cncf.helm.chart.provenance.v1.prov", []byte("signed")),
			pushBlob(t, target, bundle.HelmContent, archive.Bytes()),
		},
	})
}
