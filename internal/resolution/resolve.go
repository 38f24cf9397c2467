package resolution

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// maxReason is how many letters of a reason DecidedBy may hold.
const maxReason = 1024

// Input is all that a verdict rests on.
type Input struct {
	Municipality *v1alpha1.Municipality
	// Networks that the municipality is a member of now, as Networks.Of tells, in any order.
	Networks []*v1alpha1.Network
	// Apps of the catalogue, by name.
	Apps map[string]*v1alpha1.SharedApp
	// Installed are the municipality's AppInstallations.
	Installed map[Place]*v1alpha1.AppInstallation
	// Freeze stops every new step of the municipality's own. Those of groups are left to
	// their rollouts, which wait.
	Freeze bool
	Now    time.Time
}

// Place is an app in an environment of the municipality.
type Place struct {
	App         string
	Environment string
}

// Action is what shall be done at a place.
type Action string

// The actions.
const (
	// Install asks for Version to be there; it may be there already.
	Install Action = "Install"
	// Keep leaves the version that is installed. Its parameters still follow the municipality.
	Keep Action = "Keep"
	// Remove uninstalls.
	Remove Action = "Remove"
	// Nothing is installed, and nothing shall be.
	Nothing Action = "Nothing"
)

// Why names, in a word, what stands between a place and the newest offer.
type Why string

// The reasons why a place is not simply installed.
const (
	Declined Why = "Declined"
	Deferred Why = "Deferred"
	Held     Why = "Held"
	// Ahead means that a higher version is installed than the one that is offered.
	Ahead Why = "Ahead"
	// Unrequested means that nobody asks any longer for what is installed.
	Unrequested Why = "Unrequested"
	Blocked     Why = "Blocked"
)

// Verdict is what shall be done at one place, and who decided it.
type Verdict struct {
	Place

	Action Action
	// Wanted is the version that the place should have, reachable or not; empty where it should have none.
	Wanted string
	// Version and Digest are what an installation shall have: those of Wanted where it
	// can be had, else those of what is kept.
	Version string
	Digest  string
	// Why is empty where the place simply has, or gets, what is wanted.
	Why Why
	// DecidedBy is who decided on what is there, or shall be.
	DecidedBy v1alpha1.DecidedBy
	// Blocker is who stands in the way where Why is Blocked, which is mostly the nation;
	// zero where nobody does.
	Blocker v1alpha1.DecidedBy
	// Group whose rollout moves the place, or counts it as excused. Where it is set and
	// Action is Install, the place gets Version in its turn.
	Group Group
	// Target is what the group, or else the municipality itself, aims at, whatever holds
	// this one place back; zero where it can't be had.
	Target v1alpha1.Release
	// OnHold says that the municipality holds a version here, also where that can't be had.
	OnHold bool
	// NeedsReason says that the municipality declines what a network has made Mandatory, and
	// gives no reason, so that the decline does not count.
	NeedsReason bool
	// Message says what is wrong, and what to do; empty where nothing is.
	Message string
	// Network whose proposal is followed; empty where none is.
	Network string
	// Lost are the networks whose proposals of this app were not followed.
	Lost []string
	// Parameters and ParametersFrom for the installation.
	Parameters     *apiextensionsv1.JSON
	ParametersFrom []v1alpha1.ParametersSource
	// Until is when time alone may change this verdict; zero where it never does.
	Until time.Time
}

// Resolve gives a verdict for every app that anybody proposes, decides on or has
// installed, in every environment, sorted by environment and app.
func Resolve(in Input) []Verdict {
	var all []Verdict
	for i := range in.Municipality.Spec.Environments {
		environment := &in.Municipality.Spec.Environments[i]
		for _, app := range Apps(in, environment.Name) {
			if v, found := One(in, environment, app); found {
				all = append(all, v)
			}
		}
	}
	slices.SortFunc(all, func(a, b Verdict) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.App, b.App))
	})
	return all
}

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

// resolve reads as the chain of consent: what the municipality says, whom it
// follows, what that points at, and whether it may be had.
func resolve(in Input, environment *v1alpha1.Environment, app string) Verdict {
	place := Place{App: app, Environment: environment.Name}
	own := decisionFor(in.Municipality, place, in.Now)
	followed, fault := follow(proposals(in, environment.Stage, app), own)
	v := Verdict{Place: place, Parameters: own.parameters, ParametersFrom: own.parametersFrom, Until: own.until()}
	v.Lost = losers(in.Networks, app, followed)
	installed := in.standing(place)
	if fault != "" {
		return v.blocked(installed, own.by(in.Municipality), inTheWay(v1alpha1.LevelMunicipality, in.Municipality.Name, fault), fault)
	}
	if followed != nil {
		v.Network = followed.network.Name
	}
	t, fault := targetOf(in, app, own, followed).aimAt(in.Apps[app])
	v.Group, v.Target = t.group, t.release(in.Apps[app])
	switch {
	case own.declines(followed):
		return v.decline(in, in.Installed[place], own.by(in.Municipality))
	case own.decision == v1alpha1.DecisionDefer:
		return v.keep(installed, Deferred, own.by(in.Municipality), "")
	case !own.asksFor(followed):
		return v.leave(installed)
	}
	if own.decision == v1alpha1.DecisionDecline {
		v.NeedsReason = true
		t.note = fmt.Sprintf("declining an app that Network %s has made Mandatory needs a reason: set reason of %q in spec.apps of Municipality %s",
			followed.network.Name, app, in.Municipality.Name)
	}
	v.DecidedBy, v.Wanted, v.Message = t.by, t.version, t.note
	if own.hold != nil {
		v.OnHold = true
		return v.hold(in, environment, t, own, installed)
	}
	if fault != "" {
		return v.blocked(installed, t.by, inTheWay(v1alpha1.LevelNational, app, fault), fault)
	}
	return v.aim(in, environment, t, installed)
}

