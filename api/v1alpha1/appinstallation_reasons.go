package v1alpha1

// Reasons of an AppInstallation's condition Ready that are the municipality's own matter: the
// same version may run elsewhere, so neither the version nor its rollout is to blame.
const (
	// ReasonEnvironmentNotReady means that the namespace is missing, being deleted, or without its
	// network policies, accounts or quota. The operator is at work on it.
	ReasonEnvironmentNotReady = "EnvironmentNotReady"
	// ReasonNamespaceRefused means that the app's own namespace can't be made: another has its name, or the
	// environment's quota has no room for its share.
	ReasonNamespaceRefused = "NamespaceRefused"
	// ReasonZoneUnfit means that the app requires another zone than the environment has.
	ReasonZoneUnfit = "ZoneUnfit"
	// ReasonRequiredAppMissing means that an app which this one requires is not installed in the
	// environment.
	ReasonRequiredAppMissing = "RequiredAppMissing"
	// ReasonRequiredAppVersion means that an app which this one requires has another version than
	// the required one.
	ReasonRequiredAppVersion = "RequiredAppVersion"
	// ReasonRequiredAppNotReady means that an app which this one requires is not ready.
	ReasonRequiredAppNotReady = "RequiredAppNotReady"
	// ReasonInvalidParameters means that the municipality's parameters do not fit the version's schema.
	ReasonInvalidParameters = "InvalidParameters"
	// ReasonSecretMissing means that a Secret of spec.parametersFrom is missing in the namespace.
	ReasonSecretMissing = "SecretMissing"
	// ReasonNameTaken means that an object of the tenant's own, or of another app, has the name of an
	// object of the bundle.
	ReasonNameTaken = "NameTaken"
	// ReasonDomainMissing means that the app has routes, and that the municipality has no domain for them.
	ReasonDomainMissing = "DomainMissing"
	// ReasonDoorClosed means that a service of another municipality, which the version requires, is not open to it.
	ReasonDoorClosed = "DoorClosed"
	// ReasonQuotaExceeded means that the quota of the environment has no room for the app.
	ReasonQuotaExceeded = "QuotaExceeded"
)

// Reasons of an AppInstallation's condition Ready that are the matter of the catalogue or the platform: what is
// installed stays as it is until the catalogue is complete again.
const (
	// ReasonSharedAppMissing means that the SharedApp does not exist.
	ReasonSharedAppMissing = "SharedAppMissing"
	// ReasonVersionMissing means that the SharedApp does not list the version.
	ReasonVersionMissing = "VersionMissing"
	// ReasonBundleMissing means that the bundle is not in the store.
	ReasonBundleMissing = "BundleMissing"
	// ReasonBundleTampered means that the stored bundle does not have its digest.
	ReasonBundleTampered = "BundleTampered"
	// ReasonPullSecretMissing means that the Secret of the SharedApp's spec.imagePullSecretRef is missing, or
	// may not be used for that.
	ReasonPullSecretMissing = "PullSecretMissing"
	// ReasonEgressNotAllowed means that the version requires to connect to, or from, what the Platform does not
	// allow, or no longer. It is closed; the rest of the app runs on.
	ReasonEgressNotAllowed = "EgressNotAllowed"
	// ReasonImageNotAllowed means that the version has images that the Platform does not allow, or no longer. It is not newly
	// installed; where it is, it runs on.
	ReasonImageNotAllowed = "ImageNotAllowed"
	// ReasonKindUnreadable means that objects of a kind that the app holds can't be read: a role or a
	// definition is missing. Nothing of the app is changed until they can.
	ReasonKindUnreadable = "KindUnreadable"
)

// Reasons of an AppInstallation's condition Ready that the version is to blame for.
const (
	// ReasonUnhealthy means that an object of the app failed.
	ReasonUnhealthy = "Unhealthy"
	// ReasonRefused means that the API server refuses an object of the bundle. In a member's note it means
	// that the API server refuses the AppInstallation itself.
	ReasonRefused = "Refused"
	// ReasonImmutableField means that the version changes a field that can't be changed.
	ReasonImmutableField = "ImmutableField"
	// ReasonBuildFailed means that the bundle does not build.
	ReasonBuildFailed = "BuildFailed"
	// ReasonInvalidVersion means that the version's parameter schema or its health rules don't compile.
	ReasonInvalidVersion = "InvalidVersion"
)

// Reasons of an AppInstallation that is being uninstalled.
const (
	// ReasonUninstalling means that its objects are being deleted.
	ReasonUninstalling = "Uninstalling"
	// ReasonRemovingNamespace means that its objects are deleted, and that its own namespace is to go.
	ReasonRemovingNamespace = "RemovingNamespace"
	// ReasonUninstalled means that its objects are deleted, save those that may hold data.
	ReasonUninstalled = "Uninstalled"
)
