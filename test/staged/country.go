// Package staged makes a country in the middle of a staged rollout, for tests that stop there: to put another operator in
// the place of the one that began it, or to lose the cluster and restore it from a backup.
//
// One network introduces one app in three waves. The first is its pilots; the others wait for approvals, so that a test
// decides where the rollout stands. One municipality declines the app, one holds its version, and one has parameters of its own.
package staged

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/operator"
)

const (
	// App is the name of the one app.
	App = "post"
	// Network is the name of the one network.
	Network = "norway"
	// Before is the version that everybody begins with.
	Before = "1.0.0"
	// After is the version that the rollout brings.
	After = "1.1.0"
	// Pilot is the first wave.
	Pilot = "pilot"
	// Half is the second wave, which waits for an approval.
	Half = "half"
	// Everyone is the last wave, which waits for an approval, too.
	Everyone = "everyone"

	// least is how many municipalities there must be, so that each wave has some.
	least = 8
	// pilots go first.
	pilots = 2
	// decliner never has the app; holder stays at Before; chooser has a parameter of its own. They are among those of the last wave.
	decliner, holder, chooser = 2, 3, 4
	// labelWave is what the second wave selects by.
	labelWave = "example.no/wave"
)

// Country is a number of municipalities in one network.
type Country struct {
	Admin client.Client
	Size  int
}

// Name of one of the municipalities.
func Name(i int) string { return fmt.Sprintf("muni-%03d", i) }

// Decliner never has the app, and Holder keeps it at Before.
func Decliner() string { return Name(decliner) }

// Holder keeps the app at Before.
func Holder() string { return Name(holder) }

// Chooser has a parameter of its own.
func Chooser() string { return Name(chooser) }

// Moving are how many installations a wave moves. The pilots have a test environment besides that for production.
func (c Country) Moving(wave string) int {
	switch wave {
	case Pilot:
		return 2 * pilots
	case Half:
		return c.half()
	}
	return c.Size - pilots - c.half() - 2 // who declines, and who holds
}

// Installations are how many there are: only who declines has none.
func (c Country) Installations() int { return c.Size - 1 + pilots }

func (c Country) half() int { return c.Size / 2 }

// inHalf says whether a municipality is in the second wave: the last ones are.
func (c Country) inHalf(i int) bool { return i >= c.Size-c.half() }

// Make makes the app, the municipalities and the network, which brings the first version to all at once.
func (c Country) Make(ctx context.Context) error {
	if c.Size < least {
		return fmt.Errorf("a country of %d municipalities has too few for three waves: it needs %d", c.Size, least)
	}
	if err := c.offer(ctx); err != nil {
		return err
	}
	if err := c.create(ctx, &v1alpha1.Platform{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.PlatformName}}); err != nil {
		return err
	}
	for i := range c.Size {
		if err := c.create(ctx, c.municipality(i)); err != nil {
			return err
		}
	}
	everybody := &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: "99"}}
	return c.create(ctx, &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: Network}, Spec: v1alpha1.NetworkSpec{
		DisplayName: "Norway", Members: v1alpha1.Members{Selector: everybody}, Rollout: atOnce(),
		Apps: []v1alpha1.Proposal{{Name: App, Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}}},
	}})
}

// offer puts both versions of the app into the catalogue, and the first into its channel.
func (c Country) offer(ctx context.Context) error {
	app := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: App}, Spec: v1alpha1.SharedAppSpec{
		DisplayName: "Post", Channels: []v1alpha1.Channel{{Name: v1alpha1.DefaultChannel, Version: Before}},
	}}
	for _, version := range []string{Before, After} {
		source := App + "-" + version
		if err := c.create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: source, Namespace: operator.Namespace}, Data: bundle(version)}); err != nil {
			return err
		}
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{
			Version: version, Source: v1alpha1.Source{ConfigMap: &v1alpha1.ConfigMapSource{Name: source}},
			Parameters: &v1alpha1.ParameterSchema{OpenAPIV3Schema: apiextensionsv1.JSON{
				Raw: []byte(`{"type":"object","properties":{"greeting":{"type":"string","default":"hei"}}}`)}},
		})
	}
	return c.create(ctx, app)
}

