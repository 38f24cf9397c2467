package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/allmenning/allmenning/internal/chart"
)

// manifestKey holds the manifest of a stored artifact. Its layers lie beside it, each under its
// digest with a dash for the colon, which a ConfigMap key can't hold. A folder may have a file of
// the same name: the digest decides what a stored bundle is.
const manifestKey = "oci-manifest.json"

// Encode returns what has to be kept of a bundle, as the binaryData of a ConfigMap: enough for
// Decode to prove its digest again.
func Encode(b Bundle) map[string][]byte {
	if b.stored != nil {
		return maps.Clone(b.stored)
	}
	return maps.Clone(b.Files)
}

// Decode reads a stored bundle. It computes the digest of everything again, and fails when the
// content is not what the digest names.
func Decode(digest string, binaryData map[string][]byte) (Bundle, error) {
	if manifest, found := binaryData[manifestKey]; found && digestOfBytes(manifest) == digest {
		layers := make(map[string][]byte, len(binaryData))
		for key, content := range binaryData {
			layers[strings.Replace(key, "-", ":", 1)] = content
		}
		return FromArtifact(manifest, layers)
	}
	if found := DigestOf(binaryData); found != digest {
		return Bundle{}, fmt.Errorf("the stored bundle %s has been changed: its content has digest %s; delete it, and it is fetched again", digest, found)
	}
	return fromFiles(maps.Clone(binaryData))
}

// FromArtifact makes a bundle of an OCI image manifest and its layers by digest. The digest of the
// bundle is the manifest's; a layer that differs from the manifest, links and paths out of the
// folder, and sizes beyond the limits are errors. Layers are compressed folders, or single files
// that their title names.
func FromArtifact(manifest []byte, layers map[string][]byte) (Bundle, error) {
	parsed, err := ParseManifest(manifest)
	if err != nil {
		return Bundle{}, err
	}

	stored := map[string][]byte{manifestKey: manifest}
	unpacked := folder{files: map[string][]byte{}}
	for _, layer := range parsed.Layers {
		digest := layer.Digest.String()
		content, found := layers[digest]
		if !found || digestOfBytes(content) != digest {
			return Bundle{}, fmt.Errorf("layer %s: its content doesn't match its digest", digest)
		}
		if err := addLayer(&unpacked, layer, content); err != nil {
			return Bundle{}, fmt.Errorf("layer %s: %w", digest, err)
		}
		stored[strings.Replace(digest, ":", "-", 1)] = content
	}

	if size := sizeOf(stored); size > MaxStoredBytes {
		return Bundle{}, fmt.Errorf("the artifact has %d bytes, at most %d are allowed", size, MaxStoredBytes)
	}

	files, err := unpacked.finish()
	if err != nil {
		return Bundle{}, err
	}
	if IsHelmChart(parsed) && !chart.Is(files) {
		return Bundle{}, fmt.Errorf("it is a Helm chart without a %s", chart.File)
	}
	return Bundle{Digest: digestOfBytes(manifest), Files: files, stored: stored}, nil
}

const (
	// HelmConfig is the media type of the configuration by which a Helm chart is known (helm.sh, "OCI charts").
	HelmConfig = "application/vnd.cncf.helm.config.v1+json"
	// HelmContent is the media type of its packed files.
	HelmContent = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
)

// IsHelmChart says whether an artifact is a chart, as helm push makes one.
func IsHelmChart(manifest ocispec.Manifest) bool { return manifest.Config.MediaType == HelmConfig }

// ParseManifest reads an OCI image manifest and checks that its layers can be stored: SHA-256
// digests, and sizes within MaxStoredBytes together with the manifest.
func ParseManifest(manifest []byte) (ocispec.Manifest, error) {
	var parsed ocispec.Manifest
	if err := json.Unmarshal(manifest, &parsed); err != nil {
		return parsed, fmt.Errorf("not an OCI manifest: %w", err)
	}
	if IsHelmChart(parsed) {
		// A provenance file beside the chart says who signed it; the digest says what it is.
		parsed.Layers = slices.DeleteFunc(parsed.Layers, func(layer ocispec.Descriptor) bool { return layer.MediaType != HelmContent })
		if len(parsed.Layers) != 1 {
			return parsed, fmt.Errorf("it is a Helm chart with %d layers of type %s, and must have one; push it with helm push", len(parsed.Layers), HelmContent)
		}
	}
	if len(parsed.Layers) == 0 {
		return parsed, fmt.Errorf("not the manifest of an artifact: it has no layers; give the digest that oras push or flux push artifact printed")
	}
	size := int64(len(manifest))
	for _, layer := range parsed.Layers {
		if err := layer.Digest.Validate(); err != nil || layer.Digest.Algorithm() != "sha256" {
			return parsed, fmt.Errorf("layer %q: only sha256 digests are supported", layer.Digest)
		}
		if layer.Size < 0 || layer.Size > MaxStoredBytes-size {
			return parsed, fmt.Errorf("the artifact is larger than %d bytes", MaxStoredBytes)
		}
		size += layer.Size
	}
	return parsed, nil
}

func addLayer(unpacked *folder, layer ocispec.Descriptor, content []byte) error {
	mediaType, _, err := mime.ParseMediaType(layer.MediaType)
	if err != nil {
		return fmt.Errorf("media type %q: %w", layer.MediaType, err)
	}
	if strings.HasSuffix(mediaType, "gzip") {
		return unpacked.untarGzip(content)
	}
	if strings.HasSuffix(mediaType, "zstd") {
		return fmt.Errorf("media type %q: it is compressed with zstd, and only gzip is read; push it again with gzip", mediaType)
	}
	title := layer.Annotations[ocispec.AnnotationTitle]
	if title == "" {
		return fmt.Errorf("media type %q without the annotation %s; push a folder or files with oras push or flux push artifact", mediaType, ocispec.AnnotationTitle)
	}
	return unpacked.add(title, bytes.NewReader(content))
}
