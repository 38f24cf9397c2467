package behaviour_test

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// routed is the small bundle with a route, whose host is a name of the municipality's domain.
func routed(app string) map[string]string {
	all := files(app, map[string]string{"route.yaml": `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: APP}
spec:
  rules:
  - host: www.DOMAIN
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: APP, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: APP}
spec: {selector: {app: APP}, ports: [{port: 80}]}
`})
	all["allmenning-context.yaml"] = strings.Replace(all["allmenning-context.yaml"], "data: {municipality", "data: {domain: eksempel.kommune.no, municipality", 1)
	all["kustomization.yaml"] += "- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.domain}\n" +
		"  targets: [{select: {kind: Ingress}, fieldPaths: [spec.rules.0.host], options: {delimiter: ., index: 1}}]\n"
	return all
}

// A member that has no domain for the routes of a version keeps what it has, and nobody waiting; it gets the version when it has one.
func TestARolloutGoesRoundWhoHasNoDomain(t *testing.T) {
	parallel(t)
	app := publish(t, unique("route"), nil, files("route", nil), routed("route"))
	has := func(m *v1alpha1.Municipality) { m.Spec.Domains = []string{unique("route") + ".kommune.no"} }
	pilot, lacks, other := town(t, "pilot", has), town(t, "lacks"), town(t, "other", has)
	n := introduced(t, app, inWaves(wave("pilot", pilot, lacks), wave("everyone")), pilot, lacks, other)
	promote(t, app, "1.1.0")
	ns, r := lacks.Name+"-prod", rolloutOf(n, app.Name, "1.1.0", 1)

	i := stalls(t, ns, app.Name, "add a domain to spec.domains of Municipality "+lacks.Name)
	if c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady); c.Reason != v1alpha1.ReasonDomainMissing || i.Status.AppliedVersion != "1.0.0" {
		t.Errorf("reason %s, applied %s, want that it keeps 1.0.0 with reason DomainMissing", c.Reason, i.Status.AppliedVersion)
	}
	runs(t, pilot.Name+"-prod", app.Name, "1.1.0")
	runs(t, other.Name+"-prod", app.Name, "1.1.0")
	until(t, "it is away, and the rollout goes on without it", r, func(r *v1alpha1.Rollout) error {
		return errors.Join(expect("verified", r.Status.Verified, 2), expect("away", r.Status.Away, 1), expect("failed", r.Status.Failed, 0),
			noted(r.Status.OnTheWay, lacks, v1alpha1.ReasonDomainMissing, "spec.domains of Municipality "+lacks.Name))
	})
	greets(t, ns, "route", "hei")

	edit(t, lacks, has)
	runs(t, ns, app.Name, "1.1.0")
	until(t, "all have it", r, func(r *v1alpha1.Rollout) error {
		return errors.Join(phaseIs(r, v1alpha1.RolloutCompleted), expect("verified", r.Status.Verified, 3), expect("away", r.Status.Away, 0))
	})
}
