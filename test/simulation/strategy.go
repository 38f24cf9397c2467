package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

// The simulator reads a strategy by itself: were it to ask the planner what a wave is, it
// would believe whatever the planner believes.

// promise is what a strategy promises to a group.
type promise struct {
	waves        []promisedWave
	announcement time.Duration
	atOnce       int
	calendar     *calendar.Calendar
	approvals    []v1alpha1.Approval
}

type promisedWave struct {
	name           string
	names          []string
	selector       *metav1.LabelSelector
	limit, budget  intstr.IntOrString
	soak, deadline time.Duration
	approval       bool
}

// promised is the strategy of a network, which takes from the platform what it leaves out.
func promised(s *store, network string) promise {
	spec := v1alpha1.RolloutStrategy{}
	if s.platform.Spec.Rollout != nil {
		spec = *s.platform.Spec.Rollout
	}
	if n := s.networks[network]; n != nil {
		own := ptr.Deref(n.Spec.Rollout, v1alpha1.RolloutStrategy{})
		spec.Approvals = own.Approvals
		spec.Waves = or(own.Waves, spec.Waves)
		spec.Windows = or(own.Windows, spec.Windows)
		spec.Freezes = or(own.Freezes, spec.Freezes)
		if own.Announcement != nil {
			spec.Announcement = own.Announcement
		}
		if own.MaxIntroductions != nil {
			spec.MaxIntroductions = own.MaxIntroductions
		}
	}
	p := promise{atOnce: int(ptr.Deref(spec.MaxIntroductions, 3)), approvals: spec.Approvals, announcement: long(spec.Announcement, 0)}
	p.calendar, _ = calendar.New(spec.Windows, spec.Freezes)
	if len(spec.Waves) == 0 {
		spec.Waves = []v1alpha1.Wave{{Name: "pilot"}, {Name: "everyone", MaxFailures: new(intstr.FromString("10%"))}}
	}
	for _, wave := range spec.Waves {
		p.waves = append(p.waves, promisedOf(wave))
	}
	return p
}

func promisedOf(wave v1alpha1.Wave) promisedWave {
	one := promisedWave{
		name: wave.Name, limit: intstr.FromString("25%"), approval: ptr.Deref(wave.RequireApproval, false),
		soak: long(wave.Soak, time.Hour), deadline: long(wave.ProgressDeadline, 30*time.Minute),
	}
	if wave.MaxConcurrent != nil {
		one.limit = *wave.MaxConcurrent
	}
	if wave.MaxFailures != nil {
		one.budget = *wave.MaxFailures
	}
	if wave.Members != nil {
		one.names, one.selector = wave.Members.Names, wave.Members.Selector
	}
	return one
}

func or[T any](own, general []T) []T {
	if own != nil {
		return own
	}
	return general
}

func long(d *metav1.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return d.Duration
}

func share(n intstr.IntOrString, of int) int {
	if n.Type == intstr.Int {
		return int(n.IntVal)
	}
	percent, _ := strconv.Atoi(strings.TrimSuffix(n.StrVal, "%"))
	return of * percent / 100
}

// takes says whether a wave names or selects a municipality.
func (p promisedWave) takes(m *v1alpha1.Municipality) bool {
	if slices.Contains(p.names, m.Name) {
		return true
	}
	if p.selector == nil {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(p.selector)
	return err == nil && selector.Matches(labels.Set(m.Labels))
}

// waveOf is the wave of a municipality, where the waves were named.
func (p promise) waveOf(m *v1alpha1.Municipality) int {
	for i, wave := range p.waves {
		if wave.takes(m) {
			return i
		}
	}
	return len(p.waves) - 1
}

// indexOf a wave by its name; -1 where there is none.
func (p promise) indexOf(name string) int {
	return slices.IndexFunc(p.waves, func(wave promisedWave) bool { return wave.name == name })
}

// urgent is the promise to a security fix: nothing is announced, and nothing soaks.
func (p promise) urgent() promise {
	p.announcement = 0
	p.waves = slices.Clone(p.waves)
	for i := range p.waves {
		p.waves[i].soak = 0
	}
	return p
}
