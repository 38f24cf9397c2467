// Package appinstallation installs apps: it makes the objects of an
// AppInstallation's bundle in its namespace, as its spec says, and reports in its status how
// they are.
//
// It reads top to bottom: observe reads everything from the cache; render builds
// the bundle with the tenant's facts and the app's parameters; plan decides,
// purely, what must be applied and what must go; apply writes it as the
// namespace's installer account, one server-side apply per object that differs;
// status reports what came of it. The pure concerns of the plan have a file each:
// gates (what must be in place first), difference (what differs), policies (what
// the app's requires open) and uninstall.
//
// Which app an object belongs to is in its label, and read from the cache. The
// status holds hashes of what was sent and of what the operator owned after that,
// so that nothing is sent twice and drift is seen at once; when the status is lost
// it is found again.
package appinstallation
