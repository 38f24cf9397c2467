package v1alpha1

// AppState is how one app is doing in one environment.
// +kubebuilder:validation:Enum=Ready;Waiting;Progressing;Failed;Returned;Stuck;Missing;Declined;Deferred;Held;Ahead;Unrequested;Blocked;Removing
type AppState string

// The states of an app in an environment.
const (
	// AppReady means that it runs, healthy, at the version that it should have.
	AppReady AppState = "Ready"
	// AppWaiting means that the wanted version has not come yet: its group's rollout, or the stage
	// before, comes first.
	AppWaiting AppState = "Waiting"
	// AppProgressing means that it is being installed, or comes up.
	AppProgressing AppState = "Progressing"
	// AppFailed means that it is not healthy, or can't be applied; the message says why.
	AppFailed AppState = "Failed"
	// AppReturned means that the wanted version failed here, and that the previous one is back.
	AppReturned AppState = "Returned"
	// AppStuck means that the version failed here, and that there is no verified one to return to.
	AppStuck AppState = "Stuck"
	// AppMissing means that it should be there, and that nothing is installed yet.
	AppMissing AppState = "Missing"
	// AppDeclined means that the municipality declined it.
	AppDeclined AppState = "Declined"
	// AppDeferred means that the municipality deferred it.
	AppDeferred AppState = "Deferred"
	// AppHeld means that the municipality holds the version that is installed.
	AppHeld AppState = "Held"
	// AppAhead means that a higher version is installed than the one that is offered.
	AppAhead AppState = "Ahead"
	// AppUnrequested means that it runs, and that neither a network nor the municipality asks for it
	// any longer.
	AppUnrequested AppState = "Unrequested"
	// AppBlocked means that what should be there can't be had; the message says who is in the way.
	AppBlocked AppState = "Blocked"
	// AppRemoving means that it is being uninstalled.
	AppRemoving AppState = "Removing"
)
