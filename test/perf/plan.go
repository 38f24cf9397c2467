package main

import (
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

const (
	// planMembers is how many members the measured plan has.
	planMembers = 10000
	// planTimes is how often it is made; the one in the middle counts.
	planTimes = 21
)

// planning is how long it takes to work out one step of a rollout, in milliseconds, without
// any cluster.
type planning struct {
	// Plan is for the planner alone.
	Plan float64 `json:"planMilliseconds"`
	// Whole is with the verdicts on everybody, as the operator does before each step.
	Whole float64 `json:"wholeMilliseconds"`
}

// plan measures the first step of the wave after the pilot: a quarter of the members move.
func plan() (planning, error) {
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	seen := planned(now)
	var in rollout.Input
	moves := 0
	whole := median(func() {
		c := country.At(seen, now)
		for _, i := range c.Plan("everybody").Introductions {
			in = i.Input
			moves = len(i.Step.Moves)
		}
	})
	if want := (planMembers - 1) / 4; moves != want {
		return planning{}, fmt.Errorf("the plan for %d members moves %d environments, want %d: it is not the step to measure", planMembers, moves, want)
	}
	alone := median(func() { moves = len(rollout.Plan(in).Moves) })
	if moves == 0 {
		return planning{}, errors.New("the measured plan moves nobody")
	}
	return planning{Plan: alone, Whole: whole}, nil
}

// median of how long something takes, in milliseconds.
func median(do func()) float64 {
	taken := make([]time.Duration, 0, planTimes)
	for range planTimes {
		began := time.Now()
		do()
		taken = append(taken, time.Since(began))
	}
	return float64(percentile(taken, 50).Microseconds()) / 1000
}

// planned is a country in the middle of a rollout: the pilot has moved, the others wait.
func planned(now time.Time) country.Objects {
	first, second := v1alpha1.Release{Version: firstVersion, Digest: "sha256:1"}, v1alpha1.Release{Version: secondVersion, Digest: "sha256:2"}
	spec := v1alpha1.RolloutSpec{
		Network: "everybody", App: appName, Version: second.Version, Digest: second.Digest, Attempt: 1, Completed: &first,
	}
	record := &v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: rollout.Name(spec), Generation: 1, CreationTimestamp: metav1.NewTime(now.Add(-24 * time.Hour))}, Spec: spec}
	seen := country.Objects{
		Networks: []v1alpha1.Network{{ObjectMeta: metav1.ObjectMeta{Name: "everybody"}, Spec: v1alpha1.NetworkSpec{
			Members: v1alpha1.Members{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: county}}},
			Apps: []v1alpha1.Proposal{{
				Name: appName, Channel: v1alpha1.DefaultChannel, Obligation: v1alpha1.ObligationRecommended, Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction},
			}},
		}}},
		Apps: map[string]*v1alpha1.SharedApp{appName: {
			ObjectMeta: metav1.ObjectMeta{Name: appName},
			Spec: v1alpha1.SharedAppSpec{
				Channels: []v1alpha1.Channel{{Name: v1alpha1.DefaultChannel, Version: second.Version}},
				Versions: []v1alpha1.Version{{Version: first.Version}, {Version: second.Version}},
			},
			Status: v1alpha1.SharedAppStatus{Versions: []v1alpha1.VersionStatus{
				{Version: first.Version, Digest: first.Digest, Available: true}, {Version: second.Version, Digest: second.Digest, Available: true},
			}},
		}},
		Installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{},
		Rollouts:      []*v1alpha1.Rollout{record},
		Watching:      now.Add(-48 * time.Hour),
	}
	for i := range planMembers {
		m := &v1alpha1.Municipality{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("kommune%05d", i), Labels: map[string]string{v1alpha1.LabelCounty: county}},
			Spec: v1alpha1.MunicipalitySpec{Number: fmt.Sprintf("%04d", i%10000), Environments: []v1alpha1.Environment{
				{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}, {Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen},
			}},
		}
		seen.Municipalities = append(seen.Municipalities, m)
		there := map[resolution.Place]*v1alpha1.AppInstallation{}
		for _, e := range m.Spec.Environments {
			has, by := first, "everybody."+appName+".1.0.0.1"
			if i == 0 {
				has, by = second, record.Name
			}
			there[resolution.Place{App: appName, Environment: e.Name}] = installed(m.Name, e.Name, has, by, now.Add(-12*time.Hour))
		}
		seen.Installations[m.Name] = there
	}
	return seen
}

// installed is an installation that is well since a point in time.
func installed(municipality, environment string, has v1alpha1.Release, by string, since time.Time) *v1alpha1.AppInstallation {
	at := metav1.NewTime(since)
	return &v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{
			Name: appName, Namespace: v1alpha1.NamespaceFor(municipality, environment), Generation: 1,
			Labels: map[string]string{v1alpha1.LabelMunicipality: municipality, v1alpha1.LabelEnvironment: environment},
		},
		Spec: v1alpha1.AppInstallationSpec{
			App: appName, Version: has.Version, Digest: has.Digest, State: v1alpha1.InstallationPresent,
			Rollout: &v1alpha1.InstallationRollout{Name: by, Wave: "pilot", MovedAt: at},
		},
		Status: v1alpha1.AppInstallationStatus{
			ObservedGeneration: 1, AppliedVersion: has.Version, AppliedDigest: has.Digest, HealthySince: &at,
			Conditions: []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 1, LastTransitionTime: at}},
		},
	}
}
