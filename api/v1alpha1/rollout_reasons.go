package v1alpha1

// Reasons of a member's note in the status of a Rollout, of a Network and of a SharedApp that are about its
// turn. Other notes have the reason of a fault, such as ReasonRequiredAppMissing, or of a decision.
const (
	// ReasonPaused means that the municipality's spec.pause is set.
	ReasonPaused = "Paused"
	// ReasonWindow means that the member waits for a window of its own, or for the end of a freeze of its own.
	ReasonWindow = "Window"
	// ReasonWaiting means that the member's turn has not come.
	ReasonWaiting = "Waiting"
	// ReasonInstalling means that the member was asked to have the version, and is not observed at it yet.
	ReasonInstalling = "Installing"
	// ReasonSoaking means that the member is healthy at the version, not yet for as long as it has to be.
	ReasonSoaking = "Soaking"
	// ReasonNextStage means that the environments of one stage are done, and those of the next are moved next.
	ReasonNextStage = "NextStage"
	// ReasonLeft means that the member failed, and left the group afterwards.
	ReasonLeft = "Left"
	// ReasonRequiredAppMayReturn means that an app which this one requires has the required version, and may yet return to
	// another: it is not verified there, or its wave is not done.
	ReasonRequiredAppMayReturn = "RequiredAppMayReturn"
)

// Reasons of a note that are a decision about the app in an environment.
const (
	// ReasonDeclined means that the municipality does not want the app.
	ReasonDeclined = "Declined"
	// ReasonDeferred means that the municipality does not want it before a date.
	ReasonDeferred = "Deferred"
	// ReasonHeld means that the municipality holds the version that is there.
	ReasonHeld = "Held"
	// ReasonAhead means that a higher version is there than the one that is offered.
	ReasonAhead = "Ahead"
	// ReasonUnrequested means that nobody asks any longer for what is there.
	ReasonUnrequested = "Unrequested"
	// ReasonBlocked means that the version can't be had there.
	ReasonBlocked = "Blocked"
)

// Reasons for which status.memory of a Rollout remembers a member, besides those that it is away for.
const (
	// MemoryFailed is a member that failed: it counts also when its installation is gone.
	MemoryFailed = "Failed"
	// MemoryUnseen is a member whose installation was not observed since.
	MemoryUnseen = "Unseen"
	// MemoryUnhealthy is a member that has been on its way again since a fault of somebody else ended.
	MemoryUnhealthy = "Unhealthy"
	// MemoryVerified is a member that was verified in a wave that is done, and that was moved after
	// that, or when the wave had another name.
	MemoryVerified = "Verified"
	// MemoryPassedOver is a member that was excused, in one environment or in all, or left, with the version and
	// before it was verified: it is judged when it takes part.
	MemoryPassedOver = "PassedOver"
	// MemoryTakenOut is a member that failed, or was not verified, in an environment that was taken out of its
	// spec, or follows the group no longer: what was installed there may be gone.
	MemoryTakenOut = "TakenOut"
	// MemoryWaveDone is not a member, but a wave that was done and that the strategy has no longer.
	MemoryWaveDone = "WaveDone"
)
