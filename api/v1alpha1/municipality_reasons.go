package v1alpha1

// Reasons of a Municipality's condition Ready.
const (
	// ReasonNumberTaken means that an older Municipality has the number.
	ReasonNumberTaken = "NumberTaken"
	// ReasonDomainTaken means that an older Municipality has a domain, one above it or one below it.
	ReasonDomainTaken = "DomainTaken"
	// ReasonEnvironmentPending means that an environment is being made.
	ReasonEnvironmentPending = "EnvironmentPending"
	// ReasonEnvironmentFailed means that an environment can't be made.
	ReasonEnvironmentFailed = "EnvironmentFailed"
	// ReasonEnvironmentRetained means that an environment is kept that should be deleted, as it holds volumes.
	ReasonEnvironmentRetained = "EnvironmentRetained"
	// ReasonAccessUnfit means that an access is to end at an app that has no namespace of its own.
	ReasonAccessUnfit = "AccessUnfit"
	// ReasonEnvironmentDeleting means that an environment is being deleted.
	ReasonEnvironmentDeleting = "EnvironmentDeleting"
)
