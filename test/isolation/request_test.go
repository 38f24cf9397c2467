package isolation_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// request is what somebody asks of the API server. It is made as a dry run, so that what should be refused, and is not, does
// no harm to the other rows.
type request struct {
	// verb is create, patch, apply, delete, deletecollection, get, list, finalize or connect.
	verb string
	// object is a manifest; to patch, delete or read, its name is enough. Without a namespace it is in vinje-prod, and - stands for
	// none. POD stands for the pod of the app, CLAIM for its claim.
	object string
	// sub is a subresource.
	sub string
	// patch is a merge patch, or, where it begins with a bracket, a JSON patch.
	patch string
	// manager is the field manager, and agent the user agent, from which the API server makes one where none is given.
	manager, agent string
}

// do makes the request.
func (r request) do(ctx context.Context, c client.Client, names *strings.Replacer) error {
	o, err := r.parsed(names)
	if err != nil {
		return err
	}
	owner := client.FieldOwner(r.manager)
	if r.manager == "" {
		owner = "somebody"
	}
	switch r.verb {
	case "create":
		return r.create(ctx, c, o, owner)
	case "patch":
		patch, err := r.body(names)
		if err != nil {
			return err
		}
		if r.sub != "" {
			return c.SubResource(r.sub).Patch(ctx, o, patch, client.DryRunAll, owner)
		}
		return c.Patch(ctx, o, patch, client.DryRunAll, owner)
	case "apply":
		content, err := o.MarshalJSON()
		if err != nil {
			return err
		}
		return c.Patch(ctx, o, client.RawPatch(types.ApplyPatchType, content), client.DryRunAll, owner, client.ForceOwnership)
	case "delete":
		return c.Delete(ctx, o, client.DryRunAll)
	case "deletecollection":
		return c.DeleteAllOf(ctx, o, client.InNamespace(o.GetNamespace()), client.DryRunAll)
	case "get":
		if r.sub != "" {
			return c.SubResource(r.sub).Get(ctx, o, &unstructured.Unstructured{Object: map[string]any{"apiVersion": o.GetAPIVersion(), "kind": o.GetKind()}})
		}
		return c.Get(ctx, client.ObjectKeyFromObject(o), o)
	case "list":
		list := &unstructured.UnstructuredList{}
		list.SetAPIVersion(o.GetAPIVersion())
		list.SetKind(o.GetKind() + "List")
		return c.List(ctx, list, client.InNamespace(o.GetNamespace()))
	case "finalize":
		return r.finalize(ctx, c, o)
	}
	return fmt.Errorf("unknown verb %q", r.verb)
}

func (r request) create(ctx context.Context, c client.Client, o *unstructured.Unstructured, owner client.FieldOwner) error {
	switch {
	case r.sub == "token":
		token := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": map[string]any{}}}
		return c.SubResource("token").Create(ctx, o, token, client.DryRunAll)
	case r.sub != "":
		body := o.DeepCopy()
		if err := yaml.Unmarshal([]byte(r.patch), &body.Object); err != nil {
			return err
		}
		return c.SubResource(r.sub).Create(ctx, o, body, client.DryRunAll)
	case r.agent != "":
		return c.Create(ctx, o, client.DryRunAll)
	}
	return c.Create(ctx, o, client.DryRunAll, owner)
}

// finalize writes a namespace by its subresource finalize, which knows no patches; what is written is what the admin reads,
// with the patch of the row.
func (r request) finalize(ctx context.Context, c client.Client, o *unstructured.Unstructured) error {
	if err := admin.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
		return err
	}
	var patch map[string]any
	if err := yaml.Unmarshal([]byte(r.patch), &patch); err != nil {
		return err
	}
	o.Object = merged(o.Object, patch)
	return c.SubResource("finalize").Update(ctx, o, client.DryRunAll)
}

// connect asks for a stream to or from a pod. It is let through when the API server asks the node, which is not there.
func (r request) connect(ctx context.Context, config *rest.Config, names *strings.Replacer) error {
	o, err := r.parsed(names)
	if err != nil {
		return err
	}
	set, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	err = set.CoreV1().RESTClient().Post().Namespace(o.GetNamespace()).Resource("pods").Name(o.GetName()).SubResource(r.sub).
		Param("command", "true").Param("stdout", "true").Do(ctx).Error()
	if apierrors.IsForbidden(err) {
		return err
	}
	return nil
}

func (r request) parsed(names *strings.Replacer) (*unstructured.Unstructured, error) {
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(names.Replace(r.object)), &o.Object); err != nil {
		return nil, fmt.Errorf("parse %s: %w", r.object, err)
	}
	switch o.GetNamespace() {
	case "":
		o.SetNamespace("vinje-prod")
	case "-":
		o.SetNamespace("")
	}
	return o, nil
}

func (r request) body(names *strings.Replacer) (client.Patch, error) {
	content, err := yaml.YAMLToJSON([]byte(names.Replace(r.patch)))
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", r.patch, err)
	}
	if strings.HasPrefix(strings.TrimSpace(r.patch), "[") {
		return client.RawPatch(types.JSONPatchType, content), nil
	}
	return client.RawPatch(types.MergePatchType, content), nil
}

// merged applies a merge patch (RFC 7386).
func merged(target, patch map[string]any) map[string]any {
	all := map[string]any{}
	for key, value := range target {
		all[key] = value
	}
	for key, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(all, key)
		case map[string]any:
			below, _ := all[key].(map[string]any)
			all[key] = merged(below, value)
		default:
			all[key] = value
		}
	}
	return all
}

// eventually waits until check returns nil, and fails the test with its last word if that does not happen.
func eventually(t *testing.T, what string, check func(ctx context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), pollInterval, patience, true, func(ctx context.Context) (bool, error) {
		err := check(ctx)
		if err == nil || ctx.Err() == nil || last == nil { // else it says only that time is up
			last = err
		}
		return err == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: not in %s: %v", what, patience, last)
	}
}
