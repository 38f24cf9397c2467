package v1alpha1

// Labels say what is ours and whose it is. The operator rebuilds what it knows
// from them, so it may lose its status and go on.
const (
	// LabelManagedBy carries ManagedBy on every object that the operator writes.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "allmenning"

	// LabelMunicipality names the Municipality that an object belongs to.
	LabelMunicipality = "allmenning.dev/municipality"
	// LabelEnvironment names the environment of the Municipality.
	LabelEnvironment = "allmenning.dev/environment"
	// LabelStage is the environment's stage: Development, Test or Production.
	LabelStage = "allmenning.dev/stage"
	// LabelZone is the environment's zone: Open or Closed.
	LabelZone = "allmenning.dev/zone"
	// LabelFrozen, set to "true" on a namespace, says that the people and accounts of its municipality change nothing there:
	// spec.suspend of the Municipality is Freeze. A policy of config/policy goes by it.
	LabelFrozen = "allmenning.dev/frozen"
	// LabelNetwork names the Network that an object belongs to.
	LabelNetwork = "allmenning.dev/network"
	// LabelChannel names the channel that the direct adopters of a Rollout follow.
	LabelChannel = "allmenning.dev/channel"
	// LabelAttempt is the attempt of a Rollout.
	LabelAttempt = "allmenning.dev/attempt"
	// LabelCounty is set by the platform on a Municipality, and carried over to
	// its namespaces, so that networks can select by it.
	LabelCounty = "allmenning.dev/county"

	// LabelApp names the SharedApp whose installation an object, or a pod,
	// belongs to. An object belongs to one installation. On a namespace it says that the
	// installation has the namespace for itself.
	LabelApp = "allmenning.dev/app"
	// LabelDoor, on a NetworkPolicy, says that it is half of a door: DoorHost lets somebody in, DoorConsumer lets
	// pods out. LabelPeer names the Municipality on the other side.
	LabelDoor = "allmenning.dev/door"
	// LabelPeer is described at LabelDoor.
	LabelPeer = "allmenning.dev/peer"
	// LabelBundle marks a stored bundle in the operator's own namespace.
	LabelBundle = "allmenning.dev/bundle"
	// LabelAggregateToInstaller, set to "true" on a ClusterRole, adds its rules to what
	// bundles may hold.
	LabelAggregateToInstaller = "allmenning.dev/aggregate-to-installer"
	// LabelAggregateToManager, set to "true" on a ClusterRole, adds its rules to what the operator may read
	// of what apps consist of.
	LabelAggregateToManager = "allmenning.dev/aggregate-to-manager"
	// LabelSecretFor, set by the platform on a Secret of the operator's namespace, says what SharedApps and
	// the Platform may name it for.
	LabelSecretFor = "allmenning.dev/secret-for" //nolint:gosec // a label's name is no credential
	// SecretForImagePull lets spec.imagePullSecretRef name the Secret; it is copied beside every installation
	// of the app.
	SecretForImagePull = "image-pull"
	// SecretForRegistryLogin lets a secretRef name the Secret, with which bundles are fetched.
	SecretForRegistryLogin = "registry-login"
	// SecretForRegistryCA lets a caRef name the Secret.
	SecretForRegistryCA = "registry-ca"
	// LabelIngress, set to "true" on a namespace, marks it as the home of an
	// ingress controller where no Platform says otherwise.
	LabelIngress = "allmenning.dev/ingress"
)

