package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/allmenning/allmenning/test/controlplane"
)

const (
	root   = "../.."
	digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	pinned = "registry.example.no:5000/allmenning/manager:1.2.3@" + digest
)

// TestManifest holds that the file has the objects of config/default, which the chart has as well (test/chart), but for
// the image.
func TestManifest(t *testing.T) {
	got := manifestOf(t)
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), root+"/config/default")
	if err != nil {
		t.Fatal(err)
	}
	content, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	content = bytes.ReplaceAll(content, []byte("image: "+configured+":dev\n"), []byte("image: "+pinned+"\n"))
	if diff := cmp.Diff(byName(objectsIn(t, content)), byName(got)); diff != "" {
		t.Errorf("config/default with another image (-) and the file (+):\n%s", diff)
	}
}

// TestManifestIsTakenInOneGo applies the file to an API server that knows nothing of us, each object once and in its order.
func TestManifestIsTakenInOneGo(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs an API server")
	}
	plane, err := controlplane.Start(t.Context(), controlplane.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	admin, err := client.New(plane.Config(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	objects := manifestOf(t)
	versions := map[string]string{}
	for _, run := range []string{"it is installed", "again, and nothing changes"} {
		for _, o := range objects {
			o := o.DeepCopy()
			if err := admin.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("kubectl")); err != nil {
				t.Errorf("%s: %s: %v", run, idOf(o), err)
				continue
			}
			switch was := versions[idOf(o)]; {
			case o.GetKind() == "CustomResourceDefinition" || o.GetKind() == "Namespace": // controllers write their status meanwhile
			case was == "":
				versions[idOf(o)] = o.GetResourceVersion()
			case was != o.GetResourceVersion():
				t.Errorf("%s: %s was written again", run, idOf(o))
			}
		}
	}
}

func TestImageNames(t *testing.T) {
	cases := []struct{ reason, image, wrong string }{
		{"a tag", "ghcr.io/allmenning/manager:1.2.3", ""},
		{"a port is no tag", "localhost:5000/manager", "give a tag, a digest, or both"},
		{"a digest", "ghcr.io/allmenning/manager@" + digest, ""},
		{"both, behind a port", pinned, ""},
		{"no name", "UPPER/CASE:1", "--image"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "install.yaml")
			err := writeManifest(root, c.image, file)
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Errorf("error %v, want one that says %q", err, c.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(content), "image: "+c.image+"\n"); n != 1 {
				t.Errorf("the image is there %d times", n)
			}
		})
	}
}

func manifestOf(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	file := filepath.Join(t.TempDir(), "install.yaml")
	if err := writeManifest(root, pinned, file); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return objectsIn(t, content)
}

func objectsIn(t *testing.T, content []byte) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	documents := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 1<<16)
	for {
		o := &unstructured.Unstructured{}
		err := documents.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Object) > 0 {
			objects = append(objects, o)
		}
	}
}

func byName(objects []*unstructured.Unstructured) map[string]any {
	all := map[string]any{}
	for _, o := range objects {
		all[idOf(o)] = o.Object
	}
	return all
}

func idOf(o *unstructured.Unstructured) string {
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}
