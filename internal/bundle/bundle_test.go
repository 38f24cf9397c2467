package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// folderOf makes a bundle of texts by path.
func folderOf(files map[string]string) Bundle {
	b := Bundle{Files: map[string][]byte{}}
	for name, content := range files {
		b.Files[name] = []byte(content)
	}
	b.Digest = DigestOf(b.Files)
	return b
}

// layer of an artifact, before it is packed.
type layer struct {
	mediaType, title string
	content          []byte
}

const tarGzip = "application/vnd.oci.image.layer.v1.tar+gzip"

// artifactOf packs layers as a registry would hold them.
func artifactOf(t testing.TB, layers ...layer) ([]byte, map[string][]byte) {
	t.Helper()
	manifest := ocispec.Manifest{MediaType: ocispec.MediaTypeImageManifest}
	manifest.SchemaVersion = 2
	blobs := map[string][]byte{}
	for _, one := range layers {
		descriptor := ocispec.Descriptor{MediaType: one.mediaType, Digest: digest.FromBytes(one.content), Size: int64(len(one.content))}
		if one.title != "" {
			descriptor.Annotations = map[string]string{ocispec.AnnotationTitle: one.title}
		}
		manifest.Layers = append(manifest.Layers, descriptor)
		blobs[descriptor.Digest.String()] = one.content
	}
	written, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	return written, blobs
}

// packed makes a compressed tar archive.
func packed(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var archive bytes.Buffer
	compressed := gzip.NewWriter(&archive)
	writer := tar.NewWriter(compressed)
	for _, entry := range entries {
		content := ""
		if entry.Typeflag != tar.TypeXGlobalHeader {
			content = entry.PAXRecords["TEST.content"]
			entry.PAXRecords = nil
			entry.Size, entry.Mode = int64(len(content)), 0o644
		}
		if err := writer.WriteHeader(&entry); err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

func file(name, content string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, PAXRecords: map[string]string{"TEST.content": content}}
}

func TestDigestOfIsWhatTheDocumentationSays(t *testing.T) {
	files := map[string][]byte{"b.yaml": []byte("two"), "a.yaml": []byte("one\n")}
	sum := sha256.Sum256([]byte("6:a.yaml4:one\n6:b.yaml3:two"))
	if got, want := DigestOf(files), "sha256:"+hex.EncodeToString(sum[:]); got != want {
		t.Errorf("DigestOf = %s, want %s", got, want)
	}
	moved := map[string][]byte{"a.yaml": []byte("one\n6:b.yaml3:two")}
	if DigestOf(files) == DigestOf(moved) {
		t.Error("content that imitates another file gives the same digest")
	}
}

func TestFromConfigMap(t *testing.T) {
	b, err := FromConfigMap(map[string]string{"kustomization.yaml": "{}"}, map[string][]byte{"logo.png": {1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{"kustomization.yaml": []byte("{}"), "logo.png": {1, 2}}
	if diff := cmp.Diff(want, b.Files); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, tc := range []struct {
		reason string
		data   map[string]string
		want   string
	}{
		{"empty", nil, "empty"},
		{"too large to be stored", map[string]string{"a": strings.Repeat("x", MaxStoredBytes+1)}, "at most 921600"},
		{"a name that is no file", map[string]string{"..": "x"}, "can't be the name"},
		{"a name that is a path", map[string]string{"a/b": "x"}, "can't be the name"},
		{"too many files", manyFiles(MaxFiles + 1), "501 files"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			_, err := FromConfigMap(tc.data, nil)
			wantError(t, err, tc.want)
		})
	}
}

func manyFiles(n int) map[string]string {
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("f%d.yaml", i)] = ""
	}
	return files
}

func wantError(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}

func TestFromArtifactUnpacks(t *testing.T) {
	want := map[string][]byte{"kustomization.yaml": []byte("k"), "base/a.yaml": []byte("a")}
	for _, tc := range []struct {
		reason string
		layers []layer
	}{
		{"oras push of a folder packs the folder's own name", []layer{{tarGzip, "svarut", packed(t,
			tar.Header{Typeflag: tar.TypeDir, Name: "svarut/"}, file("svarut/kustomization.yaml", "k"), file("svarut/base/a.yaml", "a"))}}},
		{"oras push of the current folder", []layer{{tarGzip, ".", packed(t, file("./kustomization.yaml", "k"), file("./base/a.yaml", "a"))}}},
		{"oras push of single files", []layer{
			{"application/vnd.oci.image.layer.v1.tar", "kustomization.yaml", []byte("k")}, {"application/yaml", "base/a.yaml", []byte("a")}}},
		{"flux push artifact", []layer{{"application/vnd.cncf.flux.content.v1.tar+gzip", "", packed(t, file("kustomization.yaml", "k"), file("base/a.yaml", "a"))}}},
		{"a global header, as git archive writes", []layer{{tarGzip, "", packed(t,
			tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "commit"}}, file("kustomization.yaml", "k"), file("base/a.yaml", "a"))}}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			manifest, blobs := artifactOf(t, tc.layers...)
			b, err := FromArtifact(manifest, blobs)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, b.Files); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if b.Digest != digest.FromBytes(manifest).String() {
				t.Errorf("digest %s is not the manifest's", b.Digest)
			}
		})
	}
}

