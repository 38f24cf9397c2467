package municipality

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/installation"
)

// opens says whether the spec asks for a namespace to be opened that is closed now.
func opens(spec v1alpha1.Environment, ns *corev1.Namespace) bool {
	return spec.Zone == v1alpha1.ZoneOpen && ns.Labels[v1alpha1.LabelZone] == string(v1alpha1.ZoneClosed)
}

// zoneNow is the zone that a namespace has, as its label says; empty where there is none, and where
// nobody has walled it off.
func zoneNow(ns *corev1.Namespace) v1alpha1.Zone {
	if ns == nil {
		return ""
	}
	switch zone := v1alpha1.Zone(ns.Labels[v1alpha1.LabelZone]); zone {
	case v1alpha1.ZoneOpen, v1alpha1.ZoneClosed:
		return zone
	}
	return ""
}

// closedApp is an app that keeps an environment closed.
type closedApp struct {
	name string
	// unknown says that the catalogue has lost the app, or its version, and that nobody knows which zone it requires.
	unknown bool
}

// requiresClosed says whether an installation requires the zone Closed for a stage, at the version that it is to
// have or at one whose pods may still run, and whether that is unknown, as a version left the catalogue.
func requiresClosed(app *catalogue.App, i *v1alpha1.AppInstallation, stage v1alpha1.Stage) (unknown, closed bool) {
	for _, version := range installation.Walls(i.Spec.Version, &i.Status) {
		unknown = unknown || app.Version(version) == nil
		closed = closed || app.Version(version).Zone(stage) == v1alpha1.ZoneClosed
	}
	return unknown && !closed, closed
}

// zoneOf is the zone that an environment gets: the spec's, but a closed environment is opened
// only when no app in it requires Closed any longer. A municipality that
// installed such an app was promised closed walls.
func zoneOf(spec v1alpha1.Environment, live environment) v1alpha1.Zone {
	if len(live.closedApps) > 0 {
		return v1alpha1.ZoneClosed
	}
	return spec.Zone
}

// keptClosed says that an environment stays closed, why, and how to fix it.
func keptClosed(environment string, apps []closedApp) condition.Outcome {
	names, causes := make([]string, len(apps)), make([]string, len(apps))
	for i, app := range apps {
		names[i], causes[i] = app.name, app.name+" (requires Closed)"
		if app.unknown {
			causes[i] = app.name + " (its SharedApp, or its version, is gone, so what it requires is unknown)"
		}
	}
	return condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonZoneUnfit, Message: fmt.Sprintf(
		"decline %s in spec.apps, or set zone of %s in spec.environments back to Closed: it stays Closed, although the spec says Open, as long as these apps are installed in it: %s",
		strings.Join(names, ", "), environment, strings.Join(causes, ", "))}
}
