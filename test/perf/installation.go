package main

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// installation offers an app, and then measures from the moment a network proposes it
// until it runs everywhere.
func (b *bench) installation(ctx context.Context, r *result) error {
	if err := b.offer(ctx); err != nil {
		return err
	}
	b.proposed = true
	p, err := b.meter.measure(ctx, job{
		name: "installation", unit: "installations", count: b.environments(),
		act: func(ctx context.Context) error {
			if err := b.meter.home.apply(ctx, []*unstructured.Unstructured{network()}); err != nil {
				return err
			}
			return b.await(ctx, expectation{"installations", b.installed, b.environments()}, b.healthyObjects())
		},
		settle: b.settled,
	})
	if err != nil {
		return err
	}
	r.addInstallation(p)
	return nil
}

// offer puts the app into the catalogue and waits until it is available there.
func (b *bench) offer(ctx context.Context) error {
	b.meter.say.step("offering the app")
	for _, version := range []string{firstVersion, secondVersion} {
		folder, err := bundle(version)
		if err != nil {
			return err
		}
		if err := b.meter.home.apply(ctx, []*unstructured.Unstructured{folder}); err != nil {
			return err
		}
	}
	if err := b.meter.home.apply(ctx, []*unstructured.Unstructured{sharedApp(firstVersion)}); err != nil {
		return err
	}
	return b.await(ctx, expectation{"apps", b.apps, 1})
}

// upgrade changes the one field that promotes a version.
func (b *bench) upgrade(ctx context.Context, r *result) error {
	p, err := b.meter.measure(ctx, job{
		name: "upgrade", unit: "installations", count: b.environments(),
		act: func(ctx context.Context) error {
			if err := b.meter.home.apply(ctx, []*unstructured.Unstructured{sharedApp(secondVersion)}); err != nil {
				return err
			}
			return b.await(ctx, expectation{"installations", b.upgraded, b.environments()}, b.healthyObjects())
		},
		settle: b.settled,
	})
	if err != nil {
		return err
	}
	r.addUpgrade(p)
	return nil
}
