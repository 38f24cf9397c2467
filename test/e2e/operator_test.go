package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// operator is one life of the operator's process.
type operator struct {
	command *exec.Cmd
	metrics string
	log     string
	exited  chan struct{}
}

// start runs the operator, with its own service account's rights unless a kubeconfig says
// otherwise, and returns when its process is up. It is killed with the test.
func (w *world) start(t *testing.T, kubeconfig string) *operator {
	t.Helper()
	if kubeconfig == "" {
		var err error
		if kubeconfig, err = w.plane.KubeconfigFor(operatorAccount); err != nil {
			t.Fatal(err)
		}
	}
	o := &operator{metrics: freeAddress(t), exited: make(chan struct{}), log: filepath.Join(t.TempDir(), "operator.log")}
	out, err := os.Create(o.log)
	if err != nil {
		t.Fatal(err)
	}
	o.command = exec.Command(program, "--kubeconfig="+kubeconfig, "--metrics-bind-address="+o.metrics, "--health-probe-bind-address=0", "--log-format=text")
	o.command.Stdout, o.command.Stderr = out, out
	if err := o.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = o.command.Wait()
		_ = out.Close()
		close(o.exited)
	}()
	t.Cleanup(func() {
		o.kill()
		if t.Failed() {
			content, _ := os.ReadFile(o.log)
			lines := strings.Split(strings.TrimSpace(string(content)), "\n")
			t.Logf("the operator's last words:\n%s", strings.Join(lines[max(0, len(lines)-10):], "\n"))
		}
	})
	return o
}

// kill ends the process as a power cut does.
func (o *operator) kill() {
	_ = o.command.Process.Kill()
	<-o.exited
}

// stop ends the process as a rollout does.
func (o *operator) stop(t *testing.T) {
	t.Helper()
	if err := o.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("the operator is not there any more: %v", err)
	}
	<-o.exited
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// sample is one figure of the operator's metrics.
type sample struct {
	labels map[string]string
	value  float64
}

// scrape reads the operator's metrics.
func (o *operator) scrape(ctx context.Context) (map[string][]sample, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+o.metrics+"/metrics", http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	all := map[string][]sample{}
	for name, family := range maps.All(families) {
		for _, m := range family.GetMetric() {
			all[name] = append(all[name], sample{labelsOf(m), m.GetCounter().GetValue() + m.GetGauge().GetValue()})
		}
	}
	return all, nil
}

func labelsOf(m *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, pair := range m.GetLabel() {
		labels[pair.GetName()] = pair.GetValue()
	}
	return labels
}

// writes are the requests that changed something, or would have, by verb and resource.
// Leases are left out, as they only say that the operator is there.
func writes(metrics map[string][]sample) map[string]float64 {
	all := map[string]float64{}
	for _, s := range metrics["allmenning_api_requests_total"] {
		switch verb := s.labels["verb"]; verb {
		case "get", "list", "watch":
		default:
			if s.labels["resource"] != "leases" && s.labels["resource"] != "none" {
				all[verb+" "+s.labels["resource"]] = s.value
			}
		}
	}
	return all
}
