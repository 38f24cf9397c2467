package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	// pollInterval is how often a condition is tried.
	pollInterval = 25 * time.Millisecond
	// patience is how long one step of a start may take. A step takes seconds;
	// the rest is for machines that are busy with other builds and tests.
	patience = 2 * time.Minute
)

// condition returns nil when it is met, and else what is missing.
type condition func(ctx context.Context) error

// await tries a condition until it is met. It gives up as soon as any part has
// ended, when ctx does, or when its patience is at an end.
func (c *ControlPlane) await(ctx context.Context, what string, met condition) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var missing error
	for {
		err := met(ctx)
		if err == nil {
			return nil
		}
		if missing == nil || ctx.Err() == nil {
			missing = err // rather than that the time is over
		}
		if err := c.firstDeath(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return fmt.Errorf("waiting for %q: %w", what, ctx.Err())
			}
			return fmt.Errorf("waiting for %q: %w (%w); last lines of the logs:\n%s", what, ctx.Err(), missing, c.logTails())
		case <-ticker.C:
		}
	}
}

// firstDeath is the error of the first part that has ended, if any has.
func (c *ControlPlane) firstDeath() error {
	for _, child := range c.children {
		if err := child.death(); err != nil {
			return err
		}
	}
	return nil
}

func (c *ControlPlane) logTails() string {
	var tails strings.Builder
	for _, child := range c.children {
		fmt.Fprintf(&tails, "--- %s\n%s\n", child.name, child.logTail(5))
	}
	return tails.String()
}

// socketExists is met when etcd has bound its socket. Dialling it would hit the
// limit on the length of a socket's path (see etcdCommand).
func socketExists(dir folder) condition {
	return func(context.Context) error {
		_, err := os.Stat(dir.path(etcdSocket))
		return err
	}
}

func apiServerReady(client kubernetes.Interface) condition {
	return func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	}
}

// serviceAccountsAppear is met when the controller-manager has made the first
// one: its controllers run then.
func serviceAccountsAppear(client kubernetes.Interface) condition {
	return func(ctx context.Context) error {
		_, err := client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		return err
	}
}
