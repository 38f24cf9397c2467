package behaviour_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestADomainBelongsToOneMunicipality(t *testing.T) {
	parallel(t)
	app := publish(t, unique("names"), nil, files("names", nil))
	claims := func(domains ...string) func(*v1alpha1.Municipality) {
		return func(m *v1alpha1.Municipality) { m.Spec.Domains = domains }
	}
	domain := unique("d") + ".kommune.no"
	first := standing(t, town(t, "asker", claims(domain)))
	second := town(t, "zion", claims("www."+domain, unique("z")+".no"), adopts(app.Name))
	second = until(t, "the older one is named, and all else is given", second, func(m *v1alpha1.Municipality) error {
		return errors.Join(
			isStalled(m.Status.Conditions, m.Generation, "www."+domain, first.Name, "spec.domains"),
			expect("prod", environment(m, "prod").State, v1alpha1.EnvironmentReady),
		)
	})
	i := runs(t, second.Name+"-prod", app.Name, "1.0.0")
	if i.Spec.Tenant.Domain != second.Spec.Domains[1] {
		t.Errorf("the bundle learnt of domain %q, want %q", i.Spec.Tenant.Domain, second.Spec.Domains[1])
	}
	standing(t, first)

	edit(t, first, func(m *v1alpha1.Municipality) { m.Spec.Domains = nil })
	standing(t, second)
	until(t, "a domain that was given up is given", i, func(i *v1alpha1.AppInstallation) error {
		if i.Spec.Tenant.Domain != second.Spec.Domains[0] {
			return fmt.Errorf("it has %q", i.Spec.Tenant.Domain)
		}
		return nil
	})
}
