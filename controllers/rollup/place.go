package rollup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// The states of an app in an environment, as status shows them.
const (
	stateReady       = "Ready"
	stateProgressing = "Progressing"
	stateFailed      = "Failed"
	stateMissing     = "Missing"
	stateBlocked     = "Blocked"
	stateRemoving    = v1alpha1.AppRemoving
)

// country is what verdicts rest on, besides the municipality itself.
type country struct {
	networks []v1alpha1.Network
	apps     map[string]*v1alpha1.SharedApp
	freeze   bool
}

// tenant is a municipality and what is installed in its namespaces, in those too
// that are no longer in its spec.
type tenant struct {
	municipality *v1alpha1.Municipality
	installed    map[resolution.Place]*v1alpha1.AppInstallation
}

// place is how one app stands in one environment.
type place struct {
	// shown is how the status of its Municipality shows it.
	shown        v1alpha1.MunicipalityApp
	municipality string
	verdict      resolution.Verdict
	// counted says whether the app should be there, or should be gone and is not yet;
	// a place that declined or deferred is not counted.
	counted bool
	// ready says whether it runs well at what is decided now.
	ready bool
}

// narrowed leaves of the networks' proposals those of some apps. Verdicts on one app
// do not depend on another's, so a count of one app need not resolve all of them. Every
// network stays: its members may belong to others through it.
func (c country) narrowed(apps map[string]bool) country {
	networks := make([]v1alpha1.Network, 0, len(c.networks))
	for i := range c.networks {
		n := c.networks[i] // a copy: the original is the cache's
		n.Spec.Apps = slices.DeleteFunc(slices.Clone(n.Spec.Apps), func(p v1alpha1.Proposal) bool { return !apps[p.Name] })
		networks = append(networks, n)
	}
	return country{networks: networks, apps: c.apps, freeze: c.freeze}
}

// narrowed leaves of the municipality's decisions those on some apps.
func (t tenant) narrowed(apps map[string]bool) tenant {
	m := *t.municipality // a copy: the original is the cache's
	m.Spec.Apps = slices.DeleteFunc(slices.Clone(m.Spec.Apps), func(d v1alpha1.AppDecision) bool { return !apps[d.Name] })
	return tenant{municipality: &m, installed: t.installed}
}

// placesOf judges every place of a municipality, sorted by environment and app.
func placesOf(c country, t tenant, now time.Time) []place {
	return placesAmong(c, resolution.NewNetworks(c.networks, now).Of(t.municipality), t, now)
}

func placesAmong(c country, networks []*v1alpha1.Network, t tenant, now time.Time) []place {
	verdicts := resolution.Resolve(resolution.Input{
		Municipality: t.municipality, Networks: networks, Apps: c.apps,
		Installed: t.installed, Freeze: c.freeze, Now: now,
	})
	places := make([]place, 0, len(verdicts))
	for i := range verdicts {
		places = append(places, judge(verdicts[i], t.municipality, t.installed[verdicts[i].Place]))
	}
	return places
}

// placesOfAll judges the places of many, in their order.
func placesOfAll(c country, tenants []tenant, now time.Time) [][]place {
	all, networks := make([][]place, 0, len(tenants)), resolution.NewNetworks(c.networks, now)
	for _, t := range tenants {
		all = append(all, placesAmong(c, networks.Of(t.municipality), t, now))
	}
	return all
}

func flat(places [][]place) []place { return slices.Concat(places...) }

// nextChange is when time alone may first change a verdict, or who belongs to which
// network; zero where it never does.
func nextChange(c country, places []place, now time.Time) time.Time {
	next := resolution.NewNetworks(c.networks, now).NextChange()
	for i := range places {
		if until := places[i].verdict.Until; !until.IsZero() && (next.IsZero() || until.Before(next)) {
			next = until
		}
	}
	return next
}

// judge measures an installation, which is nil where there is none, against the
// verdict of now.
func judge(v resolution.Verdict, m *v1alpha1.Municipality, i *v1alpha1.AppInstallation) place {
	p := place{municipality: m.Name, verdict: v, counted: true, shown: v1alpha1.MunicipalityApp{
		Name: v.App, Environment: v.Environment, Wanted: v.Wanted, DecidedBy: v.DecidedBy,
	}}
	if i == nil {
		p.absent(m)
		return p
	}
	p.shown.Version = i.Status.AppliedVersion
	switch {
	case v.Action == resolution.Remove, i.Spec.State == v1alpha1.InstallationAbsent:
		p.shown.State, p.shown.Message = stateRemoving, conditionOf(i).Message
	case ptr.Deref(i.Spec.Suspend, false):
		p.shown.State, p.shown.Message = stateBlocked, fmt.Sprintf("AppInstallation %s/%s is suspended: take its spec.suspend out", i.Namespace, i.Name)
	case !reached(v, m, i):
		p.shown.State, p.shown.Message = stateProgressing, onTheWay(v, m)
	case stalled(i):
		p.shown.State, p.shown.Message = stateFailed, conditionOf(i).Message
	case !well(i):
		p.shown.State, p.shown.Message = stateProgressing, conditionOf(i).Message
	case v.Why == resolution.Blocked && v.Wanted != i.Spec.Version:
		p.shown.State, p.shown.Message = stateBlocked, v.Message
	default:
		p.ready, p.shown.State, p.shown.Message = true, stateReady, v.Message
		if v.Why != "" && v.Why != resolution.Blocked {
			p.shown.State = string(v.Why)
		}
	}
	p.shown.Message = cut(p.shown.Message)
	return p
}

