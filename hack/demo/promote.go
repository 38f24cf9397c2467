package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// move is what a promotion brought about.
type move struct {
	promotion promotion
	// moved runs the new version and did not before; ahead did already; stayed has
	// been held by its municipality.
	moved, ahead, stayed int
	took                 time.Duration
}

// promote changes the one field, and waits until every member runs the version.
func promote(ctx context.Context, writer client.Client, w watch, what promotion) (move, error) {
	before, err := w.eye.look(ctx)
	if err != nil {
		return move{}, err
	}
	result := move{promotion: what}
	for _, i := range before.installations {
		if i.Spec.App == what.app && runs(i, what.to) {
			result.ahead++
		}
	}
	app := &v1alpha1.SharedApp{}
	if err := writer.Get(ctx, client.ObjectKey{Name: what.app}, app); err != nil {
		return move{}, fmt.Errorf("reading %s: %w", what.app, err)
	}
	patch, err := promotionPatch(app.Spec.Channels, what)
	if err != nil {
		return move{}, err
	}
	w.show.step(fmt.Sprintf("promoting %s %s to %s by one field: kubectl patch sapp %s --type=json -p '%s'",
		what.app, what.from, what.to, what.app, patch))
	began := time.Now()
	if err := writer.Patch(ctx, app, client.RawPatch(types.JSONPatchType, patch), fieldOwner); err != nil {
		return move{}, fmt.Errorf("promoting %s: %w", what.app, err)
	}
	promoted := app.Generation
	err = w.until(ctx, "every member to move", func(seen snapshot) (string, []string) {
		at, wanted, stayed, missing := judgeMove(seen, what, promoted, time.Now())
		result.moved, result.stayed = at-result.ahead, stayed
		return fmt.Sprintf("%s at %s: %d/%d", what.app, what.to, at, wanted), missing
	})
	result.took = time.Since(began)
	return result, err
}

// promotionPatch is the JSON patch that changes the version of the channel, and
// nothing when the channel no longer stands there at the earlier version.
func promotionPatch(channels []v1alpha1.Channel, what promotion) ([]byte, error) {
	for i, channel := range channels {
		if channel.Name != what.channel {
			continue
		}
		path := fmt.Sprintf("/spec/channels/%d/version", i)
		patch, err := json.Marshal([]map[string]string{
			{"op": "test", "path": path, "value": what.from},
			{"op": "replace", "path": path, "value": what.to},
		})
		if err != nil {
			return nil, fmt.Errorf("encoding the promotion: %w", err)
		}
		return patch, nil
	}
	return nil, fmt.Errorf("%s has no channel %q", what.app, what.channel)
}

// judgeMove counts the installations at the new version, and those that should
// be. Nothing is missing only once the statuses speak of the promoted
// generation.
func judgeMove(seen snapshot, what promotion, promoted int64, now time.Time) (at, wanted, stayed int, missing []string) {
	byName := map[string]v1alpha1.Municipality{}
	for _, m := range seen.municipalities {
		byName[m.Name] = m
	}
	for _, i := range seen.installations {
		if i.Spec.App != what.app {
			continue
		}
		if stays(byName[i.Spec.Tenant.Municipality], i.Spec.Tenant.Environment, what.app, now) {
			stayed++
			continue
		}
		wanted++
		if runs(i, what.to) {
			at++
			continue
		}
		missing = append(missing, fmt.Sprintf("%s in %s is at %s", what.app, i.Namespace, i.Status.AppliedVersion))
	}
	for _, a := range seen.apps {
		if a.Name != what.app {
			continue
		}
		if a.Generation < promoted {
			missing = append(missing, "the promotion has not been seen yet")
		}
		var t tally
		t.require("app "+a.Name, a.Generation, a.Status.Conditions, v1alpha1.ConditionReady, v1alpha1.ConditionAppsReady)
		missing = append(missing, t.missing...)
	}
	return at, wanted, stayed, missing
}
