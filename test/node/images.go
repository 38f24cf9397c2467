//go:build linux

package node

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image is a static program and a few files, under one or more names.
type Image struct {
	Names []string
	// Program is the path of the program. It is the entry point, by its own name at the root.
	Program string
	// User is numbers, as in the Dockerfile. Default: 65532:65532.
	User string
	Env  []string
	// Files are paths in the image, and outside.
	Files map[string]string
}

// The images of this package.
const (
	pauseImage = "registry.allmenning.test/pause:1"
	dnsImage   = "registry.allmenning.test/coredns:1"
	// PodImage answers on ports 8080 and 9090, or those in the variable PORTS, with its name, and tries others when asked: see test/node/pod.
	PodImage = "registry.allmenning.test/pod:1"
)

// ownImages are those of this package, from the folders of its programs. Other names of the pod's image may be given.
func ownImages(folder string, podNames []string) []Image {
	return []Image{
		{Names: []string{pauseImage}, Program: filepath.Join(folder, "pause"), User: "65535:65535"},
		{Names: []string{dnsImage}, Program: filepath.Join(os.Getenv(binariesVariable), "coredns")},
		{Names: append([]string{PodImage}, podNames...), Program: filepath.Join(folder, "pod"), User: "10001:10001"},
	}
}

// buildPrograms builds the programs that pods run here into a folder.
func buildPrograms(folder string) error {
	const own = "github.com/allmenning/allmenning/test/node"
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", folder+"/", own+"/pod", own+"/pause")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs of pods: %w\n%s", err, out)
	}
	return nil
}

// load packs an image and hands it to the container engine.
func (i Image) load(ctx context.Context) error {
	content, err := i.pack()
	if err != nil {
		return fmt.Errorf("packing %s: %w", i.Names[0], err)
	}
	load := exec.CommandContext(ctx, "ctr", "--namespace=k8s.io", "images", "import", "-")
	load.Stdin = bytes.NewReader(content)
	if out, err := load.CombinedOutput(); err != nil {
		return fmt.Errorf("importing %s: %w: %s", i.Names[0], err, out)
	}
	return nil
}

// pack is the image as an archive that container engines load: a layer, what to run, and a list of both with the names.
func (i Image) pack() ([]byte, error) {
	entry := "/" + filepath.Base(i.Program)
	layer, err := i.layer(entry)
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(ocispec.Image{
		Platform: ocispec.Platform{OS: "linux", Architecture: runtime.GOARCH},
		Config:   ocispec.ImageConfig{Entrypoint: []string{entry}, User: cmp.Or(i.User, "65532:65532"), Env: append([]string{"PATH=/"}, i.Env...)},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromBytes(layer)}},
	})
	if err != nil {
		return nil, err
	}
	configName := digest.FromBytes(config).Encoded() + ".json"
	manifest, err := json.Marshal([]map[string]any{{"Config": configName, "RepoTags": i.Names, "Layers": []string{"layer.tar"}}})
	if err != nil {
		return nil, err
	}

	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	err = errors.Join(
		add(archive, configName, config), add(archive, "layer.tar", layer), add(archive, "manifest.json", manifest),
		archive.Close())
	return out.Bytes(), err
}

func add(archive *tar.Writer, name string, content []byte) error {
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}

// layer holds the program, the files, and a folder for what is written temporarily.
func (i Image) layer(entry string) ([]byte, error) {
	var content bytes.Buffer
	archive := tar.NewWriter(&content)
	if err := archive.WriteHeader(&tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}); err != nil {
		return nil, err
	}
	files := map[string]string{entry: i.Program}
	for inside, outside := range i.Files {
		files[inside] = outside
	}
	for inside, outside := range files {
		data, err := os.ReadFile(outside)
		if err != nil {
			return nil, err
		}
		if err := add(archive, inside[1:], data); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}
