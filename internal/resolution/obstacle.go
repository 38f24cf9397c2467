package resolution

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
)

// MaxReason is how much of a reason DecidedBy may hold, in bytes; its schema counts letters, which are fewer.
const MaxReason = 1024

// obstacle is what stands in the way of a target.
type obstacle struct {
	// level and name of who put it there.
	level v1alpha1.DecisionLevel
	name  string
	// message says what it is, and the fix.
	message string
	// everybody says that it stands in the way of everybody, and not of this place alone.
	everybody bool
}

// by is who stands in the way, with as much of the reason as a status may hold.
func (o *obstacle) by() v1alpha1.DecidedBy {
	return v1alpha1.DecidedBy{Level: o.level, Name: o.name, Reason: condition.Within(o.message, MaxReason)}
}

// ownMatter is what a municipality itself must correct.
func ownMatter(m *v1alpha1.Municipality, message string) *obstacle {
	return &obstacle{level: v1alpha1.LevelMunicipality, name: m.Name, message: message}
}

// frozen is that the platform starts nothing new now.
func frozen() *obstacle {
	return &obstacle{level: v1alpha1.LevelNational, name: v1alpha1.PlatformName, message: fmt.Sprintf(
		"the platform is frozen (spec.freeze of Platform %s): nothing new is started until it is taken out", v1alpha1.PlatformName)}
}

// refused says why the catalogue does not let the target be had: with the field and the fix where
// the municipality names the version, else with who asks for it.
func (t target) refused(fault *catalogue.Fault) *obstacle {
	message := fault.Message
	switch fault.Reason {
	case catalogue.UnknownApp:
		message = fmt.Sprintf("%s (asked for by %s): correct the name, or wait until it is offered", fault, t.by.Name)
	case catalogue.UnknownChannel:
		message = fmt.Sprintf("%s (asked for by %s)", fault, t.by.Name)
	case catalogue.UnknownVersion, catalogue.Withdrawn:
		if t.named() {
			message = fmt.Sprintf("%s: %s; %s", t.field, fault, t.fix)
		}
	case catalogue.Unavailable, catalogue.Unchecked, catalogue.Suspended, catalogue.UnfitZone, catalogue.UnfitParameters,
		catalogue.RequiredAppMissing, catalogue.RequiredAppVersion, catalogue.RequiredAppNotReady, catalogue.RequiredAppMayReturn:
	}

	return &obstacle{level: v1alpha1.LevelNational, name: t.app, message: message, everybody: fault.Reason != catalogue.UnfitZone}
}

// againstMove is what stands in the way of a change of version that could be had; nil where nothing
// does. Nothing is installed where installed is nil.
func (v Verdict) againstMove(in Input, t target, installed *v1alpha1.AppInstallation) *obstacle {
	if in.Freeze && t.named() {
		return frozen()
	}
	if o := v.lacksParameters(in, t); o != nil {
		return o
	}

	return v.breaksOthers(in, t, installed)
}

// UnfitParameters is why a version can't be installed with the parameters of a place. What Secrets hold
// is not known here: where it names one, nothing is said.
func (v Verdict) UnfitParameters(app *catalogue.App, version string) *catalogue.Fault {
	if len(v.ParametersFrom) > 0 {
		return nil
	}

	return app.UnfitParameters(version, v.Parameters)
}

// lacksParameters says that the municipality does not give what the version requires.
func (v Verdict) lacksParameters(in Input, t target) *obstacle {
	fault := v.UnfitParameters(in.Apps.Of(v.App), t.version)
	if fault == nil {
		return nil
	}

	return ownMatter(in.Municipality, fmt.Sprintf("spec.apps[%s].parameters: %s: set them, and the version comes", v.App, fault))
}

// breaksOthers says that apps which are installed in the same environment require a version of this
// one that it has now, and would lose.
func (v Verdict) breaksOthers(in Input, t target, installed *v1alpha1.AppInstallation) *obstacle {
	if installed == nil {
		return nil
	}

	need := map[string]string{}
	for place := range in.Installed {
		other := in.standing(place)
		if place.Environment != v.Environment || place.App == v.App || other == nil {
			continue
		}
		required := in.Apps.Of(place.App).Version(other.Spec.Version).Required(v.App)
		if required != nil && required.Admits(installed.Spec.Version) && !required.Admits(t.version) {
			need[place.App] = required.String()
		}
	}
	if len(need) == 0 {
		return nil
	}

	names := slices.Sorted(maps.Keys(need))
	needs := make([]string, 0, len(names))
	for _, name := range names {
		needs = append(needs, fmt.Sprintf("%s requires %s", name, need[name]))
	}

	return &obstacle{level: v1alpha1.LevelNational, name: names[0], message: fmt.Sprintf(
		"%s %s can't replace %s in environment %s: %s: let the channel offer a version in that range, or decline %s here",
		v.App, t.version, installed.Spec.Version, v.Environment, strings.Join(needs, "; "), strings.Join(names, ", "))}
}
