package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

const root = "../.."

// megabyte is what sizes are bounded in.
const megabyte = 1_000_000

// maxSize bounds what a node downloads for one platform.
const maxSize = 60 * megabyte

// layoutOf builds the image from sources, and returns the folder of its layout.
func layoutOf(t *testing.T, source string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "layout")
	o := options{
		source: source, name: "registry.example.no/allmenning/manager:1.2.3", version: "1.2.3",
		platforms: []string{"linux/amd64"}, layout: folder,
	}
	if err := o.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestImage builds the image from two copies of the sources, in folders of different names, and looks into it.
func TestImage(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the operator: some minutes the first time")
	}
	first, second := layoutOf(t, root), layoutOf(t, copyOf(t))
	if a, b := indexOf(t, first), indexOf(t, second); a.Manifests[0].Digest != b.Manifests[0].Digest {
		t.Errorf("two builds of the same sources: %s and %s", a.Manifests[0].Digest, b.Manifests[0].Digest)
	}
	image := imageIn(t, first)

	t.Run("nobody in particular runs it, and nothing else is in it", func(t *testing.T) {
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if got := config.Config.User; got != "65532:65532" {
			t.Errorf("user %q: the kubelet must see that it is not root", got)
		}
		if got := config.Config.Labels["org.opencontainers.image.version"]; got != "1.2.3" {
			t.Errorf("the label of the version is %q", got)
		}
		want := []string{"etc", "etc/group", "etc/passwd", "etc/ssl", "etc/ssl/certs", certificatesPath, programPath, "tmp"}
		if got := filesOf(t, image); !slices.Equal(names(got), want) {
			t.Errorf("files %q, want %q", names(got), want)
		}
	})
	t.Run("it is small", func(t *testing.T) {
		layers, err := image.Layers()
		if err != nil {
			t.Fatal(err)
		}
		var total int64
		for _, l := range layers {
			size, err := l.Size()
			if err != nil {
				t.Fatal(err)
			}
			total += size
		}
		t.Logf("%.1f MB compressed", float64(total)/megabyte)
		if total > maxSize {
			t.Errorf("%.1f MB compressed, at most %d", float64(total)/megabyte, maxSize/megabyte)
		}
	})
	t.Run("the program is static, names no folder of this machine, and starts", func(t *testing.T) {
		program := contentOf(t, image, programPath)
		parsed, err := elf.NewFile(bytes.NewReader(program))
		if err != nil {
			t.Fatal(err)
		}
		if libraries, err := parsed.ImportedLibraries(); err != nil || len(libraries) > 0 {
			t.Errorf("it needs %v (%v)", libraries, err)
		}
		here, err := filepath.Abs(root)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(program, []byte(here+"/")) {
			t.Errorf("it names %s", here)
		}
		file := filepath.Join(t.TempDir(), "manager")
		if err := os.WriteFile(file, program, 0o700); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), file, "--version").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "1.2.3") {
			t.Errorf("--version: %v, %s", err, out)
		}
	})
	t.Run("the certificates are what crypto/x509 reads", func(t *testing.T) {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(contentOf(t, image, certificatesPath)) {
			t.Error("no certificate can be read")
		}
		if bytes.Count(contentOf(t, image, certificatesPath), []byte("BEGIN CERTIFICATE")) < 100 {
			t.Error("fewer than a hundred roots")
		}
	})
	t.Run("a registry takes it, and knows its SBOM", func(t *testing.T) { pushed(t, first) })
}

