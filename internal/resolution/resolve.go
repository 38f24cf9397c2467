package resolution

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// One gives the verdict on one app in one environment; false where there is nothing to say.
func One(in Input, environment *v1alpha1.Environment, app string) (Verdict, bool) {
	v := resolve(in, environment, app)
	return v, v.Action != Nothing || v.Why != ""
}

// Apps are those that anybody proposes, decides on or has installed in an environment, sorted.
func Apps(in Input, environment string) []string {
	names := map[string]bool{}
	for _, n := range in.Networks {
		for _, p := range n.Spec.Apps {
			names[p.Name] = true
		}
	}
	for _, a := range in.Municipality.Spec.Apps {
		names[a.Name] = true
	}
	for place := range in.Installed {
		if place.Environment == environment {
			names[place.App] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// standing is what is installed and was not asked to go: an app on its way out is no
// reason to keep it.
func (in Input) standing(place Place) *v1alpha1.AppInstallation {
	installed := in.Installed[place]
	if installed != nil && installed.Spec.State == v1alpha1.InstallationAbsent {
		return nil
	}
	return installed
}

// resolve gives the verdict on one place. What may not be where it is installed is said whatever
// decides.
func resolve(in Input, environment *v1alpha1.Environment, app string) Verdict {
	v := decide(in, environment, app)
	if v.Action != Keep {
		return v
	}

	if fault := in.Apps.Of(app).Unfit(v.Version, environment, tenancy.Zone(in.Municipality, environment)); fault != nil {
		v.Unfit = fault.Message
		v.Message = cmp.Or(v.Message, v.Unfit)
	}
	withdrawn := fmt.Sprintf("version %s of SharedApp %s is withdrawn", v.Version, app)
	if in.Apps.Of(app).IsWithdrawn(v.Version) && !strings.Contains(v.Message, withdrawn) {
		v.Message = strings.TrimPrefix(v.Message+"; "+withdrawn+", and runs on here", "; ")
	}

	return v
}

// decide reads as the chain of consent: what the municipality says, whom it
// follows, what that points at, and whether it may be had.
func decide(in Input, environment *v1alpha1.Environment, app string) Verdict {
	place := Place{App: app, Environment: environment.Name}
	own := decisionFor(in.Municipality, place, in.Now)
	all := proposals(in, environment.Stage, app)
	followed, fault := follow(in, all, own)
	v := Verdict{Place: place, Parameters: own.parameters, ParametersFrom: own.parametersFrom, Immediate: own.immediate, Until: own.until()}
	v.Lost = losses(in, environment.Stage, app, followed, own.network != "" && fault == "")
	installed := in.standing(place)
	if fault != "" && !own.declines(followed) && own.Decision != v1alpha1.DecisionDefer {
		v.Lost = losses(in, environment.Stage, app, nil, false)
		return v.blocked(installed, own.by(in.Municipality), ownMatter(in.Municipality, fault))
	}

	if followed != nil {
		v.Network = followed.network.Name
	}
	t, missing := targetOf(in, app, own, followed).aimAt(in.Apps.Of(app))
	v.Group, v.Target = t.group, t.release(in.Apps.Of(app))

	switch {
	case own.declines(followed):
		return v.decline(in, in.Installed[place], own.by(in.Municipality))
	case own.Decision == v1alpha1.DecisionDefer:
		return v.keep(installed, Deferred, own.by(in.Municipality), "")
	case !own.asksFor(followed):
		return v.leave(installed)
	}
	if own.Decision == v1alpha1.DecisionDecline {
		v.NeedsReason = true
		t.note = fmt.Sprintf("declining an app that Network %s has made Mandatory needs a reason: set reason of %q in spec.apps of Municipality %s",
			followed.network.Name, app, in.Municipality.Name)
	}

	v.DecidedBy, v.Wanted, v.Message = t.by, t.version, t.note
	if own.Hold != nil {
		v.OnHold = true
		return v.hold(in, environment, t, own, installed)
	}
	if missing != nil {
		return v.blocked(installed, t.by, missing)
	}

	return v.aim(in, environment, t, installed)
}

// decline uninstalls, or says that there is nothing because it was declined. What is
// on its way out already goes on during a freeze.
func (v Verdict) decline(in Input, installed *v1alpha1.AppInstallation, by v1alpha1.DecidedBy) Verdict {
	if in.Freeze && installed != nil && installed.Spec.State != v1alpha1.InstallationAbsent {
		return v.blocked(installed, by, frozen())
	}
	v.Why, v.DecidedBy, v.Action = Declined, by, Nothing
	if installed != nil {
		v.Action = Remove
		v.Version, v.Digest = installed.Spec.Version, installed.Spec.Digest
	}
	return v
}

// keep leaves what is installed as it is, if anything is.
func (v Verdict) keep(installed *v1alpha1.AppInstallation, why Why, by v1alpha1.DecidedBy, message string) Verdict {
	v.Why, v.DecidedBy, v.Message, v.Action = why, by, message, Nothing
	if installed != nil {
		v.Action = Keep
		v.Version, v.Digest = installed.Spec.Version, installed.Spec.Digest
		if v.Wanted == "" {
			v.Wanted = installed.Spec.Version
		}
	}
	return v
}

// leave is for an app that nobody asks for any longer: it stays, and nobody decides on it. One that
// nobody asks for and that is not there needs no verdict.
func (v Verdict) leave(installed *v1alpha1.AppInstallation) Verdict {
	v.Group, v.Target = Group{}, v1alpha1.Release{}
	if installed == nil {
		v.Action = Nothing
		return v
	}

	reason := "neither a network nor the municipality asks for it any longer; it stays until the municipality declines it"

	return v.keep(installed, Unrequested, v1alpha1.DecidedBy{Reason: reason}, "")
}

// hold keeps what is installed. Where nothing is, the municipality itself brings the
// version that the hold names, if it names one.
func (v Verdict) hold(in Input, environment *v1alpha1.Environment, t target, own decision, installed *v1alpha1.AppInstallation) Verdict {
	held := t.heldAt(own, in.Municipality, installed)
	switch {
	case installed != nil:
		return v.keep(installed, Held, held.by, cmp.Or(withdrawnHold(in.Apps.Of(v.App), own, installed), v.Message))
	case held.version == "":
		v.Wanted = ""
		return v.keep(nil, Held, held.by, v.Message)
	}
	v.Why, v.DecidedBy, v.Wanted = Held, held.by, held.version

	return v.aim(in, environment, held, nil)
}

// aim brings the place to a target, if nothing stands in the way.
func (v Verdict) aim(in Input, environment *v1alpha1.Environment, t target, installed *v1alpha1.AppInstallation) Verdict {
	if installed != nil && t.lowers(installed) {
		return v.keepHigher(installed, t)
	}

	offered, inTheWay := t.offer(in.Apps.Of(v.App), environment, tenancy.Zone(in.Municipality, environment))
	moves := installed == nil || installed.Spec.Version != offered.Version
	if inTheWay == nil && moves {
		inTheWay = v.againstMove(in, t, installed)
	}
	if inTheWay != nil {
		return v.blocked(installed, t.by, inTheWay)
	}
	v.Action, v.Version, v.Digest = Install, offered.Version, offered.Digest

	return v
}

// blocked keeps what is there, as the target can't be had. A network whose offer never
// came about has not decided what runs: who did is still shown.
func (v Verdict) blocked(installed *v1alpha1.AppInstallation, by v1alpha1.DecidedBy, inTheWay *obstacle) Verdict {
	if installed != nil && by.Level == v1alpha1.LevelNetwork {
		before := DeciderOf(installed)
		if before.Level != "" && (before.Level != by.Level || before.Name != by.Name) {
			by = before
		}
	}
	v.Blocker, v.Everybody = inTheWay.by(), inTheWay.everybody && !v.OnHold

	return v.keep(installed, Blocked, by, inTheWay.message)
}

// keepHigher leaves a version that is higher than what is offered by somebody who did not bring it.
// Who brought it is shown as its decider.
func (v Verdict) keepHigher(installed *v1alpha1.AppInstallation, t target) Verdict {
	offerer := "channel " + t.channel
	if t.group.Network != "" {
		offerer = t.group.Network
	}
	by := DeciderOf(installed)
	if brought := installed.Spec.BroughtBy().Network; brought != "" {
		by.Level, by.Name = v1alpha1.LevelNetwork, brought
	}
	by.Reason = fmt.Sprintf("%s offers %s, and a change of who decides never lowers a version", offerer, t.version)
	v.Wanted = installed.Spec.Version

	return v.keep(installed, Ahead, by, "")
}

// DeciderOf is who decided on what is installed, and why.
func DeciderOf(installed *v1alpha1.AppInstallation) v1alpha1.DecidedBy {
	by := installed.Spec.DecidedBy

	return v1alpha1.DecidedBy{Level: by.Level, Name: by.Name, Reason: installed.Annotations[v1alpha1.AnnotationDecision]}
}