// Annotations are how a person talks to the operator about one object.
const (
	// AnnotationReconcile asks for a reconcile now: any new value will do, a time
	// is usual. The operator answers with status.lastHandledReconcileAt. On an
	// AppInstallation it also applies every object again; on a SharedApp it also
	// fetches again what was not available.
	AnnotationReconcile = "allmenning.dev/reconcile"
	// AnnotationAdopt on a namespace lets the Municipality that it names take the
	// namespace over. Only an administrator of the cluster can set it.
	AnnotationAdopt = "allmenning.dev/adopt"
	// AnnotationPrune, set to PruneDisabled on an installed object, keeps the
	// object through prune, Decline and uninstall.
	AnnotationPrune = "allmenning.dev/prune"
	// AnnotationDeleteVolumes, set to "true" on a Municipality with deletionPolicy Delete, lets its
	// namespaces be deleted together with their PersistentVolumeClaims. Without it a namespace
	// that holds any is kept. Set to what status.environments[].kept[].message says, or to several of those with
	// commas between, it deletes what is kept of apps that were uninstalled, whatever the policy.
	AnnotationDeleteVolumes = "allmenning.dev/delete-volumes"
	// AnnotationHeldBy on a namespace is the UID of the Municipality that made it, or took it up.
	// A Municipality deletes only namespaces that it holds: one of the same name that was made
	// again, or that has a number of another, deletes nothing of the earlier one. The operator
	// writes it.
	AnnotationHeldBy = "allmenning.dev/held-by"
	// AnnotationNumber on a namespace is the official number of the Municipality that holds it, and AnnotationAccess
	// the groups and users that have access. By these a Municipality that was made again is known to be the same. The
	// operator writes them.
	AnnotationNumber = "allmenning.dev/number"
	// AnnotationAccess is described at AnnotationNumber.
	AnnotationAccess = "allmenning.dev/access"
	// AnnotationTakenUp on a namespace says that its Municipality took it up while its deletionPolicy was Delete. Such a
	// namespace is not deleted: who set the policy did not speak of it. It is gone when the policy is another. The
	// operator writes it.
	AnnotationTakenUp = "allmenning.dev/taken-up"
	// PruneDisabled is the value of AnnotationPrune that keeps an object.
	PruneDisabled = "disabled"
	// AnnotationDecision on an AppInstallation says why it is as it is, in words: the reason of
	// spec.decidedBy. It is an annotation because another sentence is no other wish.
	AnnotationDecision = "allmenning.dev/decision"
	// AnnotationFailure on an AppInstallation says why its last move failed, and why it returned or
	// did not: the reason of spec.move.outcome.
	AnnotationFailure = "allmenning.dev/failure"
	// AnnotationAllowDelete, set to "true" on a SharedApp, lets it or a version of
	// it be deleted although installations use it. They keep running.
	AnnotationAllowDelete = "allmenning.dev/allow-delete"
)

// Annotations of a namespace by which the operator says to the policies of config/policy what is allowed there: lists with
// commas between them. Nobody else writes them, and one that is missing allows nothing.
const (
	// AnnotationDomains are the domains of the municipality.
	AnnotationDomains = "allmenning.dev/domains"
	// AnnotationImageRegistries are prefixes of images; "*" stands for any.
	AnnotationImageRegistries = "allmenning.dev/image-registries"
	// AnnotationImageDigests is DigestsRequired or DigestsOptional.
	AnnotationImageDigests = "allmenning.dev/image-digests"
	// DigestsRequired has images named by their digest.
	DigestsRequired = "required"
	// DigestsOptional has images named as one likes.
	DigestsOptional = "optional"
	// AnnotationPriorityClasses are those that pods may name.
	AnnotationPriorityClasses = "allmenning.dev/priority-classes"
	// AnnotationRuntimeClasses are those that pods may name.
	AnnotationRuntimeClasses = "allmenning.dev/runtime-classes"
	// AnnotationTolerations are keys of taints that pods may tolerate.
	AnnotationTolerations = "allmenning.dev/tolerations"
	// AnnotationTokenAudiences are those that the tokens of pods may be for.
	AnnotationTokenAudiences = "allmenning.dev/token-audiences" //nolint:gosec // an annotation's name is no credential
	// AnnotationAnnotations are those that Services and Ingresses may carry beside the built-in ones.
	AnnotationAnnotations = "allmenning.dev/annotations"
	// AnnotationControllers are accounts of the platform's controllers.
	AnnotationControllers = "allmenning.dev/controllers"
	// AnnotationAppAccounts are the service accounts of apps in a namespace that is frozen, as which their pods go on.
	AnnotationAppAccounts = "allmenning.dev/app-accounts"
)

