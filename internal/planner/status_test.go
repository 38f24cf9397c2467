package planner_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// TestStatus shows what people see in situations that are typical.
func TestStatus(t *testing.T) {
	two := waves(wave("pilot", "vinje"), v1alpha1.Wave{Name: "everyone", RequireApproval: new(true), MaxFailures: number(1)})
	cases := []struct {
		file  string
		world []change
	}{
		{"announced", []change{member("tokke"), member("vinje"), announced}},
		{"pilot-on-its-way", []change{
			two, member("siljan"), member("tokke", prod(has(before), excused("Held", "held at 2.4.1: year-end closing"))),
			member("vinje", test(healthy(target, 20*time.Minute), moved("pilot", 25*time.Minute)), prod(has(before))),
		}},
		{"waits-for-approval", []change{two, done("pilot"), member("siljan"), member("tokke"), member("vinje", verified("pilot"))}},
		{"everyone-under-way", []change{
			waves(wave("pilot", "vinje"), v1alpha1.Wave{Name: "everyone", MaxFailures: number(1), MaxConcurrent: number(4)}), done("pilot"),
			member("vinje", verified("pilot")), member("skien", verified("everyone")),
			member("siljan", prod(unhealthy(target, 4*time.Minute), moved("everyone", 10*time.Minute))),
			member("tokke", prod(unseen(target), moved("everyone", time.Minute))), member("kviteseid", returned("everyone")),
			member("seljord", weekdays, prod(has(before))), member("nissedal", prod(away(v1alpha1.ReasonEnvironmentNotReady, "environment prod is not ready"))),
			member("fyresdal", suspended), member("nome"),
		}},
		{"halted", []change{two, member("siljan"), member("tokke"), member("vinje", prod(unhealthy(target, time.Hour), moved("pilot", time.Hour)))}},
		{"completed-with-a-joiner", []change{
			waves(wave("everyone")), completed, done("everyone"), member("vinje", verified("everyone")), member("tokke", verified("everyone")),
			member("siljan", prod(has(before), excused("Declined", "declined: we have another"))), member("joiner"), left("gone", "everyone", false),
		}},
		{"outside-the-windows", []change{member("tokke"), member("vinje"), closed}},
		{"everybody-is-excused", []change{member("tokke", prod(excused("Deferred", "deferred until 2027-01-15T00:00:00Z: budget 2027"))), member("vinje", suspended)}},
		{"unavailable", []change{two, member("tokke"), member("vinje"), gates(planner.Gates{Unavailable: "version 2.5.0 of SharedApp svarut is withdrawn"})}},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			step := planner.Plan(world(c.world...))
			out, err := yaml.Marshal(struct {
				Moves  []string               `json:"moves"`
				Again  time.Time              `json:"again,omitzero"`
				Status v1alpha1.RolloutStatus `json:"status"`
			}{moves(step), step.Again, step.Status})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, c.file+".yaml", string(out))
		})
	}
}

// TestMemoryIsCutByWeight shows what is kept of more than an object has room for, and that it is said.
func TestMemoryIsCutByWeight(t *testing.T) {
	in := world(waves(v1alpha1.Wave{Name: "everyone", MaxFailures: percent("90%"), MaxConcurrent: percent("100%")}))
	in.Rollout.Status.Memory = []v1alpha1.MemberMemory{
		{Name: "zero", Wave: "zero", Reason: v1alpha1.MemoryWaveDone, Since: at(-time.Hour)},
		{Name: "zeta", Reason: v1alpha1.MemoryTakenOut, Since: at(-time.Hour)}, // of which nothing else is left
	}
	for i := range 6_000 {
		how := prod(unseen(target), moved("everyone", time.Minute))
		if i >= 3_000 {
			how = prod(unhealthy(target, time.Hour), moved("everyone", time.Hour))
		}
		in.Members = append(in.Members, world(member(fmt.Sprintf("m%04d", i), how)).Members...)
	}
	status := planner.Plan(in).Status
	got := map[string]int{}
	for _, m := range status.Memory {
		got[m.Reason]++
	}
	diff(t, "waves and failures are kept before who is unseen", "memory", got, map[string]int{v1alpha1.MemoryWaveDone: 1, v1alpha1.MemoryFailed: 3_000, v1alpha1.MemoryTakenOut: 1, v1alpha1.MemoryUnseen: 1_998})
	mentions(t, "it is said", status.Next, "; 1002 of 6002 entries did not fit in status.memory")
}

