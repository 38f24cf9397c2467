package v1alpha1

// ReasonAccessFailed is the reason of a Network's condition Ready while the coordinators can't be given
// their access.
const ReasonAccessFailed = "AccessFailed"

// Reasons of a Network's condition Ready that a proposal is to blame for.
const (
	// ReasonUnknownApp means that there is no SharedApp of a name.
	ReasonUnknownApp = "UnknownApp"
	// ReasonUnknownChannel means that a SharedApp has no channel of a name.
	ReasonUnknownChannel = "UnknownChannel"
	// ReasonUnknownVersion means that a version is not in spec.versions of a SharedApp.
	ReasonUnknownVersion = "UnknownVersion"
	// ReasonVersionWithdrawn means that a version is withdrawn.
	ReasonVersionWithdrawn = "VersionWithdrawn"
	// ReasonVersionNotAvailable means that the catalogue refused a version, or can't fetch it.
	ReasonVersionNotAvailable = "VersionNotAvailable"
)
