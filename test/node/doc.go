// Package node runs a real Kubernetes node on a bare Linux machine: kubelet, containerd, CNI (ptp),
// kube-proxy, CoreDNS, and an enforcer of NetworkPolicies, with the control plane of test/controlplane. All of it
// is in namespaces and cgroups of its own: no packet leaves, no setting of the machine changes, and
// when the program that started it ends, however it does, nothing is left.
//
//	func TestMain(m *testing.M) {
//		flag.Parse()
//		os.Exit(node.Enter(prepare, func(folder string) int { ... node.Start(...) ...; return m.Run() }))
//	}
//
// Enter runs the program again inside, so what needs a network, such as a build, belongs into prepare, which runs
// before. It needs root, a few packages of the distribution (hack/test-node.sh lists them), and what hack/node and
// hack/controlplane build, in the folders that ALLMENNING_NODE and KUBEBUILDER_ASSETS name.
//
//   - enter.go: the program outside, process 1, and the program inside.
//   - keep.go: what is taken away afterwards, also where the program was killed.
//   - cgroups.go, surroundings.go: the cgroups, files, settings and network of the node.
//   - images.go: images, packed without a container engine.
//   - node.go, parts.go: what runs, and that all of it goes on running.
//   - pod, pause: the programs that pods run here.
package node
