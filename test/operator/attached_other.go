//go:build unix && !linux

package operator

import "syscall"

// attributes give a detached operator a session of its own. These systems have no way to
// let an attached one die with the process that started it.
func attributes(detached bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: detached}
}
