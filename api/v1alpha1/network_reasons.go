package v1alpha1

// ReasonAccessFailed is the reason of a Network's condition Ready while the coordinators can't be given
// their access.
const ReasonAccessFailed = "AccessFailed"

// ReasonPolicyMissing is the reason of the condition Ready of the Platform while an admission policy is missing or not as it
// was shipped, and of a Network whose coordinators have no access for that.
const ReasonPolicyMissing = "PolicyMissing"

// ReasonDefinitionOutdated is the reason of the condition Ready of the Platform while the CustomResourceDefinitions of the cluster
// are older than the operator: what they lack can't be stored.
const ReasonDefinitionOutdated = "DefinitionOutdated"

// ReasonRangeNotPrivate is the reason of the condition Ready of the Platform while addresses of the cluster itself are not
// private: environments of the zone Open may reach them.
const ReasonRangeNotPrivate = "RangeNotPrivate"

// Reasons of a Network's condition Ready that a proposal is to blame for.
const (
	// ReasonChannelMissing means that a SharedApp has no channel of a name. That there is no such SharedApp,
	// or no such version in its spec.versions, are ReasonSharedAppMissing and ReasonVersionMissing.
	ReasonChannelMissing = "ChannelMissing"
	// ReasonVersionWithdrawn means that a version is withdrawn.
	ReasonVersionWithdrawn = "VersionWithdrawn"
	// ReasonVersionNotAvailable means that the catalogue refused a version, or can't fetch it.
	ReasonVersionNotAvailable = "VersionNotAvailable"
	// ReasonVersionNotChecked means that the catalogue has not checked a version yet.
	ReasonVersionNotChecked = "VersionNotChecked"
)
