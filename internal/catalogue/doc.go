// Package catalogue knows what each app offers and what it requires. A SharedApp is compiled
// once, and then asked: which release a channel points at, whether a version may be installed,
// which zone, apps and parameters the app requires. Whatever can't be had comes with the one
// sentence that says why not; who asks adds the field that asks for it, and the fix.
//
//   - app.go: the apps, their channels and versions.
//   - compiler.go: apps are compiled again only when they change.
//   - fault.go: why something can't be had.
//   - requirements.go: zones and other apps.
//   - parameters.go: what a version takes of what a municipality gives.
//   - proposal.go: what a network proposes of an app.
//
// It is pure.
package catalogue
