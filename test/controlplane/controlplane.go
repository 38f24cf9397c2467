// Package controlplane runs a real Kubernetes control plane on a bare machine:
// no container engine, no root, no download of prebuilt binaries.
//
// Start builds (once) or finds the binaries, takes a folder, makes a
// certificate authority, and starts etcd and kube-apiserver, and on request
// kube-controller-manager, kube-scheduler and kwok, which plays the nodes.
// Everything listens on loopback or on sockets in a folder that only its owner
// may read, on ports that were free, so any number of them run side by side.
//
//	plane, err := controlplane.Start(ctx, controlplane.Options{ControllerManager: true, Scheduler: true, Nodes: 3})
//	if err != nil { ... }
//	defer plane.Stop()
//	client, err := kubernetes.NewForConfig(plane.Config())
//
// An attached control plane, the default, ends with the process that started
// it, even if that process is killed; what it leaves on disk is cleaned by the
// next start. A detached one lives on until somebody opens its folder and
// stops it: that is how `go run ./hack/cluster up` works.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Options say what to start. The zero value is an API server with its etcd,
// attached, in a temporary folder: enough for schemas, CEL rules and policies.
type Options struct {
	// Dir is the state folder: certificates, data, logs. It must be absent,
	// empty, or left behind by a control plane that is dead. Empty means a
	// temporary folder.
	Dir string
	// ControllerManager starts kube-controller-manager. Without it nothing
	// makes service accounts (so pods are admitted without them), deletes
	// namespaces, collects garbage or fills the status of quotas.
	ControllerManager bool
	// Scheduler starts kube-scheduler, which binds pods to the nodes.
	Scheduler bool
	// Nodes is how many nodes kwok plays. Zero starts no kwok. Pods come to run
	// on them only with ControllerManager and Scheduler.
	Nodes int
	// Volumes is how many PersistentVolumes lie ready, of a StorageClass that is the default.
	// Zero makes neither. Only a ControllerManager binds them to claims.
	Volumes int
	// NodeAddress is where a real node, and the Service kubernetes for its pods, find the API server. The
	// server then listens on every address, at port 6443, and a node may do what nodes may (the Node authorizer and
	// NodeRestriction). Empty means that only programs of this machine find it, on loopback.
	NodeAddress string
	// Profiling lets the administrator record on what the API server spends its CPU.
	Profiling bool
	// Detached lets the control plane outlive the process that starts it.
	Detached bool
	// Progress receives a line per step with the seconds since the start. Nil
	// discards them.
	Progress io.Writer
}

// ControlPlane is a control plane that runs, ours or one that Open found.
type ControlPlane struct {
	folder    folder
	record    record
	authority authority
	admin     *rest.Config
	children  []*process
}

// attempts bounds how often a start is tried when another program takes the
// chosen port between the moment we let go of it and the moment the API server
// takes it.
const attempts = 3

// Start starts a control plane and returns when it is ready for use: the API
// server's /readyz is ok, service accounts appear, nodes are Ready. On an error
// nothing is left running, and the error names the part that failed with the
// last lines of its log. It takes about five seconds once the binaries are
// built; ctx bounds the start only, not the life of the control plane.
func Start(ctx context.Context, options Options) (*ControlPlane, error) {
	progress := newProgress(options.Progress)
	assets, err := Assets(ctx, options.Progress)
	if err != nil {
		return nil, err
	}
	if err := requireParts(assets, partNames(options)); err != nil {
		return nil, err
	}
	sweep()
	for attempt := 1; ; attempt++ {
		plane, err := startOnce(ctx, assets, options, progress)
		if err == nil {
			progress.say("ready")
			return plane, nil
		}
		if !errors.Is(err, errPortTaken) || attempt == attempts {
			return nil, err
		}
		progress.say("the port was taken by another program, trying again")
	}
}

// startOnce claims the folder and starts everything in it; whatever it has
// started is gone again when it returns an error.
func startOnce(ctx context.Context, assets string, options Options, progress *progress) (*ControlPlane, error) {
	claimed, err := claim(options)
	if err != nil {
		return nil, err
	}
	plane := &ControlPlane{folder: claimed}
	if err := plane.start(ctx, assets, options, progress); err != nil {
		return nil, errors.Join(err, plane.Stop())
	}
	return plane, nil
}

