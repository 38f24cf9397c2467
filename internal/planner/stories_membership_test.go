package planner_test

import (
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/planner"
)

// TestFaultsThatAreNotTheVersions has a pilot with a fault, and others after it.
func TestFaultsThatAreNotTheVersions(t *testing.T) {
	own := func(p *planner.MemberPlace) {
		p.Installed.Fault = installation.Fault{Blame: installation.BlameMember, Code: "QuotaExceeded", Message: "the quota is full"}
	}
	catalogue := func(p *planner.MemberPlace) {
		p.Installed.Fault = installation.Fault{Blame: installation.BlameCatalogue, Code: "BundleMissing", Message: "fetched again"}
	}
	stopped := func(p *planner.MemberPlace) { away("Suspended", "the AppInstallation is suspended")(p) }
	all := waves(v1alpha1.Wave{Name: "all", MaxConcurrent: number(1)})
	cases := []struct {
		reason string
		fault  func(*planner.MemberPlace)
		moves  []string
		note   string
	}{
		{"its own: its place is free", own, []string{"b/prod Advance 2.5.0 wave all"}, "QuotaExceeded"},
		{"its AppInstallation is suspended: its place is free", stopped, []string{"b/prod Advance 2.5.0 wave all"}, "Suspended"},
		{"the catalogue's: nobody fails for it", catalogue, nil, "BundleMissing"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(all, member("a", prod(unhealthy(target, 5*time.Hour), moved("all", 5*time.Hour), c.fault)), member("b"), member("c", verified("all"))))
			diff(t, c.reason, "moves", moves(step), c.moves)
			diff(t, c.reason, "failed", step.Status.Failed, int32(0))
			_, note := noted(step.Status, "a")
			diff(t, c.reason, "note", note.Reason, c.note)
		})
	}
	in := world(waves(wave("all")), member("a", prod(unhealthy(target, 5*time.Hour), moved("all", 5*time.Hour), own)), member("c", verified("all")))
	in.Rollout.Status = planner.Plan(in).Status
	diff(t, "nobody waits for it", "phase", in.Rollout.Status.Phase, v1alpha1.RolloutCompleted)
	in.Rollout.Status.Phase, in.Rollout.Status.CompletedAt, in.Rollout.Status.Waves = v1alpha1.RolloutProgressing, nil, nil
	in.Members[0].Places[0].Installed.Fault = installation.Fault{}
	step := planner.Plan(in)
	diff(t, "when its fault ends, its time begins", "again", step.Again, now.Add(30*time.Minute))
	in.Rollout.Status, in.Now = step.Status, now.Add(30*time.Minute)
	diff(t, "and ends", "moves", moves(planner.Plan(in)), []string{"a/prod Return 2.4.1 wave all"})
}

// TestAFaultBesideAnotherComesToRest has a member of which one place has a fault of its own, and
// another is not observed.
func TestAFaultBesideAnotherComesToRest(t *testing.T) {
	own := func(p *planner.MemberPlace) {
		p.Installed.Fault = installation.Fault{Blame: installation.BlameMember, Code: "QuotaExceeded", Message: "the quota is full"}
	}
	in := world(waves(wave("all")), done("all"), completed,
		member("a", test(unseen(target), moved("all", 5*time.Hour)), prod(unhealthy(target, 5*time.Hour), moved("all", 5*time.Hour), own)), member("b", verified("all")))
	in.Rollout.Status.Memory = []v1alpha1.MemberMemory{{Name: "a", Reason: "QuotaExceeded", Since: at(-time.Hour)}}
	in.Rollout.Status = planner.Plan(in).Status
	for range 3 {
		next := planner.Plan(in).Status
		diff(t, "the same again gives the same", "status", next, in.Rollout.Status)
		in.Rollout.Status = next
	}
}

