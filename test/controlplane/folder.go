package controlplane

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	recordFile = "controlplane.json"
	tempPrefix = "allmenning-controlplane-"
	// claimTime is how long a claim may stand without a record in it before it
	// counts as left by a process that was killed in that very moment.
	claimTime = time.Minute
	// killTime is how long killed processes may take to be gone.
	killTime = 20 * time.Second
)

// folder is the path of a state folder, absolute.
type folder string

// record says whose the folder is. It is written before anything is started.
type record struct {
	Owner    int      `json:"owner"`
	Detached bool     `json:"detached"`
	Ready    bool     `json:"ready"`
	Port     int      `json:"port"`
	Parts    []string `json:"parts"`
}

func (r record) server() string { return fmt.Sprintf("https://127.0.0.1:%d", r.Port) }

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// writeFile writes a file of the folder, readable for its owner only, whole or
// not at all.
func (f folder) writeFile(name string, content []byte) error {
	path := f.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the folder of %s: %w", name, err)
	}
	temp := path + ".new"
	if err := os.WriteFile(temp, content, 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func (f folder) write(r record) error {
	content, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", recordFile, err)
	}
	return f.writeFile(recordFile, content)
}

// read returns the record; an error that is fs.ErrNotExist means that the
// folder was never a control plane's.
func (f folder) read() (record, error) {
	var r record
	content, err := os.ReadFile(f.path(recordFile))
	if err != nil {
		return r, fmt.Errorf("reading the state of the control plane: %w", err)
	}
	if err := json.Unmarshal(content, &r); err != nil {
		return r, fmt.Errorf("reading the state of the control plane: %s: %w", f.path(recordFile), err)
	}
	return r, nil
}

// claim takes the folder for this process. Of two that want the same folder
// one gets it, and the other an error that names the first. What a dead control
// plane left there is removed.
func claim(options Options) (folder, error) {
	if options.Dir == "" {
		dir, err := os.MkdirTemp("", tempPrefix)
		if err != nil {
			return "", fmt.Errorf("making a folder for the control plane: %w", err)
		}
		return folder(dir), folder(dir).take()
	}
	absolute, err := filepath.Abs(options.Dir)
	if err != nil {
		return "", fmt.Errorf("finding the folder %s: %w", options.Dir, err)
	}
	dir := folder(absolute)
	if err := dir.clear(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return "", fmt.Errorf("making a folder for the control plane: %w", err)
	}
	if err := os.Chmod(absolute, 0o700); err != nil {
		return "", fmt.Errorf("closing the folder to others: %w", err)
	}
	return dir, dir.take()
}

// take creates the record, which can succeed for one process only.
func (f folder) take() error {
	file, err := os.OpenFile(f.path(recordFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("a control plane is being started in %s by another process", f)
	}
	if err != nil {
		return fmt.Errorf("taking the folder for the control plane: %w", err)
	}
	if err := json.NewEncoder(file).Encode(record{Owner: os.Getpid()}); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", recordFile, err), file.Close())
	}
	return file.Close()
}

// clear removes what a dead control plane left in the folder, and refuses one
// that is alive or that was never ours.
func (f folder) clear() error {
	entries, err := os.ReadDir(string(f))
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the folder for the control plane: %w", err)
	}
	if _, err := os.Stat(f.path(recordFile)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds files that are not a control plane's; name a folder that is empty or absent", f)
	}
	if f.inUse() {
		return fmt.Errorf("a control plane runs or is being started in %s already", f)
	}
	return f.remove()
}

// inUse says whether the folder belongs to something alive: the process that
// claimed it or, once a detached control plane is up, that control plane. One
// that was killed halfway up is not in use, whatever it left running.
func (f folder) inUse() bool {
	r, err := f.read()
	if err != nil {
		info, statErr := os.Stat(f.path(recordFile))
		return statErr == nil && time.Since(info.ModTime()) < claimTime
	}
	if r.Detached && r.Ready {
		return len(processesOf(f)) > 0
	}
	return alive(r.Owner)
}

// remove kills whatever runs in the folder, waits until it is gone, and removes
// the folder.
func (f folder) remove() error {
	deadline := time.Now().Add(killTime)
	for running := processesOf(f); len(running) > 0; running = processesOf(f) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%v of the control plane in %s are still there %s after they were killed", running, f, killTime)
		}
		for part, pid := range running {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("killing %s (process %d) of the control plane in %s: %w", part, pid, f, err)
			}
		}
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // between two looks whether the processes are gone
	}
	if err := os.RemoveAll(string(f)); err != nil {
		return fmt.Errorf("removing the control plane's folder: %w", err)
	}
	return nil
}

// sweep removes the temporary folders of control planes whose process was
// killed before it could. It is a courtesy: what it cannot remove stays.
func sweep() {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), tempPrefix+"*"))
	if err != nil {
		return
	}
	for _, path := range left {
		dir := folder(path)
		if _, err := os.Stat(dir.path(recordFile)); err == nil && !dir.inUse() {
			_ = dir.remove() // another start may be sweeping the same folder
		}
	}
}

// alive says whether a process of that number exists, whichever user it belongs to.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
