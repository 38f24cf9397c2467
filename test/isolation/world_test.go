package isolation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// world is what is attacked, and who attacks.
type world struct {
	cast cast
	// names are filled into the rows: those that the cluster gave.
	names *strings.Replacer
}

// newWorld makes it: the municipalities of testdata/world.yaml, and the app of testdata/board.yaml as the operator installs it.
func newWorld(t *testing.T) world {
	t.Helper()
	board, err := os.ReadFile("testdata/board.yaml")
	if err != nil {
		t.Fatal(err)
	}
	source := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: "board-1.0.0"}, Data: map[string]string{
		"board.yaml": string(board), "kustomization.yaml": "resources: [board.yaml]\n",
	}}
	if err := admin.Create(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	for _, o := range manifests(t, "testdata/world.yaml") {
		put(t, o)
	}
	bindGenerous(t)

	var pod, claim string
	eventually(t, "the app is installed", func(ctx context.Context) error {
		var pods corev1.PodList
		var claims corev1.PersistentVolumeClaimList
		inApp := []client.ListOption{client.InNamespace("vinje-prod"), client.MatchingLabels{v1alpha1.LabelApp: "board"}}
		if err := errors.Join(admin.List(ctx, &pods, inApp...), admin.List(ctx, &claims, inApp...)); err != nil {
			return err
		}
		for i := range pods.Items {
			if strings.HasPrefix(pods.Items[i].Name, "board-") {
				pod = pods.Items[i].Name
			}
		}
		if pod == "" || len(claims.Items) == 0 {
			var i v1alpha1.AppInstallation
			var app v1alpha1.SharedApp
			err := errors.Join(admin.Get(ctx, client.ObjectKey{Name: "board"}, &app), admin.Get(ctx, client.ObjectKey{Namespace: "vinje-prod", Name: "board"}, &i))
			return fmt.Errorf("%d pods, %d claims: %+v, %+v, %w", len(pods.Items), len(claims.Items), app.Status.Versions, i.Status.Conditions, err)
		}
		claim = claims.Items[0].Name
		return admin.Get(ctx, client.ObjectKey{Namespace: "vinje-prod", Name: "board"}, &corev1.ServiceAccount{})
	})
	return world{cast: newCast(t), names: strings.NewReplacer("POD", pod, "CLAIM", claim)}
}

// put makes an object, as soon as the namespace that the operator makes for it is there.
func put(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	eventually(t, "make "+o.GetKind()+" "+o.GetName(), func(ctx context.Context) error {
		err := admin.Create(ctx, o.DeepCopy())
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		if apierrors.IsInvalid(err) {
			t.Fatal(err)
		}
		return err
	})
}

// bindGenerous gives the administrators of vinje the ClusterRole generous there.
func bindGenerous(t *testing.T) {
	t.Helper()
	for _, namespace := range []string{"vinje-prod", "vinje-test"} {
		o := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": map[string]any{"name": "generous", "namespace": namespace},
			"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "generous"},
			"subjects": []any{map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "vinje-admin"}},
		}}
		put(t, o)
	}
}

// manifests reads a file of several.
func manifests(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []*unstructured.Unstructured
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(o.Object) > 0 {
			all = append(all, o)
		}
	}
}