func TestPausedMunicipality(t *testing.T) {
	all := waves(wave("all"))
	step := planner.Plan(world(all, member("a", paused, prod(has(before))), member("b")))
	diff(t, "nothing new comes to it, and nobody waits for it", "moves", moves(step), []string{"b/prod Advance 2.5.0 wave all"})
	_, note := noted(step.Status, "a")
	diff(t, "it is away", "note", note.Reason, v1alpha1.ReasonPaused)
	step = planner.Plan(world(all, member("a", paused, prod(unhealthy(target, time.Hour), moved("all", time.Hour)))))
	diff(t, "what is on its way returns if it fails", "moves", moves(step), []string{"a/prod Return 2.4.1 wave all"})
}

func TestPercentagesAreOfThoseWhoTakePart(t *testing.T) {
	in := world(waves(v1alpha1.Wave{Name: "all", MaxFailures: percent("10%"), MaxConcurrent: percent("10%")}))
	for i := range 110 {
		kind := held
		if i >= 90 {
			kind = prod(has(before))
		}
		if i >= 107 {
			kind = returned("all")
		}
		member("m"+string(rune('a'+i/26))+string(rune('a'+i%26)), kind)(&in)
	}
	step := planner.Plan(in)
	diff(t, "three of twenty failed, and two may", "phase", step.Status.Phase, v1alpha1.RolloutHalted)
	mentions(t, "it says of how many", step.Status.Next, "3 of 20 members failed, and 2 may")

	half := waves(v1alpha1.Wave{Name: "all", MaxFailures: number(1), MaxConcurrent: percent("50%")})
	step = planner.Plan(world(half, member("a"), member("b"), member("c"), left("gone", "all", true)))
	diff(t, "one that failed and left takes part no longer", "moves", moves(step), []string{"a/prod Advance 2.5.0 wave all"})
}

func TestApprovalsAndRetriesAreForOneChannel(t *testing.T) {
	with := func(channel string) planner.Input {
		in := world(strategy(v1alpha1.RolloutStrategy{
			Waves:     []v1alpha1.Wave{{Name: "all", RequireApproval: new(true)}},
			Approvals: []v1alpha1.Approval{{App: "svarut", Digest: target.Digest, Wave: "all", Attempt: 1, Channel: channel}},
		}), member("a"))
		in.Rollout.Spec.Network, in.Rollout.Spec.Channel = "", "stable"
		return in
	}
	diff(t, "its own", "moves", len(planner.Plan(with("stable")).Moves), 1)
	step := planner.Plan(with("beta"))
	diff(t, "another", "moves", len(step.Moves), 0)
	mentions(t, "it says which", step.Details, "channel: stable, wave: all")
	failed := record(target, 1, v1alpha1.RolloutHalted, 1, func(r *v1alpha1.Rollout) { r.Spec.Network, r.Spec.Channel = "", "stable" })
	for channel, want := range map[string]bool{"stable": true, "beta": false} {
		got := planner.Choose([]*v1alpha1.Rollout{failed}, planner.Wish{
			Channel: "stable", App: "svarut", Release: &target, Asked: true,
			Retries: []v1alpha1.Retry{{App: "svarut", Digest: target.Digest, Attempt: 2, Channel: channel}},
		})
		diff(t, "a retry for channel "+channel, "makes one", got.Create != nil, want)
	}
}

// TestWhoCameLateStaysVerified has a joiner that was moved after its wave was done, and that was
// verified since.
func TestWhoCameLateStaysVerified(t *testing.T) {
	for _, c := range []struct {
		reason string
		moved  time.Duration
	}{{"it joined", 10 * time.Minute}, {"the clock was set back after it was moved", -10 * time.Minute}} {
		t.Run(c.reason, func(t *testing.T) {
			in := world(waves(wave("one")), done("one"), completed, member("a", prod(healthy(target, 2*time.Hour), moved("one", c.moved))))
			step := planner.Plan(in)
			diff(t, "it is remembered", "memory", len(step.Status.Memory), 1)

			in.Rollout.Status = step.Status
			for _, lost := range []*planner.Installed{
				{Release: target}, {Release: target, Current: true, UnhealthySince: now},
			} { // its status is lost, and then it has a fault
				there := in.Members[0].Places[0].Installed
				lost.Stamp, lost.LastVerified = there.Stamp, there.LastVerified
				in.Members[0].Places[0].Installed = lost
				in.Now = in.Now.Add(24 * time.Hour)
				step = planner.Plan(in)
				diff(t, "nobody sends it back", "moves", moves(step), []string(nil))
				diff(t, "it is verified", "phase", step.Status.Phase, v1alpha1.RolloutCompleted)
				in.Rollout.Status = step.Status
			}
		})
	}
}

