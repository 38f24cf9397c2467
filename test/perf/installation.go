package main

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// installation offers the apps, and then measures from the moment a network proposes them
// until all of them run everywhere.
func (b *bench) installation(ctx context.Context, r *result) error {
	if err := b.offer(ctx); err != nil {
		return err
	}
	b.proposed = true
	p, err := b.meter.measure(ctx, job{
		name: "installation", unit: "installations", count: b.size.installations(),
		act: func(ctx context.Context) error {
			if err := b.meter.home.apply(ctx, []*unstructured.Unstructured{network(b.size.apps)}); err != nil {
				return err
			}
			return b.await(ctx, expectation{"installations", b.installed, b.size.installations()}, b.healthyObjects())
		},
		settle: b.settled,
	})
	if err != nil {
		return err
	}
	r.addInstallation(p)
	return nil
}

// offer puts the apps into the catalogue and waits until they are available there.
func (b *bench) offer(ctx context.Context) error {
	b.meter.say.step("offering the apps")
	var bundles, offers []*unstructured.Unstructured
	for i := range b.size.apps {
		for _, version := range []string{firstVersion, secondVersion} {
			folder, err := bundle(appName(i), version)
			if err != nil {
				return err
			}
			bundles = append(bundles, folder)
		}
		offers = append(offers, b.size.sharedApp(appName(i), firstVersion))
	}
	if err := b.meter.home.apply(ctx, bundles); err != nil {
		return err
	}
	if err := b.meter.home.apply(ctx, offers); err != nil {
		return err
	}
	return b.await(ctx, expectation{"apps", b.apps, b.size.apps})
}

// upgrade changes the one field that promotes a version, of one of the apps: however many
// others there are, it moves one installation in each environment.
func (b *bench) upgrade(ctx context.Context, r *result) error {
	p, err := b.meter.measure(ctx, job{
		name: "upgrade", unit: "installations", count: b.size.environments(),
		act: func(ctx context.Context) error {
			if err := b.meter.home.apply(ctx, []*unstructured.Unstructured{b.size.sharedApp(appName(0), secondVersion)}); err != nil {
				return err
			}
			return b.await(ctx, b.promoted()...)
		},
		settle: b.settled,
	})
	if err != nil {
		return err
	}
	r.addUpgrade(p)
	return nil
}
