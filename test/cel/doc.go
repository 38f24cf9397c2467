// Package cel holds tests of what the API server itself refuses: the rules,
// bounds and defaults of the custom resource definitions in config/crd, and the
// admission policies in config/policy. One real API server serves them all.
//
// There is one table per kind, in the file of that name; what several kinds have,
// such as a strategy or windows, is written once and is in the tables of all of
// them. The definitions are read as well, so that nothing slips past the tables: a
// rule that no table breaks, a field that no manifest in testdata sets, or a string
// without a bound fails a test.
package cel
