package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/progress"
)

// breath is how long changes are gathered before they are shown, and how long to wait
// before a watch that broke off is begun again.
const breath = 200 * time.Millisecond

// follow shows rollouts, and each change of them, until it is interrupted.
func follow(ctx context.Context, c client.WithWatch, out io.Writer, filter progress.Filter, lines func([]v1alpha1.Rollout) []string) error {
	show := &display{out: out}
	for {
		var list v1alpha1.RolloutList
		if err := c.List(ctx, &list); err != nil {
			return ended(ctx, fmt.Errorf("list Rollouts: %w", err))
		}
		known := map[string]v1alpha1.Rollout{}
		for i := range list.Items {
			known[list.Items[i].Name] = list.Items[i]
		}
		changes, err := c.Watch(ctx, &v1alpha1.RolloutList{}, client.Limit(0), resumingFrom(list.ResourceVersion))
		if err != nil {
			return ended(ctx, fmt.Errorf("watch Rollouts: %w", err))
		}
		err = listen(ctx, changes, known, func() {
			show.lines(lines(progress.Pick(slices.Collect(maps.Values(known)), filter)))
		})
		changes.Stop()
		if err != nil {
			return ended(ctx, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(breath):
		}
	}
}

// ended is nil where it ended because somebody interrupted it.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // an interruption is the way to end a watch
	}
	return err
}

// resumingFrom lets a watch begin where a list ended.
type resumingFrom string

// ApplyToList sets the version to begin at.
func (r resumingFrom) ApplyToList(options *client.ListOptions) {
	raw := options.AsListOptions()
	raw.ResourceVersion = string(r)
	options.Raw = raw
}

// listen takes changes in and shows what came of them, a moment later, until the watch
// breaks off.
func listen(ctx context.Context, changes watch.Interface, known map[string]v1alpha1.Rollout, show func()) error {
	show()
	var pause <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-pause:
			show()
			pause = nil
		case event, open := <-changes.ResultChan():
			if !open {
				return nil
			}
			if err := take(event, known); err != nil {
				return err
			}
			if pause == nil {
				pause = time.After(breath)
			}
		}
	}
}

func take(event watch.Event, known map[string]v1alpha1.Rollout) error {
	if event.Type == watch.Error {
		err := apierrors.FromObject(event.Object)
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			return nil // the watch is closed after this, and all is listed again
		}
		return fmt.Errorf("watch Rollouts: %w", err)
	}
	r, ok := event.Object.(*v1alpha1.Rollout)
	if !ok {
		return errors.New("watch Rollouts: something else came")
	}
	if event.Type == watch.Deleted {
		delete(known, r.Name)
	} else {
		known[r.Name] = *r
	}
	return nil
}

// display shows lines: on a terminal over those before, else only those that are new.
type display struct {
	out    io.Writer
	before []string
}

func (d *display) lines(now []string) {
	width, height := screen(d.out)
	if height == 0 {
		for _, line := range now {
			if !slices.Contains(d.before, line) {
				fmt.Fprintln(d.out, line)
			}
		}
		d.before = now
		return
	}
	now = fitting(now, width, height)
	if slices.Equal(now, d.before) {
		return
	}
	if len(d.before) > 0 {
		fmt.Fprintf(d.out, "\x1b[%dA\x1b[J", len(d.before)) // up to the first line, and clear from there
	}
	for _, line := range now {
		fmt.Fprintln(d.out, line)
	}
	d.before = now
}

// fitting cuts lines to a terminal, so that each takes one row and all can be redrawn.
func fitting(lines []string, width, height int) []string {
	if len(lines) > height-1 {
		hidden := len(lines) - (height - 2)
		lines = append(slices.Clone(lines[:height-2]), fmt.Sprintf("... and %d more lines", hidden))
	}
	cut := make([]string, len(lines))
	for i, line := range lines {
		letters := []rune(line)
		cut[i] = string(letters[:min(len(letters), width)])
	}
	return cut
}
