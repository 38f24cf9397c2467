package catalogue

import (
	"cmp"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/parameters"
)

// Apps are the compiled apps by name.
type Apps map[string]*App

// Of returns the app of a name. It is never nil: one that is not in the catalogue offers nothing,
// and says so.
func (a Apps) Of(name string) *App {
	if app := a[name]; app != nil {
		return app
	}

	return &App{Name: name}
}

// App is a SharedApp, compiled. It is never changed, and several goroutines may use it.
type App struct {
	// Name of the app.
	Name string
	// Object is the SharedApp that it was compiled from; nil where there is none. Read only.
	Object *v1alpha1.SharedApp

	// versions of the spec, in its order.
	versions []*Version
	// channels by name.
	channels map[string]string
	// digests of all versions that the catalogue knows, those included that left the spec.
	digests map[string]string
}

// Version is one version of the spec.
type Version struct {
	// Number of the version.
	Number string
	// Digest of its bundle; empty where it is not known yet.
	Digest string
	// State is Active, Deprecated or Withdrawn.
	State v1alpha1.VersionState
	// SecurityFix says that it skips announcement and soak, and does not queue.
	SecurityFix bool
	// Available says that the catalogue has fetched and checked the bundle.
	Available bool
	// Message is what the catalogue says of it; empty where that is nothing.
	Message string
	// Health says when objects of kinds are healthy that nobody else knows.
	Health []v1alpha1.HealthRule

	// requirements of the version, as they are written; nil where it has none.
	requirements *v1alpha1.Requirements
	zones        map[v1alpha1.Stage]v1alpha1.Zone
	// requires are the apps that must be installed first.
	requires []Requirement
	// services that others may be let in to.
	services []v1alpha1.HostedService

	// raw is the written schema of the parameters; nil where the version takes none.
	raw []byte
	// schema compiles it, once.
	schema func() (*parameters.Schema, error)
}

// Compile compiles a SharedApp.
func Compile(o *v1alpha1.SharedApp) *App { return compile(o, nil) }

// compile takes the compiled schemas of before, which may be nil, where they are the same.
func compile(o *v1alpha1.SharedApp, before *App) *App {
	a := &App{
		Name: o.Name, Object: o,
		channels: make(map[string]string, len(o.Spec.Channels)),
		digests:  make(map[string]string, len(o.Status.Versions)),
	}
	for _, c := range o.Spec.Channels {
		a.channels[c.Name] = c.Version
	}

	checked := make(map[string]*v1alpha1.VersionStatus, len(o.Status.Versions))
	for i := range o.Status.Versions {
		s := &o.Status.Versions[i]
		a.digests[s.Version], checked[s.Version] = s.Digest, s
	}

	for i := range o.Spec.Versions {
		v := compileVersion(&o.Spec.Versions[i], checked[o.Spec.Versions[i].Version])
		v.reuse(before)
		a.versions = append(a.versions, v)
		a.digests[v.Number] = v.Digest
	}

	return a
}

// compileVersion compiles a version and what the catalogue found out about it, which is nil where
// that is nothing yet.
func compileVersion(spec *v1alpha1.Version, checked *v1alpha1.VersionStatus) *Version {
	v := &Version{
		Number: spec.Version, Digest: spec.Source.PinnedDigest(),
		State: cmp.Or(spec.State, v1alpha1.VersionActive), SecurityFix: ptr.Deref(spec.SecurityFix, false), Health: spec.Health,
	}
	if checked != nil {
		v.Digest = cmp.Or(checked.Digest, v.Digest)
		v.Available, v.Message = checked.Available, checked.Message
	}
	v.services = spec.Services
	v.require(spec.Requires)
	v.compileSchema(spec.Parameters)

	return v
}

// Exists says whether there is a SharedApp of that name.
func (a *App) Exists() bool { return a.Object != nil }

// Isolation is that of a new installation of an app: Own, or empty for Shared.
func Isolation(a *App) v1alpha1.Isolation {
	if !a.Exists() || a.Object.Spec.Isolation != v1alpha1.IsolationOwn {
		return ""
	}

	return v1alpha1.IsolationOwn
}

// Suspended says what stops every move of the app; empty where nothing does.
func (a *App) Suspended() string {
	if !a.Exists() || !ptr.Deref(a.Object.Spec.Suspend, false) {
		return ""
	}

	return "SharedApp " + a.Name + " is suspended (spec.suspend)"
}

