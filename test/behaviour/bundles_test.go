package behaviour_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	oras "oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// folder is a small bundle that is fit to be installed; extra files go on top.
func folder(extra map[string]string) map[string]string {
	files := map[string]string{
		"kustomization.yaml": "resources: [settings.yaml, web.yaml]\n",
		"settings.yaml":      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {greeting: hei}\n",
		"web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: web
        image: registry.k8s.io/pause:3.10
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`,
	}
	maps.Copy(files, extra)
	return files
}

// packed is a folder as a compressed archive, its files under a folder of the given name,
// as "oras push ./name" packs it; without one, as "flux push artifact" does.
func packed(t *testing.T, under string, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	archive := tar.NewWriter(zip)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: under + name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What a locked hub asks for.
const (
	hubUser     = "ks"
	hubPassword = "correct horse"
)

// hub is a registry on this machine that can be switched off and on again.
type hub struct {
	host    string
	handler http.Handler
	server  *http.Server
	// locked makes it ask for a name and a password.
	locked   atomic.Bool
	requests atomic.Int64
	// held, where it is set, holds every request back until it is closed.
	held atomic.Pointer[chan struct{}]
}

// delay holds every request back until the channel is closed.
func (h *hub) delay(until chan struct{}) { h.held.Store(&until) }

// newHub starts a registry.
func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	h.on(t)
	t.Cleanup(h.off)
	return h
}

func (h *hub) on(t *testing.T) {
	t.Helper()
	address := h.host
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	h.host = listener.Addr().String()
	h.server = &http.Server{Handler: h}
	go func() { _ = h.server.Serve(listener) }()
}

func (h *hub) off() { _ = h.server.Close() }

// ServeHTTP asks for the password and passes on.
func (h *hub) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	h.requests.Add(1)
	if held := h.held.Load(); held != nil {
		select {
		case <-*held:
		case <-req.Context().Done():
			return
		}
	}
	user, password, _ := req.BasicAuth()
	if h.locked.Load() && (user != hubUser || password != hubPassword) {
		w.Header().Set("WWW-Authenticate", `Basic realm="hub"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	h.handler.ServeHTTP(w, req)
}

// dockerConfig is what a pull secret for this registry holds.
func (h *hub) dockerConfig() string {
	token := base64.StdEncoding.EncodeToString([]byte(hubUser + ":" + hubPassword))
	return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, h.host, token)
}

func (h *hub) repository(t *testing.T, name string) *remote.Repository {
	t.Helper()
	repository, err := remote.NewRepository(h.host + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	repository.PlainHTTP = true
	repository.Client = &auth.Client{Credential: auth.StaticCredential(h.host, auth.Credential{Username: hubUser, Password: hubPassword})}
	return repository
}

// pushLikeOras pushes a folder as "oras push hub/name ./bundle" does.
func (h *hub) pushLikeOras(t *testing.T, name string, files map[string]string) string {
	t.Helper()
	layer := packed(t, "bundle/", files)
	return h.push(t, name, "application/vnd.unknown.artifact.v1", ocispec.Descriptor{
		MediaType: "application/vnd.oci.image.layer.v1.tar+gzip", Digest: digest.FromBytes(layer), Size: int64(len(layer)),
		Annotations: map[string]string{ocispec.AnnotationTitle: "bundle", "io.deis.oras.content.unpack": "true"},
	}, layer)
}

// pushLikeFlux pushes a folder as "flux push artifact" does.
func (h *hub) pushLikeFlux(t *testing.T, name string, files map[string]string) string {
	t.Helper()
	layer := packed(t, "", files)
	return h.push(t, name, "application/vnd.cncf.flux.config.v1+json", ocispec.Descriptor{
		MediaType: "application/vnd.cncf.flux.content.v1.tar+gzip", Digest: digest.FromBytes(layer), Size: int64(len(layer)),
	}, layer)
}

func (h *hub) push(t *testing.T, name, artifactType string, layer ocispec.Descriptor, packed []byte) string {
	t.Helper()
	repository := h.repository(t, name)
	if err := repository.Push(t.Context(), layer, bytes.NewReader(packed)); err != nil {
		t.Fatalf("push layer: %v", err)
	}
	manifest, err := oras.PackManifest(t.Context(), repository, oras.PackManifestVersion1_1, artifactType, oras.PackManifestOptions{Layers: []ocispec.Descriptor{layer}})
	if err != nil {
		t.Fatalf("push manifest: %v", err)
	}
	if _, err := content.FetchAll(t.Context(), repository, manifest); err != nil {
		t.Fatalf("what was pushed is not there: %v", err)
	}
	return manifest.Digest.String()
}

// otherDigest is a digest of nothing.
func otherDigest() string { return "sha256:" + strings.Repeat("0", 64) }
