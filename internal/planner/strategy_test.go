package planner_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

func TestCompileDefaults(t *testing.T) {
	cases := []struct {
		reason string
		spec   *v1alpha1.RolloutStrategy
		waves  []string
	}{
		{"a strategy that is not there is one that says nothing", nil, []string{"pilot", "everyone"}},
		{"a strategy that says nothing has one pilot and then the rest", &v1alpha1.RolloutStrategy{}, []string{"pilot", "everyone"}},
		{"waves that are given are those that there are", &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{wave("all")}}, []string{"all"}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			got, faults := planner.Compile(c.spec)
			if len(faults) > 0 {
				t.Errorf("faults: %v", faults)
			}
			var names []string
			for _, w := range got.Waves {
				names = append(names, w.Name)
				diff(t, w.Name, "soak", w.Soak, planner.DefaultSoak)
				diff(t, w.Name, "progressDeadline", w.ProgressDeadline, planner.DefaultProgressDeadline)
				diff(t, w.Name, "maxConcurrent", w.MaxConcurrent, intstr.FromString("25%"))
				diff(t, w.Name, "requireApproval", w.RequireApproval, false)
			}
			diff(t, c.reason, "waves", names, c.waves)
			diff(t, c.reason, "maxIntroductions", got.MaxIntroductions, planner.DefaultMaxIntroductions)
			diff(t, c.reason, "announcement", got.Announcement, time.Duration(0))
			if !got.Calendar.Open(now).Open {
				t.Error("nothing may start, although there is neither window nor freeze")
			}
		})
	}
}

func TestDefaultWavesBear(t *testing.T) {
	got, _ := planner.CompileWaves(nil)
	diff(t, "a pilot that fails halts", "maxFailures", got[0].MaxFailures, intstr.FromInt32(0))
	diff(t, "a tenth of the rest may fail", "maxFailures", got[1].MaxFailures, intstr.FromString("10%"))
	given, _ := planner.CompileWaves([]v1alpha1.Wave{wave("everyone")})
	diff(t, "a wave that says nothing bears no failure", "maxFailures", given[0].MaxFailures, intstr.FromInt32(0))
}

func TestCompileTakesWhatIsSaid(t *testing.T) {
	got, faults := planner.Compile(&v1alpha1.RolloutStrategy{
		Waves: []v1alpha1.Wave{{
			Name: "all", MaxConcurrent: number(3), MaxFailures: percent("5%"), Soak: lasting(0),
			ProgressDeadline: lasting(time.Minute), RequireApproval: new(true),
		}},
		Announcement: lasting(72 * time.Hour), MaxIntroductions: new(int32(1)),
		Approvals: []v1alpha1.Approval{{App: "svarut"}}, Retries: []v1alpha1.Retry{{App: "svarut", Attempt: 2}},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	w := got.Waves[0]
	diff(t, "a soak of nothing is a soak of nothing", "soak", w.Soak, time.Duration(0))
	diff(t, "said", "progressDeadline", w.ProgressDeadline, time.Minute)
	diff(t, "said", "maxConcurrent", w.MaxConcurrent, *number(3))
	diff(t, "said", "maxFailures", w.MaxFailures, *percent("5%"))
	diff(t, "said", "requireApproval", w.RequireApproval, true)
	diff(t, "said", "announcement", got.Announcement, 72*time.Hour)
	diff(t, "said", "maxIntroductions", got.MaxIntroductions, 1)
	diff(t, "said", "approvals and retries", []int{len(got.Approvals), len(got.Retries)}, []int{1, 1})
}

func TestCompileFaults(t *testing.T) {
	bad := &v1alpha1.WaveMembers{Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "county", Operator: "Near"}}}}
	cases := []struct {
		reason string
		spec   v1alpha1.RolloutStrategy
		field  string
	}{
		{"a selector that does not parse names its wave", v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{wave("a", "vinje"), {Name: "b", Members: bad}}}, "waves[1].members.selector"},
		{"a schedule that does not parse names its window", v1alpha1.RolloutStrategy{Windows: []v1alpha1.Window{{Schedule: "at eight", Duration: *lasting(time.Hour)}}}, "windows[0].schedule"},
		{"an unknown time zone names its window", v1alpha1.RolloutStrategy{Windows: []v1alpha1.Window{{Schedule: "0 8 * * *", Duration: *lasting(time.Hour), TimeZone: "Europe/Rjukan"}}}, "windows[0].timeZone"},
		{"a freeze that ends before it begins is named", v1alpha1.RolloutStrategy{Freezes: []v1alpha1.FreezePeriod{{From: *at(time.Hour), Until: *at(0), Reason: "x"}}}, "freezes[0].until"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			_, faults := planner.Compile(&c.spec)
			if len(faults) != 1 || faults[0].Field != c.field || faults[0].Message == "" {
				t.Errorf("faults are %v, want one of %s", faults, c.field)
			}
			if len(faults) == 1 {
				mentions(t, c.reason, faults[0].String(), c.field+": ")
			}
		})
	}
}

func TestParts(t *testing.T) {
	cases := []struct {
		reason     string
		concurrent *intstr.IntOrString
		members    int
		want       int
	}{
		{"a number is a number", number(3), 10, 3},
		{"a percentage is of the wave's members", percent("25%"), 8, 2},
		{"a percentage is rounded down", percent("25%"), 7, 1},
		{"at least one moves, however small the part", percent("1%"), 7, 1},
		{"what is neither, which the API server refuses, is the least", percent("many"), 7, 1},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			w := wave("all")
			w.MaxConcurrent = c.concurrent
			w2 := world(waves(w))
			for i := range c.members {
				member(string(rune('a' + i)))(&w2)
			}
			diff(t, c.reason, "members moved", len(planner.Plan(w2).Moves), c.want)
		})
	}
}
