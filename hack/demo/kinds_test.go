package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/bundle"
)

// TestAppsOfTheirOwnKindAreAvailable builds what is beside the small samples, an app with namespaces of its own and a
// Helm chart, as the catalogue would.
func TestAppsOfTheirOwnKindAreAvailable(t *testing.T) {
	for _, tc := range []struct {
		folder, files string
		objects       int
		isolation     v1alpha1.Isolation
	}{
		{folder: "own-namespace", files: "own-namespace/1.0.0", objects: 5, isolation: v1alpha1.IsolationOwn},
		{folder: "doors", files: "doors/lonn-1.0.0", objects: 2},
		{folder: "chart", files: "chart/oppslag", objects: 3},
		{folder: "chart-in-configmap", files: "chart/oppslag", objects: 3},
	} {
		objects, err := build(root + "config/samples/" + tc.folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			if object.GetKind() != "SharedApp" {
				continue
			}
			var app v1alpha1.SharedApp
			if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, &app, true); err != nil {
				t.Fatalf("%s: %v", tc.folder, err)
			}
			if app.Spec.Isolation != tc.isolation {
				t.Errorf("%s: isolation %q; want %q", tc.folder, app.Spec.Isolation, tc.isolation)
			}
			sample, err := bundle.Sample(app.Name, app.Spec.Versions[0], v1alpha1.ZoneOpen)
			if err != nil {
				t.Fatalf("%s: %v", tc.folder, err)
			}
			built, err := bundle.Try(bundle.Bundle{Files: filesOf(t, root+"config/samples/"+tc.files)}, sample)
			if err != nil || len(built.Objects) != tc.objects {
				t.Errorf("%s: %d objects, %v; want %d", tc.folder, len(built.Objects), err, tc.objects)
			}
		}
	}
}

// filesOf reads a folder.
func filesOf(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		within, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(within)], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
