package v1alpha1

// Condition types. Ready is there from the first visit; Reconciling and Stalled
// are there only while they are true, as kstatus asks for.
const (
	// ConditionReady says whether the object is as its spec asks. For a
	// Municipality that is the tenancy; its apps have ConditionAppsReady.
	ConditionReady = "Ready"
	// ConditionReconciling is true while the operator is at work, or waits for
	// something that goes on by itself.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is true when a person must change something. Its message
	// names the resource, the field and the fix.
	ConditionStalled = "Stalled"
	// ConditionSuspended is true while spec.suspend stops the operator.
	ConditionSuspended = "Suspended"
	// ConditionAppsReady says whether every installation below this object is
	// healthy at the version that it should have.
	ConditionAppsReady = "AppsReady"
)

// Reasons that several kinds share. Reasons of one kind are beside the kind.
const (
	// ReasonReady means that all is as the spec asks.
	ReasonReady = "Ready"
	// ReasonProgressing means that the operator, or the cluster, is at work.
	ReasonProgressing = "Progressing"
	// ReasonSuspended means that spec.suspend is set.
	ReasonSuspended = "Suspended"
	// ReasonFrozen means that spec.suspend of a Municipality is Freeze.
	ReasonFrozen = "Frozen"
	// ReasonInvalidSpec means that the spec asks for something that can't be.
	ReasonInvalidSpec = "InvalidSpec"
	// ReasonRecovering is that of ConditionReconciling while the object is on its way from Stalled
	// to Ready.
	ReasonRecovering = "Recovering"
	// ReasonRetrying means that a passing fault is tried again, with growing pauses.
	ReasonRetrying = "Retrying"
	// ReasonDeleting means that the object is on its way out.
	ReasonDeleting = "Deleting"
)

// Reasons of ConditionAppsReady where apps are not ready.
const (
	// ReasonAppsFailed means that somebody must change something.
	ReasonAppsFailed = "AppsFailed"
	// ReasonAppsProgressing means that it goes on by itself.
	ReasonAppsProgressing = "AppsProgressing"
)
