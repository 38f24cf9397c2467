// Command node is what a Kubernetes node runs, in one binary: kubelet, kube-proxy, and
// netpol, which enforces NetworkPolicies. The name under which it is called selects the
// part, as in hack/controlplane, whose versions and flags it shares, and so its build cache.
// Container engine and CNI plugins are the distribution's.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // as upstream's own mains do
	_ "k8s.io/component-base/metrics/prometheus/version"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	switch part := filepath.Base(os.Args[0]); part {
	case "kubelet":
		os.Exit(cli.Run(kubelet.NewKubeletCommand(context.Background())))
	case "kube-proxy":
		os.Exit(cli.Run(proxy.NewProxyCommand()))
	case "netpol":
		if err := enforce(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "netpol:", err)
			os.Exit(1)
		}
	default:
		fmt.Fprintf(os.Stderr, "node: called as %q; call it through a link named kubelet, kube-proxy or netpol\n", part)
		os.Exit(2)
	}
}