func (c Country) municipality(i int) *v1alpha1.Municipality {
	m := &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: Name(i), Labels: map[string]string{v1alpha1.LabelCounty: "99"}},
		Spec: v1alpha1.MunicipalitySpec{
			Number: fmt.Sprintf("%04d", 1000+i), DisplayName: Name(i),
			Environments: []v1alpha1.Environment{{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}},
			Access:       []v1alpha1.Access{{Role: v1alpha1.AccessAdministrator, Groups: []string{Name(i) + "-ikt"}}},
		},
	}
	switch {
	case i < pilots:
		m.Spec.Environments = append(m.Spec.Environments, v1alpha1.Environment{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen})
	case c.inHalf(i):
		m.Labels[labelWave] = Half
	}
	switch i {
	case decliner:
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: App, Decision: v1alpha1.DecisionDecline, Reason: "own system until 2028"}}
	case holder:
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: App, Hold: &v1alpha1.Hold{Version: Before, Reason: "year-end closing"}}}
	case chooser:
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: App, Parameters: &apiextensionsv1.JSON{Raw: []byte(`{"greeting":"god dag"}`)}}}
	}
	return m
}

// Promote makes the network careful, and points the channel at the second version: its rollout begins.
func (c Country) Promote(ctx context.Context) error {
	if err := edit(ctx, c.Admin, &v1alpha1.Network{}, Network, func(n *v1alpha1.Network) { n.Spec.Rollout = careful() }); err != nil {
		return err
	}
	return edit(ctx, c.Admin, &v1alpha1.SharedApp{}, App, func(a *v1alpha1.SharedApp) { a.Spec.Channels[0].Version = After })
}

// Approve lets a wave begin, as a coordinator does: with the digest and the attempt that the Rollout shows.
func (c Country) Approve(ctx context.Context, wave string) error {
	r, err := c.Rollout(ctx)
	if err != nil {
		return err
	}
	return edit(ctx, c.Admin, &v1alpha1.Network{}, Network, func(n *v1alpha1.Network) {
		n.Spec.Rollout.Approvals = append(n.Spec.Rollout.Approvals, v1alpha1.Approval{App: App, Digest: r.Spec.Digest, Wave: wave, Attempt: r.Spec.Attempt})
	})
}

// Rollout is the one under way.
func (c Country) Rollout(ctx context.Context) (v1alpha1.Rollout, error) {
	var r v1alpha1.Rollout
	err := c.Admin.Get(ctx, client.ObjectKey{Name: Network + "." + App + "." + After + ".1"}, &r)
	return r, err
}

// At returns an error unless that many installations have the second version, all others the first, and all run what they have.
func (c Country) At(ctx context.Context, moved int) error {
	var all v1alpha1.AppInstallationList
	if err := c.Admin.List(ctx, &all); err != nil {
		return err
	}
	if len(all.Items) != c.Installations() {
		return fmt.Errorf("%d installations, want %d", len(all.Items), c.Installations())
	}
	have := map[string]int{}
	for i := range all.Items {
		if !all.Items[i].IsReady() {
			return fmt.Errorf("%s is not ready at %s: %+v", all.Items[i].Namespace, all.Items[i].Spec.Version, all.Items[i].Status.Conditions)
		}
		have[all.Items[i].Spec.Version]++
	}
	if have[After] != moved {
		return fmt.Errorf("%d installations have %s, want %d", have[After], After, moved)
	}
	return nil
}

// Done returns an error unless a wave is done, and the whole rollout where it is the last.
func (c Country) Done(ctx context.Context, wave string) error {
	r, err := c.Rollout(ctx)
	if err != nil {
		return err
	}
	if wave == Everyone {
		if r.Status.Phase != v1alpha1.RolloutCompleted {
			return fmt.Errorf("the rollout is %s: %s", r.Status.Phase, r.Status.Next)
		}
		return nil
	}
	for _, w := range r.Status.Waves {
		if w.Name == wave && w.State == v1alpha1.WaveDone {
			return nil
		}
	}
	return fmt.Errorf("wave %s is not done: %s; %+v", wave, r.Status.Next, r.Status.Waves)
}

