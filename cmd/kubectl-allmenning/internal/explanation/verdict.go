package explanation

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/resolution"
)

// decision is what the three levels come to.
func (p *place) decision() []string {
	if p.blind() {
		return p.decisionOfStatus()
	}
	v := p.verdict
	if v.Action == "" { // nobody asks for it, and it is not there
		return []string{"It is not installed, as nobody asks for it."}
	}
	all := []string{sentence(p.outcome(), by(v.DecidedBy))}
	if v.Message != "" {
		all = append(all, sentence(v.Message))
	}
	if !v.Until.IsZero() {
		all = append(all, fmt.Sprintf("That may change by itself at %s.", stamp(v.Until)))
	}
	return all
}

// blind is true where the catalogue may not be read: then only the status is known.
func (p *place) blind() bool { return slices.Contains(p.world.Unread, world.SharedApps) }

func (p *place) decisionOfStatus() []string {
	if p.reported == nil {
		return []string{fmt.Sprintf("The status of Municipality %s says nothing of it.", p.municipality.Name)}
	}
	all := []string{sentence(outcomeOf(p.reported), by(p.reported.DecidedBy))}
	if p.reported.Message != "" {
		all = append(all, sentence(p.reported.Message))
	}
	return all
}

// outcome says what is to be done, in words.
func (p *place) outcome() string {
	v := &p.verdict
	switch {
	case v.Action == resolution.Remove:
		return "It is uninstalled"
	case v.Action == resolution.Nothing && v.Why == resolution.Blocked && v.Wanted != "":
		return fmt.Sprintf("It should have version %s, and can't be installed", v.Wanted)
	case v.Action == resolution.Nothing:
		return "It is not installed"
	case v.Action == resolution.Install:
		return fmt.Sprintf("It should run %s", v.Version)
	case v.Action == resolution.Keep && p.installed.Status.AppliedVersion == "" && p.installed.Spec.State != v1alpha1.InstallationAbsent:
		return fmt.Sprintf("It should run %s", v.Version) // it was asked for, and has not come yet
	case v.Why == resolution.Blocked && v.Wanted != v.Version:
		return fmt.Sprintf("It should have version %s, and stays at %s", v.Wanted, v.Version)
	}
	return fmt.Sprintf("It stays at version %s", v.Version)
}

func outcomeOf(reported *v1alpha1.MunicipalityApp) string {
	if reported.Wanted == "" {
		return "It will not be installed"
	}
	return fmt.Sprintf("It should run %s", reported.Wanted)
}

func by(d v1alpha1.DecidedBy) string {
	if d.Level == "" {
		return d.Reason // nobody decides, and it says why
	}
	level := map[v1alpha1.DecisionLevel]string{
		v1alpha1.LevelNational: "SharedApp", v1alpha1.LevelNetwork: "Network", v1alpha1.LevelMunicipality: "Municipality",
	}[d.Level]
	return fmt.Sprintf("decided by %s %s%s", level, d.Name, because(d.Reason))
}
