package sharedapp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/bundlestore"
	"github.com/allmenning/allmenning/controllers/internal/download"
	"github.com/allmenning/allmenning/controllers/internal/oci"
	"github.com/allmenning/allmenning/controllers/internal/operatorsecret"
	"github.com/allmenning/allmenning/controllers/snapshot"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
)

// observed is everything that a plan may build on.
type observed struct {
	// app is the cache's, as it remembers the digests of versions: what was written last counts.
	app v1alpha1.SharedApp
	// country that the app is offered to.
	country *country.Country
	// installer is the role whose rules are the kinds that bundles may hold; nil where it is missing.
	installer *rbacv1.ClusterRole
	// versions in the order of the spec.
	versions []seenVersion
}

// behind says whether the country does not have the app yet as it is.
func (o observed) behind() bool {
	return snapshot.Behind(o.country.Apps.Of(o.app.Name).Object, &o.app)
}

// seenVersion is what was found of one version.
type seenVersion struct {
	spec v1alpha1.Version
	// remembered is the digest under which the version entered the catalogue, if it did.
	remembered string
	// offered is the digest that the source has now; empty where that is not known.
	offered string
	// bundle is nil where there is none yet, or where fault says why.
	bundle *bundle.Bundle
	// stored says that the bundle comes out of the store.
	stored bool
	// answer says whether the bundle is fit, as judge found.
	answer answer
	// again is how long until a refusal is looked at again.
	again time.Duration
	// fault says why there is no bundle, for sources other than a registry.
	fault *condition.Outcome
	// fetch is what to ask the registry for, where the bundle has to come from one.
	fetch *wanted
}

// wanted is something that only a registry has.
type wanted struct {
	key     download.Key
	request oci.Request
	state   download.State
}

func (r *Reconciler) observe(ctx context.Context, name string) (observed, error) {
	var seen observed
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &seen.app); err != nil {
		return seen, fmt.Errorf("read SharedApp %s: %w", name, err)
	}
	seen.country = r.Holder.Country()
	if seen.behind() || suspended(catalogue.Compile(&seen.app), seen) {
		return seen, nil
	}
	var err error
	if seen.installer, err = r.installer(ctx); err != nil {
		return seen, err
	}
	for _, spec := range seen.app.Spec.Versions {
		v, err := r.version(ctx, seen, spec)
		if err != nil {
			return seen, fmt.Errorf("version %s: %w", spec.Version, err)
		}
		seen.versions = append(seen.versions, v)
	}
	return seen, nil
}

func (r *Reconciler) installer(ctx context.Context) (*rbacv1.ClusterRole, error) {
	var role rbacv1.ClusterRole
	err := r.Client.Get(ctx, client.ObjectKey{Name: v1alpha1.RoleInstaller}, &role)
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // that it is missing is reported, and no error
	}
	if err != nil {
		return nil, fmt.Errorf("read ClusterRole %s: %w", v1alpha1.RoleInstaller, err)
	}
	return &role, nil
}

func (r *Reconciler) version(ctx context.Context, seen observed, spec v1alpha1.Version) (seenVersion, error) {
	v := seenVersion{spec: spec, remembered: rememberedDigest(seen.app.Status, spec.Version), offered: spec.Source.PinnedDigest()}
	switch {
	case spec.Source.ConfigMap != nil:
		return r.fromConfigMap(ctx, v)
	case spec.Source.OCI != nil:
		return r.fromRegistry(ctx, seen, v, *spec.Source.OCI, false)
	case spec.Source.Chart != nil:
		return r.fromRegistry(ctx, seen, v, *spec.Source.Chart, true)
	}
	v.fault = stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf("spec.versions[%s].source: it is empty: set oci, chart or configMap", spec.Version))
	return v, nil
}

// fromStore fills in the bundle if it is stored.
func (r *Reconciler) fromStore(ctx context.Context, v *seenVersion, digest string) error {
	b, found, err := r.Store.Get(ctx, digest)
	var changed *bundlestore.ChangedError
	if errors.As(err, &changed) {
		v.fault = stalled(v1alpha1.ReasonStoreChanged, changed.Error())
		return nil
	}
	if err != nil || !found {
		return err
	}
	v.bundle, v.stored = &b, true
	return nil
}

