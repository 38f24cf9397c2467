package behaviour_test

import (
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestAnAppReadsNothingOfAnother(t *testing.T) {
	parallel(t)
	owner := sells(t, unique("owner"), only("apiVersion: v1\nkind: Secret\nmetadata: {name: database}\nstringData: {password: hunter22}\n"))
	reader := sells(t, unique("reader"), only(`apiVersion: apps/v1
kind: Deployment
metadata: {name: reader}
spec:
  replicas: 0
  selector: {matchLabels: {app: reader}}
  template:
    metadata: {labels: {app: reader}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers: [{name: web, image: example.org/web:1, envFrom: [{secretRef: {name: database}}]}]
`))
	checked(t, owner)
	checked(t, reader) // a Secret that the bundle does not bring may be the municipality's
	m := town(t, "foreign", adopts(owner.Name))
	ns := m.Name + "-prod"
	runs(t, ns, owner.Name, "1.0.0")

	edit(t, m, adopts(reader.Name))
	stalls(t, ns, reader.Name, "Deployment/reader", "spec.template.spec.containers[web].envFrom[0].secretRef", "Secret/database in "+ns+" belongs to app "+owner.Name)
	if got := belongings(t, ns, reader.Name); len(got) > 0 {
		t.Errorf("it is half there: %v", got)
	}

	edit(t, m, says(v1alpha1.AppDecision{Name: owner.Name, Decision: v1alpha1.DecisionDecline}))
	runs(t, ns, reader.Name, "1.0.0")
}
