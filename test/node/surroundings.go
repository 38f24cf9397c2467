//go:build linux

package node

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Addresses of the node and around it.
const (
	// Name is the node's.
	Name = "real"
	// Address is the node's, and the API server's.
	Address = "10.250.0.1"
	// WorldAddress is where the program is asked that plays all that is not the cluster.
	WorldAddress = "10.250.0.2"

	podRange     = "10.244.0.0/24"
	serviceRange = "10.96.0.0/12"
	dnsAddress   = "10.96.0.10"
)

// Folders of the node, all in memory: they go with the namespaces.
const (
	stateFolder = "/run/allmenning"
	tempFolder  = stateFolder + "/tmp"
	logFolder   = "/var/log"
	worldName   = "world"
)

// World are the addresses outside of the cluster that answer: public ones first, then private ones.
func World() []string {
	return []string{
		"203.0.113.10", "198.51.100.10", "198.51.100.200", "192.0.2.10", "198.18.0.10",
		"10.200.0.10", "10.20.0.10", "172.20.0.10", "192.168.77.10", "100.64.9.9", "169.254.169.254", "169.254.20.10", "168.63.129.16", "192.0.0.192",
	}
}

// settings of the kernel that a kubelet writes, and that belong to the whole machine: it is given files instead.
func settings() map[string]string {
	return map[string]string{
		"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
		"kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
	}
}

// surround gives the namespaces files and a network of their own.
func surround() error {
	if err := syscall.Sethostname([]byte(Name)); err != nil {
		return fmt.Errorf("naming the host: %w", err)
	}
	if err := furnish(); err != nil {
		return err
	}
	return connect()
}

// furnish mounts the node's own folders over the machine's. Nothing that is mounted here gets out, and what the kubelet
// mounts reaches its pods.
func furnish() error {
	for _, m := range []struct {
		source, target string
		flags          uintptr
	}{
		{"", "/", syscall.MS_REC | syscall.MS_PRIVATE},
		{"", "/", syscall.MS_REC | syscall.MS_SHARED},
		{"proc", "/proc", 0},
		{"tmpfs", "/run", 0},
		{"tmpfs", "/var/lib", 0},
		{"tmpfs", logFolder, 0},
	} {
		if err := syscall.Mount(m.source, m.target, m.source, m.flags, ""); err != nil {
			return fmt.Errorf("mounting %s: %w", m.target, err)
		}
	}
	for _, folder := range []string{tempFolder, "/var/lib/kubelet", "/run/netns"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("making folders: %w", err)
		}
	}
	var errs []error
	for name, value := range settings() {
		file := filepath.Join(stateFolder, "sysctl", name)
		errs = append(errs, os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(value+"\n"), 0o600),
			syscall.Mount(file, "/proc/sys/"+name, "", syscall.MS_BIND, ""))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("covering settings of the kernel: %w", err)
	}
	return nil
}

// connect makes the node's network. Each pod has a cable of its own to the node (files/cni.conflist): on a bridge each would look for
// the hardware address of every other, and thirty pods fill the kernel's table of 1,024 of them, which all namespaces share.
//
// A cable leads to a network namespace that plays the world: it has the addresses outside
// of the cluster, and no way further.
func connect() error {
	commands := []string{
		"link set lo up",
		"netns add " + worldName,
		"link add up0 type veth peer name eth0 netns " + worldName,
		"addr add " + Address + "/24 dev up0",
		"link set up0 up",
		"route add default via " + WorldAddress,
		"-n " + worldName + " link set lo up",
		"-n " + worldName + " link set eth0 up",
		"-n " + worldName + " addr add " + WorldAddress + "/24 dev eth0",
		"-n " + worldName + " route add default via " + Address,
	}
	for _, address := range World() {
		commands = append(commands, "-n "+worldName+" addr add "+address+"/32 dev lo")
	}
	for _, command := range commands {
		if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", command, err, out)
		}
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o600); err != nil {
		return fmt.Errorf("letting packets through: %w", err)
	}
	return nil
}
