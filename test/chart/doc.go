// Package chart tests the Helm chart in charts/allmenning: that it comes to what config/ comes to, that every branch of
// its templates is played, and that a release is installed, upgraded, rolled back and uninstalled on a real API server by
// Helm itself.
package chart