func TestUnseenBesideAPlaceThatWaitsIsRemembered(t *testing.T) {
	in := world(waves(wave("one")), gates(planner.Gates{Paused: "paused"}), member("a", test(unseen(target), moved("one", time.Hour)), func(m *planner.Member) {
		m.Places = append(m.Places, planner.MemberPlace{Environment: "test2", Stage: v1alpha1.StageTest})
	}))
	in.Rollout.Status.Memory = []v1alpha1.MemberMemory{}
	in.Rollout.Status = planner.Plan(in).Status
	in.Now = now.Add(29 * time.Minute)
	step := planner.Plan(in)
	diff(t, "since when it was not observed stays", "again", step.Again, now.Add(30*time.Minute))
	in.Rollout.Status, in.Now = step.Status, now.Add(30*time.Minute)
	diff(t, "its time is up", "moves", moves(planner.Plan(in)), []string{"a/test Return 2.4.1 wave one"})
}

func TestWhoWasVerifiedInARenamedWaveStaysSo(t *testing.T) {
	in := world(waves(wave("two", "a"), wave("rest")), member("a", verified("one")), member("b", prod(has(before), away("X", "x"))))
	in.Rollout.Status = planner.Plan(in).Status
	diff(t, "its wave had another name when it was moved", "state", in.Rollout.Status.Waves[0].State, v1alpha1.WaveDone)
	lost := *in.Members[0].Places[0].Installed
	lost.Current, lost.HealthySince = false, time.Time{}
	in.Members[0].Places[0].Installed = &lost
	in.Now = now.Add(24 * time.Hour)
	diff(t, "its status is lost later", "moves", moves(planner.Plan(in)), []string(nil))
	in.Now = in.Now.Add(time.Hour)
	diff(t, "it is not sent back", "moves", moves(planner.Plan(in)), []string(nil))
}

func TestEveryWaitHasItsWake(t *testing.T) {
	windows := []v1alpha1.Window{{Schedule: "0 8 * * 1-5", Duration: *lasting(6 * time.Hour), TimeZone: "UTC"}}
	monday := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	in := world(strategy(v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{wave("all")}, Windows: windows}), member("a", returned("all")), member("b", prod()))
	step := planner.Plan(in)
	diff(t, "halted, with windows, and a joiner that may catch up", "again", step.Again, monday)
	in.Rollout.Status, in.Now = step.Status, monday
	step = planner.Plan(in)
	diff(t, "it does then", "moves", moves(step), []string{"b/prod CatchUp 2.4.1"})
	in = world(strategy(v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{{Name: "all", RequireApproval: new(true)}}, Windows: windows}), member("a"))
	in.Now = monday
	diff(t, "the windows close, and what is waited for is another thing", "again", planner.Plan(in).Again, monday.Add(6*time.Hour))
	in = world(waves(wave("all")), member("a", weekdays, prod(has(before))))
	opens := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	diff(t, "one that is away is waited for when its window opens soon", "again", planner.Plan(in).Again, opens.Add(-30*time.Minute))
}

