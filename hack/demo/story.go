package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// story is what a viewer sees once every app runs at every member: the networks' waves, a
// bad version that gets no further than the pilots, and a good one.
type story struct {
	scenario scenario
	writer   client.Client
	watch    watch
	shell    shell
	show     *progress
}

// move is what a promotion brought about.
type move struct {
	// moved run the new version, of those wanted there; stayed are held by their municipality.
	moved, wanted, stayed int
	// ahead are those of the moved that were there before.
	ahead int
	took  time.Duration
}

// careful puts the networks' strategies in force, and shows that of the story.
func (s story) careful(ctx context.Context, strategies []*unstructured.Unstructured) error {
	network := s.scenario.network
	s.show.step(fmt.Sprintf("from here on each network moves in waves (in the samples pilots soak for 24h, in office hours; here for %s)", soak))
	if err := applyAll(ctx, s.writer, strategies, func(int) {}); err != nil {
		return err
	}
	for _, object := range strategies {
		if object.GetKind() != "Network" || object.GetName() != network {
			continue
		}
		waves, _, err := unstructured.NestedFieldCopy(object.Object, "spec", "rollout", "waves")
		if err != nil {
			return fmt.Errorf("reading the waves of %s: %w", network, err)
		}
		text, err := yaml.Marshal(waves)
		if err != nil {
			return fmt.Errorf("showing the waves of %s: %w", network, err)
		}
		s.shell.prompt("kubectl get network " + network + " -o yaml    # spec.rollout.waves:")
		s.shell.echo(string(text))
	}
	return nil
}

// patient gives pilots the time that a good version takes on this machine.
func (s story) patient(ctx context.Context, strategies []*unstructured.Unstructured) error {
	s.show.step(fmt.Sprintf("pilots get a progressDeadline of %s again: %s was for the bad version", longDeadline, shortDeadline))
	return applyAll(ctx, s.writer, strategies, func(int) {})
}

// stopped promotes the bad version, and waits until it has been stopped and taken back.
func (s story) stopped(ctx context.Context) (reach, error) {
	bad := s.scenario.bad
	s.show.step(fmt.Sprintf("a bad version: the pods of %s %s never get ready", bad.app, bad.to))
	before, err := s.watch.eye.look(ctx)
	if err != nil {
		return reach{}, err
	}
	groups := groupsAt(before, bad.app, bad.from)
	if err := s.promote(ctx, bad); err != nil {
		return reach{}, err
	}
	var last snapshot
	err = s.watch.until(ctx, "the bad version to be stopped", func(seen snapshot) (string, []string, error) {
		last = seen
		line, missing := judgeStop(seen, before, bad, groups)
		return line, missing, nil
	})
	if err != nil {
		return reach{}, err
	}
	if err := s.shell.rollouts(ctx, s.selector()); err != nil {
		return reach{}, err
	}
	if err := s.shell.allmenning(ctx, "explain", s.scenario.pilot, bad.app); err != nil {
		return reach{}, err
	}
	found := reachOf(last, before, bad.app)
	s.show.say(fmt.Sprintf("\n    %d of %d installations were touched, %d of them in Production; all are back. The other %d are as they were.",
		found.touched, found.all, found.production, found.all-found.touched))
	return found, nil
}

// forward promotes the good version, approves where a network asks for it, and waits until
// every member runs it.
func (s story) forward(ctx context.Context) (move, error) {
	good, gate := s.scenario.good, s.scenario.gate
	s.show.step(fmt.Sprintf("a good version, %s: it takes the place of the one that was halted", good.to))
	before, err := s.watch.eye.look(ctx)
	if err != nil {
		return move{}, err
	}
	began, groups := time.Now(), groupsAt(before, good.app, good.from)
	if err := s.promote(ctx, good); err != nil {
		return move{}, err
	}
	rollout := s.scenario.network + "." + good.app + "." + good.to + ".1"
	err = s.watch.until(ctx, "the pilots of "+s.scenario.network, func(seen snapshot) (string, []string, error) {
		line, missing := judgeGate(seen, rollout, gate.wave)
		return line, missing, halted(seen, good)
	})
	if err != nil {
		return move{}, err
	}
	if err := s.shell.status(ctx, good.app); err != nil {
		return move{}, err
	}
	s.show.step(fmt.Sprintf("%s approves its wave %s: a field of the Network, which its coordinators may change, or Git", s.scenario.network, gate.wave))
	if err := s.shell.allmenning(ctx, "approve", rollout, "--apply", "--as", "kari", "--as-group", gate.group); err != nil {
		return move{}, err
	}
	result, err := s.moved(ctx, before, groups)
	if err != nil {
		return move{}, err
	}
	result.took = time.Since(began)
	if err := s.shell.rollouts(ctx, s.selector()); err != nil {
		return move{}, err
	}
	return result, s.shell.allmenning(ctx, "explain", s.scenario.other, good.app)
}

// moved waits until every member runs the good version.
func (s story) moved(ctx context.Context, before snapshot, groups int) (move, error) {
	good := s.scenario.good
	promoted := &v1alpha1.SharedApp{}
	if err := s.writer.Get(ctx, client.ObjectKey{Name: good.app}, promoted); err != nil {
		return move{}, fmt.Errorf("reading %s: %w", good.app, err)
	}
	var result move
	err := s.watch.until(ctx, "every member to move", func(seen snapshot) (string, []string, error) {
		var missing []string
		result, missing = judgeMove(seen, good, promoted.Generation, groups, time.Now())
		return fmt.Sprintf("%s at %s: %d/%d", good.app, good.to, result.moved, result.wanted), missing, halted(seen, good)
	})
	for _, i := range before.installations {
		if i.Spec.App == good.app && runs(i, good.to) {
			result.ahead++
		}
	}
	return result, err
}

// promote changes the one field.
func (s story) promote(ctx context.Context, what promotion) error {
	arguments := []string{"promote", what.app, what.to}
	if what.channel != v1alpha1.DefaultChannel {
		arguments = append(arguments, "--channel", what.channel)
	}
	return s.shell.allmenning(ctx, append(arguments, "--apply")...)
}

// selector picks the Rollouts of the network and app of the story.
func (s story) selector() string {
	return v1alpha1.LabelNetwork + "=" + s.scenario.network + "," + v1alpha1.LabelApp + "=" + s.scenario.good.app
}
