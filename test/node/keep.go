//go:build linux

package node

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// startKeeper starts the process that takes away what is outside of the namespaces, which go by themselves: it
// waits at a pipe until this program closes it or is gone, killed or not. The returned function closes the pipe and waits.
func startKeeper(folder, group string) (end func() error, err error) {
	keeper := itself(stageKeep, folder, group)
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is not for it
	pipe, err := keeper.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the keeper: %w", err)
	}
	if err := keeper.Start(); err != nil {
		return nil, fmt.Errorf("starting the keeper: %w", err)
	}
	return func() error {
		if err := errors.Join(pipe.Close(), keeper.Wait()); err != nil {
			return fmt.Errorf("taking away cgroup %s and folder %s: %w", group, folder, err)
		}
		return nil
	}, nil
}

// keep waits for the end of the program that holds the pipe, and takes away what it made.
func keep(pipe io.Reader, folder, group string) error {
	_, err := io.Copy(io.Discard, pipe)
	endPreparing(folder)
	return errors.Join(err, removeGroup(group), os.RemoveAll(folder))
}

// endPreparing ends what prepare started and what has outlived a program that was killed, such as a compiler, which would make the
// folder again: it has the folder in its arguments.
func endPreparing(folder string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is valid, the only error there is
	for _, file := range files {
		content, err := os.ReadFile(file)
		pid, notNumber := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && notNumber == nil && pid != os.Getpid() && bytes.Contains(content, []byte(folder)) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // fails where it has ended meanwhile
		}
	}
}