// LabelBelongings is, with the value "true", on the NetworkPolicy that lets an app's pods out where it says what is the app's.
const LabelBelongings = "allmenning.dev/belongings"

// Annotations of the NetworkPolicy that lets an app's pods out, by which the operator says to the policies of config/policy what
// is the app's in its namespace: lists with commas between.
const (
	// AnnotationAppWorkloads are those that an autoscaler could aim at, as Kind/name.
	AnnotationAppWorkloads = "allmenning.dev/app-workloads" //nolint:gosec // an annotation's name is no credential
	// AnnotationAppClaims are names of PersistentVolumeClaims; one that ends with a star stands for those of a StatefulSet, which
	// have a number there.
	AnnotationAppClaims = "allmenning.dev/app-claims"
)

// Annotations by which a publisher says how an object of a bundle is to be installed.
const (
	// AnnotationPhase on a Job is PhaseBefore or PhaseAfter.
	AnnotationPhase = "allmenning.dev/phase"
	// PhaseBefore has a Job succeed before the app's workloads are changed, such as a migration.
	PhaseBefore = "before"
	// PhaseAfter has a Job run when the app's workloads are ready, such as a smoke test. The app is not
	// ready before the Job has succeeded.
	PhaseAfter = "after"

	// AnnotationRunOnce, set to "true" on a Job, gives it a name that its content decides, so that it runs
	// once for each version that changes it.
	AnnotationRunOnce = "allmenning.dev/run-once"

	// AnnotationReplace says what becomes of an object of which a version changes a field that can't be
	// changed: ReplaceNever, which is the default, or ReplaceRecreate.
	AnnotationReplace = "allmenning.dev/replace"
	// ReplaceNever leaves the object as it is, and stalls the installation.
	ReplaceNever = "never"
	// ReplaceRecreate deletes the object and creates it again. It does not exist for
	// PersistentVolumeClaims.
	ReplaceRecreate = "recreate"

	// AnnotationIgnoreFields lists fields, as paths such as spec.template.spec.nodeSelector with commas
	// between them, that the operator writes only when it creates the object: others may change them.
	AnnotationIgnoreFields = "allmenning.dev/ignore-fields"
)

// FinalizerDrain holds a Municipality with deletionPolicy Delete until its apps
// and its namespaces are gone, and its default-deny policy until its pods are.
const FinalizerDrain = "allmenning.dev/drain"

// InstallerName is the service account, in every tenant namespace, as which the
// operator applies the objects of an app. It can do there what a bundle may
// contain, and nothing anywhere else.
const InstallerName = "allmenning-installer"

// QuotaName is the name of the ResourceQuota of every environment. An app is installed
// when it is in force.
const QuotaName = "allmenning"

// The five ClusterRoles that the operator binds, and which it never changes.
const (
	// RoleAdministrator is bound for access entries with role Administrator.
	RoleAdministrator = "allmenning-administrator"
	// RoleDeveloper is bound for access entries with role Developer.
	RoleDeveloper = "allmenning-developer"
	// RoleViewer is bound for access entries with role Viewer.
	RoleViewer = "allmenning-viewer"
	// RoleInstaller is bound to the installer account. Its rules are the list of
	// kinds that a bundle may contain; it is aggregated, so a platform adds a kind
	// with a labelled ClusterRole.
	RoleInstaller = "allmenning-installer"
	// RoleNameCoordinator is bound, in the whole cluster, for access entries of a Network with
	// role Coordinator. It lets them patch any Network; the policy
	// network-delegation.allmenning.dev leaves of that the approvals of their own.
	RoleNameCoordinator = "allmenning-coordinator"
)