func TestFromArtifactRefuses(t *testing.T) {
	folder := func(entries ...tar.Header) []layer { return []layer{{tarGzip, "", packed(t, entries...)}} }
	var many []tar.Header
	for i := range MaxFiles + 1 {
		many = append(many, file(fmt.Sprintf("f%d", i), ""))
	}
	random := make([]byte, MaxStoredBytes)
	for i := range random {
		random[i] = byte(i * i)
	}
	for _, tc := range []struct {
		reason string
		layers []layer
		want   string
	}{
		{"an absolute path", folder(file("/etc/passwd", "x")), `"/etc/passwd": an absolute path`},
		{"a path that leads out", folder(file("a/../../b", "x")), `"a/../../b": a path with ..`},
		{"a folder that leads out", folder(tar.Header{Typeflag: tar.TypeDir, Name: "../out/"}), "a path with .."},
		{"a backslash", folder(file(`a\..\b`, "x")), "backslash"},
		{"a symbolic link", folder(tar.Header{Typeflag: tar.TypeSymlink, Name: "link", Linkname: "/etc"}), `"link" is a symbolic link`},
		{"a hard link", folder(tar.Header{Typeflag: tar.TypeLink, Name: "link", Linkname: "x"}), `"link" is a hard link`},
		{"a device", folder(tar.Header{Typeflag: tar.TypeChar, Name: "null"}), `"null" is a device`},
		{"a pipe", folder(tar.Header{Typeflag: tar.TypeFifo, Name: "p"}), `"p" is a named pipe`},
		{"a file twice", folder(file("a", "1"), file("./a", "2")), "there twice"},
		{"a file that is a folder too", folder(file("a", "1"), file("a/b", "2")), `"a" is a file`},
		{"a file without a name", folder(file(".", "1")), "needs a name"},
		{"too many files", folder(many...), "more than 500 files"},
		{"a bomb", folder(file("a", strings.Repeat("\x00", MaxUnpackedBytes)), file("b", "1")), `"b": more than 4194304 bytes`},
		{"not gzip", []layer{{tarGzip, "", []byte("plain")}}, "not a gzip"},
		{"a single file that leads out", []layer{{"text/plain", "../a", []byte("x")}}, `"../a": a path with ..`},
		{"a layer of no known form", []layer{{"application/wasm", "", []byte("x")}}, `"application/wasm" without the annotation`},
		{"too large to be stored", []layer{{"text/plain", "a", random}}, "larger than 921600"},
		{"no layers", nil, "no layers"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			manifest, blobs := artifactOf(t, tc.layers...)
			_, err := FromArtifact(manifest, blobs)
			wantError(t, err, tc.want)
		})
	}
}

func TestStoredBundlesProveTheirDigest(t *testing.T) {
	manifest, blobs := artifactOf(t, layer{tarGzip, "", packed(t, file("kustomization.yaml", "k"))})
	artifact, err := FromArtifact(manifest, blobs)
	if err != nil {
		t.Fatal(err)
	}
	configMap, err := FromConfigMap(map[string]string{"kustomization.yaml": "k", manifestKey: "{}"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for reason, b := range map[string]Bundle{"artifact": artifact, "ConfigMap with a file named as a manifest": configMap} {
		t.Run(reason, func(t *testing.T) {
			stored := Encode(b)
			back, err := Decode(b.Digest, stored)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(b.Files, back.Files); diff != "" || back.Digest != b.Digest {
				t.Errorf("came back as %s, -want +got:\n%s", back.Digest, diff)
			}
			if diff := cmp.Diff(stored, Encode(back)); diff != "" {
				t.Errorf("encoding again differs:\n%s", diff)
			}
			for _, key := range slices.Sorted(maps.Keys(stored)) {
				tampered := maps.Clone(stored)
				tampered[key] = append(slices.Clone(stored[key]), ' ')
				if _, err := Decode(b.Digest, tampered); err == nil {
					t.Errorf("a change of %s is not noticed", key)
				}
				delete(tampered, key)
				if _, err := Decode(b.Digest, tampered); err == nil {
					t.Errorf("the loss of %s is not noticed", key)
				}
			}
		})
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(packed(f, file("kustomization.yaml", "k"), file("a/b", "c")))
	f.Add(packed(f, tar.Header{Typeflag: tar.TypeSymlink, Name: "l", Linkname: "/"}))
	f.Add(packed(f, file("../x", "y")))
	f.Add([]byte{0x1f, 0x8b, 8})
	f.Fuzz(func(t *testing.T, archive []byte) {
		unpacked := folder{files: map[string][]byte{}}
		if unpacked.untarGzip(archive) != nil {
			return
		}
		files, err := unpacked.finish()
		if err != nil {
			return
		}
		if len(files) > MaxFiles || sizeOf(files) > MaxUnpackedBytes {
			t.Fatalf("%d files with %d bytes are beyond the limits", len(files), sizeOf(files))
		}
		for name := range files {
			if clean, err := cleanPath(name); err != nil || clean != name {
				t.Fatalf("file %q: not a clean relative path", name)
			}
		}
	})
}

// TestAFolderInAConfigMap shows that a bundle with folders comes whole, packed as one file.
func TestAFolderInAConfigMap(t *testing.T) {
	files := map[string]string{"svarut/kustomization.yaml": "resources: [a.yaml]\ncomponents: [allmenning]\n", "svarut/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
		"svarut/allmenning/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"}
	var entries []tar.Header
	for name, content := range files {
		entries = append(entries, file(name, content))
	}
	b, err := FromConfigMap(nil, map[string][]byte{"svarut.tgz": packed(t, entries...)})
	if err != nil {
		t.Fatal(err)
	}
	if found := Scan(b); len(found) > 0 {
		t.Error(found)
	}
	flat, err := FromConfigMap(map[string]string{"kustomization.yaml": files["svarut/kustomization.yaml"], "a.yaml": files["svarut/a.yaml"]}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if found := Scan(flat); len(found) != 1 || !strings.Contains(found[0].String(), "give it the folder packed, as one .tgz") {
		t.Error(found)
	}
}
