package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// followUp is how long the counts of municipalities and networks may take to follow.
const followUp = 5 * time.Minute

// bench is one run: a size, its cluster, its operator, and what is watched there.
type bench struct {
	meter   meter
	options options
	size    size

	tenants    *tally // municipalities that are Ready
	content    *tally // those with all their apps
	apps       *tally // shared apps that are Ready
	networks   *tally // networks that are Ready, with the apps at every member
	proposed   bool   // whether there is a network yet
	installed  *tally // installations at the first version
	upgraded   *tally // installations at the second
	healthy    *tally // objects of the apps that kstatus calls Current
	comebacks  *comebacks
	namespaces []*unstructured.Unstructured // the namespaces and all that the operator keeps in them
	walls      []*unstructured.Unstructured // the policies that wall the apps off from each other
}

// size is how much there is in a run.
type size struct {
	municipalities int
	// apps in each environment.
	apps int
	// own says that each installation has a namespace of its own.
	own bool
}

// environments is how many namespaces there are.
func (s size) environments() int { return s.municipalities * environments }

// installations is how many there are of all apps.
func (s size) installations() int { return s.environments() * s.apps }

// measure goes through all phases at one size.
func measure(ctx context.Context, s size, o options, say *progress) (result, error) {
	r, made, err := measureOperator(ctx, s, o, say)
	if err != nil {
		return r, err
	}
	floor, err := measureFloor(ctx, s, o, say, made)
	if err != nil {
		return r, fmt.Errorf("floor: %w", err)
	}
	r.addFloor(floor)
	return r, nil
}

// made is what the operator made beside the objects of the bundles. The floor needs the same.
type made struct {
	// tenancy is the namespaces, and what was in them before there were apps.
	tenancy []*unstructured.Unstructured
	// walls are the policies of installations, which the floor writes with their objects.
	walls []*unstructured.Unstructured
}

// measureOperator returns, beside the figures, what the operator made.
func measureOperator(ctx context.Context, s size, o options, say *progress) (r result, m made, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the watches, before what they watch is gone
	home, err := startCluster(ctx, whole(o), say)
	if err != nil {
		return r, m, err
	}
	defer func() { err = errors.Join(err, home.plane.Stop()) }()
	b := &bench{options: o, size: s}
	program, err := home.start(ctx, o)
	if err != nil {
		return r, m, err
	}
	b.meter = meter{home: home, program: program, say: say, profiles: o.profiles}
	defer func() { err = errors.Join(err, b.meter.program.Stop()) }() // the one that runs then
	if err := b.watch(ctx); err != nil {
		return r, m, err
	}
	r, err = b.phases(ctx)
	return r, made{tenancy: b.namespaces, walls: b.walls}, err
}

// phases go through a tenant's life.
func (b *bench) phases(ctx context.Context) (result, error) {
	r := result{N: b.size.municipalities, Apps: b.size.apps, Own: b.size.own, Installations: b.size.installations()}
	steps := []func(context.Context, *result) error{
		b.tenancy, b.installation, b.upgrade, b.drift, b.noise, b.idle, b.statuses, b.labels, b.restart,
	}
	for _, step := range steps {
		if err := step(ctx, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// watch follows everything that phases wait for.
func (b *bench) watch(ctx context.Context) error {
	b.tenants, b.apps, b.networks = newTally(ready), newTally(ready), newTally(appsReady)
	b.content = newTally(appsReady)
	b.installed, b.upgraded = newTally(runs(firstVersion)), newTally(runs(secondVersion))
	b.healthy = newTally(current)
	b.comebacks = newComebacks()
	reader := b.meter.home.reader
	err := errors.Join(
		follow(ctx, reader, resourceOf("municipalities"), "", b.tenants, b.content),
		follow(ctx, reader, resourceOf("sharedapps"), "", b.apps),
		follow(ctx, reader, resourceOf("networks"), "", b.networks),
		follow(ctx, reader, resourceOf("appinstallations"), "", b.installed, b.upgraded),
	)
	for _, resource := range appResources() {
		err = errors.Join(err, follow(ctx, reader, resource, appSelector, b.healthy, b.comebacks))
	}
	return err
}

// await waits for expectations, or for the operator's death.
func (b *bench) await(ctx context.Context, expectations ...expectation) error {
	return await(ctx, b.options.timeout, b.meter.program.Death, b.meter.say, expectations...)
}

// settled waits until the counts have followed, once there is an app: the
// clock is stopped by then, but an operator that leaves out what it should write must not look
// thrifty.
func (b *bench) settled(ctx context.Context) error {
	if !b.proposed {
		return nil
	}
	return await(ctx, followUp, b.meter.program.Death, b.meter.say,
		expectation{"municipalities with all apps", b.content, b.size.municipalities}, expectation{"networks with all apps", b.networks, 1})
}

// healthyObjects expects every object of the apps to be Current.
func (b *bench) healthyObjects() expectation {
	return expectation{"objects", b.healthy, b.size.installations() * objectsPerInstallation}
}

// promoted expects one of the apps at the second version everywhere, and the others at the first.
func (b *bench) promoted() []expectation {
	return []expectation{
		{"moved", b.upgraded, b.size.environments()},
		{"installed", b.installed, b.size.installations() - b.size.environments()},
		b.healthyObjects(),
	}
}
