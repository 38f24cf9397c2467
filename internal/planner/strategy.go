package planner

import (
	"fmt"
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

// What holds where a strategy says nothing. The API server fills in those of a wave;
// manifests that never saw one get them here.
const (
	DefaultSoak             = time.Hour
	DefaultProgressDeadline = 30 * time.Minute
	DefaultMaxIntroductions = 3
)

// defaultMaxConcurrent is a quarter of a wave.
var defaultMaxConcurrent = intstr.FromString("25%")

// Strategy is a compiled v1alpha1.RolloutStrategy.
type Strategy struct {
	// Waves in their order, at least one. The last takes everybody whom no other does.
	Waves []Wave
	// MaxIntroductions is how many rollouts of the group may be under way at once.
	MaxIntroductions int
	// Announcement passes between the making of a Rollout and its first step.
	Announcement time.Duration
	// Calendar says when new steps may start; nil is always.
	Calendar  *calendar.Calendar
	Approvals []v1alpha1.Approval
	Retries   []v1alpha1.Retry
}

// Wave is a compiled v1alpha1.Wave.
type Wave struct {
	Name             string
	MaxConcurrent    intstr.IntOrString
	MaxFailures      intstr.IntOrString
	Soak             time.Duration
	ProgressDeadline time.Duration
	RequireApproval  bool

	names    map[string]bool
	selector labels.Selector
}

// Fault is something in a strategy that a person must correct.
type Fault struct {
	// Field below the strategy, such as "windows[0].schedule".
	Field string
	// Message says what is wrong with it and what to do.
	Message string
}

func (f Fault) String() string { return f.Field + ": " + f.Message }

// Compile reads a strategy; nil is one that says nothing. With a fault, nothing new may be
// started: nobody knows what the strategy meant to forbid.
func Compile(spec *v1alpha1.RolloutStrategy) (Strategy, []Fault) {
	if spec == nil {
		spec = &v1alpha1.RolloutStrategy{}
	}
	days, dayFaults := calendar.New(spec.Windows, spec.Freezes)
	waves, faults := CompileWaves(spec.Waves)
	for _, f := range dayFaults {
		faults = append(faults, Fault{Field: f.Field, Message: f.Message})
	}
	return Strategy{
		Waves: waves, Calendar: days, Approvals: spec.Approvals, Retries: spec.Retries,
		MaxIntroductions: int(ptr.Deref(spec.MaxIntroductions, DefaultMaxIntroductions)),
		Announcement:     lasting(spec.Announcement, 0),
	}, faults
}

// CompileWaves reads waves. None at all are one pilot, and then the rest: a first wave that
// nobody is in has a stand-in.
func CompileWaves(spec []v1alpha1.Wave) ([]Wave, []Fault) {
	if len(spec) == 0 {
		spec = []v1alpha1.Wave{{Name: "pilot"}, {Name: "everyone", MaxFailures: new(intstr.FromString("10%"))}}
	}
	var faults []Fault
	waves := make([]Wave, 0, len(spec))
	for i, w := range spec {
		compiled := compileWave(w)
		if w.Members != nil && w.Members.Selector != nil {
			selector, err := metav1.LabelSelectorAsSelector(w.Members.Selector)
			if err != nil {
				faults = append(faults, Fault{fmt.Sprintf("waves[%d].members.selector", i), fmt.Sprintf("%v: correct the selector", err)})
			} else if !selector.Empty() {
				compiled.selector = selector
			}
		}
		waves = append(waves, compiled)
	}
	return waves, faults
}

func compileWave(w v1alpha1.Wave) Wave {
	out := Wave{
		Name:          w.Name,
		MaxConcurrent: ptr.Deref(w.MaxConcurrent, defaultMaxConcurrent), MaxFailures: ptr.Deref(w.MaxFailures, intstr.FromInt32(0)),
		Soak: lasting(w.Soak, DefaultSoak), ProgressDeadline: lasting(w.ProgressDeadline, DefaultProgressDeadline),
		RequireApproval: ptr.Deref(w.RequireApproval, false),
	}
	if w.Members != nil {
		out.names = make(map[string]bool, len(w.Members.Names))
		for _, name := range w.Members.Names {
			out.names[name] = true
		}
	}
	return out
}

func lasting(d *metav1.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return d.Duration
}

// part is a number, or a percentage of members rounded down. What is neither, which the
// API server refuses, is none.
func part(n intstr.IntOrString, members int) int {
	if n.Type == intstr.Int {
		return int(n.IntVal)
	}
	percent, err := strconv.Atoi(strings.TrimSuffix(n.StrVal, "%"))
	if err != nil {
		return 0
	}
	return percent * members / 100
}

// atOnce is how many of a wave's members may be on their way at once: at least one.
func (w *Wave) atOnce(members int) int {
	return max(1, part(w.MaxConcurrent, members)) //guard:max-concurrent -> members + 1
}

// budget is how many of a wave's members may fail.
func (w *Wave) budget(members int) int { return part(w.MaxFailures, members) }

// quick is the strategy of a security fix: nothing is announced, and nothing soaks.
func (s Strategy) quick() Strategy {
	s.Announcement = 0
	waves := make([]Wave, len(s.Waves))
	for i, w := range s.Waves {
		w.Soak = 0
		waves[i] = w
	}
	s.Waves = waves
	return s
}

// WithApprovals is the strategy as if every approval were given.
func (s Strategy) WithApprovals() Strategy {
	waves := slices.Clone(s.Waves)
	for i := range waves {
		waves[i].RequireApproval = false
	}
	s.Waves = waves
	return s
}

// Approved says whether one of some approvals is for this wave of this attempt.
func Approved(approvals []v1alpha1.Approval, spec v1alpha1.RolloutSpec, wave string) bool {
	approved, _ := Strategy{Approvals: approvals}.approved(spec, wave)
	return approved
}

// approved says whether an approval names this wave of this attempt, and where there is
// none, which near miss somebody may have made.
func (s Strategy) approved(spec v1alpha1.RolloutSpec, wave string) (bool, string) {
	var near string
	for i, a := range s.Approvals {
		miss, approves := approves(a, spec, wave)
		if approves {
			return true, ""
		}
		if miss != "" {
			near = fmt.Sprintf("approvals[%d] is for %s", i, miss) // the last, as new ones are added there
		}
	}
	return false, near
}

// approves says whether an approval is for a wave of a Rollout, and where it almost is, what it is for.
func approves(a v1alpha1.Approval, spec v1alpha1.RolloutSpec, wave string) (miss string, approves bool) {
	switch attempt := max(a.Attempt, 1); {
	case a.App != spec.App || a.Wave != wave:
		return "", false
	case a.Channel != spec.Channel: //guard:approval-of-one-channel
		if a.Digest != spec.Digest {
			return "", false
		}
		return fmt.Sprintf("channel %q, and this is channel %q", a.Channel, spec.Channel), false
	case a.Digest != spec.Digest: //guard:approval-of-one-digest
		return "another digest", false
	case attempt != spec.Attempt: //guard:approval-of-one-attempt
		return fmt.Sprintf("attempt %d, and this is attempt %d", attempt, spec.Attempt), false
	}
	return "", true
}
