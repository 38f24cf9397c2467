package controlplane

import (
	_ "embed"
	"fmt"
)

// The parts, by the names of their binaries.
const (
	etcd              = "etcd"
	apiServer         = "kube-apiserver"
	controllerManager = "kube-controller-manager"
	scheduler         = "kube-scheduler"
	kwok              = "kwok"
)

// The files of the state folder, relative to it.
const (
	etcdData          = "etcd"
	etcdSocket        = "etcd.sock"
	etcdPeerSocket    = "peer.sock"
	authorityCert     = "ca.crt"
	authorityKey      = "ca.key"
	servingCert       = "apiserver.crt"
	servingKey        = "apiserver.key"
	kubeletClientCert = "kubelet-client.crt"
	kubeletClientKey  = "kubelet-client.key"
	serviceAccountKey = "service-accounts.key"
	adminKubeconfig   = "admin.kubeconfig"
	stagesFile        = "stages.yaml"
	logFolder         = "logs"
	userFolder        = "users"
)

// serviceCIDR is where Services get their addresses, and podCIDR where kwok
// takes those of its pods; nothing answers at either.
const (
	serviceCIDR = "10.96.0.0/12"
	podCIDR     = "10.244.0.1/16"
)

//go:embed stages.yaml
var stages []byte

// command is how one part is called. Its first argument names a file of the
// state folder and so distinguishes this control plane's processes from all others.
type command struct {
	name      string
	arguments []string
}

// partNames lists the parts that the options ask for, in the order of starting.
func partNames(options Options) []string {
	names := []string{etcd, apiServer}
	if options.ControllerManager {
		names = append(names, controllerManager)
	}
	if options.Scheduler {
		names = append(names, scheduler)
	}
	if options.Nodes > 0 {
		names = append(names, kwok)
	}
	return names
}

// marker is the first argument of a part: see command.
func marker(dir folder, part string) string {
	switch part {
	case etcd:
		return "--data-dir=" + dir.path(etcdData)
	case apiServer:
		return "--client-ca-file=" + dir.path(authorityCert)
	default:
		return "--kubeconfig=" + dir.path(part+".kubeconfig")
	}
}

// etcdCommand keeps all data for the time of a test: it never waits for the
// disk (fsync is the larger half of a write here), and takes up to 4 GiB, enough
// for a country of tenants, where the default would stop at 2. The sockets are
// relative to the folder it runs in, because a socket's path may hold no more
// than about a hundred bytes and a temporary folder can be longer.
func etcdCommand(dir folder) command {
	return command{etcd, []string{
		marker(dir, etcd),
		"--name=allmenning",
		"--listen-client-urls=unix://" + etcdSocket,
		"--advertise-client-urls=unix://" + etcdSocket,
		"--listen-peer-urls=unix://" + etcdPeerSocket,
		"--initial-advertise-peer-urls=unix://" + etcdPeerSocket,
		"--initial-cluster=allmenning=unix://" + etcdPeerSocket,
		"--unsafe-no-fsync",
		"--quota-backend-bytes=4294967296",
		"--log-level=warn",
	}}
}

// apiServerCommand runs with RBAC and upstream's default admission plugins,
// among them ServiceAccount, ResourceQuota, LimitRanger, PodSecurity and
// ValidatingAdmissionPolicy. The limits on requests in flight are four times the
// default: on two cores the CPU is the limit, and a benchmark is to find that
// one. Without a controller-manager nobody makes service accounts, so pods are
// then admitted without.
func apiServerCommand(dir folder, port int, options Options) command {
	arguments := []string{
		marker(dir, apiServer),
		"--etcd-servers=unix://" + etcdSocket,
		fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file=" + dir.path(servingCert),
		"--tls-private-key-file=" + dir.path(servingKey),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + dir.path(serviceAccountKey),
		"--service-account-signing-key-file=" + dir.path(serviceAccountKey),
		"--service-cluster-ip-range=" + serviceCIDR,
		"--allow-privileged=true",
		fmt.Sprintf("--profiling=%t", options.Profiling),
		"--max-requests-inflight=1600",
		"--max-mutating-requests-inflight=800",
	}
	arguments = append(arguments, reachable(dir, options)...)
	if !options.ControllerManager {
		arguments = append(arguments, "--disable-admission-plugins=ServiceAccount")
	}
	return command{apiServer, arguments}
}

// reachable says from where the API server is reached. On loopback nobody else finds it. Where there is a real node, its
// address becomes the endpoint of the Service kubernetes, the node is authorized as nodes are, and the
// server asks its kubelet for logs.
func reachable(dir folder, options Options) []string {
	if options.NodeAddress == "" {
		return []string{"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--authorization-mode=RBAC"}
	}
	return []string{
		"--bind-address=0.0.0.0",
		"--advertise-address=" + options.NodeAddress,
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate=" + dir.path(kubeletClientCert),
		"--kubelet-client-key=" + dir.path(kubeletClientKey),
	}
}

// controllerManagerCommand needs no leader, being alone, and room to talk: with the
// default rate the first service accounts take ten seconds. Nodes that are played
// don't fail; a machine so busy that their heartbeats come late must not look like it.
func controllerManagerCommand(dir folder) command {
	return command{controllerManager, []string{
		marker(dir, controllerManager),
		"--service-account-private-key-file=" + dir.path(serviceAccountKey),
		"--root-ca-file=" + dir.path(authorityCert),
		"--node-monitor-grace-period=24h",
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
		"--kube-api-qps=300",
		"--kube-api-burst=600",
	}}
}

func schedulerCommand(dir folder) command {
	return command{scheduler, []string{
		marker(dir, scheduler),
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
		"--kube-api-qps=300",
		"--kube-api-burst=600",
	}}
}

// kwokCommand plays the nodes that createNodes makes. Its own server is off:
// it would listen on every address, on a port of its own choice.
func kwokCommand(dir folder) command {
	return command{kwok, []string{
		marker(dir, kwok),
		"--config=" + dir.path(stagesFile),
		"--manage-nodes-with-label-selector=" + nodeLabel + "=" + nodeLabelValue,
		"--cidr=" + podCIDR,
		"--node-ip=127.0.0.1",
		"--node-port=0",
	}}
}

// clients are the parts that talk to the API server and need a kubeconfig.
func clients() []string { return []string{controllerManager, scheduler, kwok} }