// pushed sends a layout's image to a registry, and asks that for what refers to it.
func pushed(t *testing.T, folder string) {
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	o := options{name: strings.TrimPrefix(server.URL, "http://") + "/manager:1.2.3", version: "1.2.3", insecure: true,
		platforms: []string{"linux/amd64"}, program: filepath.Join(t.TempDir(), "manager"), push: true, source: root}
	if err := os.WriteFile(o.program, contentOf(t, imageIn(t, folder), programPath), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := o.run(t.Context()); err != nil {
		t.Fatal(err)
	}

	reference, err := name.NewTag(o.name, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(reference)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	referrers, err := remote.Referrers(reference.Context().Digest(manifest.Manifests[0].Digest.String()))
	if err != nil {
		t.Fatal(err)
	}
	list, err := referrers.IndexManifest()
	if err != nil || len(list.Manifests) != 1 {
		t.Fatalf("referrers: %+v, %v", list, err)
	}
	bom, err := remote.Image(reference.Context().Digest(list.Manifests[0].Digest.String()))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := bom.Layers()
	if err != nil {
		t.Fatal(err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	document, err := spdxjson.Read(content)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sigs.k8s.io/controller-runtime", "stdlib", certificatesModule} {
		if !slices.ContainsFunc(document.Packages, func(p *v2_3.Package) bool { return p.PackageName == want && p.PackageVersion != "" }) {
			t.Errorf("the SBOM has no %s with a version", want)
		}
	}
}

// TestArchive holds what containerd, docker and skopeo look for in an archive.
func TestArchive(t *testing.T) {
	program, err := os.Executable() // any program of Go will do
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	o := options{name: "registry.example.no/manager:1.0.0", version: "1.0.0", platforms: []string{"linux/amd64"},
		program: program, archive: filepath.Join(folder, "a.tar"), boms: filepath.Join(folder, "sboms"), source: folder}
	if err := o.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	files := unpack(t, o.archive)
	var index v1.IndexManifest
	if err := json.Unmarshal(files["index.json"], &index); err != nil {
		t.Fatal(err)
	}
	if got := index.Manifests[0].Annotations["io.containerd.image.name"]; got != o.name {
		t.Errorf("containerd names it %q", got)
	}
	if got := index.Manifests[0].Annotations["org.opencontainers.image.ref.name"]; got != "1.0.0" {
		t.Errorf("skopeo names it %q", got)
	}
	var docker []dockerManifest
	if err := json.Unmarshal(files["manifest.json"], &docker); err != nil {
		t.Fatal(err)
	}
	for _, blob := range append(slices.Clone(docker[0].Layers), docker[0].Config) {
		if files[blob] == nil {
			t.Errorf("docker looks for %s, which is not there", blob)
		}
	}
	if diff := cmp.Diff([]string{o.name + "-amd64", o.name}, docker[0].RepoTags); diff != "" {
		t.Errorf("docker's names for it (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(o.boms, "manager-1.0.0-linux-amd64.spdx.json")); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(folder, ".image-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		reason string
		flags  []string
		wrong  []string
	}{
		{reason: "nothing to write", flags: nil, wrong: []string{"nothing to write: give --layout, --archive or --push"}},
		{
			reason: "all that is wrong is reported at once", flags: []string{"--name=UPPER/CASE", "--platforms=windows/amd64,linux"},
			wrong: []string{"--name", `"windows/amd64" is no platform of linux`, `"linux" is no platform`, "nothing to write"},
		},
		{reason: "one program is for one platform", flags: []string{"--program=x", "--layout=y"}, wrong: []string{"--platforms names 2"}},
	} {
		t.Run(c.reason, func(t *testing.T) {
			command := newCommand()
			command.SetArgs(c.flags)
			err := command.ExecuteContext(context.Background())
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.wrong {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
		})
	}
}

// copyOf copies the files that git knows into a folder, which is no checkout of its own but shares the history.
func copyOf(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "elsewhere")
	// A clone has the commit; what is not committed is copied over it.
	for _, line := range []string{
		`git clone -q --no-checkout "$(git -C ` + root + ` rev-parse --show-toplevel)" "$0"`,
		`git -C ` + root + ` ls-files -z -co --exclude-standard | while IFS= read -r -d '' f; do [ ! -e "` + root + `/$f" ] || printf '%s\0' "$f"; done | tar -C ` + root + ` --null --files-from=- -cf - | tar -xf - -C "$0"`,
	} {
		if out, err := exec.CommandContext(t.Context(), "bash", "-c", line, folder).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	return folder
}

func indexOf(t *testing.T, folder string) *v1.IndexManifest {
	t.Helper()
	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	return manifest
}

// imageIn is the image of the first platform in a layout.
func imageIn(t *testing.T, folder string) v1.Image {
	t.Helper()
	all, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	index, err := all.ImageIndex(indexOf(t, folder).Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func filesOf(t *testing.T, image v1.Image) []*tar.Header {
	t.Helper()
	var headers []*tar.Header
	walk(t, mutate.Extract(image), func(h *tar.Header, _ io.Reader) { headers = append(headers, h) })
	return headers
}

func names(headers []*tar.Header) []string {
	var all []string
	for _, h := range headers {
		all = append(all, strings.TrimSuffix(h.Name, "/"))
	}
	slices.Sort(all)
	return all
}

func contentOf(t *testing.T, image v1.Image, file string) []byte {
	t.Helper()
	var content []byte
	walk(t, mutate.Extract(image), func(h *tar.Header, from io.Reader) {
		if h.Name == file {
			content = readAll(t, from)
		}
	})
	if content == nil {
		t.Fatalf("the image has no %s", file)
	}
	return content
}

func unpack(t *testing.T, file string) map[string][]byte {
	t.Helper()
	from, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	walk(t, from, func(h *tar.Header, from io.Reader) { files[h.Name] = readAll(t, from) })
	return files
}

func walk(t *testing.T, from io.ReadCloser, visit func(*tar.Header, io.Reader)) {
	t.Helper()
	defer from.Close() //nolint:errcheck // it was only read
	archive := tar.NewReader(from)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		visit(header, archive)
	}
}

func readAll(t *testing.T, from io.Reader) []byte {
	t.Helper()
	content, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