// fromConfigMap reads the ConfigMap even when the bundle is stored already, to report that it
// was changed. That it is gone then does not matter.
func (r *Reconciler) fromConfigMap(ctx context.Context, v seenVersion) (seenVersion, error) {
	expected := v.remembered
	if expected == "" {
		expected = v.offered
	}

	if expected != "" {
		if err := r.fromStore(ctx, &v, expected); err != nil {
			return v, err
		}
	}

	o := bundlestore.NewConfigMap()
	name := v.spec.Source.ConfigMap.Name
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.Store.Namespace, Name: name}, o)
	if client.IgnoreNotFound(err) != nil {
		return v, fmt.Errorf("read ConfigMap %s: %w", name, err)
	}

	if apierrors.IsNotFound(err) {
		if v.bundle == nil && v.fault == nil {
			v.fault = stalled(v1alpha1.ReasonSourceMissing, fmt.Sprintf(
				"spec.versions[%s].source.configMap.name: there is no ConfigMap %s in namespace %s: create it with the files of the bundle as keys",
				v.spec.Version, name, r.Store.Namespace))
		}
		return v, nil
	}

	live, err := liveBundle(o)
	if err != nil {
		if v.bundle == nil {
			v.fault = stalled(v1alpha1.ReasonBundleRefused, fmt.Sprintf("ConfigMap %s in namespace %s: %s", name, r.Store.Namespace, err))
		}
		return v, nil
	}

	v.offered = live.Digest
	if v.bundle == nil && v.fault == nil {
		v.bundle = &live
	}

	return v, nil
}

func liveBundle(o *unstructured.Unstructured) (bundle.Bundle, error) {
	data, binaryData, err := bundlestore.Files(o)
	if err != nil {
		return bundle.Bundle{}, err
	}
	return bundle.FromConfigMap(data, binaryData)
}

func (r *Reconciler) fromRegistry(ctx context.Context, seen observed, v seenVersion, source v1alpha1.OCISource, chart bool) (seenVersion, error) {
	if err := r.fromStore(ctx, &v, v.offered); err != nil || v.bundle != nil || v.fault != nil {
		return v, err
	}
	field := fmt.Sprintf("spec.versions[%s].source.oci", v.spec.Version)
	if chart {
		field = fmt.Sprintf("spec.versions[%s].source.chart", v.spec.Version)
	}
	how, fault := accessTo(field, source, seen.country.Platform.Registries)
	if fault != nil {
		v.fault = fault
		return v, nil
	}
	host, _, _ := strings.Cut(source.Repository, "/")
	request := oci.Request{Repository: source.Repository, Digest: source.Digest, Chart: chart, PlainHTTP: slices.Contains(r.PlainHTTPRegistries, host)}
	var err error
	if request.Credentials, v.fault, err = r.secret(ctx, how.secret, operatorsecret.Login(), how.secretField); err != nil || v.fault != nil {
		return v, err
	}
	if request.CA, v.fault, err = r.secret(ctx, how.ca, operatorsecret.Authority(), how.caField); err != nil || v.fault != nil {
		return v, err
	}
	key := download.KeyOf(request, seen.app.Annotations[v1alpha1.AnnotationReconcile])
	v.fetch = &wanted{key: key, request: request, state: r.Pool.State(key)}
	v.bundle = v.fetch.state.Bundle
	return v, nil
}

// secret reads what is used of a Secret in the operator's namespace; nothing where no Secret is named.
func (r *Reconciler) secret(ctx context.Context, name string, use operatorsecret.Use, field string) ([]byte, *condition.Outcome, error) {
	if name == "" {
		return nil, nil, nil
	}
	o := newSecret()
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.Store.Namespace, Name: name}, o)
	if apierrors.IsNotFound(err) {
		return nil, stalled(v1alpha1.ReasonSecretMissing, fmt.Sprintf("%s: there is no Secret %s in namespace %s: create it", field, name, r.Store.Namespace)), nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read Secret %s: %w", name, err)
	}
	value, problem := use.Value(o)
	if problem != "" {
		return nil, stalled(v1alpha1.ReasonSecretMissing, field+": "+problem), nil
	}
	return value, nil, nil
}

// newSecret returns an untyped Secret; see bundlestore.NewConfigMap.
func newSecret() *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion("v1")
	o.SetKind("Secret")
	return o
}
