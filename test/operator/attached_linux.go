package operator

import "syscall"

// attributes let the operator die with the process that started it, however that ends: one whose
// test was killed would ask a dead API server for ever. A detached one gets a session of
// its own.
func attributes(detached bool) *syscall.SysProcAttr {
	if detached {
		return &syscall.SysProcAttr{Setsid: true}
	}
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
