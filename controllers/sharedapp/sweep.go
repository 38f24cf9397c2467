package sharedapp

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/bundlestore"
	"github.com/allmenning/allmenning/controllers/internal/read"
)

// sweepPause is how often the store is swept. It lists all AppInstallations, so it is done seldom, and not
// on the path of a reconcile. It does not read the model of the country: that leaves out AppInstallations
// which are nobody's, and what they need must stay, too.
const sweepPause = 5 * time.Minute

// Sweeper deletes stored bundles that nobody has needed for a while. The manager runs it.
type Sweeper struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Store is where bundles are kept.
	Store bundlestore.Store
	// Clock is the time.
	Clock clock.PassiveClock

	// since is when each unused bundle was first seen unused. A restart starts over, and so
	// keeps them a little longer.
	since map[string]time.Time
}

// Start sweeps until the context ends.
func (s *Sweeper) Start(ctx context.Context) error {
	ticker := time.NewTicker(sweepPause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := s.sweep(ctx, s.Clock.Now()); err != nil {
				ctrl.LoggerFrom(ctx).Error(err, "sweep the store of bundles")
			}
		}
	}
}

func (s *Sweeper) sweep(ctx context.Context, now time.Time) error {
	stored, err := s.Store.List(ctx)
	if err != nil || len(stored) == 0 {
		return err
	}
	var apps v1alpha1.SharedAppList
	if err := read.List(ctx, s.Client, &apps); err != nil {
		return fmt.Errorf("list SharedApps: %w", err)
	}
	var installations v1alpha1.AppInstallationList
	if err := read.List(ctx, s.Client, &installations); err != nil {
		return fmt.Errorf("list AppInstallations: %w", err)
	}

	labels := make([]string, 0, len(stored))
	for i := range stored {
		labels = append(labels, stored[i].GetLabels()[v1alpha1.LabelBundle])
	}
	var unneeded []string
	unneeded, s.since = garbage(labels, used(apps.Items, installations.Items), s.since, now)
	for i := range stored {
		if slices.ContainsFunc(unneeded, func(label string) bool { return stored[i].GetName() == bundlestore.NamePrefix+label }) {
			if err := s.Store.Remove(ctx, stored[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
