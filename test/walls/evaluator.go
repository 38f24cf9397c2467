package walls

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// question is what the evaluator is asked, as its program reads it.
type question struct {
	From     evaluated `json:"from"`
	To       evaluated `json:"to"`
	Port     int32     `json:"port"`
	PortName string    `json:"portName,omitempty"`
	Protocol string    `json:"protocol"`
}

type evaluated struct {
	Namespace       string            `json:"namespace,omitempty"`
	NamespaceLabels map[string]string `json:"namespaceLabels,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	Address         string            `json:"address"`
}

// BuildEvaluator builds test/walls/cyclonus of the repository at root into a folder, and returns the program's path. It is a
// module of its own, as nobody who imports the operator should inherit what it needs.
func BuildEvaluator(ctx context.Context, root, folder string) (string, error) {
	program, err := filepath.Abs(filepath.Join(folder, "cyclonus"))
	if err != nil {
		return "", fmt.Errorf("building the evaluator: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(root, "test", "walls", "cyclonus"), "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the evaluator: %w\n%s", err, out)
	}
	return program, nil
}

// Evaluate lets cyclonus say what NetworkPolicies let through. What no evaluator of policies can know is
// that a node reaches its own pods, so that is taken as given.
func Evaluate(ctx context.Context, program string, policies []networkingv1.NetworkPolicy, m Matrix) (map[Pair]bool, error) {
	var asked []question
	var pairs []Pair
	all := map[Pair]bool{}
	m.Each(func(from End, to Target) {
		pair := Pair{from.Name, to.Label()}
		if from.Node {
			all[pair] = true
			return
		}
		protocol := corev1.ProtocolTCP
		if to.Protocol != "" {
			protocol = corev1.Protocol(to.Protocol)
		}
		asked = append(asked, question{From: toEvaluate(from), To: toEvaluate(to.End), Port: to.Port, PortName: to.PortName, Protocol: string(protocol)})
		pairs = append(pairs, pair)
	})

	input, err := json.Marshal(map[string]any{"policies": policies, "questions": asked})
	if err != nil {
		return nil, fmt.Errorf("asking the evaluator: %w", err)
	}
	evaluate := exec.CommandContext(ctx, program)
	evaluate.Stdin = bytes.NewReader(input)
	var complaints bytes.Buffer
	evaluate.Stderr = &complaints
	output, err := evaluate.Output()
	if err != nil {
		return nil, fmt.Errorf("running the evaluator: %w\n%s", err, complaints.String())
	}
	var answers []bool
	if err := json.Unmarshal(output, &answers); err != nil {
		return nil, fmt.Errorf("reading what the evaluator answers: %w", err)
	}
	if len(answers) != len(pairs) {
		return nil, fmt.Errorf("the evaluator answers %d of %d questions", len(answers), len(pairs))
	}
	for i, pair := range pairs {
		all[pair] = answers[i]
	}
	return all, nil
}

func toEvaluate(e End) evaluated {
	return evaluated{Namespace: e.Namespace, NamespaceLabels: e.NamespaceLabels, Labels: e.Labels, Address: e.Address.String()}
}
