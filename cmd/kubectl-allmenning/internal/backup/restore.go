package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// shown is how many objects a sentence names.
const shown = 10

// Restorer puts a backup into a cluster. Killed at any moment and run again, it goes on.
type Restorer struct {
	// Client is the administrator's, and Operator acts as the operator's account: only that creates AppInstallations and Rollouts.
	Client, Operator client.Client
	// Namespace of the operator.
	Namespace string
	// Clock is the time.
	Clock clock.Clock
	// Out receives a line for each thing that is done.
	Out io.Writer

	// uids are those that objects of the backup have now, by those that they had.
	uids map[string]string
	// began is the second in which objects were created last, and last the greatest name among those.
	began time.Time
	last  string
}

// Restore puts the objects into the cluster, which Read has put in order; dry only says what would be done. Nothing is written where an object
// is there that the backup would change, or while an operator runs.
func (r *Restorer) Restore(ctx context.Context, all []*unstructured.Unstructured, dry bool) error {
	r.uids = map[string]string{}
	states, err := r.look(ctx, all)
	if err != nil {
		return err
	}
	in := func(which state) func(*unstructured.Unstructured) bool {
		return func(o *unstructured.Unstructured) bool { return states[o] == which }
	}
	fmt.Fprintf(r.Out, "To create: %s.\nTo finish: %s.\nThere already: %s.\n", summary(all, in(missing)), summary(all, in(unfinished)), summary(all, in(there)))
	for _, o := range all {
		if o.GetDeletionTimestamp() != nil {
			fmt.Fprintf(r.Out, "%s was being deleted; it is restored as it was before that.\n", named(o))
		}
	}
	if dry {
		fmt.Fprintln(r.Out, "Nothing was changed: --yes restores.")
		return nil
	}
	if err := lock(ctx, r.Client, r.Namespace, r.Clock.Now()); err != nil {
		return err
	}
	for _, o := range all {
		if states[o] == there {
			continue
		}
		if err := r.one(ctx, o, states[o] == unfinished); err != nil {
			return fmt.Errorf("restore %s: %w; what is restored stays, no operator starts, and the same command goes on", named(o), err)
		}
	}
	if err := unlock(ctx, r.Client, r.Namespace); err != nil {
		return err
	}
	fmt.Fprintln(r.Out, "Restored: the operator may start.")
	return nil
}

// look finds out how far each object has come.
func (r *Restorer) look(ctx context.Context, all []*unstructured.Unstructured) (map[*unstructured.Unstructured]state, error) {
	states := map[*unstructured.Unstructured]state{}
	var faults []error
	for _, o := range all {
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(o.GroupVersionKind())
		err := r.Client.Get(ctx, client.ObjectKeyFromObject(o), live)
		switch {
		case apierrors.IsNotFound(err):
			live = nil
		case err != nil:
			return nil, fmt.Errorf("look for %s: %w", named(o), err)
		default:
			r.uids[string(o.GetUID())] = string(live.GetUID())
		}
		if states[o] = stateOf(o, live); states[o] == differs {
			faults = append(faults, fmt.Errorf("%s is there, and is not as in the backup: restore into a cluster that has no objects of ours, or take it out of the backup", named(o)))
		}
	}
	if more := len(faults) - shown; more > 0 {
		faults = append(faults[:shown], fmt.Errorf("so it is with %d objects more", more))
	}
	return states, errors.Join(faults...)
}

// one restores an object: it creates it, gives it its status, and then gives its fields back to those who wrote them. Until
// that is done it is known by its field manager to be unfinished.
func (r *Restorer) one(ctx context.Context, saved *unstructured.Unstructured, created bool) error {
	c := r.Client
	if isOperators(saved) {
		c = r.Operator
	}
	o := fresh(saved, r.uids)
	if !created {
		if err := r.inTurn(ctx, saved); err != nil {
			return err
		}
		if err := c.Create(ctx, o, client.FieldOwner(Manager)); err != nil {
			return fmt.Errorf("create: %w", err)
		}
		r.uids[string(saved.GetUID())] = string(o.GetUID())
	}
	if status := statusOf(saved); status != nil {
		target, patch, err := merge(saved, map[string]any{"status": status})
		if err == nil {
			err = c.Status().Patch(ctx, target, patch, client.FieldOwner(Manager))
		}
		if err != nil {
			return fmt.Errorf("write the status: %w", err)
		}
	}
	fields, _, err := unstructured.NestedFieldNoCopy(saved.Object, "metadata", "managedFields")
	if err != nil {
		return err
	}
	target, patch, err := merge(saved, map[string]any{"metadata": map[string]any{"managedFields": fields}})
	if err == nil {
		err = c.Patch(ctx, target, patch, client.FieldOwner(Manager))
	}
	if err != nil {
		return fmt.Errorf("give its fields back to those who wrote them: %w", err)
	}
	return nil
}

// merge is a patch of an object of the backup, and what it is for.
func merge(saved *unstructured.Unstructured, content map[string]any) (*unstructured.Unstructured, client.Patch, error) {
	raw, err := json.Marshal(content)
	if err != nil {
		return nil, nil, err
	}
	target := &unstructured.Unstructured{}
	target.SetGroupVersionKind(saved.GroupVersionKind())
	target.SetNamespace(saved.GetNamespace())
	target.SetName(saved.GetName())
	return target, client.RawPatch(types.MergePatchType, raw), nil
}

// inTurn waits until the next second where an object is younger than those before, and its name would come before theirs: of
// networks, and of municipalities that claim one domain, the older goes first, and of those of one second the name.
func (r *Restorer) inTurn(ctx context.Context, saved *unstructured.Unstructured) error {
	if kind := saved.GetKind(); kind != "Network" && kind != "Municipality" {
		return nil
	}
	now := r.Clock.Now()
	if now.Sub(r.began) > time.Second+time.Second/10 {
		r.began, r.last = now, ""
	}
	if saved.GetName() < r.last {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.Clock.After(r.began.Add(time.Second + time.Second/10).Sub(now)):
		}
		r.began, r.last = r.Clock.Now(), ""
	}
	r.last = max(r.last, saved.GetName())
	return nil
}
