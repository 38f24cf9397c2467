package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// bench is one run: a size, its cluster, its operator, and what is watched there.
type bench struct {
	meter   meter
	options options
	n       int

	tenants    *tally // municipalities that are Ready
	content    *tally // those with all their apps
	apps       *tally // shared apps that are Ready
	networks   *tally // networks that are Ready, with the app at every member
	proposed   bool   // whether there is a network yet
	installed  *tally // installations at the first version
	upgraded   *tally // installations at the second
	healthy    *tally // objects of the app that kstatus calls Current
	comebacks  *comebacks
	namespaces []*unstructured.Unstructured // the namespaces and all that the operator keeps in them
}

// measure goes through all phases with n municipalities.
func measure(ctx context.Context, n int, o options, say *progress) (result, error) {
	r, namespaces, err := measureOperator(ctx, n, o, say)
	if err != nil {
		return r, err
	}
	floor, err := measureFloor(ctx, n, o, say, namespaces)
	if err != nil {
		return r, fmt.Errorf("floor: %w", err)
	}
	r.addFloor(floor)
	return r, nil
}

// measureOperator returns, beside the figures, the tenancy that the operator made: the
// floor needs the same.
func measureOperator(ctx context.Context, n int, o options, say *progress) (r result, namespaces []*unstructured.Unstructured, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the watches, before what they watch is gone
	home, err := startCluster(ctx, say)
	if err != nil {
		return r, nil, err
	}
	defer func() { err = errors.Join(err, home.plane.Stop()) }()
	b := &bench{options: o, n: n}
	program, err := home.start(ctx, o)
	if err != nil {
		return r, nil, err
	}
	b.meter = meter{home: home, program: program, say: say}
	defer func() { err = errors.Join(err, b.meter.program.Stop()) }() // the one that runs then
	if err := b.watch(ctx); err != nil {
		return r, nil, err
	}
	r, err = b.phases(ctx)
	return r, b.namespaces, err
}

// phases go through a tenant's life.
func (b *bench) phases(ctx context.Context) (result, error) {
	r := result{N: b.n}
	b.meter.say.step("planning a rollout to %d members, %d times", planMembers, planTimes)
	var err error
	if r.Planning, err = plan(); err != nil {
		return r, err
	}
	steps := []func(context.Context, *result) error{
		b.tenancy, b.installation, b.upgrade, b.drift, b.idle, b.restart,
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

// environments is how many namespaces there are, and installations.
func (b *bench) environments() int { return b.n * environments }

// await waits for expectations, or for the operator's death.
func (b *bench) await(ctx context.Context, expectations ...expectation) error {
	return await(ctx, b.options.timeout, b.meter.program.Death, b.meter.say, expectations...)
}

// settled waits until what counts others tells of it as well, once there is an app: the
// clock stands by then, but an operator that leaves out what it should write must not look
// thrifty.
func (b *bench) settled(ctx context.Context) error {
	if !b.proposed {
		return nil
	}
	return await(ctx, time.Minute, b.meter.program.Death, b.meter.say,
		expectation{"municipalities with all apps", b.content, b.n}, expectation{"networks with all apps", b.networks, 1})
}

// healthyObjects expects every object of the app to be Current.
func (b *bench) healthyObjects() expectation {
	return expectation{"objects", b.healthy, b.environments() * objectsPerInstallation}
}
