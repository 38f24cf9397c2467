package oci

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/bundle"
)

func TestFetch(t *testing.T) {
	for reason, push := range map[string]func(*testing.T, *remote.Repository) string{
		"a folder by oras push": pushFolder, "files by oras push": pushFiles, "flux push artifact": pushFlux,
	} {
		t.Run(reason, func(t *testing.T) {
			_, request := serve(t, httptest.NewServer, push)
			fetched, err := Fetcher{UserAgent: "allmenning"}.Fetch(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for name, content := range fetched.Files {
				got[name] = string(content)
			}
			if diff := cmp.Diff(files, got); diff != "" || fetched.Digest != request.Digest {
				t.Errorf("digest %s, -want +got:\n%s", fetched.Digest, diff)
			}
			back, err := bundle.Decode(request.Digest, bundle.Encode(fetched))
			if err != nil {
				t.Fatalf("what is stored doesn't come back: %v", err)
			}
			if diff := cmp.Diff(fetched.Files, back.Files); diff != "" {
				t.Errorf("what is stored comes back changed:\n%s", diff)
			}
		})
	}
}

func basicAuth(user, password string) wrapper {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func dockerConfig(host, user, password string) []byte {
	return fmt.Appendf(nil, `{"auths": {%q: {"auth": %q}}}`, host, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

func hostOf(r Request) string {
	host, _, _ := strings.Cut(r.Repository, "/")
	return host
}

func TestFetchWithPasswordAndCertificate(t *testing.T) {
	server, request := serve(t, httptest.NewTLSServer, pushFolder, basicAuth("ks", "right-one"))
	request.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	request.Credentials = dockerConfig(hostOf(request), "ks", "right-one")
	if _, err := (Fetcher{}).Fetch(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		reason string
		change func(*Request)
		want   string
		text   []string
	}{
		{"no password", func(r *Request) { r.Credentials = nil }, v1alpha1.ReasonUnauthorized, []string{"source.oci.secretRef", "asks for a password and none is given"}},
		{"a wrong password", func(r *Request) { r.Credentials = dockerConfig(hostOf(*r), "ks", "wrong-one") }, v1alpha1.ReasonUnauthorized, []string{"source.oci.secretRef", "refuses what the Secret holds"}},
		{"a password for another registry", func(r *Request) { r.Credentials = dockerConfig("ghcr.io", "ks", "right-one") }, v1alpha1.ReasonUnauthorized, []string{"source.oci.secretRef"}},
		{"a Secret that is no Docker configuration", func(r *Request) { r.Credentials = []byte("right-one") }, v1alpha1.ReasonInvalid, []string{"source.oci.secretRef", ".dockerconfigjson"}},
		{"no certificate", func(r *Request) { r.CA = nil }, v1alpha1.ReasonUntrusted, []string{"set source.oci.caRef"}},
		{"a Secret that holds no certificate", func(r *Request) { r.CA = []byte("no PEM") }, v1alpha1.ReasonInvalid, []string{"source.oci.caRef", "ca.crt"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			changed := request
			tc.change(&changed)
			_, err := Fetcher{}.Fetch(t.Context(), changed)
			wantFault(t, err, tc.want, false, append(tc.text, changed.Repository)...)
			for _, secret := range []string{"right-one", "wrong-one", string(changed.Credentials)} {
				if secret != "" && err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows a password: %v", err)
				}
			}
		})
	}
}

func wantFault(t *testing.T, err error, reason string, transient bool, texts ...string) {
	t.Helper()
	var fault *Fault
	if !errors.As(err, &fault) {
		t.Fatalf("error %v, want a Fault", err)
	}
	if fault.Reason != reason || fault.Transient != transient {
		t.Errorf("%s, transient %t, want %s, %t: %s", fault.Reason, fault.Transient, reason, transient, fault.Message)
	}
	for _, text := range texts {
		if !strings.Contains(fault.Message, text) {
			t.Errorf("message %q doesn't hold %q", fault.Message, text)
		}
	}
}

// answer gives the same status to every request.
func answer(status int) wrapper {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
}

// corrupt changes a byte of whatever lies under a path, and says, or doesn't say, that it has the
// digest that was asked for.
func corrupt(under string, lie bool) wrapper {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, under) {
				next.ServeHTTP(w, r)
				return
			}
			recorded := httptest.NewRecorder()
			next.ServeHTTP(recorded, r)
			body := recorded.Body.Bytes()
			body[len(body)/2] ^= 1
			w.Header().Set("Content-Type", recorded.Header().Get("Content-Type"))
			if lie {
				w.Header().Set("Docker-Content-Digest", recorded.Header().Get("Docker-Content-Digest"))
			}
			w.WriteHeader(recorded.Code)
			_, _ = w.Write(body)
		})
	}
}

// breakOff announces more of a blob than it sends.
func breakOff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			next.ServeHTTP(w, r)
			return
		}
		recorded := httptest.NewRecorder()
		next.ServeHTTP(recorded, r)
		w.Header().Set("Content-Length", fmt.Sprint(recorded.Body.Len()))
		_, _ = w.Write(recorded.Body.Bytes()[:1])
		panic(http.ErrAbortHandler)
	})
}

