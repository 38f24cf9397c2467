package main

import (
	"context"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
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
	if b.size.own {
		return nil // its namespaces wall it off, and the floor has none of them
	}
	b.walls, err = b.meter.home.walls(ctx, b.namespaces)
	return err
}

// walls lists the policies that wall the apps off from each other: those of tenants that were not there when there
// were no apps yet.
func (c *cluster) walls(ctx context.Context, before []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	policies, err := c.list(ctx, networkingv1.SchemeGroupVersion.WithResource("networkpolicies"))
	if err != nil {
		return nil, err
	}
	known := sets.New[types.UID]()
	for _, object := range before {
		known.Insert(object.GetUID())
	}
	return slices.DeleteFunc(policies, func(p *unstructured.Unstructured) bool { return known.Has(p.GetUID()) }), nil
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
