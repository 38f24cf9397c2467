package behaviour_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// A municipality's own decisions that can't count are reported where one looks first, in its
// condition AppsReady, until a person fixes them; its other apps go on meanwhile.
func TestFaultsOfOwnDecisionsAreTold(t *testing.T) {
	parallel(t)
	app := publish(t, unique("must"), nil, files("must", nil))
	m := town(t, "erring")
	appsReady := func(what string, status metav1.ConditionStatus, parts ...string) {
		t.Helper()
		until(t, what, m, func(m *v1alpha1.Municipality) error {
			return speaks(m.Status.Conditions, m.Generation, v1alpha1.ConditionAppsReady, status, parts...)
		})
	}
	appsReady("one that has no apps has none to wait for", metav1.ConditionTrue, "no apps")

	edit(t, m, func(m *v1alpha1.Municipality) {
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: app.Name, Decision: v1alpha1.DecisionDecline}, {Name: "nowhere", Decision: v1alpha1.DecisionDecline}}
	})
	proposes(t, "net", app.Name, asks(v1alpha1.ObligationMandatory), m)
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
	appsReady("both faults are reported, with the field, and the app runs", metav1.ConditionFalse,
		"spec.apps[0].reason: to decline "+app.Name+" takes a reason", `spec.apps[1].name: there is no SharedApp "nowhere"`, "1/1 apps running")

	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Hold: &v1alpha1.Hold{Version: "9.9.9", Reason: "a typo"}}))
	appsReady("a hold of a version that nobody offers is reported", metav1.ConditionFalse, "spec.apps[0].hold.version", "has no version 9.9.9")
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionAdopt, Network: "elsewhere"}))
	appsReady("a network that is not there is reported, also where the app is installed", metav1.ConditionFalse, `spec.apps[0].network: there is no Network "elsewhere"`)
	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Apps = nil })
	appsReady("fixed, all is in order", metav1.ConditionTrue, "1/1 apps running")
}

// What kubectl get prints of a network holds what a person must fix in it.
func TestWhatToMendIsInTheTable(t *testing.T) {
	parallel(t)
	m := town(t, "listed")
	n := proposes(t, "table", "nowhere", nil, m)
	until(t, "the network and its apps are looked at", n, func(n *v1alpha1.Network) error {
		return errors.Join(
			speaks(n.Status.Conditions, n.Generation, v1alpha1.ConditionReady, metav1.ConditionFalse, "there is no SharedApp"),
			speaks(n.Status.Conditions, n.Generation, v1alpha1.ConditionAppsReady, metav1.ConditionFalse, m.Name))
	})
	row, wide := printed(t, "networks", n, 0), printed(t, "networks", n, 1)
	for column, want := range map[string]string{"Ready": "False", "Message": "there is no SharedApp", "Apps message": m.Name} {
		if err := holds(wide[column], want); err != nil {
			t.Errorf("column %s, with -o wide: %v", column, err)
		}
	}
	if row["Ready"] != "False" || row["Reason"] == "" || row["Reason"] == v1alpha1.ReasonReady || row["Apps"] == "" || row["Message"] != "" {
		t.Errorf("the table that fits a terminal has %v", row)
	}
}

// printed is the row that kubectl get prints of an object that is in no namespace, by column: those up to a priority, which is
// 1 with -o wide.
func printed(t *testing.T, resource string, o client.Object, priority int32) map[string]string {
	t.Helper()
	config := rest.CopyConfig(plane.Config())
	config.GroupVersion, config.APIPath, config.NegotiatedSerializer = &v1alpha1.GroupVersion, "/apis", scheme.Codecs.WithoutConversion()
	api, err := rest.RESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := api.Get().Resource(resource).Name(o.GetName()).SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var table metav1.Table
	if err := json.Unmarshal(raw, &table); err != nil || len(table.Rows) != 1 {
		t.Fatalf("the table of %s has %d rows (%v)", o.GetName(), len(table.Rows), err)
	}
	row := map[string]string{}
	for i, column := range table.ColumnDefinitions {
		if column.Priority <= priority {
			row[column.Name] = fmt.Sprint(table.Rows[0].Cells[i])
		}
	}
	return row
}