func (c *ControlPlane) start(ctx context.Context, assets string, options Options, progress *progress) error {
	if err := requireResources(string(c.folder)); err != nil {
		return err
	}
	port, err := choosePort(options)
	if err != nil {
		return err
	}
	c.record = record{Owner: os.Getpid(), Detached: options.Detached, Port: port, Parts: partNames(options)}
	if err := c.folder.write(c.record); err != nil {
		return err
	}
	if err := c.makeCredentials(); err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(c.admin)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	progress.say("certificates are made")

	steps := []struct {
		part  command
		ready condition
	}{
		{etcdCommand(c.folder), socketExists(c.folder)},
		{apiServerCommand(c.folder, port, options), apiServerReady(client)},
	}
	for _, step := range steps {
		if err := c.launch(assets, step.part, options.Detached); err != nil {
			return err
		}
		if err := c.await(ctx, step.part.name+" ready", step.ready); err != nil {
			return err
		}
		progress.say(step.part.name + " is ready")
	}
	goals, err := c.startClients(ctx, assets, client, options)
	if err != nil {
		return err
	}
	for _, goal := range goals {
		if err := c.await(ctx, goal.name, goal.met); err != nil {
			return err
		}
		progress.say(goal.name)
	}
	c.record.Ready = true
	return c.folder.write(c.record)
}

// goal is something that the control plane as a whole brings about.
type goal struct {
	name string
	met  condition
}

// startClients starts the parts that are clients of the API server, and returns
// what they are to bring about together.
func (c *ControlPlane) startClients(ctx context.Context, assets string, client kubernetes.Interface, options Options) ([]goal, error) {
	var goals []goal
	var parts []command
	if options.ControllerManager {
		parts = append(parts, controllerManagerCommand(c.folder))
		goals = append(goals, goal{"service accounts appear", serviceAccountsAppear(client)})
	}
	if options.Scheduler {
		parts = append(parts, schedulerCommand(c.folder))
	}
	if options.Nodes > 0 {
		if err := c.folder.writeFile(stagesFile, stages); err != nil {
			return nil, err
		}
		if err := createNodes(ctx, client, options.Nodes); err != nil {
			return nil, err
		}
		parts = append(parts, kwokCommand(c.folder))
		goals = append(goals, goal{fmt.Sprintf("nodes are Ready: %d", options.Nodes),
			nodesReady(client, options.Nodes, options.ControllerManager)})
	}
	if options.Volumes > 0 {
		if err := createVolumes(ctx, client, options.Volumes); err != nil {
			return nil, err
		}
	}

	for _, part := range parts {
		if err := c.launch(assets, part, options.Detached); err != nil {
			return nil, err
		}
	}
	return goals, nil
}

// launch starts one part and remembers it.
func (c *ControlPlane) launch(assets string, part command, detached bool) error {
	child, err := launch(assets, c.folder, part, detached)
	if err != nil {
		return err
	}
	c.children = append(c.children, child)
	return nil
}

// Dir is the state folder; the logs of the parts are in its folder `logs`.
func (c *ControlPlane) Dir() string { return string(c.folder) }

// Stop kills every part, waits until they are gone, and removes the state
// folder. It needs no grace: nothing in the folder outlives it. It may be
// called more than once.
func (c *ControlPlane) Stop() error {
	if err := c.folder.remove(); err != nil {
		return err
	}
	for _, child := range c.children {
		<-child.exited
	}
	return nil
}

// progress writes one line per step, with the seconds since it was made.
type progress struct {
	to    io.Writer
	began time.Time
}

func newProgress(to io.Writer) *progress {
	if to == nil {
		to = io.Discard
	}
	return &progress{to: to, began: time.Now()}
}

func (p *progress) say(what string) {
	fmt.Fprintf(p.to, "%5.1f s  %s\n", time.Since(p.began).Seconds(), what)
}
