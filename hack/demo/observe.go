package main

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// snapshot is what the API server reported last. Nobody may change what is in it.
type snapshot struct {
	municipalities []v1alpha1.Municipality
	networks       []v1alpha1.Network
	apps           []v1alpha1.SharedApp
	installations  []v1alpha1.AppInstallation
	rollouts       []v1alpha1.Rollout
}

// observer follows the resources by watching them, so looking costs the API
// server nothing.
type observer struct {
	cache cache.Cache
}

// newObserver returns when everything has been listed once. It watches until ctx
// ends.
func newObserver(ctx context.Context, config *rest.Config) (observer, error) {
	scheme, err := newScheme()
	if err != nil {
		return observer{}, err
	}
	watched, err := cache.New(config, cache.Options{Scheme: scheme})
	if err != nil {
		return observer{}, fmt.Errorf("making a cache: %w", err)
	}
	go func() {
		_ = watched.Start(ctx) // its only error is that it was started twice
	}()
	kinds := []client.Object{&v1alpha1.Municipality{}, &v1alpha1.Network{}, &v1alpha1.SharedApp{}, &v1alpha1.AppInstallation{}, &v1alpha1.Rollout{}}
	for _, kind := range kinds {
		if _, err := watched.GetInformer(ctx, kind); err != nil {
			return observer{}, fmt.Errorf("watching %T: %w", kind, err)
		}
	}
	return observer{cache: watched}, nil
}

func (o observer) look(ctx context.Context) (snapshot, error) {
	var municipalities v1alpha1.MunicipalityList
	var networks v1alpha1.NetworkList
	var apps v1alpha1.SharedAppList
	var installations v1alpha1.AppInstallationList
	var rollouts v1alpha1.RolloutList
	err := errors.Join(
		o.cache.List(ctx, &municipalities, client.UnsafeDisableDeepCopy),
		o.cache.List(ctx, &networks, client.UnsafeDisableDeepCopy),
		o.cache.List(ctx, &apps, client.UnsafeDisableDeepCopy),
		o.cache.List(ctx, &installations, client.UnsafeDisableDeepCopy),
		o.cache.List(ctx, &rollouts, client.UnsafeDisableDeepCopy),
	)
	if err != nil {
		return snapshot{}, fmt.Errorf("looking at the cluster: %w", err)
	}
	return snapshot{municipalities.Items, networks.Items, apps.Items, installations.Items, rollouts.Items}, nil
}
