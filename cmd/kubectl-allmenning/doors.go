package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/progress"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// doorsQuestion is which doors are asked for.
type doorsQuestion struct {
	doors        bool
	municipality string
}

// check refuses flags that don't go together.
func (q doorsQuestion) check(rollouts []string, filter progress.Filter, watch, waves bool) error {
	switch {
	case !q.doors && q.municipality != "":
		return errors.New("--municipality goes with --doors")
	case q.doors && (len(rollouts) > 0 || filter.Network != "" || filter.Records || watch || waves):
		return errors.New("--doors shows doors: leave out rollouts, --network, --records, --waves and --watch")
	}
	return nil
}

// showDoors prints the doors that the statuses of Municipalities report.
func (c *connection) showDoors(ctx context.Context, out io.Writer, q doorsQuestion, app, output string) error {
	cluster, err := c.open()
	if err != nil {
		return err
	}
	w, err := world.FromCluster(ctx, cluster, world.Municipalities)
	if err != nil {
		return err
	}
	if q.municipality != "" {
		if _, err := w.Municipality(q.municipality); err != nil {
			return err
		}
	}
	doors := progress.Doors(w.Municipalities, q.municipality, app)
	if output != "" {
		return write(out, output, doors)
	}
	if len(doors) == 0 {
		fmt.Fprintln(out, "There are no doors that fit.")
		return nil
	}
	for _, line := range progress.DoorLines(doors) {
		fmt.Fprintln(out, line)
	}
	return nil
}
