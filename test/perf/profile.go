package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
)

const (
	// phaseProfile is how long a phase is profiled, from its beginning, in seconds.
	phaseProfile = 20
	// writeProfile is the same for one sort of write.
	writeProfile = 5
)

// profile begins to record on what the API server spends its CPU, for `go tool pprof`. The
// function that it returns waits for the end, and writes the profile into a file named after
// the phase. It does nothing unless profiles were asked for.
func (m meter) profile(ctx context.Context, phase string) func() error {
	return m.home.profile(ctx, m.profiles, phase, phaseProfile)
}

func (c *cluster) profile(ctx context.Context, folder, name string, seconds int) func() error {
	if folder == "" {
		return func() error { return nil }
	}
	type answer struct {
		content []byte
		err     error
	}
	done := make(chan answer, 1)
	go func() {
		content, err := c.record(ctx, seconds)
		done <- answer{content, err}
	}()
	return func() error {
		recorded := <-done
		if recorded.err != nil {
			return fmt.Errorf("profiling the API server: %w", recorded.err)
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("writing a profile: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+".pprof"), recorded.content, 0o644); err != nil {
			return fmt.Errorf("writing a profile: %w", err)
		}
		return nil
	}
}

func (c *cluster) record(ctx context.Context, seconds int) ([]byte, error) {
	config := c.plane.Config()
	config.Timeout = time.Duration(2*seconds) * time.Second
	access, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return access.Discovery().RESTClient().Get().AbsPath("/debug/pprof/profile").Param("seconds", strconv.Itoa(seconds)).Do(ctx).Raw()
}
