package contract

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/internal/podtemplate"
)

// Reference is an object that one of the bundle reads, mounts or sends requests to by its name.
type Reference struct {
	// From is the object that refers, as Kind/name, and Field where it does.
	From, Field string
	// Kind and Name are of what it refers to, a kind of the core group.
	Kind, Name string
	// Optional says that pods start without it.
	Optional bool
}

// References are those of a bundle to Secrets, ConfigMaps, claims and Services that it does not bring itself, in
// the order of the objects. They may be the municipality's own; which are another app's is known in its
// namespace alone.
func References(objects []*unstructured.Unstructured) []Reference {
	w := &whole{objects: objects}
	all := make([]Reference, 0, len(objects))
	for _, o := range objects {
		all = append(all, w.references(o)...)
	}
	return all
}

// references are those of one object to what the bundle does not bring.
func (w *whole) references(o *unstructured.Unstructured) []Reference {
	from := references{from: Name(o)}
	if pod, field, _ := podOf(o); pod != nil {
		from.pod(field, &pod.Spec)
	}
	switch {
	case is(o, "networking.k8s.io", "Ingress"):
		from.ingress(o)
	case is(o, rbacv1.GroupName, "Role"):
		from.role(o)
	case is(o, "", "ServiceAccount"):
		from.account(o)
	case is(o, "", claimKind):
		if claim, _ := typed[corev1.PersistentVolumeClaim](o.Object, ""); claim != nil {
			from.claim("spec", &claim.Spec)
		}
	case is(o, "apps", "StatefulSet"):
		from.templates(o)
	default:
		from.others(o)
	}
	return slices.DeleteFunc(from.all, func(r Reference) bool { return w.has("", r.Kind, r.Name) })
}

// missingRule: what pods can't start without, or a route leads to, comes with the bundle; else each municipality must
// have it, which the publisher may not know.
func missingRule(w *whole, o *unstructured.Unstructured) []Finding {
	if slices.ContainsFunc(w.objects, isOwnKind) {
		return nil // it may make what is missing
	}
	pods, said := podtemplate.Spec(o.GroupVersionKind()) != nil, map[string]bool{}
	var found []Finding
	for _, r := range w.references(o) {
		name := r.Kind + "/" + r.Name
		if r.Optional || said[name] || strings.Contains(r.Field, ".imagePullSecrets[") {
			continue
		}
		switch {
		case r.Kind == "Service":
			found = append(found, warn(r.Field, name+" is not in the bundle, so that the route leads nowhere", "bring it, or name one of the bundle")...)
		case pods && !strings.HasSuffix(r.Name, madeByOperator) && r.Name != everyNamespace:
			found = append(found, warn(r.Field, name+" is not in the bundle: its pods start only where the municipality keeps one of that name", "bring it, with parameters for what differs, or tell each municipality to keep it")...)
		}
		said[name] = true
	}
	return found
}

const (
	// madeByOperator ends the name of the Secret with the values of an app that the operator makes.
	madeByOperator = "-generated"
	// everyNamespace is the ConfigMap that Kubernetes keeps in each namespace.
	everyNamespace = "kube-root-ca.crt"
)

// references gathers those of one object.
type references struct {
	from string
	all  []Reference
}

func (r *references) add(field, kind, name string) { r.addOptional(nil, field, kind, name) }

func (r *references) addOptional(optional *bool, field, kind, name string) {
	if name != "" {
		r.all = append(r.all, Reference{From: r.from, Field: field, Kind: kind, Name: name, Optional: optional != nil && *optional})
	}
}

func (r *references) pod(field string, spec *corev1.PodSpec) {
	for i, s := range spec.ImagePullSecrets {
		r.add(fmt.Sprintf("%s.imagePullSecrets[%d]", field, i), "Secret", s.Name)
	}
	for i := range spec.Volumes {
		r.volume(fmt.Sprintf("%s.volumes[%s]", field, spec.Volumes[i].Name), &spec.Volumes[i])
	}
	for at, c := range containersAt(field, spec) {
		r.environment(at, c)
	}
}

func (r *references) volume(at string, v *corev1.Volume) {
	if v.Secret != nil {
		r.addOptional(v.Secret.Optional, at+".secret", "Secret", v.Secret.SecretName)
	}
	if v.ConfigMap != nil {
		r.addOptional(v.ConfigMap.Optional, at+".configMap", "ConfigMap", v.ConfigMap.Name)
	}
	if v.PersistentVolumeClaim != nil {
		r.add(at+".persistentVolumeClaim", claimKind, v.PersistentVolumeClaim.ClaimName)
	}
	if v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil {
		r.claim(at+".ephemeral.volumeClaimTemplate.spec", &v.Ephemeral.VolumeClaimTemplate.Spec)
	}
	if v.Projected == nil {
		return
	}
	for i, s := range v.Projected.Sources {
		if s.Secret != nil {
			r.addOptional(s.Secret.Optional, fmt.Sprintf("%s.projected.sources[%d].secret", at, i), "Secret", s.Secret.Name)
		}
		if s.ConfigMap != nil {
			r.addOptional(s.ConfigMap.Optional, fmt.Sprintf("%s.projected.sources[%d].configMap", at, i), "ConfigMap", s.ConfigMap.Name)
		}
	}
}

