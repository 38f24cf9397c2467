package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/operator"
)

const (
	// everybody is how many municipalities Norway has.
	everybody = 357
	pilots    = 5
	// environments of all: Test and Production of the pilots, Production of the others.
	environments = everybody + pilots
	// long is how long the whole country may take on a machine that has other things to do.
	long = 8 * time.Minute
)

// nation is a country in which a network of all municipalities introduces one app in waves:
// the first five are its pilots.
type nation struct {
	country
}

// fit says of each version of the app whether its pods get ready.
var fit = map[string]bool{"1.0.0": true, "1.1.0": false, "1.2.0": true, "1.3.0": false, "1.4.0": true}

// found sets up the nation with the first version at every member, at once. From then on
// its network is careful.
func found(t *testing.T, w *world) nation {
	t.Helper()
	n := nation{country{world: w, prefix: "muni", size: everybody}}
	n.offerVersions(t)
	n.settle(t)
	n.put(t, &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "norway"}, Spec: v1alpha1.NetworkSpec{
		DisplayName: "Norway", Rollout: atOnce(),
		Members: v1alpha1.Members{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: "99"}}},
		Apps:    []v1alpha1.Proposal{{Name: n.app("post"), Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}}},
	}})
	within(t, long, "the first version runs everywhere", func(ctx context.Context) error {
		if err := n.ended(ctx, "1.0.0", v1alpha1.RolloutCompleted); err != nil {
			return err
		}
		return n.at(ctx, "1.0.0")
	})
	edit(t, w.admin, &v1alpha1.Network{}, "norway", func(network *v1alpha1.Network) { network.Spec.Rollout = n.careful() })
	return n
}

// careful is the strategy under test.
func (n nation) careful() *v1alpha1.RolloutStrategy {
	first := v1alpha1.Wave{
		Name: "pilot", Members: &v1alpha1.WaveMembers{}, MaxConcurrent: new(intstr.FromInt32(pilots)), MaxFailures: new(intstr.FromInt32(0)),
		Soak: &metav1.Duration{Duration: 2 * time.Second}, ProgressDeadline: &metav1.Duration{Duration: time.Minute},
	}
	for i := range pilots {
		first.Members.Names = append(first.Members.Names, n.name(i))
	}
	return &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{first, {
		Name: "everyone", MaxConcurrent: new(intstr.FromString("25%")), MaxFailures: new(intstr.FromString("5%")),
		Soak: &metav1.Duration{Duration: 2 * time.Second}, ProgressDeadline: &metav1.Duration{Duration: 2 * time.Minute},
	}}}
}

// offerVersions puts all versions of the app into the catalogue.
func (n nation) offerVersions(t *testing.T) {
	t.Helper()
	app := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: n.app("post")}, Spec: v1alpha1.SharedAppSpec{
		DisplayName: "Post", Channels: []v1alpha1.Channel{{Name: v1alpha1.DefaultChannel, Version: "1.0.0"}},
	}}
	for version, ready := range fit {
		source := app.Name + "-" + version
		files := bundle("post", version)
		notes := "note: " + version
		if !ready {
			notes += ", allmenning.dev/simulate: never-ready"
		}
		files["web.yaml"] = strings.Replace(files["web.yaml"], "metadata: {labels: {app: post}}", "metadata: {labels: {app: post}, annotations: {"+notes+"}}", 1)
		n.put(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: source, Namespace: operator.Namespace}, Data: files})
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{Version: version, Source: v1alpha1.Source{ConfigMap: &v1alpha1.ConfigMapSource{Name: source}}})
	}
	n.put(t, app)
}

// settle makes the municipalities, the pilots with two environments.
func (n nation) settle(t *testing.T) {
	t.Helper()
	for i := range everybody {
		m := &v1alpha1.Municipality{
			ObjectMeta: metav1.ObjectMeta{Name: n.name(i), Labels: map[string]string{v1alpha1.LabelCounty: "99"}},
			Spec: v1alpha1.MunicipalitySpec{
				Number: fmt.Sprintf("%04d", 1000+i), DisplayName: n.name(i),
				Environments: []v1alpha1.Environment{{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}},
			},
		}
		if i < pilots {
			m.Spec.Environments = append(m.Spec.Environments, v1alpha1.Environment{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen})
		}
		n.put(t, m)
	}
}

// rollout that brings a version.
func (n nation) rollout(ctx context.Context, version string) (v1alpha1.Rollout, error) {
	var r v1alpha1.Rollout
	err := n.admin.Get(ctx, client.ObjectKey{Name: "norway." + n.app("post") + "." + version + ".1"}, &r)
	return r, err
}

// ended returns an error unless the rollout of a version has come to a phase.
func (n nation) ended(ctx context.Context, version string, phase v1alpha1.RolloutPhase) error {
	r, err := n.rollout(ctx, version)
	if err != nil {
		return err
	}
	if r.Status.Phase != phase {
		return fmt.Errorf("Rollout %s is %s: %s", r.Name, r.Status.Phase, r.Status.Next)
	}
	return nil
}

