package behaviour_test

import (
	"context"
	"errors"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// reason of the policy of these tests.
const reason = "the archive is moved this week"

// forbids lets the API server refuse an AppInstallation at a version, by an admission policy. What it
// returns takes that back.
func forbids(t *testing.T, i *v1alpha1.AppInstallation, version string) func() {
	t.Helper()
	name := unique("freeze")
	policy := &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: &admissionv1.MatchResources{
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": i.Namespace}},
			ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
				Rule:       admissionv1.Rule{APIGroups: []string{v1alpha1.GroupVersion.Group}, APIVersions: []string{"*"}, Resources: []string{"appinstallations"}},
			}}},
		},
		Validations: []admissionv1.Validation{{Expression: "object.spec.version != '" + version + "'", Message: reason}},
	}}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
	}}
	config, err := plane.ConfigFor(operatorAccount)
	if err != nil {
		t.Fatal(err)
	}
	operator, err := client.New(config, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	create(t, policy)
	create(t, binding)
	eventually(t, "the policy is in force", func(ctx context.Context) error {
		tried := i.DeepCopy()
		tried.Spec.Version = version
		err := operator.Patch(ctx, tried, client.MergeFrom(i), client.DryRunAll)
		if err == nil {
			return errors.New("it is not")
		}
		return holds(err.Error(), reason)
	})
	return func() { remove(t, binding) }
}

func TestAWriteThatIsRefusedForGoodKeepsNobodyWaiting(t *testing.T) {
	parallel(t)
	plugin := newPlugin(t) // before anything is refused: the longer it is, the later the API server is asked again
	app := publish(t, unique("archive"), nil, files("archive", nil), files("archive", nil))
	// by name it is the first to be moved
	barred, other := town(t, "a-barred"), town(t, "b-other")
	oneByOne := wave("everyone")
	oneByOne.MaxConcurrent = nil
	n := introduced(t, app, inWaves(oneByOne), barred, other)
	there := read(t, appInstallation(barred.Name+"-prod", app.Name))
	allow := forbids(t, there, "1.1.0")

	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	runs(t, other.Name+"-prod", app.Name, "1.1.0")
	const fix, said = "change the admission policy", reason
	until(t, "the Rollout names who is refused, and waits for nobody", r, func(r *v1alpha1.Rollout) error {
		return errors.Join(
			noted(r.Status.OnTheWay, barred, "Refused", "AppInstallation "+there.Namespace+"/"+there.Name, fix, said),
			expect("moving", r.Status.Moving, 0), expect("verified", r.Status.Verified, 1))
	})
	reaches(t, r, v1alpha1.RolloutCompleted)
	reports(t, barred, app.Name, v1alpha1.AppBlocked, there.Namespace+"/"+there.Name, fix, said)
	if err := holds(plugin.mustRun(t, "explain", barred.Name, app.Name), fix, said); err != nil {
		t.Error(err)
	}
	stays(t, barred, there)

	allow()
	runs(t, barred.Name+"-prod", app.Name, "1.1.0")
	until(t, "nobody is away any longer", r, func(r *v1alpha1.Rollout) error {
		return errors.Join(expect("verified", r.Status.Verified, 2), expect("away", len(r.Status.OnTheWay), 0))
	})
}

// A version that a municipality names itself is refused: it says so, and comes when it may.
func TestAnOwnDecisionThatIsRefusedIsReported(t *testing.T) {
	parallel(t)
	plugin := newPlugin(t) // before anything is refused
	app := publish(t, unique("own"), nil, files("own", nil), files("own", nil))
	m := town(t, "barred", adopts(app.Name, version("1.0.0")))
	there := runs(t, m.Name+"-prod", app.Name, "1.0.0")
	allow := forbids(t, there, "1.1.0")
	edit(t, m, adopts(app.Name, version("1.1.0")))
	reports(t, m, app.Name, v1alpha1.AppBlocked, there.Namespace+"/"+there.Name, reason)
	stays(t, m, there)
	if err := holds(plugin.mustRun(t, "explain", m.Name, app.Name), reason); err != nil {
		t.Error(err)
	}
	allow()
	runs(t, m.Name+"-prod", app.Name, "1.1.0")
}