// decline uninstalls, or says that there is nothing because it was declined. What is
// on its way out already goes on during a freeze.
func (v Verdict) decline(in Input, installed *v1alpha1.AppInstallation, by v1alpha1.DecidedBy) Verdict {
	if in.Freeze && installed != nil && installed.Spec.State != v1alpha1.InstallationAbsent {
		return v.frozen(installed, by)
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

// leave is for an app that nobody asks for any longer: it stays, and nobody decides on it. An app that nobody asked for and that is not there is no matter.
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
// version that the hold names.
func (v Verdict) hold(in Input, environment *v1alpha1.Environment, t target, own decision, installed *v1alpha1.AppInstallation) Verdict {
	held := t.heldAt(own, in.Municipality, installed)
	if installed != nil {
		return v.keep(installed, Held, held.by, cmp.Or(withdrawnHold(in.Apps[v.App], own, installed), v.Message))
	}
	v.Why, v.DecidedBy, v.Wanted = Held, held.by, held.version
	return v.aim(in, environment, held, nil)
}

// aim brings the place to a target, if the target may be had.
func (v Verdict) aim(in Input, environment *v1alpha1.Environment, t target, installed *v1alpha1.AppInstallation) Verdict {
	if installed != nil && t.lowers(installed) {
		return v.keepHigher(installed, t)
	}
	offered, fault := t.offer(in.Apps[v.App], environment)
	if fault != "" {
		return v.blocked(installed, t.by, inTheWay(v1alpha1.LevelNational, v.App, fault), fault)
	}
	if in.Freeze && t.named() && (installed == nil || installed.Spec.Version != offered.Version) {
		return v.frozen(installed, t.by)
	}
	v.Action, v.Version, v.Digest = Install, offered.Version, offered.Digest
	return v
}

// blocked keeps what is there, as the target can't be had. A network whose offer never
// came about has not decided what runs: were it noted as the decider, a lower offer of
// its would count as the same decider's the next time.
func (v Verdict) blocked(installed *v1alpha1.AppInstallation, by, blocker v1alpha1.DecidedBy, fault string) Verdict {
	if installed != nil && by.Level == v1alpha1.LevelNetwork {
		before := DeciderOf(installed)
		if before.Level != "" && (before.Level != by.Level || before.Name != by.Name) {
			by = before
		}
	}
	v.Blocker = blocker
	return v.keep(installed, Blocked, by, fault)
}

// frozen keeps what is there, as the platform starts nothing new now.
func (v Verdict) frozen(installed *v1alpha1.AppInstallation, by v1alpha1.DecidedBy) Verdict {
	fault := fmt.Sprintf("the platform is frozen (spec.freeze of Platform %s): nothing new is started until it is taken out", v1alpha1.PlatformName)
	return v.blocked(installed, by, inTheWay(v1alpha1.LevelNational, v1alpha1.PlatformName, fault), fault)
}

// inTheWay is who stands in the way, with as much of the reason as a status may hold.
func inTheWay(level v1alpha1.DecisionLevel, name, reason string) v1alpha1.DecidedBy {
	if letters := []rune(reason); len(letters) > maxReason {
		reason = string(letters[:maxReason-1]) + "…"
	}
	return v1alpha1.DecidedBy{Level: level, Name: name, Reason: reason}
}

// keepHigher leaves a version that is higher than what another network offers. Who decided
// on it remains its decider.
func (v Verdict) keepHigher(installed *v1alpha1.AppInstallation, t target) Verdict {
	offerer := "channel " + t.channel
	if t.group.Network != "" {
		offerer = t.group.Network
	}
	reason := fmt.Sprintf("%s offers %s, and a change of who decides never lowers a version", offerer, t.version)
	v.Wanted = installed.Spec.Version
	by := DeciderOf(installed)
	by.Reason = reason

	return v.keep(installed, Ahead, by, "")
}

// DeciderOf is who decided on what is installed, and why.
func DeciderOf(installed *v1alpha1.AppInstallation) v1alpha1.DecidedBy {
	by := installed.Spec.DecidedBy

	return v1alpha1.DecidedBy{Level: by.Level, Name: by.Name, Reason: installed.Annotations[v1alpha1.AnnotationDecision]}
}