func TestFetchTellsFaultsApart(t *testing.T) {
	for _, tc := range []struct {
		reason    string
		wrap      wrapper
		want      string
		transient bool
		text      string
	}{
		{"forbidden", answer(http.StatusForbidden), v1alpha1.ReasonUnauthorized, false, "source.oci.secretRef"},
		{"overloaded", answer(http.StatusTooManyRequests), v1alpha1.ReasonUnreachable, true, "tried again"},
		{"broken", answer(http.StatusBadGateway), v1alpha1.ReasonUnreachable, true, "502"},
		{"not there", answer(http.StatusNotFound), v1alpha1.ReasonNotFound, false, "source.oci.digest"},
		{"a manifest that is another", corrupt("/manifests/", false), v1alpha1.ReasonDigestMismatch, false, "source.oci.digest"},
		{"a manifest that pretends", corrupt("/manifests/", true), v1alpha1.ReasonDigestMismatch, false, "source.oci.digest"},
		{"a layer that is another", corrupt("/blobs/", true), v1alpha1.ReasonDigestMismatch, false, "layer sha256:"},
		{"a connection that breaks off", breakOff, v1alpha1.ReasonUnreachable, true, "tried again"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			_, request := serve(t, httptest.NewServer, pushFolder, tc.wrap)
			_, err := Fetcher{}.Fetch(t.Context(), request)
			wantFault(t, err, tc.want, tc.transient, request.Repository, tc.text)
		})
	}
}

func TestFetchOfAChart(t *testing.T) {
	_, request := serve(t, httptest.NewServer, pushHelm)
	_, err := Fetcher{}.Fetch(t.Context(), request)
	wantFault(t, err, v1alpha1.ReasonInvalid, false, "name it in source.chart")

	request.Chart = true
	got, err := Fetcher{}.Fetch(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if !got.IsChart() || got.Digest != request.Digest || string(got.Files["templates/a.yaml"]) != "a: b\n" {
		t.Errorf("got %v", got.Files)
	}
	stored, err := bundle.Decode(got.Digest, bundle.Encode(got))
	if err != nil || !stored.IsChart() {
		t.Errorf("what is stored is no chart: %v", err)
	}

	_, request = serve(t, httptest.NewServer, pushFolder)
	request.Chart = true
	_, err = Fetcher{}.Fetch(t.Context(), request)
	wantFault(t, err, v1alpha1.ReasonInvalid, false, "name it in source.oci")
}

func TestFetchFromARegistryThatIsDown(t *testing.T) {
	server, request := serve(t, httptest.NewServer, pushFolder)
	server.Close()
	_, err := Fetcher{}.Fetch(t.Context(), request)
	wantFault(t, err, v1alpha1.ReasonUnreachable, true, request.Repository, "can't be reached")
}

func TestFetchFromARegistryThatIsSlow(t *testing.T) {
	released := make(chan struct{})
	hang := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released })
	}
	_, request := serve(t, httptest.NewServer, pushFolder, hang)
	defer close(released)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := Fetcher{}.Fetch(ctx, request)
	wantFault(t, err, v1alpha1.ReasonUnreachable, true, "deadline exceeded")
}

func TestFetchOverTheWrongProtocol(t *testing.T) {
	_, request := serve(t, httptest.NewServer, pushFolder)
	request.PlainHTTP = false
	_, err := Fetcher{}.Fetch(t.Context(), request)
	wantFault(t, err, v1alpha1.ReasonInvalid, false, "plain HTTP")
}

func TestFetchRefusesArtifacts(t *testing.T) {
	large := bytes.Repeat([]byte("x"), bundle.MaxStoredBytes+1)
	lied := func(t *testing.T, target *remote.Repository) string {
		layer := pushBlob(t, target, "text/plain", large)
		layer.Size = 10
		return pushManifest(t, target, ocispec.Manifest{Config: ocispec.DescriptorEmptyJSON, Layers: []ocispec.Descriptor{layer}})
	}
	honest := func(t *testing.T, target *remote.Repository) string {
		layer := pushBlob(t, target, "text/plain", large)
		return pushManifest(t, target, ocispec.Manifest{Config: ocispec.DescriptorEmptyJSON, Layers: []ocispec.Descriptor{layer}})
	}
	unknown := func(t *testing.T, target *remote.Repository) string {
		layer := pushBlob(t, target, "application/wasm", []byte("x"))
		return pushManifest(t, target, ocispec.Manifest{Config: ocispec.DescriptorEmptyJSON, Layers: []ocispec.Descriptor{layer}})
	}
	for _, tc := range []struct {
		reason string
		push   func(*testing.T, *remote.Repository) string
		text   string
	}{
		{"a layer that is too large", honest, "larger than 921600 bytes"},
		{"a layer that is larger than it says", lied, "layer sha256:"},
		{"a layer of no known form", unknown, "application/wasm"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			_, request := serve(t, httptest.NewServer, tc.push)
			_, err := Fetcher{}.Fetch(t.Context(), request)
			wantFault(t, err, v1alpha1.ReasonInvalid, false, request.Repository, tc.text)
		})
	}
}

func TestFetchRefusesARepositoryThatIsNone(t *testing.T) {
	_, err := Fetcher{}.Fetch(t.Context(), Request{Repository: "nothing", Digest: "sha256:" + strings.Repeat("0", 64)})
	wantFault(t, err, v1alpha1.ReasonInvalid, false, "source.oci.repository")
}
