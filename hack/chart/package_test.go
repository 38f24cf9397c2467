package main

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/registry"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/registry/remote"
)

// TestPackage packs the chart twice, and has Helm pull it from a registry that the archive was pushed to.
func TestPackage(t *testing.T) {
	t.Chdir("../..")
	first, second := packed(t), packed(t)
	for _, name := range []string{"allmenning-1.2.3+local.tgz", "chart.tar"} {
		if !bytes.Equal(read(t, first, name), read(t, second, name)) {
			t.Errorf("%s differs when it is made again", name)
		}
	}

	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	name := strings.TrimPrefix(server.URL, "http://") + "/charts/allmenning"
	repository, err := remote.NewRepository(name)
	if err != nil {
		t.Fatal(err)
	}
	repository.PlainHTTP = true
	store, err := oci.NewFromTar(t.Context(), filepath.Join(first, "chart.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := oras.Copy(t.Context(), store, "1.2.3_local", repository, "1.2.3_local", oras.DefaultCopyOptions); err != nil {
		t.Fatal(err)
	}

	helm, err := registry.NewClient(registry.ClientOptPlainHTTP(), registry.ClientOptWriter(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := helm.Pull(name + ":1.2.3+local")
	if err != nil {
		t.Fatal(err)
	}
	chart, err := loader.LoadArchive(bytes.NewReader(pulled.Chart.Data))
	if err != nil {
		t.Fatal(err)
	}
	if chart.Metadata.Version != "1.2.3+local" || chart.Metadata.AppVersion != "1.2.3+local" {
		t.Errorf("Helm pulls version %s of the chart, and %s of the operator", chart.Metadata.Version, chart.Metadata.AppVersion)
	}
	if pulled.Chart.Meta == nil || pulled.Chart.Meta.Name != "allmenning" {
		t.Errorf("Helm pulls the metadata %+v", pulled.Chart.Meta)
	}
}

func packed(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	p := packing{version: "1.2.3+local", target: folder, archive: filepath.Join(folder, "chart.tar")}
	if err := p.run(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	return folder
}

func read(t *testing.T, folder, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}
