package explanation

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// installation is what there is in the environment.
func (p *place) installation() Installation {
	i := Installation{Environment: p.environment.Name}
	if p.reported != nil {
		i.State, i.Version = string(p.reported.State), p.reported.Version
	}
	if p.installed == nil {
		i.Text = "Not installed."
		if i.Version != "" {
			i.Text = i.Version + " is installed."
		}
		if p.reported != nil && p.reported.Message != "" && p.reported.Message != p.verdict.Message {
			i.Text += " " + sentence(p.reported.Message)
		}
		if kept := tenancy.Kept(p.municipality, p.environment.Name, p.name); kept != nil {
			i.Text += " " + sentence("data is kept in namespace "+kept.Namespace+because(kept.Message))
		}
		return i
	}
	i.Version = p.installed.Status.AppliedVersion
	seen := planner.Observe(p.installed)
	if !seen.HealthySince.IsZero() {
		i.HealthySince = stamp(seen.HealthySince)
	}
	i.Text = state(p.installed, seen, p.upToDate()) + record(p.installed)
	if p.installed.IsOwn() {
		i.Text += " It has namespace " + tenancy.Home(p.installed) + " for itself."
	}
	return i
}

// upToDate says, of an installation that is healthy, whether it is at the wanted version, in the words
// of the counts; empty where no version is wanted.
func (p *place) upToDate() string {
	wanted := p.verdict.Wanted
	if p.blind() {
		if p.reported == nil {
			return ""
		}
		wanted = p.reported.Wanted
	}
	switch wanted {
	case "":
		return ""
	case p.installed.Spec.Version:
		return ": running, and up to date"
	}
	return fmt.Sprintf(": running, and not up to date, as %s is wanted", wanted)
}

// state says which version there is, and whether it is healthy. What was observed of another spec
// than that of now says nothing. To one that is healthy it adds whether it is up to date.
func state(i *v1alpha1.AppInstallation, seen *planner.Installed, upToDate string) string {
	text, comes := under(i), i.Spec.State != v1alpha1.InstallationAbsent && i.IsApplied()
	if isTrue(i.Spec.Suspend) {
		text += ", suspended (spec.suspend)"
	}
	switch {
	case !seen.HealthySince.IsZero():
		return fmt.Sprintf("%s, healthy since %s%s.", text, stamp(seen.HealthySince), upToDate)
	case !seen.Current && comes:
		return text + ", and was not looked at since its spec changed."
	case i.IsStalled() && !comes:
		return sentence(text + because(seen.Message))
	case seen.Message == "":
		return text + "."
	}
	return sentence(text + ", not healthy: " + seen.Message)
}

// under says what is there and what is under way; of what is stuck, that it is not.
func under(i *v1alpha1.AppInstallation) string {
	has, asked, stuck := i.Status.AppliedVersion, i.Spec.Version, i.IsStalled()
	switch {
	case i.Spec.State == v1alpha1.InstallationAbsent && stuck:
		return "It can't be uninstalled"
	case i.Spec.State == v1alpha1.InstallationAbsent:
		return "It is being uninstalled"
	case i.IsApplied():
		return has + " is installed"
	case has == "" && stuck:
		return asked + " can't be installed"
	case has == "":
		return asked + " is being installed"
	case stuck:
		return fmt.Sprintf("%s is installed, and %s can't be installed in its place", has, asked)
	}
	return fmt.Sprintf("%s is installed, and %s is being installed in its place", has, asked)
}

// record says what came of the last move, if it failed.
func record(i *v1alpha1.AppInstallation) string {
	r := planner.StampOf(i)
	if r == nil || r.Outcome == "" {
		return ""
	}
	who := "The municipality's own move"
	if r.Name != "" {
		who = "Rollout " + r.Name
	}
	what := "it failed, and stays as it is"
	if r.Outcome == v1alpha1.OutcomeReturned {
		what = fmt.Sprintf("returned to %s, as %s failed", i.Spec.Version, r.Target.Version)
	}
	return fmt.Sprintf(" %s, at %s: %s.", who, stamp(r.MovedAt.Time), strings.TrimSuffix(cmp.Or(r.Message, what), "."))
}
