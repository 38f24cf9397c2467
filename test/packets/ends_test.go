//go:build linux

package packets

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/node"
	"github.com/allmenning/allmenning/test/walls"
)

// scene is everybody in the matrix, as they are now: pods come and go.
type scene struct {
	walls.Matrix
	// at is where the program of a source is asked, and from which of its addresses it is to try.
	at map[string]struct{ address, from string }
	// dials are targets as the program is asked for them; answers how what answers there begins.
	dials, answers map[string]string
}

// ownPods are pods beside the apps': what tenants run themselves, and those of others. A pod is where it is named.
func ownPods() []client.ObjectKey {
	return []client.ObjectKey{
		{Namespace: "vinje-prod", Name: "own"}, {Namespace: "vinje-test", Name: "own"}, {Namespace: "tokke-prod", Name: "own"},
		{Namespace: "tokke-test", Name: "own"}, {Namespace: "seljord-dev", Name: "own"},
		{Namespace: "ingress-system", Name: "proxy"}, {Namespace: "monitoring", Name: "scraper"}, {Namespace: "stranger", Name: "pod"},
	}
}

// runOwnPods makes them, where they are not there yet.
func runOwnPods(t *testing.T) {
	t.Helper()
	for _, key := range ownPods() {
		runPod(t, key, nil)
	}
}

// runPod makes a pod, and waits until it is Ready.
func runPod(t *testing.T, key client.ObjectKey, env map[string]string) *corev1.Pod {
	t.Helper()
	pod := node.NewPod(key.Namespace, key.Name, env)
	await(t, "pod "+key.String()+" is made", func(ctx context.Context) error {
		return client.IgnoreAlreadyExists(cluster.Admin.Create(ctx, pod))
	})
	await(t, "pod "+key.String()+" is Ready", func(ctx context.Context) error {
		if err := cluster.Admin.Get(ctx, key, pod); err != nil {
			return err
		}
		if !node.Ready(pod) {
			return fmt.Errorf("it is %s: %v", pod.Status.Phase, pod.Status.Conditions)
		}
		return nil
	})
	return pod
}

// look finds everybody.
func look(t *testing.T) scene {
	t.Helper()
	s := scene{at: map[string]struct{ address, from string }{}, dials: map[string]string{}, answers: map[string]string{}}
	var pods corev1.PodList
	var namespaces corev1.NamespaceList
	if err := cluster.Admin.List(t.Context(), &pods); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Admin.List(t.Context(), &namespaces); err != nil {
		t.Fatal(err)
	}
	labels := map[string]map[string]string{}
	for _, ns := range namespaces.Items {
		labels[ns.Name] = ns.Labels
	}
	slices.SortFunc(pods.Items, func(a, b corev1.Pod) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(nameOf(a), nameOf(b)), cmp.Compare(a.Name, b.Name))
	})
	for _, pod := range pods.Items {
		if node.Ready(&pod) && pod.DeletionTimestamp.IsZero() {
			s.addPod(pod, labels[pod.Namespace])
		}
	}
	s.addOthers()
	return s
}

// nameOf is a pod's name in the matrix: that of its workload, which is the same in each run.
func nameOf(pod corev1.Pod) string {
	return pod.Namespace + "/" + cmp.Or(pod.Labels["app.kubernetes.io/name"], pod.Labels["k8s-app"], pod.Name)
}

func (s *scene) addPod(pod corev1.Pod, labels map[string]string) {
	end := walls.End{
		Name: nameOf(pod), Namespace: pod.Namespace, NamespaceLabels: labels, Labels: pod.Labels,
		Municipality: labels[v1alpha1.LabelMunicipality], Environment: labels[v1alpha1.LabelEnvironment],
		App: pod.Labels[v1alpha1.LabelApp], Address: netip.MustParseAddr(pod.Status.PodIP),
	}
	if s.at[end.Name].address != "" || s.isTarget(end.Name) {
		return // of several pods of a workload the first
	}
	end.Version = installed()[client.ObjectKey{Namespace: end.Municipality + "-" + end.Environment, Name: end.App}]
	at := func(kind string, port int32, name string, protocol v1alpha1.Protocol, answer string) {
		s.add(walls.Target{End: end, Port: port, PortName: name, Protocol: protocol}, fmt.Sprintf("%s:%s:%d", kind, end.Address, port), answer)
	}
	switch pod.Namespace {
	case "kube-system":
		at("tcp", 53, "dns-tcp", v1alpha1.ProtocolTCP, "")
		at("udp", 53, "dns", v1alpha1.ProtocolUDP, "")
		at("http", 8181, "", v1alpha1.ProtocolTCP, "HTTP/1.")
		return
	case "allmenning-system":
		at("http", 8443, "metrics", v1alpha1.ProtocolTCP, "HTTP/1.")
		at("http", 8081, "health", v1alpha1.ProtocolTCP, "HTTP/1.")
		return
	}
	s.Sources = append(s.Sources, end)
	s.at[end.Name] = struct{ address, from string }{end.Address.String(), ""}
	at("http", 8080, "http", v1alpha1.ProtocolTCP, "HTTP/1.0 200 OK "+pod.Name+" ")
	if end.App == "innbyggerportal" || end.App == "lonn" { // somebody is let in, at one port
		at("http", 9090, "", v1alpha1.ProtocolTCP, "HTTP/1.0 200 OK "+pod.Name+" ")
	}
}

