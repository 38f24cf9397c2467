package v1alpha1

// ReasonInstallerRoleMissing means that the ClusterRole with the kinds that bundles may hold is missing: no version
// of any SharedApp is available.
const ReasonInstallerRoleMissing = "InstallerRoleMissing"

// Reasons of a SharedApp's condition Ready that concern one version.
const (
	// ReasonDependencyCycle means that versions of apps require each other in a circle.
	ReasonDependencyCycle = "DependencyCycle"
	// ReasonDependencyMissing means that there is no such app, or no version of it, as one requires.
	ReasonDependencyMissing = "DependencyMissing"
	// ReasonFetching means that a registry was asked for the bundle and has not answered yet.
	ReasonFetching = "Fetching"
	// ReasonBundleRefused means that the bundle must not be installed.
	ReasonBundleRefused = "BundleRefused"
	// ReasonDigestChanged means that the source has another digest than the version had when it was offered.
	ReasonDigestChanged = "DigestChanged"
	// ReasonRequirementsChanged means that the version requires something else than when it was offered.
	ReasonRequirementsChanged = "RequirementsChanged"
	// ReasonDigestMismatch means that the source has another digest than the version names.
	ReasonDigestMismatch = "DigestMismatch"
	// ReasonSourceMissing means that the ConfigMap of the bundle is missing. That of a Secret is
	// ReasonSecretMissing.
	ReasonSourceMissing = "SourceMissing"
	// ReasonStoreFailed means that the bundle could not be stored.
	ReasonStoreFailed = "StoreFailed"
	// ReasonStoreChanged means that the stored bundle was changed by somebody else.
	ReasonStoreChanged = "StoreChanged"
	// ReasonRegistryNotAllowed means that the Platform does not list the registry.
	ReasonRegistryNotAllowed = "RegistryNotAllowed"
	// ReasonUnauthorized means that the registry asks for a password, or refuses the one it got.
	ReasonUnauthorized = "Unauthorized"
	// ReasonUnreachable means that the registry is down, slow, overloaded or broken.
	ReasonUnreachable = "Unreachable"
	// ReasonNotFound means that the registry has no such repository, or no such digest in it.
	ReasonNotFound = "NotFound"
	// ReasonUntrusted means that the registry's certificate is not trusted.
	ReasonUntrusted = "Untrusted"
	// ReasonInvalid means that the artifact, or the request for it, is not as it should be.
	ReasonInvalid = "Invalid"
)
