package resolution

import (
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// Input is all that a verdict rests on.
type Input struct {
	Municipality *v1alpha1.Municipality
	// Networks that the municipality is a member of now, as Networks.Of says, in any order.
	Networks []*v1alpha1.Network
	// All networks: it says who took over from one that the municipality names. Where it is nil,
	// nobody did.
	All *Networks
	// Apps of the catalogue.
	Apps catalogue.Apps
	// Installed are all AppInstallations of the municipality, as Remember completes them: what one
	// app requires may stand in the way of another.
	Installed map[Place]*v1alpha1.AppInstallation
	// Freeze stops every new step of the municipality's own. Those of groups are a matter of
	// their rollouts, which wait.
	Freeze bool
	Now    time.Time
}

// Place is an app in an environment of the municipality.
type Place struct {
	App         string
	Environment string
}

// Action is what is done at a place.
type Action string

// The actions.
const (
	// Install asks for Version to be there; it may be there already.
	Install Action = "Install"
	// Keep leaves the version that is installed. Its parameters still follow the municipality.
	Keep Action = "Keep"
	// Remove uninstalls.
	Remove Action = "Remove"
	// Nothing is installed, and nothing will be.
	Nothing Action = "Nothing"
)

// Why names, in a word, what keeps a place from the newest offer.
type Why string

// The reasons why a place is not simply installed.
const (
	Declined Why = v1alpha1.ReasonDeclined
	Deferred Why = v1alpha1.ReasonDeferred
	Held     Why = v1alpha1.ReasonHeld
	// Ahead means that a higher version is installed than the one that is offered.
	Ahead Why = v1alpha1.ReasonAhead
	// Unrequested means that nobody asks any longer for what is installed.
	Unrequested Why = v1alpha1.ReasonUnrequested
	Blocked     Why = v1alpha1.ReasonBlocked
)

// Verdict is what is done at one place, and who decided it.
type Verdict struct {
	Place

	Action Action
	// Wanted is the version that the place should have, reachable or not; empty where it should have none.
	Wanted string
	// Version and Digest are what an installation gets: those of Wanted where it can be had, else
	// those of what is kept.
	Version string
	Digest  string
	// Why is empty where the place simply has, or gets, what is wanted.
	Why Why
	// DecidedBy is who decided on what is there, or will be.
	DecidedBy v1alpha1.DecidedBy
	// Blocker is who stands in the way where Why is Blocked, which is mostly the nation;
	// zero where nobody does.
	Blocker v1alpha1.DecidedBy
	// Everybody says that what stands in the way stands in everybody's: nobody can have the version
	// now, and the whole rollout waits. Else it is this place's own matter.
	Everybody bool
	// Unfit says why what is installed may not be here, whatever else is decided: the zone is not
	// the one that the app requires. A place of which this is so is not ready. Empty where it may.
	Unfit string
	// Group whose rollout moves the place, or counts it as excused. Where it is set and
	// Action is Install, the place gets Version in its turn.
	Group Group
	// Target is what the group, or else the municipality itself, aims at, whatever holds
	// this one place back; zero where it can't be had.
	Target v1alpha1.Release
	// OnHold says that the municipality holds a version here, also where that can't be had.
	OnHold bool
	// Immediate says that a version which the municipality names comes at once: see
	// v1alpha1.AppDecision.
	Immediate bool
	// NeedsReason says that the municipality declines what a network has made Mandatory, and
	// gives no reason, so that the decline does not count.
	NeedsReason bool
	// Message says what is wrong, and the fix; empty where nothing is.
	Message string
	// Network whose proposal is followed; empty where none is.
	Network string
	// Lost are the networks whose proposals of this app were not followed, sorted by name.
	Lost []Loss
	// Parameters and ParametersFrom for the installation.
	Parameters     *apiextensionsv1.JSON
	ParametersFrom []v1alpha1.ParametersSource
	// Until is when time alone may change this verdict; zero where it never does.
	Until time.Time
}

// ByItself says whether the municipality brings the version itself, and no group does.
func (v Verdict) ByItself() bool { return v.Group == (Group{}) || v.Why == Held }
