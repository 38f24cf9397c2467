package e2e_test

import (
	"path/filepath"
	"testing"

	"github.com/allmenning/allmenning/test/operator"
)

// start runs the operator, with its own service account's rights unless a kubeconfig says
// otherwise, and returns when its process is up. It is killed with the test.
func (w *world) start(t *testing.T, kubeconfig string) *operator.Process {
	t.Helper()
	if kubeconfig == "" {
		var err error
		if kubeconfig, err = w.plane.KubeconfigFor(operator.Identity); err != nil {
			t.Fatal(err)
		}
	}
	o, err := operator.Start(operator.Options{Program: program, Kubeconfig: kubeconfig, Log: filepath.Join(t.TempDir(), "operator.log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		lives := o.Death() == nil
		o.Kill()
		if lives && t.Failed() {
			t.Logf("the operator's last words:\n%s", o.LastWords())
		}
	})
	return o
}

// stop ends the operator as a rollout of a Deployment does.
func stop(t *testing.T, o *operator.Process) {
	t.Helper()
	if err := o.Death(); err != nil {
		t.Fatal(err)
	}
	if err := o.Stop(); err != nil {
		t.Fatal(err)
	}
}

// writes are the requests that changed something, or would have. What is no resource is
// left out, as questions of the operator's own are.
func writes(metrics operator.Metrics) operator.Requests {
	all := operator.Requests{}
	for call, count := range metrics.Requests {
		if call.Writes() && call.Resource != "none" {
			all[call] = count
		}
	}
	return all
}