// Paused says what stops new moves of the app; empty where nothing does.
func (a *App) Paused() string {
	if !a.Exists() || !ptr.Deref(a.Object.Spec.Pause, false) {
		return ""
	}

	return "SharedApp " + a.Name + " is paused (spec.pause)"
}

// Versions are those of the spec, in its order.
func (a *App) Versions() []*Version { return a.versions }

// Version of the spec; nil where it is not there.
func (a *App) Version(number string) *Version {
	for _, v := range a.versions {
		if v.Number == number {
			return v
		}
	}

	return nil
}

// Digest that a version has, or had before it left the spec; empty where nobody knows.
func (a *App) Digest(number string) string { return a.digests[number] }

// MayHave says whether a version has a digest, or may turn out to have it: the digest of a bundle
// that was not read yet is not known.
func (a *App) MayHave(digest string) bool {
	for _, v := range a.versions {
		if v.Digest == "" || v.Digest == digest {
			return true
		}
	}

	return false
}

// IsWithdrawn says whether a version is withdrawn.
func (a *App) IsWithdrawn(number string) bool {
	v := a.Version(number)

	return v != nil && v.State == v1alpha1.VersionWithdrawn
}

// IsSecurityFix says whether a version is a security fix.
func (a *App) IsSecurityFix(number string) bool {
	v := a.Version(number)

	return v != nil && v.SecurityFix
}

// Points is the version that a channel points at, or why there is none.
func (a *App) Points(channel string) (string, *Fault) {
	if !a.Exists() {
		return "", unknown(a.Name)
	}

	version, found := a.channels[channel]
	if !found {
		return "", fault(UnknownChannel, "SharedApp %s has no channel %q: it has %s", a.Name, channel, cmp.Or(namesOf(a.Object.Spec.Channels), "none"))
	}

	return version, nil
}

func namesOf(channels []v1alpha1.Channel) string {
	names := make([]string, 0, len(channels))
	for _, c := range channels {
		names = append(names, c.Name)
	}

	return strings.Join(names, ", ")
}

// Release that a channel points at, or why it can't be had.
func (a *App) Release(channel string) (v1alpha1.Release, *Fault) {
	version, f := a.Points(channel)
	if f != nil {
		return v1alpha1.Release{}, f
	}

	return a.Offer(version)
}

// Offer is the release of a version, or why it can't be newly installed.
func (a *App) Offer(number string) (v1alpha1.Release, *Fault) {
	if f := a.Unlisted(number); f != nil {
		return v1alpha1.Release{}, f
	}

	switch v := a.Version(number); {
	case v.Available:
		return v1alpha1.Release{Version: v.Number, Digest: v.Digest}, nil
	case v.Message != "":
		return v1alpha1.Release{}, fault(Unavailable, "version %s of SharedApp %s is not available: %s", number, a.Name, v.Message)
	}

	return v1alpha1.Release{}, fault(Unchecked, "version %s of SharedApp %s is not available yet: the catalogue has not checked it", number, a.Name)
}

// Unlisted is why the app does not list a version as one to install: there is none, or it is
// withdrawn. Whether the bundle can be fetched does not matter.
func (a *App) Unlisted(number string) *Fault {
	switch v := a.Version(number); {
	case !a.Exists():
		return unknown(a.Name)
	case v == nil:
		return fault(UnknownVersion, "SharedApp %s has no version %s: see its spec.versions", a.Name, number)
	case v.State == v1alpha1.VersionWithdrawn:
		return fault(Withdrawn, "version %s of SharedApp %s is withdrawn: it is not newly installed anywhere", number, a.Name)
	}

	return nil
}

func unknown(name string) *Fault { return fault(UnknownApp, "there is no SharedApp %q", name) }

// Halted is why the app moves nowhere, whatever the version.
func (a *App) Halted() *Fault {
	why := a.Suspended()
	if why == "" {
		return nil
	}

	return fault(Suspended, "%s: it moves nowhere", why)
}

// Releases are those of the spec that may be installed, those that can't be had for the moment, such
// as while a bundle is fetched, and those that were withdrawn. One of which nobody knows the digest
// yet has none here. What left the spec is not among them.
func (a *App) Releases() (available, unavailable, withdrawn []v1alpha1.Release) {
	for _, v := range a.versions {
		release := v1alpha1.Release{Version: v.Number, Digest: v.Digest}
		switch {
		case v.State == v1alpha1.VersionWithdrawn:
			withdrawn = append(withdrawn, release)
		case v.Available:
			available = append(available, release)
		default:
			unavailable = append(unavailable, release)
		}
	}

	return available, unavailable, withdrawn
}