func TestMemoryIsComplete(t *testing.T) {
	in := world(waves(v1alpha1.Wave{Name: "all", MaxConcurrent: percent("100%"), MaxFailures: percent("100%")}))
	for i := range 120 {
		kind := prod(unseen(target), moved("all", time.Minute))
		if i >= 60 {
			kind = returned("all")
		}
		member("m"+string(rune('a'+i/26))+string(rune('a'+i%26)), kind)(&in)
	}
	status := planner.Plan(in).Status
	diff(t, "lists for people are cut", "lists", []int{len(status.OnTheWay), len(status.FailedMembers)}, []int{50, 50})
	diff(t, "memory is not", "memory", len(status.Memory), 120)
	in.Rollout.Status = status
	for i := range in.Members {
		in.Members[i].Places[0].Installed = nil // all uninstalled the app
		in.Members[i].Places[0].Excuse = planner.Excuse{Reason: "Declined"}
	}
	diff(t, "who failed has failed", "failed", planner.Plan(in).Status.Failed, int32(60))
}

func TestJoinersGetWhatTheGroupRunsNow(t *testing.T) {
	both := []change{waves(wave("all")), completed, done("all"), member("a", verified("all"))}
	late := member("b", prod(has(before), moved("all", time.Minute), outcome(v1alpha1.OutcomeReturned, "returned")))
	step := planner.Plan(world(append(both, late, member("c", prod()))...))
	diff(t, "a joiner halted the completed rollout: the next gets its version", "moves", moves(step), []string{"c/prod CatchUp 2.5.0"})
	back := func(in *planner.Input) {
		in.Rollout.Spec.Completed = &other
		in.Releases[other] = planner.Available
	}
	step = planner.Plan(world(waves(wave("first", "a"), wave("rest")), member("a", prod(unseen(target), moved("first", time.Minute))), member("b", prod()), back))
	diff(t, "the group moves back: a joiner does not get what it leaves", "moves", moves(step), []string(nil))
}

func TestLeaverOnItsWay(t *testing.T) {
	leaver := func(place ...func(*planner.MemberPlace)) change {
		return func(in *planner.Input) {
			p := planner.MemberPlace{Environment: "prod", Stage: v1alpha1.StageProduction}
			for _, d := range place {
				d(&p)
			}
			in.Left = append(in.Left, planner.Left{Name: "gone", Wave: "first", Places: []planner.MemberPlace{p}})
		}
	}
	two := waves(wave("first", "nobody"), wave("rest"))
	step := planner.Plan(world(two, leaver(unhealthy(target, 5*time.Minute), moved("first", 5*time.Minute)), member("b")))
	diff(t, "nobody stands in with a version that is just failing", "moves", moves(step), []string(nil))
	mentions(t, "it is said", step.Status.Next, "waits for what becomes of 2.5.0 at gone")
	diff(t, "it ends", "again", step.Again, now.Add(25*time.Minute))
	step = planner.Plan(world(two, leaver(unhealthy(target, time.Hour), moved("first", time.Hour)), member("b")))
	diff(t, "it failed: that is for a person", "phase", step.Status.Phase, v1alpha1.RolloutHalted)
	step = planner.Plan(world(two, leaver(healthy(target, 2*time.Hour), moved("first", 3*time.Hour)), member("b")))
	diff(t, "it was verified: another goes first among those who are there", "moves", moves(step), []string{"b/prod Advance 2.5.0 wave first"})
}

// TestLeaverNobodyObserves has a leaver whose status was lost: its time runs, however often anybody looks.
func TestLeaverNobodyObserves(t *testing.T) {
	p := planner.MemberPlace{Environment: "prod", Stage: v1alpha1.StageProduction}
	unseen(target)(&p)
	moved("first", time.Hour)(&p)
	in := world(waves(wave("first", "nobody"), wave("rest")), member("b"))
	in.Left = []planner.Left{{Name: "gone", Wave: "first", Places: []planner.MemberPlace{p}}}

	first := planner.Plan(in)
	in.Rollout.Status, in.Now = first.Status, in.Now.Add(5*time.Minute)
	diff(t, "its time began when it was not observed first", "again", planner.Plan(in).Again, first.Again)

	in.Now = first.Again
	diff(t, "its time is up", "phase", planner.Plan(in).Status.Phase, v1alpha1.RolloutHalted)
}

