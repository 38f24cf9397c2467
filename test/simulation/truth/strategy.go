package truth

import (
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Promise is what a strategy promises to a group.
type Promise struct {
	Waves        []Wave
	Announcement time.Duration
	// AtOnce is how many introductions the group carries.
	AtOnce    int
	Windows   []v1alpha1.Window
	Freezes   []v1alpha1.FreezePeriod
	Approvals []v1alpha1.Approval
	Retries   []v1alpha1.Retry
}

// Wave of a strategy, with its defaults.
type Wave struct {
	Name           string
	Members        *v1alpha1.WaveMembers
	Limit, Budget  intstr.IntOrString
	Soak, Deadline time.Duration
	Approval       bool
}

// Promised is the strategy of a network, which takes from the platform what it leaves out, or of
// those who follow a channel by themselves, which is the platform's.
func Promised(o *Objects, network string) Promise {
	spec := ptr.Deref(o.Platform.Spec.Rollout, v1alpha1.RolloutStrategy{})
	if n := o.Networks[network]; n != nil {
		own := ptr.Deref(n.Spec.Rollout, v1alpha1.RolloutStrategy{})
		spec.Approvals, spec.Retries = own.Approvals, own.Retries
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
	if len(spec.Waves) == 0 {
		spec.Waves = []v1alpha1.Wave{{Name: "pilot"}, {Name: "everyone", MaxFailures: new(intstr.FromString("10%"))}}
	}
	p := Promise{
		AtOnce: int(ptr.Deref(spec.MaxIntroductions, 3)), Announcement: long(spec.Announcement, 0),
		Windows: spec.Windows, Freezes: spec.Freezes, Approvals: spec.Approvals, Retries: spec.Retries,
	}
	for _, w := range spec.Waves {
		p.Waves = append(p.Waves, Wave{
			Name: w.Name, Members: w.Members, Approval: ptr.Deref(w.RequireApproval, false),
			Limit: ptr.Deref(w.MaxConcurrent, intstr.FromString("25%")), Budget: ptr.Deref(w.MaxFailures, intstr.FromInt32(0)),
			Soak: long(w.Soak, time.Hour), Deadline: long(w.ProgressDeadline, 30*time.Minute),
		})
	}
	return p
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

// promise of the group of a Rollout. To a security fix nothing is announced, and nothing soaks.
func (t *Truth) promise(r *v1alpha1.Rollout) Promise {
	p, known := t.promises[r.Spec.Network]
	if !known {
		p = Promised(t.Objects, r.Spec.Network)
		t.promises[r.Spec.Network] = p
	}
	if t.urgent(r) {
		p.Announcement, p.Waves = 0, slices.Clone(p.Waves)
		for i := range p.Waves {
			p.Waves[i].Soak = 0
		}
	}
	return p
}

// approved says whether an approval names a wave of this very attempt.
func (p Promise) approved(r *v1alpha1.Rollout, wave string) bool {
	return slices.ContainsFunc(p.Approvals, func(a v1alpha1.Approval) bool {
		return a.App == r.Spec.App && a.Channel == r.Spec.Channel && a.Digest == r.Spec.Digest && a.Wave == wave && max(a.Attempt, 1) == r.Spec.Attempt
	})
}

// retried says whether somebody asked for this very attempt.
func (p Promise) retried(r *v1alpha1.Rollout) bool {
	return slices.ContainsFunc(p.Retries, func(a v1alpha1.Retry) bool {
		return a.App == r.Spec.App && a.Channel == r.Spec.Channel && a.Digest == r.Spec.Digest && a.Attempt == r.Spec.Attempt
	})
}

// index of a wave by its name; -1 where there is none.
func (p Promise) index(name string) int {
	return slices.IndexFunc(p.Waves, func(w Wave) bool { return w.Name == name })
}

// named is the wave of a municipality: the first that names or selects it, else the last.
func (t *Truth) named(p Promise, m *v1alpha1.Municipality) int {
	for i, w := range p.Waves {
		if w.Members != nil && (slices.Contains(w.Members.Names, m.Name) || t.selects(w.Members.Selector, m)) {
			return i
		}
	}
	return len(p.Waves) - 1
}

// share is a number, or a percentage of a number, rounded down.
func share(n intstr.IntOrString, of int) int {
	if n.Type == intstr.Int {
		return int(n.IntVal)
	}
	percent, _ := strconv.Atoi(strings.TrimSuffix(n.StrVal, "%"))
	return of * percent / 100
}
