package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/operator"
)

// bundle is an app of a ConfigMap, a Deployment and a Service, all with the name given.
func bundle(name, version string) map[string]string {
	return map[string]string{
		"kustomization.yaml": strings.ReplaceAll(`resources: [allmenning-context.yaml, settings.yaml, web.yaml, service.yaml]
replacements:
- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.parameter_greeting}
  targets: [{select: {kind: ConfigMap, name: NAME}, fieldPaths: [data.greeting]}]
`, "NAME", name),
		"allmenning-context.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: allmenning-context, annotations: {config.kubernetes.io/local-config: "true"}}
data: {parameter_greeting: hei}
`,
		"settings.yaml": fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {greeting: x, version: %s}\n", name, version),
		"service.yaml":  strings.ReplaceAll("apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {selector: {app: NAME}, ports: [{port: 443, targetPort: 8443}]}\n", "NAME", name),
		"web.yaml": strings.ReplaceAll(`apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      terminationGracePeriodSeconds: 1
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: web
        image: registry.k8s.io/pause:3.10
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`, "NAME", name),
	}
}

// country is a number of municipalities, all of whose names begin alike.
type country struct {
	*world
	prefix string
	size   int
}

func (c country) name(i int) string { return fmt.Sprintf("%s-%02d", c.prefix, i) }

func (c country) app(name string) string { return c.prefix + "-" + name }

// offer puts an app with the versions 1.0.0 and 1.1.0 into the catalogue.
func (c country) offer(t *testing.T, name string, requires ...v1alpha1.RequiredApp) {
	t.Helper()
	app := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: c.app(name)}, Spec: v1alpha1.SharedAppSpec{
		DisplayName: name, Hosting: &v1alpha1.Hosting{By: v1alpha1.HostedByNation}, Channels: []v1alpha1.Channel{{Name: v1alpha1.DefaultChannel, Version: "1.0.0"}},
	}}
	for _, version := range []string{"1.0.0", "1.1.0"} {
		source := c.app(name) + "-" + version
		c.put(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: source, Namespace: operator.Namespace}, Data: bundle(name, version)})
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{
			Version: version, Services: []v1alpha1.HostedService{{Name: name, Ports: []v1alpha1.HostedPort{{Port: 443, TargetPort: 8443}}}}, Source: v1alpha1.Source{ConfigMap: &v1alpha1.ConfigMapSource{Name: source}},
			Parameters: &v1alpha1.ParameterSchema{OpenAPIV3Schema: apiextensionsv1.JSON{
				Raw: []byte(`{"type":"object","properties":{"greeting":{"type":"string","default":"hei"}}}`)}},
		})
	}
	for i := range app.Spec.Versions {
		if len(requires) > 0 {
			app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: requires}
		}
	}
	c.put(t, app)
}

// offers puts both apps into the catalogue: a portal, and the gateway that it needs.
func (c country) offers(t *testing.T) {
	t.Helper()
	c.offer(t, "portal", v1alpha1.RequiredApp{Name: c.app("gateway"), Version: ">=1.0"})
	c.offer(t, "gateway")
}

// populate makes municipalities from one number up to, not including, another. number is
// the official number of the first of the country.
func (c country) populate(t *testing.T, number, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		c.put(t, &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: c.name(i)}, Spec: v1alpha1.MunicipalitySpec{
			Number: fmt.Sprintf("%04d", number+i), DisplayName: fmt.Sprintf("Number %d", i),
			Environments: []v1alpha1.Environment{
				{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed},
				{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen},
			},
			Access: []v1alpha1.Access{{Role: v1alpha1.AccessAdministrator, Groups: []string{"ikt"}}},
		}})
	}
}

// atOnce is the strategy of those who want to see everybody moved, and not how: nobody is
// waited for, and nobody fails.
func atOnce() *v1alpha1.RolloutStrategy {
	return &v1alpha1.RolloutStrategy{MaxIntroductions: new(int32(256)), Waves: []v1alpha1.Wave{{
		Name: "everyone", MaxConcurrent: new(intstr.FromString("100%")), MaxFailures: new(intstr.FromString("100%")),
		Soak: &metav1.Duration{}, ProgressDeadline: &metav1.Duration{Duration: 168 * time.Hour},
	}}}
}

// unite makes a network of everybody, which recommends both apps, and brings them to all
// at once.
func (c country) unite(t *testing.T) {
	t.Helper()
	n := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: c.app("network")}, Spec: v1alpha1.NetworkSpec{DisplayName: c.prefix, Rollout: atOnce()}}
	for i := range c.size {
		n.Spec.Members.Names = append(n.Spec.Members.Names, c.name(i))
	}
	for _, app := range []string{"portal", "gateway"} {
		n.Spec.Apps = append(n.Spec.Apps, v1alpha1.Proposal{Name: c.app(app), Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}})
	}
	c.put(t, n)
}

// edit changes an object, again if somebody else did meanwhile.
func edit[O client.Object](t *testing.T, c client.Client, o O, name string, change func(O)) {
	t.Helper()
	eventually(t, "edit "+name, func(ctx context.Context) error {
		if err := c.Get(ctx, client.ObjectKey{Name: name}, o); err != nil {
			return err
		}
		change(o)
		err := c.Update(ctx, o)
		if err != nil && !apierrors.IsConflict(err) {
			t.Fatalf("edit %s: %v", name, err)
		}
		return err
	})
}

// connect opens two doors to the gateway of the first municipality: in production one for the second, by name, and in test one for
// the third, as a member of the network.
func (c country) connect(t *testing.T) {
	t.Helper()
	gateway := c.app("gateway")
	edit(t, c.admin, &v1alpha1.Municipality{}, c.name(0), func(m *v1alpha1.Municipality) {
		m.Spec.Hosts = []v1alpha1.DoorOffer{
			{App: gateway, Service: "gateway", Environment: "prod", Zone: v1alpha1.ZoneClosed, To: v1alpha1.Guests{Municipalities: []string{c.name(1)}}, Reason: "agreement", Contact: "drift"},
			{App: gateway, Service: "gateway", Environment: "test", To: v1alpha1.Guests{Networks: []string{c.app("network")}}, Reason: "agreement", Contact: "drift"},
		}
	})
	for i, environment := range []string{"prod", "test"} {
		edit(t, c.admin, &v1alpha1.Municipality{}, c.name(i+1), func(m *v1alpha1.Municipality) {
			m.Spec.Connects = []v1alpha1.DoorRequest{{App: gateway, Service: "gateway", Environment: environment, Host: c.name(0), Clients: []string{c.app("portal")}, Reason: "agreement"}}
		})
	}
	c.connected(t)
}

// connected waits until both sides say that both doors are open.
func (c country) connected(t *testing.T) {
	t.Helper()
	for i, open := range []string{"2/2", "1/1", "1/1"} {
		eventually(t, c.name(i)+" says that its doors are open", func(ctx context.Context) error {
			var m v1alpha1.Municipality
			if err := c.admin.Get(ctx, client.ObjectKey{Name: c.name(i)}, &m); err != nil {
				return err
			}
			if m.Status.DoorsOpen != open {
				return fmt.Errorf("open are %s, want %s: %+v", m.Status.DoorsOpen, open, m.Status.Doors)
			}
			return nil
		})
	}
}

func (c country) promote(t *testing.T, app, version string) {
	t.Helper()
	edit(t, c.admin, &v1alpha1.SharedApp{}, c.app(app), func(a *v1alpha1.SharedApp) { a.Spec.Channels[0].Version = version })
}

// say sets what a municipality says to an app.
func (c country) say(t *testing.T, i int, d v1alpha1.AppDecision) {
	t.Helper()
	d.Name = c.app(d.Name)
	edit(t, c.admin, &v1alpha1.Municipality{}, c.name(i), func(m *v1alpha1.Municipality) {
		for j := range m.Spec.Apps {
			if m.Spec.Apps[j].Name == d.Name {
				m.Spec.Apps[j] = d
				return
			}
		}
		m.Spec.Apps = append(m.Spec.Apps, d)
	})
}

// settled waits until every tenancy, network and app of the country is Ready, and that
// many installations are, and no other is there.
func (c country) settled(t *testing.T, installations int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s settles with %d installations", c.prefix, installations), func(ctx context.Context) error {
		var tenants v1alpha1.MunicipalityList
		var installed v1alpha1.AppInstallationList
		if err := errors.Join(c.admin.List(ctx, &tenants), c.admin.List(ctx, &installed)); err != nil {
			return err
		}
		if err := c.offeredReady(ctx); err != nil {
			return err
		}
		ready := 0
		for _, m := range tenants.Items {
			if !strings.HasPrefix(m.Name, c.prefix) {
				continue
			}
			if err := isReady(m.Name, m.Status.Conditions, m.Generation); err != nil {
				return err
			}
			ready++
		}
		found := 0
		for _, i := range installed.Items {
			if !strings.HasPrefix(i.Namespace, c.prefix) {
				continue
			}
			found++
			if i.Spec.Version != i.Status.AppliedVersion || i.Spec.Digest != i.Status.AppliedDigest {
				return fmt.Errorf("%s/%s has %q of %s", i.Namespace, i.Name, i.Status.AppliedVersion, i.Spec.Version)
			}
			if err := isReady(i.Namespace+"/"+i.Name, i.Status.Conditions, i.Generation); err != nil {
				return err
			}
		}
		if ready != c.size || found != installations {
			return fmt.Errorf("%d of %d municipalities, %d of %d installations", ready, c.size, found, installations)
		}
		return nil
	})
}

// offeredReady returns an error unless the country's network and apps are there and Ready.
func (c country) offeredReady(ctx context.Context) error {
	var network v1alpha1.Network
	if err := c.admin.Get(ctx, client.ObjectKey{Name: c.app("network")}, &network); err != nil {
		return err
	}
	if err := isReady("Network "+network.Name, network.Status.Conditions, network.Generation); err != nil {
		return err
	}
	for _, name := range []string{"portal", "gateway"} {
		var app v1alpha1.SharedApp
		if err := c.admin.Get(ctx, client.ObjectKey{Name: c.app(name)}, &app); err != nil {
			return err
		}
		if err := isReady("SharedApp "+app.Name, app.Status.Conditions, app.Generation); err != nil {
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
