// Package oci fetches bundles from registries, as "oras push" and "flux push artifact" leave them
// there. What it fetches is pinned by a digest and checked against it; what goes wrong is a [Fault]
// that says whether trying again may help, and which field to look at.
package oci

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/bundle"
)

// Request says what to fetch, and how to get at it.
type Request struct {
	// Repository with its registry, without tag or digest: ghcr.io/ks/svarut-bundle.
	Repository string
	// Digest of the manifest: "sha256:" and 64 hexadecimal digits.
	Digest string
	// Credentials is the content of a kubernetes.io/dockerconfigjson Secret, or nil for none.
	Credentials []byte
	// CA holds certificates to trust beside the system's, as PEM, or nil.
	CA []byte
	// Chart says that it must be a Helm chart; without it, it must not.
	Chart bool
	// PlainHTTP speaks HTTP without TLS. For registries on a test machine.
	PlainHTTP bool
}

// Fetcher fetches bundles. It keeps nothing between two fetches, so any number may run at once.
type Fetcher struct {
	// UserAgent is what registries see in their logs.
	UserAgent string
}

// Fetch returns the bundle that the request names. The context bounds the time that it takes; a
// bundle that is too large is given up before it is read. The error is a *Fault.
func (f Fetcher) Fetch(ctx context.Context, r Request) (bundle.Bundle, error) {
	repository, connections, err := f.open(r)
	if err != nil {
		return bundle.Bundle{}, err
	}

	defer connections.CloseIdleConnections()
	asked := &patience{next: connections}
	repository.Client.(*auth.Client).Client.Transport = asked //nolint:errcheck // open has made it one
	manifest, err := fetchManifest(ctx, repository, r.Digest)
	if err != nil {
		return bundle.Bundle{}, faultOf(r, err, asked.wait())
	}

	parsed, err := bundle.ParseManifest(manifest)
	if err != nil {
		return bundle.Bundle{}, &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("%s: %s", r.name(), err), cause: err}
	}

	if bundle.IsHelmChart(parsed) != r.Chart {
		return bundle.Bundle{}, otherKind(r)
	}

	layers := make(map[string][]byte, len(parsed.Layers))
	for _, layer := range parsed.Layers {
		if layers[layer.Digest.String()], err = fetchLayer(ctx, repository, layer); err != nil {
			return bundle.Bundle{}, faultOf(r, fmt.Errorf("layer %s: %w", layer.Digest, err), asked.wait())
		}
	}

	fetched, err := bundle.FromArtifact(manifest, layers)
	if err != nil {
		return bundle.Bundle{}, &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("%s: %s", r.name(), err), cause: err}
	}
	return fetched, nil
}

// field is the part of a source that the request comes from.
func (r Request) field() string {
	if r.Chart {
		return "source.chart"
	}
	return "source.oci"
}

func (r Request) name() string { return r.Repository + "@" + r.Digest }

// open prepares the client of one fetch, with its connections.
func (f Fetcher) open(r Request) (*remote.Repository, *http.Transport, error) {
	repository, err := remote.NewRepository(r.Repository)
	if err != nil {
		return nil, nil, &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("%s.repository: %q is not a repository: %s", r.field(), r.Repository, err), cause: err}
	}

	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // the standard library says that it is one
	if len(r.CA) > 0 {
		if transport.TLSClientConfig, err = trusting(r.CA); err != nil {
			return nil, nil, &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("%s.caRef: for %s: %s", r.field(), r.Repository, err), cause: err}
		}
	}

	client := &auth.Client{Client: &http.Client{Transport: transport}, Cache: auth.NewCache()}
	if f.UserAgent != "" {
		client.SetUserAgent(f.UserAgent)
	}

	if len(r.Credentials) > 0 {
		store, err := credentials.NewMemoryStoreFromDockerConfig(r.Credentials)
		if err != nil {
			// The cause may quote the Secret.
			return nil, nil, &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("%s.secretRef: for %s: the key .dockerconfigjson of the Secret is not a Docker configuration; make it with kubectl create secret docker-registry", r.field(), r.Repository)}
		}
		client.Credential = credentials.Credential(store)
	}

	repository.Client = client
	repository.PlainHTTP = r.PlainHTTP
	return repository, transport, nil
}

func trusting(ca []byte) (*tls.Config, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("reading the system's certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("the key ca.crt of the Secret holds no certificate in PEM format")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

func fetchManifest(ctx context.Context, repository *remote.Repository, want string) ([]byte, error) {
	descriptor, body, err := repository.Manifests().FetchReference(ctx, want)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	descriptor.Digest = digest.Digest(want)
	if descriptor.Size < 0 || descriptor.Size > bundle.MaxStoredBytes {
		return nil, errTooLarge
	}
	return readAll(body, descriptor)
}

func fetchLayer(ctx context.Context, repository *remote.Repository, layer ocispec.Descriptor) ([]byte, error) {
	body, err := repository.Blobs().Fetch(ctx, layer)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	return readAll(body, layer)
}

// errMismatch says that a registry returned something else than what was asked for.
var errMismatch = errors.New("the content doesn't match its digest")

// readAll reads as much as was declared, and no more: together the layers of a manifest are no larger than
// what can be stored.
func readAll(body io.Reader, want ocispec.Descriptor) ([]byte, error) {
	var content bytes.Buffer
	if _, err := content.ReadFrom(io.LimitReader(body, want.Size+1)); err != nil {
		return nil, err
	}
	if int64(content.Len()) > want.Size {
		return nil, errMismatch
	}
	if digest.SHA256.FromBytes(content.Bytes()) != want.Digest {
		return nil, errMismatch
	}
	return content.Bytes(), nil
}

var errTooLarge = fmt.Errorf("larger than %d bytes", bundle.MaxStoredBytes)