func TestLeaverThatRecovered(t *testing.T) {
	stuck := func(place ...func(*planner.MemberPlace)) change {
		return func(in *planner.Input) {
			p := planner.MemberPlace{Environment: "prod", Stage: v1alpha1.StageProduction}
			for _, d := range append(place, moved("all", 5*time.Hour), outcome(v1alpha1.OutcomeStuck, "stuck")) {
				d(&p)
			}
			in.Left = append(in.Left, planner.Left{Name: "gone", Wave: "all", Places: []planner.MemberPlace{p}})
		}
	}
	step := planner.Plan(world(waves(wave("all")), member("a"), stuck(healthy(target, 50*time.Minute))))
	diff(t, "it failed", "phase", step.Status.Phase, v1alpha1.RolloutHalted)
	diff(t, "and may recover", "again", step.Again, now.Add(10*time.Minute))
	step = planner.Plan(world(waves(wave("all")), member("a"), stuck(healthy(target, time.Hour))))
	diff(t, "it has recovered: it has not failed", "phase", step.Status.Phase, v1alpha1.RolloutProgressing)

	in := world(waves(wave("all")), stuck(unhealthy(target, 2*time.Hour)))
	late := planner.MemberPlace{Environment: "late", Stage: v1alpha1.StageProduction}
	unhealthy(target, 2*time.Hour)(&late)
	moved("all", 5*time.Hour)(&late)
	in.Left[0].Places = append([]planner.MemberPlace{late}, in.Left[0].Places...)
	diff(t, "the deadline of another of its places is over: nothing is waited for", "again", planner.Plan(in).Again, time.Time{})
}

func TestStandInCanBeMovedNow(t *testing.T) {
	stuck := member("b", dev(away(v1alpha1.ReasonRequiredAppMissing, "requires kobo")), prod(has(before)))
	step := planner.Plan(world(waves(wave("first", "nobody"), wave("rest")), stuck, member("c")))
	diff(t, "one that lacks an app in its first stage does not stand in", "moves", moves(step), []string{"c/prod Advance 2.5.0 wave first"})
	diff(t, "it is named", "standIn", waveIn(t, step, "first").StandIn, "c")
	step = planner.Plan(world(waves(wave("first", "nobody"), wave("rest")), member("b", prod(unseen(target), moved("rest", time.Minute))), member("c", prod(has(target)))))
	diff(t, "b is on its way as c stood in, which nothing records yet", "standIn", waveIn(t, step, "first").StandIn, "c")
	moved := member("b", dev(has(target), moved("first", 9*time.Hour)), prod(has(before), away(v1alpha1.ReasonRequiredAppMissing, "requires kobo")))
	in := world(waves(wave("first", "nobody"), wave("rest")), moved, member("c"))
	in.Rollout.Status.Memory = []v1alpha1.MemberMemory{{Name: "b", Reason: v1alpha1.ReasonRequiredAppMissing, Since: at(-time.Hour)}}
	diff(t, "a stand-in that stays away gives way", "moves", moves(planner.Plan(in)), []string{"c/prod Advance 2.5.0 wave first"})
}

