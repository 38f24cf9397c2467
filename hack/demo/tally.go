package main

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// tally counts what is there. The namespaces that there should be follow from what
// was applied; the apps that there should be are the operator's word, in the
// status of each municipality, and are compared with the installations there are.
type tally struct {
	namespacesReady, namespaces       int
	installationsReady, installations int
	// apps that there should be.
	apps int
	// missing names what is not as it should be, and why.
	missing []string
}

// String counts the installations themselves: the statuses of municipalities follow
// some seconds later, to save writes.
func (t tally) String() string {
	return fmt.Sprintf("namespaces ready %d/%d, apps ready %d/%d",
		t.namespacesReady, t.namespaces, t.installationsReady, max(t.apps, t.installations))
}

// count compares a snapshot with the municipalities that were applied.
func count(seen snapshot, applied []v1alpha1.Municipality) tally {
	var t tally
	byName := map[string]v1alpha1.Municipality{}
	for _, m := range seen.municipalities {
		byName[m.Name] = m
	}
	for _, m := range applied {
		t.namespaces += len(m.Spec.Environments)
		t.addMunicipality(m.Name, byName[m.Name])
	}
	for _, n := range seen.networks {
		t.require("network "+n.Name, n.Generation, n.Status.Conditions, v1alpha1.ConditionReady, v1alpha1.ConditionAppsReady)
	}
	for _, a := range seen.apps {
		t.require("app "+a.Name, a.Generation, a.Status.Conditions, v1alpha1.ConditionReady, v1alpha1.ConditionAppsReady)
	}
	t.addRollouts(seen.rollouts)
	for _, i := range seen.installations {
		t.installations++
		if runs(i, i.Spec.Version) {
			t.installationsReady++
		}
	}
	if len(t.missing) == 0 && (t.apps == 0 || t.apps != t.installationsReady || t.apps != t.installations) {
		t.missing = append(t.missing, fmt.Sprintf("municipalities say that %d apps are installed, but %d of %d installations are ready",
			t.apps, t.installationsReady, t.installations))
	}
	return t
}

// addRollouts adds to what is missing the rollouts that have not completed.
func (t *tally) addRollouts(rollouts []v1alpha1.Rollout) {
	for _, r := range rollouts {
		if r.Status.Phase != v1alpha1.RolloutCompleted {
			t.missing = append(t.missing, fmt.Sprintf("rollout %s is %s: %s", r.Name, r.Status.Phase, r.Status.Next))
		}
	}
}

// addMunicipality counts one that was applied; the zero value means one
// that is not there yet.
func (t *tally) addMunicipality(name string, m v1alpha1.Municipality) {
	for _, e := range m.Status.Environments {
		if e.State == v1alpha1.EnvironmentReady {
			t.namespacesReady++
		}
	}
	var ready, all int
	if _, err := fmt.Sscanf(m.Status.Running, "%d/%d", &ready, &all); err == nil {
		t.apps += all
	}
	t.require("municipality "+name, m.Generation, m.Status.Conditions, v1alpha1.ConditionReady, v1alpha1.ConditionAppsReady)
}

// require adds to what is missing the conditions that are not true of the
// object's latest generation.
func (t *tally) require(who string, generation int64, conditions []metav1.Condition, types ...string) {
	for _, kind := range types {
		if holds(generation, conditions, kind) {
			continue
		}
		why := "not there yet"
		if c := meta.FindStatusCondition(conditions, kind); c != nil {
			why = fmt.Sprintf("%s: %s", c.Reason, c.Message)
		}
		t.missing = append(t.missing, fmt.Sprintf("%s: %s: %s", who, kind, why))
	}
}

func holds(generation int64, conditions []metav1.Condition, kind string) bool {
	c := meta.FindStatusCondition(conditions, kind)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == generation
}

// runs says whether the installation runs that version, and well.
func runs(i v1alpha1.AppInstallation, version string) bool {
	return i.Spec.Version == version && i.Status.AppliedVersion == version &&
		holds(i.Generation, i.Status.Conditions, v1alpha1.ConditionReady)
}

// stays says whether the municipality has decided that the app does not follow
// a promotion of the channel, in one of its environments. The zero value
// means no decision.
func stays(m v1alpha1.Municipality, environment, app string, now time.Time) bool {
	for _, decision := range m.Spec.Apps {
		if decision.Name != app {
			continue
		}
		kind, until, hold := decision.Decision, decision.Until, decision.Hold
		for _, own := range decision.Environments {
			if own.Name != environment {
				continue
			}
			if own.Decision != "" {
				kind, until = own.Decision, own.Until
			}
			if own.Hold != nil {
				hold = own.Hold
			}
		}
		held := hold != nil && pending(hold.Until, now)
		deferred := kind == v1alpha1.DecisionDefer && pending(until, now)
		return held || deferred || decision.Version != "" || decision.Channel != ""
	}
	return false
}

// pending says whether a time without end, or one in the future, is meant.
func pending(until *metav1.Time, now time.Time) bool { return until == nil || now.Before(until.Time) }

// shorten joins the first few of many.
func shorten(all []string) string {
	const most = 8
	text := strings.Join(all[:min(most, len(all))], "\n  ")
	if len(all) > most {
		text += fmt.Sprintf("\n  and %d more", len(all)-most)
	}
	return text
}