// at returns an error unless every installation has a version, and runs it well.
func (n nation) at(ctx context.Context, version string) error {
	all, err := n.installations(ctx)
	if err != nil {
		return err
	}
	digest, err := n.digest(ctx, version)
	if err != nil {
		return err
	}
	if len(all) != environments {
		return fmt.Errorf("%d installations, want %d", len(all), environments)
	}
	for _, i := range all {
		if i.Spec.Version != version || i.Spec.Digest != digest || i.Status.AppliedVersion != version || i.Status.AppliedDigest != digest {
			return fmt.Errorf("%s has %s (%s), and is asked to have %s, want %s (%s)", i.Namespace, i.Status.AppliedVersion, i.Status.AppliedDigest, i.Spec.Version, version, digest)
		}
		if err := isReady(i.Namespace, i.Status.Conditions, i.Generation); err != nil {
			return err
		}
	}
	return nil
}

func (n nation) installations(ctx context.Context) ([]v1alpha1.AppInstallation, error) {
	var all v1alpha1.AppInstallationList
	err := n.admin.List(ctx, &all)
	return all.Items, err
}

// digest that the catalogue found for a version.
func (n nation) digest(ctx context.Context, version string) (string, error) {
	var app v1alpha1.SharedApp
	if err := n.admin.Get(ctx, client.ObjectKey{Name: n.app("post")}, &app); err != nil {
		return "", err
	}
	for _, s := range app.Status.Versions {
		if s.Version == version && s.Available {
			return s.Digest, nil
		}
	}
	return "", fmt.Errorf("version %s is not available: %+v", version, app.Status.Versions)
}

// revisions are the resource versions of what the tenants have, by kind, namespace and
// name: whatever is written to an object, its status included, makes another of it.
func (n nation) revisions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, kind := range []schema.GroupVersionKind{
		v1alpha1.GroupVersion.WithKind("AppInstallation"), appsv1.SchemeGroupVersion.WithKind("Deployment"), appsv1.SchemeGroupVersion.WithKind("ReplicaSet"),
		corev1.SchemeGroupVersion.WithKind("Pod"), corev1.SchemeGroupVersion.WithKind("ConfigMap"), corev1.SchemeGroupVersion.WithKind("Namespace"),
		networkingv1.SchemeGroupVersion.WithKind("NetworkPolicy"),
	} {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(kind)
		if err := n.admin.List(t.Context(), &list); err != nil {
			t.Fatal(err)
		}
		for _, o := range list.Items {
			if strings.HasPrefix(o.Namespace+o.Name, n.prefix+"-") {
				found[kind.Kind+" "+o.Namespace+"/"+o.Name] = string(o.UID) + " " + o.ResourceVersion
			}
		}
	}
	if len(found) < 4*environments {
		t.Fatalf("only %d objects of tenants were found: nothing would be compared", len(found))
	}
	return found
}

// touched are the objects that are not as they were, those of the pilots' test
// environments left out.
func (n nation) touched(before, after map[string]string) []string {
	var all []string
	for key, revision := range before {
		if after[key] != revision && !n.ofPilots(key) {
			all = append(all, key)
		}
	}
	for key := range after {
		if _, was := before[key]; !was && !n.ofPilots(key) {
			all = append(all, key)
		}
	}
	return all
}

func (n nation) ofPilots(key string) bool {
	_, at, _ := strings.Cut(key, " ")
	for i := range pilots {
		if space := n.name(i) + "-test"; strings.HasPrefix(at, space+"/") || at == "/"+space {
			return true
		}
	}
	return false
}

// ending is what a rollout came to: what it says, and what each installation has.
type ending struct {
	Phase                             v1alpha1.RolloutPhase
	Members, Verified, Failed, Moving int32
	Waves                             map[string]v1alpha1.WaveState
	FailedMembers                     []string
	// Installed counts installations by what they have and what became of their last move.
	Installed map[string]int
}

// endingOf reads it. Versions are called target and before, to compare rollouts.
func (n nation) endingOf(t *testing.T, before, target string) ending {
	t.Helper()
	r, err := n.rollout(t.Context(), target)
	all, listErr := n.installations(t.Context())
	if err := errors.Join(err, listErr); err != nil {
		t.Fatal(err)
	}
	e := ending{
		Phase: r.Status.Phase, Members: r.Status.Members, Verified: r.Status.Verified, Failed: r.Status.Failed, Moving: r.Status.Moving,
		Waves: map[string]v1alpha1.WaveState{}, Installed: map[string]int{},
	}
	for _, wave := range r.Status.Waves {
		e.Waves[wave.Name] = wave.State
	}
	for _, m := range r.Status.FailedMembers {
		e.FailedMembers = append(e.FailedMembers, m.Name+" "+m.Reason)
	}
	names := strings.NewReplacer(before, "before", target, "target")
	for _, i := range all {
		e.Installed[names.Replace(fmt.Sprintf("%s by %s in wave %s %s", i.Status.AppliedVersion, i.Spec.Move.Rollout, i.Spec.Move.Wave, i.Spec.Move.Outcome))]++
	}
	return e
}
