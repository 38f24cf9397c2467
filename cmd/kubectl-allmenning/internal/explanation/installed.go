package explanation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// installation is what there is in the environment.
func (p *place) installation() Installation {
	i := Installation{Environment: p.environment.Name}
	if p.told != nil {
		i.State, i.Version = p.told.State, p.told.Version
	}
	if p.installed == nil {
		i.Text = "Not installed."
		if i.Version != "" {
			i.Text = i.Version + " is installed."
		}
		if p.told != nil && p.told.Message != "" && p.told.Message != p.verdict.Message {
			i.Text += " " + sentence(p.told.Message)
		}
		return i
	}
	i.Version = p.installed.Status.AppliedVersion
	if since := p.installed.Status.HealthySince; since != nil {
		i.HealthySince = stamp(since.Time)
	}
	i.Text = state(p.installed) + record(p.installed)
	return i
}

// state says which version there is, and whether it is well.
func state(i *v1alpha1.AppInstallation) string {
	has, asked := i.Status.AppliedVersion, i.Spec.Version
	var text string
	switch {
	case i.Spec.State == v1alpha1.InstallationAbsent:
		text = "It is being uninstalled"
	case has == "":
		text = asked + " is being installed"
	case has != asked:
		text = fmt.Sprintf("%s is installed, and %s is being installed in its place", has, asked)
	default:
		text = has + " is installed"
	}
	if isTrue(i.Spec.Suspend) {
		text += ", suspended (spec.suspend)"
	}
	if i.Status.HealthySince != nil {
		return fmt.Sprintf("%s, healthy since %s.", text, stamp(i.Status.HealthySince.Time))
	}
	ready := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.Message == "" {
		return text + "."
	}
	return sentence(text + ", not healthy: " + ready.Message)
}

// record says what came of the last move, if it failed.
func record(i *v1alpha1.AppInstallation) string {
	r := i.Spec.Rollout
	if r == nil || r.Outcome == "" {
		return ""
	}
	what := map[v1alpha1.RolloutOutcome]string{
		v1alpha1.OutcomeReturned: "and it went back to " + i.Spec.Version,
		v1alpha1.OutcomeHeld:     "and it stays as it is",
	}[r.Outcome]
	return " " + sentence(fmt.Sprintf("Rollout %s moved it at %s and failed here, %s", r.Name, stamp(r.MovedAt.Time), what)+because(r.Message))
}
