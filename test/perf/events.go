package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// statusPause is what passes between two status events: what the operator does once a
	// second, whatever happened, is then shared by few events, as on a quiet day.
	statusPause = 200 * time.Millisecond
	// labelPause is longer than the operator gathers what a person applies in one go.
	labelPause = 2 * time.Second
	// labelled is how many municipalities get a label.
	labelled = 20
)

// statuses changes, in many installations one by one, since when the app is healthy: every
// reader of a status must look at it, and nothing follows. What it costs should not depend on
// how large the country is.
func (b *bench) statuses(ctx context.Context, r *result) error {
	resource := b.meter.home.reader.Resource(resourceOf("appinstallations"))
	places := some(b.size.places(), b.options.statuses)
	p, err := b.paced(ctx, "status events", len(places), statusPause, func(ctx context.Context, i int) error {
		since := time.Now().Add(-time.Hour).Add(time.Duration(i) * time.Second).UTC().Format(time.RFC3339)
		patch := fmt.Appendf(nil, `{"status":{"healthySince":%q}}`, since)
		_, err := resource.Namespace(places[i].namespace).Patch(ctx, places[i].app, types.MergePatchType, patch,
			metav1.PatchOptions{FieldManager: string(fieldOwner)}, "status")
		return err
	})
	if err != nil {
		return err
	}
	r.addStatuses(p)
	return nil
}

// labels gives municipalities, one by one, a label that no network asks for: the operator must
// look whether anything follows, and nothing does.
func (b *bench) labels(ctx context.Context, r *result) error {
	resource := b.meter.home.reader.Resource(resourceOf("municipalities"))
	chosen := some(municipalities(b.size), labelled)
	p, err := b.paced(ctx, "changed labels", len(chosen), labelPause, func(ctx context.Context, i int) error {
		patch := []byte(`{"metadata":{"labels":{"example.org/note":"changed"}}}`)
		_, err := resource.Patch(ctx, chosen[i].GetName(), types.MergePatchType, patch, metav1.PatchOptions{FieldManager: string(fieldOwner)})
		return err
	})
	if err != nil {
		return err
	}
	r.addLabels(p)
	return nil
}

// paced makes changes one by one, with a pause after each, so that what each costs can be
// distinguished from what a burst of them costs.
func (b *bench) paced(ctx context.Context, name string, count int, pause time.Duration, change func(context.Context, int) error) (phase, error) {
	return b.meter.measure(ctx, job{
		name: name, unit: "changes", count: count,
		act: func(ctx context.Context) error {
			ticker := time.NewTicker(pause)
			defer ticker.Stop()
			for i := range count {
				if err := change(ctx, i); err != nil {
					return fmt.Errorf("change %d: %w", i+1, err)
				}
				select {
				case <-ticker.C:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		},
		settle: b.settled,
	})
}

// perEvent is the operator's CPU, in milliseconds, for each change of a phase, without what it
// uses while nothing happens. It is nil where this machine can't say.
func perEvent(p phase, idleShare *float64) *float64 {
	used, known := p.CPU["operator"]
	if !known || idleShare == nil {
		return nil
	}
	return new(1000 * max(used-*idleShare*p.lasted.Seconds(), 0) / float64(p.Count))
}
