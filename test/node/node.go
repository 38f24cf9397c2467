//go:build linux

package node

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"text/template"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/test/controlplane"
)

//go:embed files
var files embed.FS

const (
	// patience is how long a step of the start may take on a busy machine.
	patience     = 2 * time.Minute
	pollInterval = 50 * time.Millisecond
	// pluginFolder is where Debian has the CNI plugins.
	pluginFolder = "/usr/lib/cni"
)

// Options say what the node is to have.
type Options struct {
	// Folder is the one that inside got.
	Folder string
	// Images beside those of this package.
	Images []Image
	// PodNames are further names of the image PodImage.
	PodNames []string
	// Scheme of the client.
	Scheme *runtime.Scheme
	// Progress receives a line per step.
	Progress io.Writer
}

// Node is a control plane with one real node.
type Node struct {
	// Plane is the control plane.
	Plane *controlplane.ControlPlane
	// Admin may do anything there.
	Admin client.Client

	options Options
	began   time.Time
	parts   []*part
}

// Start starts the control plane and the node, and returns when the node is Ready and names are answered for. It may be
// called inside of Enter only. What it started ends with the namespaces.
func Start(ctx context.Context, options Options) (*Node, error) {
	n := &Node{options: options, began: time.Now()}
	for _, step := range []struct {
		done string
		do   func(context.Context) error
	}{
		{"the control plane is ready", n.startPlane},
		{"the container engine has its images", n.startEngine},
		{"kubelet, kube-proxy and netpol are started", n.startParts},
		{"the node is Ready", n.awaitReady},
		{"the world answers", n.startWorld},
		{"names are answered for", n.startDNS},
	} {
		if err := step.do(ctx); err != nil {
			return nil, errors.Join(err, n.Death())
		}
		fmt.Fprintf(options.Progress, "%5.1f s  %s\n", time.Since(n.began).Seconds(), step.done)
	}
	return n, nil
}

func (n *Node) startPlane(ctx context.Context) error {
	var err error
	n.Plane, err = controlplane.Start(ctx, controlplane.Options{ControllerManager: true, Scheduler: true, NodeAddress: Address})
	if err != nil {
		return err
	}
	if n.Admin, err = client.New(n.Plane.Config(), client.Options{Scheme: n.options.Scheme}); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return nil
}

// startEngine starts containerd, and gives it the images: there is no registry.
func (n *Node) startEngine(ctx context.Context) error {
	if err := n.write("cni.conflist", "cni/10-node.conflist"); err != nil {
		return err
	}
	if err := n.write("containerd.toml", "containerd.toml"); err != nil {
		return err
	}
	if err := n.launch("containerd", "--config", stateFolder+"/containerd.toml"); err != nil {
		return err
	}
	if err := n.Await(ctx, "containerd answers", func(ctx context.Context) error {
		return exec.CommandContext(ctx, "ctr", "version").Run()
	}); err != nil {
		return err
	}
	for _, image := range append(ownImages(n.options.Folder, n.options.PodNames), n.options.Images...) {
		if err := image.load(ctx); err != nil {
			return err
		}
	}
	return nil
}

// startParts starts what this repository builds for a node.
func (n *Node) startParts(context.Context) error {
	kubelet, err := n.Plane.KubeconfigFor("system:node:"+Name, "system:nodes")
	if err != nil {
		return err
	}
	if err := os.WriteFile(stateFolder+"/resolv.conf", []byte("nameserver "+dnsAddress+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing the settings of names: %w", err)
	}
	for _, name := range []string{"kubelet.yaml", "kube-proxy.yaml"} {
		if err := n.write(name, name); err != nil {
			return err
		}
	}
	binaries := os.Getenv(binariesVariable)
	return errors.Join(
		n.launch(binaries+"/kubelet", "--config="+stateFolder+"/kubelet.yaml", "--kubeconfig="+kubelet,
			"--hostname-override="+Name, "--node-ip="+Address, "--cert-dir="+stateFolder+"/kubelet-pki"),
		n.launch(binaries+"/kube-proxy", "--config="+stateFolder+"/kube-proxy.yaml"))
}

// awaitReady waits for the node, and starts the enforcer, which reads the node's address, as soon as there is one.
func (n *Node) awaitReady(ctx context.Context) error {
	var node corev1.Node
	if err := n.Await(ctx, "the node registers", func(ctx context.Context) error {
		return n.Admin.Get(ctx, client.ObjectKey{Name: Name}, &node)
	}); err != nil {
		return err
	}
	if err := n.launch(os.Getenv(binariesVariable)+"/netpol", "--kubeconfig="+n.Plane.Kubeconfig(), "--hostname-override="+Name,
		"--service-cluster-ip-range="+serviceRange, "--iptables-sync-period=30s"); err != nil {
		return err
	}
	return n.Await(ctx, "the node is Ready", func(ctx context.Context) error {
		if err := n.Admin.Get(ctx, client.ObjectKey{Name: Name}, &node); err != nil {
			return err
		}
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue && len(node.Spec.Taints) == 0 {
				return nil
			}
		}
		return fmt.Errorf("its conditions are %v", node.Status.Conditions)
	})
}