// TestStatusStaysSmall holds a status to what a Rollout may cost, at 5,000 members with the
// longest texts that there are.
func TestStatusStaysSmall(t *testing.T) {
	const limit, limitMemory = 64 << 10, 640 << 10
	long := strings.Repeat("Deployment \"skjema\" er ikke frisk på grunn av <trøbbel>; ", 20)
	ill := func(p *planner.MemberPlace) { unhealthy(target, 10*time.Minute)(p); p.Installed.Message = long }
	cases := []struct {
		reason string
		member func(name string, i int) change
	}{
		{"everybody fails", func(name string, _ int) change {
			return member(name, prod(unhealthy(target, time.Hour), moved("everyone", time.Hour), outcome(v1alpha1.OutcomeReturned, long)))
		}},
		{"everybody is excused", func(name string, _ int) change {
			return member(name, prod(excused(v1alpha1.ReasonEnvironmentNotReady, long)))
		}},
		{"everybody is on the way", func(name string, _ int) change { return member(name, prod(ill, moved("everyone", 5*time.Minute))) }},
		{"a third each", func(name string, i int) change {
			switch i % 3 {
			case 0:
				return member(name, prod(unhealthy(target, time.Hour), moved("everyone", time.Hour), outcome(v1alpha1.OutcomeReturned, long)))
			case 1:
				return member(name, prod(excused(v1alpha1.ReasonEnvironmentNotReady, long)))
			}
			return member(name, prod(ill, moved("everyone", 5*time.Minute)))
		}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			var all []v1alpha1.Wave
			for i := range 7 {
				all = append(all, wave(fmt.Sprintf("wave-%d-%s", i, strings.Repeat("x", 33)), fmt.Sprintf("nobody-%d", i)))
			}
			in := world(waves(append(all, v1alpha1.Wave{Name: "everyone", MaxFailures: percent("50%")})...))
			members := world()
			for i := range 5000 {
				one := world(c.member(fmt.Sprintf("%s-%05d", strings.Repeat("kommune", 4), i), i))
				members.Members = append(members.Members, one.Members...)
			}
			in.Members = members.Members
			status := planner.Plan(in).Status
			for list, notes := range map[string][]v1alpha1.MemberNote{"onTheWay": status.OnTheWay, "failedMembers": status.FailedMembers, "excusedMembers": status.ExcusedMembers} {
				if len(notes) > 50 {
					t.Errorf("%s holds %d notes", list, len(notes))
				}
				for _, n := range notes {
					if len(n.Message) > 256 {
						t.Errorf("%s holds a message of %d bytes", list, len(n.Message))
					}
				}
			}
			memory := size(t, status.Memory)
			status.Memory = nil
			people := size(t, status)
			if people >= limit || memory >= limitMemory {
				t.Errorf("%s: the status is %d bytes for people, and %d of memory; want less than %d and %d", c.reason, people, memory, limit, limitMemory)
			}
			t.Logf("%d bytes, %d of memory", people, memory)
		})
	}
}

// size of a value as JSON, in bytes.
func size(t *testing.T, value any) int {
	t.Helper()
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return len(out)
}

// TestTextsFit holds the texts of a status to what the schema allows.
func TestTextsFit(t *testing.T) {
	long := strings.Repeat("ø", 2000)
	in := world(waves(wave("all")), member("vinje", prod(unhealthy(target, time.Hour), moved("all", time.Hour))), gates(planner.Gates{Unavailable: long}))
	in.Members[0].Places[0].Installed.Message = long
	step := planner.Plan(in)
	for what, text := range map[string]string{"stamp": step.Moves[0].Stamp.Message, "next": step.Status.Next, "waitsFor": step.Status.Waves[0].WaitsFor} {
		if len(text) > 512 || strings.ToValidUTF8(text, "") != text {
			t.Errorf("%s is %d bytes, or cut within a letter", what, len(text))
		}
	}
	in.Gates = planner.Gates{Paused: long}
	if next := planner.Plan(in).Status.Next; len(next) > 512 {
		t.Errorf("next is %d bytes", len(next))
	}
	ended := planner.End(planner.Ending{Rollout: in.Rollout, Phase: v1alpha1.RolloutSuperseded, Message: long})
	if len(ended.Next) > 512 {
		t.Errorf("next of one that ended is %d bytes", len(ended.Next))
	}
}
