package controlplane

import (
	"fmt"
	"net"
	"syscall"
)

// What a control plane needs at the least, so that it is refused with a clear
// word instead of a part that dies of it.
const (
	minDisk   = 512 << 20
	minMemory = 768 << 20
)

// requireResources checks the disk of the folder and the memory of the machine.
func requireResources(dir string) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return fmt.Errorf("looking at the disk of %s: %w", dir, err)
	}
	if free := int64(disk.Bavail) * int64(disk.Bsize); free < minDisk { //nolint:unconvert // the types differ from system to system
		return fmt.Errorf("the disk of %s has %d MiB free, a control plane needs %d: make room, or choose another folder (TMPDIR)",
			dir, free>>20, minDisk>>20)
	}
	if free, ok := availableMemory(); ok && free < minMemory {
		return fmt.Errorf("%d MiB of memory are available, a control plane needs %d: stop other programs or control planes",
			free>>20, minMemory>>20)
	}
	return nil
}

// nodePort is where the pods of a real node find the API server: the operator's own NetworkPolicy lets it through.
const nodePort = 6443

// choosePort is where the API server is to listen.
func choosePort(options Options) (int, error) {
	if options.NodeAddress != "" {
		return nodePort, nil
	}
	return freePort()
}

// freePort asks the system for a port on loopback that nobody uses now.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port on 127.0.0.1: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port //nolint:errcheck // a TCP listener has no other
	if err := listener.Close(); err != nil {
		return 0, fmt.Errorf("letting go of port %d: %w", port, err)
	}
	return port, nil
}
