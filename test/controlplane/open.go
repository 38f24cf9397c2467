package controlplane

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotFound is returned by Open for a folder that holds no control plane.
var ErrNotFound = errors.New("no control plane there")

// Part is one part of a control plane, as it is now.
type Part struct {
	Name string
	// PID is the number of its process, zero when it does not run.
	PID int
	// Log is the path of its log.
	Log string
}

// Open finds the control plane in a state folder, whichever process started it. It also
// opens one that was killed halfway up, which can then only be stopped: see
// Ready.
func Open(dir string) (*ControlPlane, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the folder %s: %w", dir, err)
	}
	c := &ControlPlane{folder: folder(absolute)}
	if _, err := os.Stat(c.folder.path(recordFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrNotFound)
	}
	if c.record, err = c.folder.read(); err != nil || !c.record.Ready {
		c.record.Ready = false // a record that cannot be read is one that was never finished
		return c, nil          //nolint:nilerr // the caller sees that it is not ready
	}
	pair := keyPair{}
	if pair.certificate, err = os.ReadFile(c.folder.path(authorityCert)); err != nil {
		return nil, fmt.Errorf("opening the control plane: %w", err)
	}
	if pair.key, err = os.ReadFile(c.folder.path(authorityKey)); err != nil {
		return nil, fmt.Errorf("opening the control plane: %w", err)
	}
	if c.authority, err = parseAuthority(pair); err != nil {
		return nil, fmt.Errorf("opening the control plane: %w", err)
	}
	if c.admin, err = c.ConfigFor("admin", masters); err != nil {
		return nil, err
	}
	return c, nil
}

// Ready says whether the start came to its end and every part still runs.
func (c *ControlPlane) Ready() bool {
	if !c.record.Ready {
		return false
	}
	for _, part := range c.Parts() {
		if part.PID == 0 {
			return false
		}
	}
	return true
}

// Starting says whether a live process is at starting it right now.
func (c *ControlPlane) Starting() bool { return !c.record.Ready && c.folder.inUse() }

// Broken says whether the start came to its end, and since then some of the
// parts have died, but not all.
func (c *ControlPlane) Broken() bool {
	return c.record.Ready && !c.Ready() && len(processesOf(c.folder)) > 0
}

// Server is the address of the API server.
func (c *ControlPlane) Server() string { return c.record.server() }

// Parts lists the parts that were asked for, in the order of starting.
func (c *ControlPlane) Parts() []Part {
	running := processesOf(c.folder)
	parts := make([]Part, 0, len(c.record.Parts))
	for _, name := range c.record.Parts {
		parts = append(parts, Part{Name: name, PID: running[name], Log: c.folder.path(filepath.Join(logFolder, name+".log"))})
	}
	return parts
}
