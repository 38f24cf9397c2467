package behaviour_test

import (
	"errors"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Not parallel: nobody's Secrets can be read meanwhile.
func TestSecretsThatCantBeReadAreSaid(t *testing.T) {
	startOperator(t)
	again := putBack(t, "../../config/rbac")
	app := publish(t, unique("unread"), nil, files("unread", nil))
	other := publish(t, unique("plain"), nil, only("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n"))
	edit(t, at(&rbacv1.ClusterRole{}, "", "allmenning-installer-secrets"), func(r *rbacv1.ClusterRole) { r.Rules = nil })
	until(t, "the role of installers is without it", at(&rbacv1.ClusterRole{}, "", v1alpha1.RoleInstaller), func(r *rbacv1.ClusterRole) error {
		for _, rule := range r.Rules {
			if slices.Contains(rule.Resources, "secrets") && slices.Contains(rule.Verbs, "watch") {
				return errors.New("it has it")
			}
		}
		return nil
	})
	m := town(t, "vinje", adopts(app.Name), adopts(other.Name))
	ns := m.Name + "-prod"
	stalls(t, ns, app.Name, "the Secrets of namespace "+ns+" can't be read", "apply config/rbac")
	runs(t, ns, other.Name, "1.0.0") // it holds none
	platformIs(t, "the Platform says so", func(p *v1alpha1.Platform) error {
		return isStalled(p.Status.Conditions, p.Generation, "the Secrets of namespace", "apply config/rbac")
	})
	again()
	runs(t, ns, app.Name, "1.0.0")
	platformIs(t, "the Platform recovers", func(p *v1alpha1.Platform) error { return isReady(p.Status.Conditions, p.Generation) })
	remove(t, read(t, at(&corev1.Secret{}, ns, "unread")))
	until(t, "drift is seen", at(&corev1.Secret{}, ns, "unread"), func(*corev1.Secret) error { return nil })
}