// Ready returns an error unless the Platform, the network, the app and every municipality are Ready at their generation.
func (c Country) Ready(ctx context.Context) error {
	var p v1alpha1.Platform
	var n v1alpha1.Network
	var a v1alpha1.SharedApp
	for o, name := range map[client.Object]string{&p: v1alpha1.PlatformName, &n: Network, &a: App} {
		if err := c.Admin.Get(ctx, client.ObjectKey{Name: name}, o); err != nil {
			return err
		}
	}
	var all v1alpha1.MunicipalityList
	if err := c.Admin.List(ctx, &all); err != nil {
		return err
	}
	if len(all.Items) != c.Size {
		return fmt.Errorf("%d municipalities, want %d", len(all.Items), c.Size)
	}
	for i := range all.Items {
		if err := isReady(all.Items[i].Name, all.Items[i].Status.Conditions, all.Items[i].Generation); err != nil {
			return err
		}
	}
	for _, err := range []error{
		isReady("Platform", p.Status.Conditions, p.Generation), isReady(Network, n.Status.Conditions, n.Generation), isReady(App, a.Status.Conditions, a.Generation),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func isReady(who string, conditions []metav1.Condition, generation int64) error {
	c := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	if c == nil || c.Status != metav1.ConditionTrue || c.ObservedGeneration != generation {
		return fmt.Errorf("%s is not Ready at generation %d: %+v", who, generation, conditions)
	}
	return nil
}

func (c Country) create(ctx context.Context, o client.Object) error {
	if err := c.Admin.Create(ctx, o); err != nil {
		return fmt.Errorf("create %T %s: %w", o, o.GetName(), err)
	}
	return nil
}

// edit changes an object, again if somebody else did meanwhile.
func edit[O client.Object](ctx context.Context, c client.Client, o O, name string, change func(O)) error {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := c.Get(ctx, client.ObjectKey{Name: name}, o); err != nil {
			return err
		}
		change(o)
		return c.Update(ctx, o)
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("edit %T %s: %w", o, name, err)
	}
	return err
}

// atOnce brings the first version to everybody, and waits for nobody.
func atOnce() *v1alpha1.RolloutStrategy {
	return &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{{
		Name: Everyone, MaxConcurrent: new(intstr.FromString("100%")), MaxFailures: new(intstr.FromString("100%")),
		Soak: &metav1.Duration{}, ProgressDeadline: &metav1.Duration{Duration: 168 * time.Hour},
	}}}
}

// careful is the strategy of the rollout under test. Nobody may fail.
func careful() *v1alpha1.RolloutStrategy {
	wave := func(name string, members *v1alpha1.WaveMembers, concurrent string, approval bool) v1alpha1.Wave {
		return v1alpha1.Wave{
			Name: name, Members: members, MaxConcurrent: new(intstr.Parse(concurrent)), MaxFailures: new(intstr.FromInt32(0)), RequireApproval: new(approval),
			Soak: &metav1.Duration{Duration: time.Second}, ProgressDeadline: &metav1.Duration{Duration: 10 * time.Minute},
		}
	}
	first := &v1alpha1.WaveMembers{}
	for i := range pilots {
		first.Names = append(first.Names, Name(i))
	}
	second := &v1alpha1.WaveMembers{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{labelWave: Half}}}
	return &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
		wave(Pilot, first, "100%", false), wave(Half, second, "25%", true), wave(Everyone, nil, "25%", true),
	}}
}

// bundle of a version: a Deployment, and a ConfigMap that a parameter goes into.
func bundle(version string) map[string]string {
	return map[string]string{
		"kustomization.yaml": `resources: [allmenning-context.yaml, settings.yaml, web.yaml]
replacements:
- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.parameter_greeting}
  targets: [{select: {kind: ConfigMap, name: post}, fieldPaths: [data.greeting]}]
`,
		"allmenning-context.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: allmenning-context, annotations: {config.kubernetes.io/local-config: "true"}}
data: {parameter_greeting: hei}
`,
		"settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: post}\ndata: {greeting: x}\n",
		"web.yaml": strings.ReplaceAll(`apiVersion: apps/v1
kind: Deployment
metadata: {name: post}
spec:
  selector: {matchLabels: {app: post}}
  template:
    metadata: {labels: {app: post}, annotations: {note: VERSION}}
    spec:
      terminationGracePeriodSeconds: 1
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: web
        image: registry.k8s.io/pause:3.10
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`, "VERSION", version),
	}
}
