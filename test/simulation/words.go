package main

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// words are what a municipality says about an app in one environment.
type words struct {
	decision v1alpha1.Decision
	reason   string
	until    *metav1.Time
	hold     *v1alpha1.Hold
}

// refuses says, from the municipality's own words and nothing else, why a version may not
// be brought to a place; empty if it may.
func refuses(m *v1alpha1.Municipality, k key, now time.Time) string {
	said := wordsOf(m, k, now)
	switch {
	case said.decision == v1alpha1.DecisionDecline && said.reason != "":
		return "declined"
	case said.decision == v1alpha1.DecisionDefer && lasts(said.until, now):
		return "deferred"
	case said.hold != nil && lasts(said.hold.Until, now):
		return "held"
	}
	return ""
}

// wordsOf a municipality; those for the environment go before those for all.
func wordsOf(m *v1alpha1.Municipality, k key, now time.Time) words {
	for i := range m.Spec.Apps {
		said := &m.Spec.Apps[i]
		if said.Name != k.app {
			continue
		}
		all := words{said.Decision, said.Reason, said.Until, said.Hold}
		for j := range said.Environments {
			if said.Environments[j].Name == k.environment {
				all.override(&said.Environments[j], now)
			}
		}
		return all
	}
	return words{}
}

func (w *words) override(here *v1alpha1.EnvironmentDecision, now time.Time) {
	if here.Decision != "" && (here.Decision != v1alpha1.DecisionDefer || lasts(here.Until, now)) {
		w.decision, w.reason, w.until = here.Decision, here.Reason+w.reason, here.Until
	}
	if here.Hold != nil && lasts(here.Hold.Until, now) {
		w.hold = here.Hold
	}
}

// lasts says whether something lasts at a time; what has no end does.
func lasts(until *metav1.Time, now time.Time) bool { return until == nil || now.Before(until.Time) }
