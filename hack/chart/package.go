package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	helm "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/registry"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"

	"github.com/allmenning/allmenning/hack/archive"
	"github.com/allmenning/allmenning/hack/program"
)

// packing is what to pack the chart as.
type packing struct{ version, target, archive string }

// run writes the chart as <name>-<version>.tgz, whose times are that of the commit.
func (p packing) run(ctx context.Context, out io.Writer) error {
	chart, err := loader.LoadDir(folder)
	if err != nil {
		return err
	}
	if p.version != "" {
		chart.Metadata.Version, chart.Metadata.AppVersion = p.version, p.version
	}
	commit, err := program.CommitOf(ctx, ".")
	if err != nil {
		return err
	}
	chart.StampModTimes(commit.Time)
	file, err := chartutil.Save(chart, p.target)
	if err != nil {
		return err
	}
	if p.archive != "" {
		if err := writeArchive(ctx, p.archive, file, chart.Metadata, commit.Date()); err != nil {
			return fmt.Errorf("write --archive: %w", err)
		}
	}
	_, err = fmt.Fprintln(out, file)
	return err
}

// writeArchive writes a packed chart in the OCI image layout, as `helm push` has it in a registry: its metadata as config,
// and the package as the one layer.
func writeArchive(ctx context.Context, target, packed string, of *helm.Metadata, created string) error {
	content, err := os.ReadFile(packed)
	if err != nil {
		return err
	}
	metadata, err := json.Marshal(of)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "allmenning-chart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // a temporary folder
	store, err := oci.NewWithContext(ctx, work)
	if err != nil {
		return err
	}
	config, err := oras.PushBytes(ctx, store, registry.ConfigMediaType, metadata)
	if err != nil {
		return err
	}
	layer, err := oras.PushBytes(ctx, store, registry.ChartLayerMediaType, content)
	if err != nil {
		return err
	}
	manifest, err := oras.PackManifest(ctx, store, oras.PackManifestVersion1_1, "", oras.PackManifestOptions{
		ConfigDescriptor: &config, Layers: []ocispec.Descriptor{layer},
		ManifestAnnotations: map[string]string{
			ocispec.AnnotationTitle: of.Name, ocispec.AnnotationVersion: of.Version, ocispec.AnnotationDescription: of.Description,
			ocispec.AnnotationURL: of.Home, ocispec.AnnotationCreated: created,
		},
	})
	if err != nil {
		return err
	}
	// A tag can't have the plus of a version: Helm writes it so, too.
	if err := store.Tag(ctx, manifest, strings.ReplaceAll(of.Version, "+", "_")); err != nil {
		return err
	}
	files, err := archive.Folder(work)
	if err != nil {
		return err
	}
	return archive.Write(target, files)
}
