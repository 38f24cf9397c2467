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
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
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

	pod, claim := installed(t, "vinje-prod")
	frozen, _ := installed(t, "nome-prod")
	cast := newCast(t, frozen)
	freeze(t)
	doorIsOpen(t)
	return world{cast: cast, names: strings.NewReplacer("FROZENPOD", frozen.Name, "POD", pod.Name, "CLAIM", claim)}
}

// installed waits until the app is installed in a namespace, and returns its pod, and the name of its claim.
func installed(t *testing.T, namespace string) (pod *corev1.Pod, claim string) {
	t.Helper()
	eventually(t, "the app is installed in "+namespace, func(ctx context.Context) error {
		var pods corev1.PodList
		var claims corev1.PersistentVolumeClaimList
		inApp := []client.ListOption{client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelApp: "board"}}
		if err := errors.Join(admin.List(ctx, &pods, inApp...), admin.List(ctx, &claims, inApp...)); err != nil {
			return err
		}
		for i := range pods.Items {
			if strings.HasPrefix(pods.Items[i].Name, "board-") {
				pod = &pods.Items[i]
			}
		}
		if pod == nil || len(claims.Items) == 0 {
			var i v1alpha1.AppInstallation
			var app v1alpha1.SharedApp
			err := errors.Join(admin.Get(ctx, client.ObjectKey{Name: "board"}, &app), admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "board"}, &i))
			return fmt.Errorf("%d pods, %d claims: %+v, %+v, %w", len(pods.Items), len(claims.Items), app.Status.Versions, i.Status.Conditions, err)
		}
		claim = claims.Items[0].Name
		return admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "board"}, &corev1.ServiceAccount{})
	})
	return pod, claim
}

// doorIsOpen waits until both halves of the door from seljord to board are there.
func doorIsOpen(t *testing.T) {
	t.Helper()
	eventually(t, "the door from seljord to board is open", func(ctx context.Context) error {
		return errors.Join(admin.Get(ctx, client.ObjectKey{Namespace: "vinje-prod", Name: doorIn}, &networkingv1.NetworkPolicy{}),
			admin.Get(ctx, client.ObjectKey{Namespace: "seljord-prod", Name: doorOut}, &networkingv1.NetworkPolicy{}))
	})
}

// freeze freezes nome, and waits until its namespace says so.
func freeze(t *testing.T) {
	t.Helper()
	eventually(t, "nome is frozen", func(ctx context.Context) error {
		var m v1alpha1.Municipality
		if err := admin.Get(ctx, client.ObjectKey{Name: "nome"}, &m); err != nil {
			return err
		}
		if !m.Spec.Suspend.IsFrozen() {
			m.Spec.Suspend = v1alpha1.SuspensionFreeze
			return errors.Join(admin.Update(ctx, &m), errors.New("it was asked for just now"))
		}
		if is := meta.FindStatusCondition(m.Status.Conditions, v1alpha1.ConditionSuspended); is == nil || is.Reason != v1alpha1.ReasonFrozen || is.Status != metav1.ConditionTrue {
			return fmt.Errorf("conditions %+v", m.Status.Conditions)
		}
		return nil
	})
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
	for _, namespace := range []string{"vinje-prod", "vinje-test", "nome-prod"} {
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