// claim is what the volume of a claim begins as a copy of.
func (r *references) claim(at string, spec *corev1.PersistentVolumeClaimSpec) {
	for _, from := range sourcesOf(spec) {
		if from.isClaim() {
			r.add(at+"."+from.field, claimKind, from.name)
		}
	}
}

// templates are those of the claims that a StatefulSet makes.
func (r *references) templates(o *unstructured.Unstructured) {
	set, _ := typed[appsv1.StatefulSet](o.Object, "")
	if set == nil {
		return
	}
	for i := range set.Spec.VolumeClaimTemplates {
		r.claim(fmt.Sprintf("spec.volumeClaimTemplates[%d].spec", i), &set.Spec.VolumeClaimTemplates[i].Spec)
	}
}

// others are those of kinds that Kubernetes does not bring and that platforms often add: copies of claims, and routes.
func (r *references) others(o *unstructured.Unstructured) {
	switch o.GroupVersionKind().Group {
	case "snapshot.storage.k8s.io":
		name, _, _ := unstructured.NestedString(o.Object, "spec", "source", "persistentVolumeClaimName")
		r.add("spec.source.persistentVolumeClaimName", claimKind, name)
	case gatewayGroup:
		rules, _, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "rules")
		r.backends("spec.rules", rules)
	}
}

// backends are the Services below a value that a route of the Gateway API sends requests to, or copies of them.
func (r *references) backends(at string, value any) {
	switch within := value.(type) {
	case []any:
		for i, item := range within {
			r.backends(fmt.Sprintf("%s[%d]", at, i), item)
		}
	case map[string]any:
		if strings.Contains(at[strings.LastIndex(at, ".")+1:], "backendRef") {
			group, _ := within["group"].(string)
			kind, named := within["kind"].(string)
			name, _ := within["name"].(string)
			if group == "" && (!named || kind == "Service") {
				r.add(at, "Service", name)
			}
		}
		for _, key := range sortedKeys(within) {
			r.backends(at+"."+key, within[key])
		}
	}
}

func (r *references) environment(at string, c *corev1.Container) {
	for i, from := range c.EnvFrom {
		if from.SecretRef != nil {
			r.addOptional(from.SecretRef.Optional, fmt.Sprintf("%s.envFrom[%d].secretRef", at, i), "Secret", from.SecretRef.Name)
		}
		if from.ConfigMapRef != nil {
			r.addOptional(from.ConfigMapRef.Optional, fmt.Sprintf("%s.envFrom[%d].configMapRef", at, i), "ConfigMap", from.ConfigMapRef.Name)
		}
	}
	for _, v := range c.Env {
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
			r.addOptional(v.ValueFrom.SecretKeyRef.Optional, fmt.Sprintf("%s.env[%s].valueFrom.secretKeyRef", at, v.Name), "Secret", v.ValueFrom.SecretKeyRef.Name)
		}
		if v.ValueFrom != nil && v.ValueFrom.ConfigMapKeyRef != nil {
			r.addOptional(v.ValueFrom.ConfigMapKeyRef.Optional, fmt.Sprintf("%s.env[%s].valueFrom.configMapKeyRef", at, v.Name), "ConfigMap", v.ValueFrom.ConfigMapKeyRef.Name)
		}
	}
}

func (r *references) ingress(o *unstructured.Unstructured) {
	ingress, _ := typed[networkingv1.Ingress](o.Object, "")
	if ingress == nil {
		return
	}
	for i, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for j, path := range rule.HTTP.Paths {
			if path.Backend.Service != nil {
				r.add(fmt.Sprintf("spec.rules[%d].http.paths[%d].backend.service", i, j), "Service", path.Backend.Service.Name)
			}
		}
	}
	for i, tls := range ingress.Spec.TLS {
		r.add(fmt.Sprintf("spec.tls[%d].secretName", i), "Secret", tls.SecretName)
	}
}

func (r *references) role(o *unstructured.Unstructured) {
	role, _ := typed[rbacv1.Role](o.Object, "")
	if role == nil {
		return
	}
	kinds := map[string]string{"secrets": "Secret", "configmaps": "ConfigMap", "services": "Service", "persistentvolumeclaims": claimKind}
	for i, rule := range role.Rules {
		for _, resource := range rule.Resources {
			for _, name := range rule.ResourceNames {
				if kind := kinds[resource]; kind != "" && slices.Contains(rule.APIGroups, "") {
					r.add(fmt.Sprintf("rules[%d].resourceNames", i), kind, name)
				}
			}
		}
	}
}

func (r *references) account(o *unstructured.Unstructured) {
	account, _ := typed[corev1.ServiceAccount](o.Object, "")
	if account == nil {
		return
	}
	for i, s := range account.ImagePullSecrets {
		r.add(fmt.Sprintf("imagePullSecrets[%d]", i), "Secret", s.Name)
	}
	for i, s := range account.Secrets {
		r.add(fmt.Sprintf("secrets[%d]", i), "Secret", s.Name)
	}
}