// startWorld starts the program of pods where the addresses of the world are.
func (n *Node) startWorld(context.Context) error {
	world := exec.Command("ip", "netns", "exec", worldName, filepath.Join(n.options.Folder, "pod"))
	world.Env = []string{"PATH=" + os.Getenv("PATH"), "NAME=world", "PORTS=53,80,443,5671,8080,8443"}
	if err := n.start(world, "world"); err != nil {
		return err
	}
	host := exec.Command(filepath.Join(n.options.Folder, "pod"))
	host.Env = []string{"NAME=node", "PORTS=8080,9999"}
	return n.start(host, "host")
}

// startDNS applies CoreDNS, and waits for it.
func (n *Node) startDNS(ctx context.Context) error {
	content, err := n.render("coredns.yaml")
	if err != nil {
		return err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := decoder.Decode(&o.Object); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("reading coredns.yaml: %w", err)
		}
		if err := n.Admin.Create(ctx, o); err != nil {
			return fmt.Errorf("creating CoreDNS: %w", err)
		}
	}
	return n.Await(ctx, "CoreDNS is ready", func(ctx context.Context) error {
		var pods corev1.PodList
		if err := n.Admin.List(ctx, &pods, client.InNamespace("kube-system"), client.MatchingLabels{"k8s-app": "kube-dns"}); err != nil {
			return err
		}
		for i := range pods.Items {
			if Ready(&pods.Items[i]) {
				return nil
			}
		}
		return fmt.Errorf("of %d pods none is Ready", len(pods.Items))
	})
}

// Await tries a condition until it is met. It gives up when a part of the node has ended.
func (n *Node) Await(ctx context.Context, what string, met func(context.Context) error) error {
	var missing error
	err := wait.PollUntilContextTimeout(ctx, pollInterval, patience, true, func(ctx context.Context) (bool, error) {
		err := met(ctx)
		if err == nil || ctx.Err() == nil || missing == nil {
			missing = err // else it says only that time is up
		}
		return err == nil, n.Death()
	})
	if err != nil {
		return fmt.Errorf("waiting until %s: %w: %w", what, err, missing)
	}
	return nil
}

// write renders a file of this package into the node's state folder.
func (n *Node) write(name, target string) error {
	content, err := n.render(name)
	if err != nil {
		return err
	}
	path := filepath.Join(stateFolder, target)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o600)); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func (n *Node) render(name string) ([]byte, error) {
	parsed, err := template.ParseFS(files, "files/"+name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	proxy, err := n.Plane.KubeconfigFor("system:kube-proxy")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, map[string]string{
		"State": stateFolder, "Group": os.Getenv(groupVariable), "Name": Name, "Address": Address, "DNS": dnsAddress,
		"PodRange": podRange, "Authority": n.Plane.AuthorityFile(), "ProxyConfig": proxy, "Plugins": pluginFolder,
		"PauseImage": pauseImage, "DNSImage": dnsImage,
	})
	if err != nil {
		return nil, fmt.Errorf("filling in %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// Stop ends the control plane, which waits for its folder to be gone; what else runs ends with the namespaces.
func (n *Node) Stop() error {
	for _, p := range n.parts {
		_ = syscall.Kill(-p.process.Pid, syscall.SIGKILL) // fails only where it has ended
	}
	return n.Plane.Stop()
}