func TestWaitsFor(t *testing.T) {
	in := world(waves(v1alpha1.Wave{Name: "pilot", Members: &v1alpha1.WaveMembers{Names: []string{"a"}}}, v1alpha1.Wave{Name: "all", MaxConcurrent: number(1)}), done("pilot"),
		member("a", verified("pilot")), member("b", test(healthy(target, time.Minute), moved("all", time.Hour)), prod(has(before))),
		member("c"), member("d", held), member("e", missing), member("f", prod(healthy(target, time.Minute), moved("all", time.Hour))))
	plan := planner.NewPlanned(in)
	cases := []struct {
		reason, municipality, environment string
		want                              planner.Wait
	}{
		{"it is verified", "a", "prod", planner.Wait{}},
		{"its first stage soaks", "b", "test", planner.Wait{Reason: "Soaking", Message: "test is healthy, and soaks until 2026-11-22T12:59:00Z", Until: now.Add(59 * time.Minute)}},
		{"it comes after that", "b", "prod", planner.Wait{Reason: "NextStage", Message: "comes after stage Test, where test is healthy, and soaks until 2026-11-22T12:59:00Z", Until: now.Add(59 * time.Minute)}},
		{"its turn has not come", "c", "prod", planner.Wait{Reason: "Waiting", Message: "wave all is under way, and takes its members in turn"}},
		{"it holds", "d", "prod", planner.Wait{Reason: "Held", Message: "year-end"}},
		{"it is away", "e", "prod", planner.Wait{Reason: v1alpha1.ReasonRequiredAppMissing, Message: "requires kobo"}},
		{"nobody knows it", "z", "prod", planner.Wait{}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			diff(t, c.reason, "wait", plan.WaitsFor(c.municipality, c.environment), c.want)
		})
	}
	away := planner.NewPlanned(world(gated(), member("a", verified("first")), member("b", missing))).WaitsFor("b", "prod")
	mentions(t, "who is away learns what comes then", away.Message, "requires kobo; then it waits for approval of wave second")
	due := planner.NewPlanned(world(waves(wave("all")), member("a"))).WaitsFor("a", "prod")
	diff(t, "it is moved with this step", "due", due.Due, true)
}

// TestPassedOver has b, which has the version and takes no part when a completes the rollout. The second plan,
// of a day later, is made of what the first remembers, and b takes part.
func TestPassedOver(t *testing.T) {
	ill := prod(unhealthy(target, time.Minute), moved("all", time.Hour))
	cases := []struct {
		reason           string
		before, later    change
		moving, verified int32
		moves            []string
	}{
		{"it held on its way", member("b", prod(unhealthy(target, time.Minute), moved("all", time.Hour), excused("Held", "election"))), member("b", ill), 1, 1, nil},
		{"it was suspended on its way", member("b", ill, suspended), member("b", ill), 1, 1, nil},
		{"it was healthy for the soak before", member("b", verified("all"), suspended), member("b", ill), 0, 2, nil},
		{"it has soaked since", member("b", ill, suspended), member("b", prod(healthy(target, time.Hour), moved("all", 25*time.Hour))), 0, 2, nil},
		{"it was healthy since, and soaks", member("b", ill, suspended), member("b", prod(healthy(target, time.Minute), moved("all", 25*time.Hour))), 1, 1, nil},
		{
			"it held in test, and is verified in production, which is not judged again",
			member("b", test(unhealthy(target, time.Minute), moved("all", time.Hour), excused("Held", "election")), verified("all")),
			member("b", test(unhealthy(target, time.Hour), moved("all", time.Hour)), prod(unhealthy(target, time.Hour), moved("all", time.Hour), soakedOnce(time.Hour))),
			0, 1, []string{"b/test Return 2.4.1 wave all"},
		},
		{
			"nor is it where the status of production was lost since",
			member("b", test(unhealthy(target, time.Minute), moved("all", time.Hour), excused("Held", "election")), verified("all")),
			member("b", test(unhealthy(target, time.Hour), moved("all", time.Hour)), prod(unhealthy(target, time.Hour), moved("all", time.Hour))),
			0, 1, []string{"b/test Return 2.4.1 wave all"},
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			first := planner.Plan(world(waves(wave("all")), member("a", verified("all")), c.before))
			diff(t, c.reason, "phase", first.Status.Phase, v1alpha1.RolloutCompleted)

			in := world(waves(wave("all")), member("a", verified("all")), c.later)
			in.Rollout.Status = first.Status
			second := planner.Plan(in)
			diff(t, c.reason, "moving and verified", []int32{second.Status.Moving, second.Status.Verified}, []int32{c.moving, c.verified})
			diff(t, c.reason, "moves", moves(second), c.moves)
		})
	}
}
