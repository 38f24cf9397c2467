package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/operator"
)

const (
	// appFolder holds the measured app, a folder per version. Version 2.0.0 differs in
	// its ConfigMap and its Deployment; the other three objects are the same.
	appFolder     = "test/perf/app"
	appInFolder   = "measured"
	firstVersion  = "1.0.0"
	secondVersion = "2.0.0"
	// appSelector picks the objects of all apps, with the operator and without.
	appSelector = "app.kubernetes.io/part-of=perf"
	// objectsPerInstallation are what a version brings.
	objectsPerInstallation = 5
	// objectsPerUpgrade are those of them that differ between the versions.
	objectsPerUpgrade = 2

	county = "99"
	// environments is how many each municipality has.
	environments = 2
)

// resourceOf is a resource of the operator's own group.
func resourceOf(plural string) schema.GroupVersionResource {
	return v1alpha1.GroupVersion.WithResource(plural)
}

// appName names one of the apps, which differ by their names alone.
func appName(i int) string { return fmt.Sprintf("%s%02d", appInFolder, i) }

// appResources are the resources that the apps' objects are of.
func appResources() []schema.GroupVersionResource {
	return []schema.GroupVersionResource{
		{Version: "v1", Resource: "serviceaccounts"},
		{Version: "v1", Resource: "configmaps"},
		{Version: "v1", Resource: "services"},
		{Group: "apps", Version: "v1", Resource: "deployments"},
		{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
	}
}

// municipality is the one with that number: two environments that have room for the apps, and
// three groups of people.
func municipality(number, apps int) *unstructured.Unstructured {
	name := fmt.Sprintf("kommune%04d", number)
	room := map[string]any{"services": int64(20 + 6*apps), "configMaps": int64(100 + 11*apps)} // a namespace of an app's own takes five and ten
	return own("Municipality", name, map[string]any{
		"number":      fmt.Sprintf("%04d", number),
		"displayName": fmt.Sprintf("Kommune %04d", number),
		"environments": []any{
			map[string]any{"name": "prod", "stage": "Production", "zone": "Closed", "quota": room},
			map[string]any{"name": "test", "stage": "Test", "zone": "Open", "quota": room},
		},
		"access": []any{
			map[string]any{"role": "Administrator", "groups": []any{name + "-ikt"}},
			map[string]any{"role": "Developer", "groups": []any{"supplier"}},
			map[string]any{"role": "Viewer", "groups": []any{name + "-staff"}},
		},
	})
}

func municipalities(s size) []*unstructured.Unstructured {
	all := make([]*unstructured.Unstructured, 0, s.municipalities)
	for i := range s.municipalities {
		all = append(all, municipality(i+1, s.apps))
	}
	return all
}

// network proposes the apps to every municipality, and brings all of them to all at once: what
// is measured is how fast the operator is, and not how careful a strategy makes it.
func network(apps int) *unstructured.Unstructured {
	proposals := make([]any, 0, apps)
	for i := range apps {
		proposals = append(proposals, map[string]any{"name": appName(i), "obligation": "Recommended"})
	}
	return own("Network", "everybody", map[string]any{
		"displayName": "Everybody",
		"members":     map[string]any{"selector": map[string]any{"matchLabels": map[string]any{v1alpha1.LabelCounty: county}}},
		"apps":        proposals,
		"rollout": map[string]any{"maxIntroductions": int64(apps), "waves": []any{map[string]any{
			"name": "everyone", "soak": "0s", "maxConcurrent": "100%", "maxFailures": "100%", "progressDeadline": "168h",
		}}},
	})
}

// sharedApp offers both versions of an app; the channel points at the one that is given.
func (s size) sharedApp(app, version string) *unstructured.Unstructured {
	offered := []string{firstVersion, secondVersion}
	versions := make([]any, 0, len(offered))
	for _, v := range offered {
		versions = append(versions, map[string]any{
			"version": v,
			"source":  map[string]any{"configMap": map[string]any{"name": bundleName(app, v)}},
		})
	}
	isolation := v1alpha1.IsolationShared
	if s.own {
		isolation = v1alpha1.IsolationOwn
	}
	return own("SharedApp", app, map[string]any{
		"displayName": app,
		"isolation":   string(isolation),
		"channels":    []any{map[string]any{"name": v1alpha1.DefaultChannel, "version": version}},
		"versions":    versions,
	})
}

func bundleName(app, version string) string { return app + "-" + version }

// bundle is the folder of a version as the ConfigMap that the operator fetches.
func bundle(app, version string) (*unstructured.Unstructured, error) {
	files, err := readFolder(app, version)
	if err != nil {
		return nil, err
	}
	data := map[string]any{}
	for name, content := range files {
		data[name] = string(content)
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": bundleName(app, version), "namespace": operator.Namespace},
		"data":     data,
	}}, nil
}

// readFolder reads the files of a version, in the name of one of the apps.
func readFolder(app, version string) (map[string][]byte, error) {
	folder := filepath.Join(appFolder, version)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("reading the measured app: %w", err)
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading the measured app: %w", err)
		}
		files[entry.Name()] = bytes.ReplaceAll(content, []byte(appInFolder), []byte(app))
	}
	return files, nil
}

// own makes an object of the operator's own group.
func own(kind, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": kind,
		"metadata": map[string]any{"name": name, "labels": map[string]any{v1alpha1.LabelCounty: county}},
		"spec":     spec,
	}}
}
