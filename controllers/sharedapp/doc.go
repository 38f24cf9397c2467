// Package sharedapp keeps the catalogue: for each version of a SharedApp it gets the
// bundle, by its digest, finds out whether it can be installed at all, and puts it in a
// store from which it is installed, so that no registry is needed from then on.
//
// It reads top to bottom, one file each. observe reads from the cache, from the store, and asks
// the download pool how far its fetches are. judge scans and builds what was seen. plan decides,
// purely, what to fetch, what to store and what to say of each version. apply does it. status
// says what came of it, purely, and is written once. The pure concerns have a file each: check
// (is a bundle fit), pilots (can the networks that go first do so), registry (which registry may be
// used), garbage (which bundles nobody needs). The Sweeper deletes those beside the controller. What is
// wrong in the spec itself, such as apps that need each other in a circle, is found by package reference.
//
// Nothing is uninstalled here. Deleting a SharedApp ends its offer, and no more.
package sharedapp