// absent is for a place where nothing is installed.
func (p *place) absent(m *v1alpha1.Municipality) {
	p.shown.State, p.shown.Message = stateMissing, p.verdict.Message
	switch p.verdict.Why {
	case resolution.Declined, resolution.Deferred:
		p.shown.State, p.counted = string(p.verdict.Why), false
		p.shown.Wanted = ""
	case resolution.Blocked:
		p.shown.State = stateBlocked
	default:
		p.shown.Message = onTheWay(p.verdict, m)
	}
	p.shown.Message = cut(p.shown.Message)
}

func onTheWay(v resolution.Verdict, m *v1alpha1.Municipality) string {
	if ptr.Deref(m.Spec.Suspend, false) {
		return fmt.Sprintf("Municipality %s is suspended: take its spec.suspend out", m.Name)
	}
	if v.Message != "" {
		return v.Message
	}
	if !stands(m, v.Environment) {
		return fmt.Sprintf("waits for environment %s to be ready", v.Environment)
	}
	return "about to be installed at " + v.Version
}

// stands says whether an environment is ready for apps, as far as anybody has looked.
func stands(m *v1alpha1.Municipality, environment string) bool {
	return m.Status.ObservedGeneration < 1 || slices.ContainsFunc(m.Status.Environments, func(e v1alpha1.EnvironmentStatus) bool {
		return e.Name == environment && e.State == v1alpha1.EnvironmentReady
	})
}

// reached says whether the decision has arrived at the installation's spec. Until it
// has, what the installation says about itself speaks of an earlier decision.
func reached(v resolution.Verdict, m *v1alpha1.Municipality, i *v1alpha1.AppInstallation) bool {
	return i.Spec.Version == v.Version && i.Spec.Digest == v.Digest &&
		sameParameters(i.Spec.Parameters, v.Parameters) &&
		equality.Semantic.DeepEqual(i.Spec.ParametersFrom, v.ParametersFrom) &&
		sameTenant(i.Spec.Tenant, m, v.Environment)
}

// sameTenant says whether the installation knows the facts of its municipality as they are now.
func sameTenant(t v1alpha1.Tenant, m *v1alpha1.Municipality, environment string) bool {
	domain := ""
	if len(m.Spec.Domains) > 0 {
		domain = m.Spec.Domains[0]
	}
	if t.Number != m.Spec.Number || t.DisplayName != m.Spec.DisplayName || t.County != m.Labels[v1alpha1.LabelCounty] || t.Domain != domain {
		return false
	}
	return slices.ContainsFunc(m.Spec.Environments, func(e v1alpha1.Environment) bool {
		return e.Name == environment && e.Stage == t.Stage && e.Zone == t.Zone
	})
}

// sameParameters compares what they mean; mostly they are written alike.
func sameParameters(a, b *apiextensionsv1.JSON) bool {
	if a == nil || b == nil {
		return a == b
	}
	if bytes.Equal(a.Raw, b.Raw) {
		return true
	}
	var left, right any
	if json.Unmarshal(a.Raw, &left) != nil || json.Unmarshal(b.Raw, &right) != nil {
		return false
	}
	return equality.Semantic.DeepEqual(left, right)
}

// well says whether an installation has seen its spec, applied it, and is healthy.
func well(i *v1alpha1.AppInstallation) bool {
	ready := conditionOf(i)
	return i.Status.ObservedGeneration == i.Generation && i.Status.AppliedDigest == i.Spec.Digest &&
		ready.Status == metav1.ConditionTrue && ready.ObservedGeneration == i.Generation
}

// stalled says whether a person must mend something, going by the spec of now.
func stalled(i *v1alpha1.AppInstallation) bool {
	c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionStalled)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == i.Generation
}

// conditionOf is the installation's Ready condition; zero where it has none yet.
func conditionOf(i *v1alpha1.AppInstallation) metav1.Condition {
	if c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return *c
	}
	return metav1.Condition{}
}
