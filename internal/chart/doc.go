// Package chart renders the Helm charts of bundles: without a cluster, and so that one chart with one set of
// facts gives one output, whenever and wherever it is rendered.
//
//   - load.go: the files of a folder as Helm's chart, with the subcharts that lie in it.
//   - values.go: the values of the version, the facts of the tenant, and the parameters, in this order.
//   - schema.go: values.schema.json, of which no reference is followed out of the file.
//   - functions.go: the functions that templates may not use, and those that are made steady.
//   - uses.go: where templates use them, by their parse trees.
//   - render.go: Helm's engine over the templates.
//   - manifests.go: what came out as objects.
//   - hooks.go: hooks as phases.
//
// A use of a function that is refused is replaced, in the text of the template, by one that notes where it
// was called; so all of them are known after one rendering, each with its template and line, and a use in a
// branch that is not taken does no harm.
//
// Rendering takes as much memory and time as the chart makes it: package buildpool runs it where both are
// bounded.
package chart
