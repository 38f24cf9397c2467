// Command cyclonus says which connections NetworkPolicies let through, by the policy matcher of
// github.com/mattfenwick/cyclonus. It reads the policies and the questions as JSON, and writes an answer for each. It is a Go module of its
// own, because nobody who imports the operator should inherit what cyclonus needs.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

type end struct {
	Namespace       string            `json:"namespace"`
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	Labels          map[string]string `json:"labels"`
	Address         string            `json:"address"`
}

func (e end) peer() *matcher.TrafficPeer {
	peer := &matcher.TrafficPeer{IP: e.Address}
	if e.Namespace != "" {
		peer.Internal = &matcher.InternalPeer{Namespace: e.Namespace, NamespaceLabels: e.NamespaceLabels, PodLabels: e.Labels}
	}
	return peer
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "cyclonus:", err)
		os.Exit(1)
	}
}

func run() error {
	var asked struct {
		Policies  []*networkingv1.NetworkPolicy `json:"policies"`
		Questions []struct {
			From     end             `json:"from"`
			To       end             `json:"to"`
			Port     int             `json:"port"`
			PortName string          `json:"portName"`
			Protocol corev1.Protocol `json:"protocol"`
		} `json:"questions"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return fmt.Errorf("reading the questions: %w", err)
	}
	policy := matcher.BuildNetworkPolicies(false, asked.Policies)
	answers := make([]bool, 0, len(asked.Questions))
	for _, q := range asked.Questions {
		answers = append(answers, policy.IsTrafficAllowed(&matcher.Traffic{
			Source: q.From.peer(), Destination: q.To.peer(), ResolvedPort: q.Port, ResolvedPortName: q.PortName, Protocol: q.Protocol,
		}).IsAllowed())
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}
