package tenancy

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Home is the namespace that the objects of an installation are in: that of its environment, or one of its own.
func Home(i *v1alpha1.AppInstallation) string {
	if !i.IsOwn() {
		return i.Namespace
	}
	return OwnNamespace(i.Namespace, i.Spec.App)
}

// OwnNamespace is the name of the namespace that an app of an environment has for itself.
//
// Two of them can't coincide, nor one with that of an environment. The two dashes are the first of the name, as an
// environment's namespace has none such, and an app's name begins with a letter: what is before and after them
// can be read back. The last part of an environment's namespace holds no dash, so that it would have to come from
// a municipality whose name holds two dashes or ends with one. Where the name would be too long, or the
// environment's holds two dashes, as those of municipalities from before that was refused may, a digit follows the two
// dashes, and the name ends with a hash that begins with a digit, which the name of no environment does.
func OwnNamespace(environment, app string) string {
	const longest, ofEnvironment, ofApp = 63, 22, 15
	if name := environment + "--" + app; len(name) <= longest && !strings.Contains(environment, "--") {
		return name
	}
	readable := environment
	for strings.Contains(readable, "--") {
		readable = strings.ReplaceAll(readable, "--", "-")
	}
	return cut(readable, ofEnvironment) + "--0-" + cut(app, ofApp) + "-0" + digest(environment, app)
}

// MayBeOwn says whether a name may be one of OwnNamespace, without knowing of what.
func MayBeOwn(namespace string) bool { return strings.Contains(namespace, "--") }

func cut(name string, longest int) string {
	return strings.TrimRight(name[:min(len(name), longest)], "-")
}

// digest is 100 bits of a hash of two names.
func digest(environment, app string) string {
	sum := sha256.Sum256([]byte(environment + "\x00" + app))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:20]
}

// Holds says whether a namespace is the own one of an app in an environment of a municipality.
func Holds(ns *corev1.Namespace, municipality, environment, app string) bool {
	labels := ns.Labels
	return labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && labels[v1alpha1.LabelMunicipality] == municipality &&
		labels[v1alpha1.LabelEnvironment] == environment && labels[v1alpha1.LabelApp] == app
}

// HomeWaits says why nothing may be installed yet in the own namespace of an app; empty where all is there that
// it may count on. The quota is made last, so that where it is in force the walls are there.
func HomeWaits(i *v1alpha1.AppInstallation, ns *corev1.Namespace, quotas []corev1.ResourceQuota) string {
	t := i.Spec.Tenant
	switch {
	case ns == nil:
		return fmt.Sprintf("namespace %s is not there yet", Home(i))
	case !Holds(ns, t.Municipality, t.Environment, i.Spec.App):
		return fmt.Sprintf("namespace %s is not the app's yet", ns.Name)
	}
	for n := range quotas {
		q := &quotas[n]
		if q.Name == v1alpha1.QuotaName && len(q.Spec.Hard) > 0 && equality.Semantic.DeepEqual(q.Spec.Hard, q.Status.Hard) {
			return ""
		}
	}
	return fmt.Sprintf("the quota of namespace %s is not in force yet", ns.Name)
}

// HomeRefused is why the own namespace of an app can't be made in an environment; empty where nobody says so.
func HomeRefused(m *v1alpha1.Municipality, environment, app string) string {
	if e := statusOf(m, environment); e != nil {
		for _, refused := range e.RefusedNamespaces {
			if refused.App == app {
				return refused.Message
			}
		}
	}
	return ""
}

// Kept is what is kept of an app that was uninstalled in an environment; nil where nothing is.
func Kept(m *v1alpha1.Municipality, environment, app string) *v1alpha1.KeptData {
	e := statusOf(m, environment)
	if e == nil {
		return nil
	}
	for i := range e.Kept {
		if e.Kept[i].App == app {
			return &e.Kept[i]
		}
	}
	return nil
}

// Leaves says whether an installation has nothing left in its own namespace, and waits for that to go.
func Leaves(i *v1alpha1.AppInstallation) bool {
	ready := i.Reported()
	return i.IsOwn() && i.Spec.State == v1alpha1.InstallationAbsent && ready != nil && ready.Reason == v1alpha1.ReasonRemovingNamespace
}