func (s *scene) isTarget(name string) bool {
	return slices.ContainsFunc(s.Targets, func(t walls.Target) bool { return t.Name == name })
}

func (s *scene) add(target walls.Target, dial, answer string) {
	s.Targets = append(s.Targets, target)
	s.dials[target.Label()], s.answers[target.Label()] = dial, answer
}

// addOthers adds what is no pod: the node, the API server, Services, and the addresses of the world.
func (s *scene) addOthers() {
	address := netip.MustParseAddr(node.Address)
	for _, from := range []string{"203.0.113.10", "10.20.0.10"} {
		name := "outside " + from
		s.Sources = append(s.Sources, walls.End{Name: name, Address: netip.MustParseAddr(from)})
		s.at[name] = struct{ address, from string }{node.WorldAddress, from}
	}
	s.Sources = append(s.Sources, walls.End{Name: "node", Address: address, Node: true})
	s.at["node"] = struct{ address, from string }{node.Address, ""}

	// A Service leads to what is behind it, and it is there that walls are.
	api := walls.Target{End: walls.End{Name: "Service kubernetes", Address: address}, Port: 6443}
	s.add(api, "http:10.96.0.1:443", "HTTP/1.0 400")
	for _, target := range s.Targets {
		if target.Namespace == "kube-system" && target.PortName == "dns" {
			target.Name = "Service kube-dns"
			s.add(target, "udp:10.96.0.10:53", "")
			break
		}
	}
	for _, at := range []struct {
		name   string
		port   int32
		answer string
	}{{"API server", 6443, "HTTP/1.0 400"}, {"kubelet", 10250, "HTTP/1.0 400"}, {"node", 9999, "HTTP/1.0 200 OK node "}} {
		s.add(walls.Target{End: walls.End{Name: at.name, Address: address}, Port: at.port}, fmt.Sprintf("http:%s:%d", node.Address, at.port), at.answer)
	}
	for _, at := range []struct {
		what, address string
		port          int32
	}{
		{"svarut's", "203.0.113.10", 443}, {"svarut's", "203.0.113.10", 8443}, {"the broker", "198.51.100.10", 5671}, {"the broker", "198.51.100.10", 443},
		{"the register", "198.51.100.200", 443}, {"login", "192.0.2.10", 443}, {"anybody", "198.18.0.10", 443},
		{"metadata", "169.254.169.254", 80}, {"node-local DNS", "169.254.20.10", 53}, {"node-local DNS", "169.254.20.10", 443},
		{"the host in Azure", "168.63.129.16", 80}, {"assigned", "192.0.0.192", 80}, {"the archive", "10.20.0.10", 443}, {"private", "10.200.0.10", 443},
		{"private", "172.20.0.10", 443}, {"private", "192.168.77.10", 443}, {"carriers", "100.64.9.9", 443},
	} {
		end := walls.End{Name: at.what + " " + at.address, Address: netip.MustParseAddr(at.address)}
		s.add(walls.Target{End: end, Port: at.port}, fmt.Sprintf("http:%s:%d", at.address, at.port), fmt.Sprintf("HTTP/1.0 200 OK world %s:", at.address))
	}
}

// measure opens every connection of the matrix, side by side, and says which were answered. An answer that another gives is a fault.
func (s *scene) measure(ctx context.Context) (map[walls.Pair]bool, error) {
	asked := map[string][]string{}
	s.Each(func(from walls.End, to walls.Target) { asked[from.Name] = append(asked[from.Name], to.Label()) })
	all := map[walls.Pair]bool{}
	var turn sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for from, labels := range asked {
		group.Go(func() error {
			answered, err := s.measureFrom(ctx, from, labels)
			turn.Lock()
			defer turn.Unlock()
			maps.Copy(all, answered)
			return err
		})
	}
	return all, group.Wait()
}

// measureFrom does so for one source.
func (s *scene) measureFrom(ctx context.Context, from string, labels []string) (map[walls.Pair]bool, error) {
	targets := make([]string, len(labels))
	for i, label := range labels {
		targets[i] = s.dials[label]
	}
	got, err := node.Try(ctx, s.at[from].address, s.at[from].from, targets)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", from, err)
	}
	all := map[walls.Pair]bool{}
	for i, label := range labels {
		o := got[targets[i]]
		if o.Fault == "" && !strings.HasPrefix(o.Answer, s.answers[label]) {
			return nil, fmt.Errorf("%s to %s (%s): %q answers, and it should be %q", from, label, targets[i], o.Answer, s.answers[label])
		}
		all[walls.Pair{From: from, To: label}] = o.Fault == ""
	}
	return all, nil
}

// gone says whether an object is no more.
func gone(ctx context.Context, o client.Object) error {
	err := cluster.Admin.Get(ctx, client.ObjectKeyFromObject(o), o)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return cmp.Or(err, fmt.Errorf("%s is still there", o.GetName()))
}
