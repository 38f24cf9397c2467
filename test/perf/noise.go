package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// noiseLead is how long the noisy tenant is alone, so that the operator's brakes have set in when the others
// are measured.
const noiseLead = 15 * time.Second

// noise has one tenant delete the objects of an app without end, and measures how long deleted objects of the
// others are gone meanwhile.
func (b *bench) noise(ctx context.Context, r *result) error {
	all := b.victims()
	noisy := slices.DeleteFunc(slices.Clone(all), func(v victim) bool { return v.namespace != all[0].namespace })
	quiet := slices.DeleteFunc(all, func(v victim) bool { return v.namespace == noisy[0].namespace })
	gone := make([]time.Duration, len(quiet))
	deletions := 0
	p, err := b.meter.measure(ctx, job{
		name: "noise", unit: "objects of others deleted", count: len(quiet),
		act: func(ctx context.Context) error {
			loud, stop := context.WithCancel(ctx)
			ended := make(chan error, 1)
			go func() {
				var err error
				deletions, err = b.deleteForEver(loud, noisy)
				ended <- err
			}()
			err := pause(ctx, noiseLead)
			if err == nil {
				err = b.removeAll(ctx, quiet, gone)
			}
			stop()
			if ended := <-ended; err == nil {
				err = ended
			}
			if err != nil {
				return err
			}
			return b.await(ctx, b.promoted()...)
		},
		settle: b.settled,
	})
	if err != nil {
		return err
	}
	r.addNoise(p, deletions, gone)
	return nil
}

// deleteForEver deletes objects in turn, as fast as the API server takes it, until the context ends. It returns
// how often one was there.
func (b *bench) deleteForEver(ctx context.Context, victims []victim) (count int, err error) {
	for ctx.Err() == nil {
		for _, v := range victims {
			err := b.meter.home.reader.Resource(v.resource).Namespace(v.namespace).Delete(ctx, v.name, metav1.DeleteOptions{})
			if ctx.Err() == nil && err != nil && !apierrors.IsNotFound(err) {
				return count, fmt.Errorf("deleting %s %s/%s: %w", v.kind, v.namespace, v.name, err)
			}
			if err == nil {
				count++
			}
		}
	}
	return count, nil
}

// pause waits for a time, or for the context.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
