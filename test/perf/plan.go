package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

const (
	// planMembers is how many members the measured plan has.
	planMembers = 10000
	// planTimes is how often it is made; the one in the middle counts.
	planTimes = 21
	// manyMembers is how many members one rollout has at most, in every country that there is.
	manyMembers = 1_000_000
	// manyTimes is how often that is planned.
	manyTimes = 3
)

// planning is how long it takes to work out one step of a rollout, in milliseconds, without
// any cluster.
type planning struct {
	// Plan is for the planner alone.
	Plan float64 `json:"planMilliseconds"`
	// Whole is with the verdicts on everybody, as the operator does before each step.
	Whole float64 `json:"wholeMilliseconds"`
	// Many is for the planner alone, with manyMembers members.
	Many float64 `json:"manyMilliseconds"`
}

// plan measures the first step of the wave after the pilot: a quarter of the members move. Many
// is how many members the large rollout has, a multiple of planMembers.
func plan(many int) (planning, error) {
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	seen := planned(now)
	var in planner.Input
	moves := 0
	whole := median(planTimes, func() {
		c := country.Compile(seen, now)
		for _, i := range c.Plan("everybody").Introductions {
			in = i.Input
			moves = len(i.Step.Moves)
		}
	})
	if want := (planMembers - 1) / 4; moves != want {
		return planning{}, fmt.Errorf("the plan for %d members moves %d environments, want %d: it is not the step to measure", planMembers, moves, want)
	}
	alone := median(planTimes, func() { moves = len(planner.Plan(in).Moves) })
	if moves == 0 {
		return planning{}, errors.New("the measured plan moves nobody")
	}
	in.Members = multiplied(in.Members, many)
	large := median(manyTimes, func() { moves = len(planner.Plan(in).Moves) })
	if want := (many - many/planMembers) / 4; moves != want {
		return planning{}, fmt.Errorf("the plan for %d members moves %d environments, want %d", many, moves, want)
	}
	return planning{Plan: alone, Whole: whole, Many: large}, nil
}

// multiplied are count members, each a copy of one of those that are given.
func multiplied(members []planner.Member, count int) []planner.Member {
	all := make([]planner.Member, 0, count)
	for i := range count {
		m := members[i%len(members)]
		m.Name = fmt.Sprintf("%s-%03d", m.Name, i/len(members))
		m.Places = slices.Clone(m.Places)
		for j := range m.Places {
			if there := m.Places[j].Installed; there != nil {
				m.Places[j].Installed = new(*there)
			}
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b planner.Member) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// median of how long something takes that is done several times, in milliseconds.
func median(times int, do func()) float64 {
	taken := make([]time.Duration, 0, times)
	for range times {
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
		Network: "everybody", App: appInFolder, Version: second.Version, Digest: second.Digest, Attempt: 1, Completed: &first,
	}
	record := &v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: planner.Name(spec), Generation: 1, CreationTimestamp: metav1.NewTime(now.Add(-24 * time.Hour))}, Spec: spec}
	seen := country.Objects{
		Networks: []v1alpha1.Network{{ObjectMeta: metav1.ObjectMeta{Name: "everybody"}, Spec: v1alpha1.NetworkSpec{
			Members: v1alpha1.Members{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: county}}},
			Apps: []v1alpha1.Proposal{{
				Name: appInFolder, Channel: v1alpha1.DefaultChannel, Obligation: v1alpha1.ObligationRecommended, Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction},
			}},
		}}},
		Apps: map[string]*v1alpha1.SharedApp{appInFolder: {
			ObjectMeta: metav1.ObjectMeta{Name: appInFolder},
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
		Outages:       planner.Outages{{Until: now.Add(-48 * time.Hour)}},
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
			has, by := first, "everybody."+appInFolder+".1.0.0.1"
			if i == 0 {
				has, by = second, record.Name
			}
			there[resolution.Place{App: appInFolder, Environment: e.Name}] = installed(m.Name, e.Name, has, by, now.Add(-12*time.Hour))
		}
		seen.Installations[m.Name] = there
	}
	return seen
}

// installed is an installation that is healthy since a point in time.
func installed(municipality, environment string, has v1alpha1.Release, by string, since time.Time) *v1alpha1.AppInstallation {
	at := metav1.NewTime(since)
	return &v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{
			Name: appInFolder, Namespace: v1alpha1.NamespaceFor(municipality, environment), Generation: 1,
			Labels: map[string]string{v1alpha1.LabelMunicipality: municipality, v1alpha1.LabelEnvironment: environment},
		},
		Spec: v1alpha1.AppInstallationSpec{
			App: appInFolder, Version: has.Version, Digest: has.Digest, State: v1alpha1.InstallationPresent,
			Move: &v1alpha1.Move{Rollout: by, Wave: "pilot", MovedAt: at},
		},
		Status: v1alpha1.AppInstallationStatus{
			ObservedGeneration: 1, AppliedVersion: has.Version, AppliedDigest: has.Digest, HealthySince: &at,
			Conditions: []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 1, LastTransitionTime: at}},
		},
	}
}
