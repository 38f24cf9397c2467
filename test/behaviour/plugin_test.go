package behaviour_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// plugin is the program kubectl-allmenning, as somebody uses it.
type plugin struct{ program, kubeconfig string }

// buildPlugin builds the program once, into the folder of the control plane.
var buildPlugin = sync.OnceValues(func() (string, error) {
	program := filepath.Join(plane.Dir(), "kubectl-allmenning")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/kubectl-allmenning").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build kubectl-allmenning: %w\n%s", err, out)
	}
	return program, nil
})

// newPlugin is the program in the hands of the administrator.
func newPlugin(t *testing.T) plugin {
	t.Helper()
	program, err := buildPlugin()
	if err != nil {
		t.Fatal(err)
	}
	return plugin{program: program, kubeconfig: plane.Kubeconfig()}
}

// as is the program in the hands of somebody else.
func (p plugin) as(t *testing.T, user string, groups ...string) plugin {
	t.Helper()
	var err error
	if p.kubeconfig, err = plane.KubeconfigFor(user, groups...); err != nil {
		t.Fatal(err)
	}
	return p
}

// run returns what the program wrote, and as an error what it wrote as one.
func (p plugin) run(args ...string) (string, error) {
	var out, complaint bytes.Buffer
	command := exec.Command(p.program, append(args, "--kubeconfig="+p.kubeconfig)...)
	command.Stdout, command.Stderr = &out, &complaint
	if err := command.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return out.String(), nil
}

func (p plugin) mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.run(args...)
	if err != nil {
		t.Fatalf("kubectl allmenning %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// inTwoWaves makes a network of a pilot and another, who waits for the approval of one of
// these groups.
func inTwoWaves(t *testing.T, app string, pilot, other *v1alpha1.Municipality, groups ...string) *v1alpha1.Network {
	t.Helper()
	return proposes(t, "plugin", app, func(n *v1alpha1.Network) {
		n.Spec.Access = []v1alpha1.NetworkAccess{{Role: v1alpha1.RoleCoordinator, Groups: groups}}
		soon := &metav1.Duration{Duration: 0}
		n.Spec.Rollout = &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
			{Name: "pilot", Members: &v1alpha1.WaveMembers{Names: []string{pilot.Name}}, Soak: soon},
			{Name: "everyone", RequireApproval: new(true), Soak: soon},
		}}
	}, pilot, other)
}

func TestPluginTakesARolloutThrough(t *testing.T) {
	parallel(t)
	admin, group := newPlugin(t), unique("secretariat")
	app := publish(t, unique("plug"), nil, files("plug", nil), files("plug", map[string]string{"more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: APP-more}\n"}))
	pilot, other := standing(t, town(t, "pilot")), standing(t, town(t, "other"))
	network := inTwoWaves(t, app.Name, pilot, other, group)
	runs(t, pilot.Name+"-prod", app.Name, "1.0.0")
	rollout := at(&v1alpha1.Rollout{}, "", network.Name+"."+app.Name+".1.0.0.1")
	until(t, "the second wave waits for approval", rollout, func(r *v1alpha1.Rollout) error {
		return holds(r.Status.Next, "approval of wave everyone")
	})

	eventually(t, "explain says what the municipality's status says by now", func(context.Context) error {
		return holds(admin.mustRun(t, "explain", other.Name, app.Name), app.Name+" offers 1.0.0 in channel stable", "Network "+network.Name+" recommends it",
			other.Name+" has not decided", "should run 1.0.0", rollout.Name, "wave everyone", "approval of wave everyone", "Not installed")
	})
	if err := holds(admin.mustRun(t, "status", rollout.Name), "Progressing", "pilot", "Done", "everyone", "Waiting"); err != nil {
		t.Error(err)
	}
	out, err := admin.run("plan", app.Name, "1.1.0", "--network", network.Name)
	if err == nil || holds(err.Error(), "exit status 2") != nil {
		t.Errorf("something would change, got %v", err)
	}
	if err := holds(out, network.Name+"."+app.Name+".1.1.0.1 would be made", "Completed at", "Wave everyone waits for approval"); err != nil {
		t.Error(err)
	}

	coordinator := admin.as(t, "kari", group)
	eventually(t, "a coordinator approves", func(context.Context) error {
		out, err := coordinator.run("approve", rollout.Name, "--apply")
		return errors.Join(err, holds(out, "approved wave everyone of "+app.Name+" 1.0.0, attempt 1"))
	})
	runs(t, other.Name+"-prod", app.Name, "1.0.0")
	until(t, "the rollout completes", rollout, func(r *v1alpha1.Rollout) error {
		return expect("phase", r.Status.Phase, v1alpha1.RolloutCompleted)
	})
	if _, err := admin.run("approve", rollout.Name, "--apply"); err == nil || holds(err.Error(), "exit status 1", "no wave of it waits for an approval") != nil {
		t.Errorf("what is completed needs no approval, got %v", err)
	}

	if out := admin.mustRun(t, "promote", app.Name, "1.1.0"); holds(out, "kind: SharedApp", "version: 1.1.0") != nil || read(t, app).Spec.Channels[0].Version != "1.0.0" {
		t.Errorf("without --apply it is printed and not changed:\n%s", out)
	}
	admin.mustRun(t, "promote", app.Name, "1.1.0", "--apply", "--dry-run=server")
	if got := read(t, app).Spec.Channels[0].Version; got != "1.0.0" {
		t.Errorf("a dry run promoted %s", got)
	}
	if out := admin.mustRun(t, "promote", app.Name, "1.1.0", "--apply"); holds(out, "promoted 1.1.0 to channel stable, where 1.0.0 was") != nil {
		t.Errorf("it says %s", out)
	}
	runs(t, pilot.Name+"-prod", app.Name, "1.1.0")
	changedOnly(t, app, ".spec.channels")
}

// changedOnly compares what the program owns of an object with what it was to change.
func changedOnly(t *testing.T, app *v1alpha1.SharedApp, field string) {
	t.Helper()
	entries := read(t, app).ManagedFields
	i := slices.IndexFunc(entries, func(e metav1.ManagedFieldsEntry) bool { return e.Manager == "kubectl-allmenning" })
	if i < 0 {
		t.Fatalf("nothing is noted as changed by kubectl-allmenning: %+v", entries)
	}
	want := `{"f:spec":{"f:channels":{"k:{\"name\":\"stable\"}":{"f:version":{}}}}}`
	if diff := cmp.Diff(want, entries[i].FieldsV1.GetRawString()); diff != "" {
		t.Errorf("more than %s was changed (-want +got):\n%s", field, diff)
	}
}

// heard gathers what a program writes while it runs.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes in what the program wrote.
func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) holds(parts ...string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return holds(h.text.String(), parts...)
}

func TestPluginWatches(t *testing.T) {
	parallel(t)
	admin := newPlugin(t)
	app := publish(t, unique("watch"), nil, files("watch", nil))
	pilot, other := standing(t, town(t, "pilot")), standing(t, town(t, "other"))
	network := inTwoWaves(t, app.Name, pilot, other, unique("secretariat"))
	var out heard
	command := exec.Command(admin.program, "status", "--watch", "--network="+network.Name, "--kubeconfig="+admin.kubeconfig)
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it shows that an approval is waited for", func(context.Context) error {
		return out.holds("ROLLOUT", network.Name+"."+app.Name+".1.0.0.1", "approval of wave everyone")
	})
	admin.mustRun(t, "approve", network.Name+"."+app.Name+".1.0.0.1", "--apply")
	eventually(t, "it shows what comes of that", func(context.Context) error { return out.holds("Completed") })
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("interrupted, it ends well, but: %v", err)
	}
	if err := out.holds("error"); err == nil {
		t.Errorf("it complained: %s", out.text.String())
	}
}

func TestPluginOnboards(t *testing.T) {
	parallel(t)
	admin := newPlugin(t)
	network := proposes(t, "board", unique("nothing"), nil, town(t, "first"))
	number := fmt.Sprintf("%04d", 9000+time.Now().UnixNano()%1000)
	name := unique("newcomer")
	args := []string{"onboard", name, "--number", number, "--display-name", "Newcomer", "--network", network.Name, "--access", "Administrator=newcomer-ikt", "--apply"}
	if out := admin.mustRun(t, append(args, "--dry-run=client")...); holds(out, "client dry run") != nil {
		t.Errorf("it says %s", out)
	}
	if out := admin.mustRun(t, args...); holds(out, "Municipality "+name+": created", "added "+name+" to spec.members.names") != nil {
		t.Errorf("it says %s", out)
	}
	m := standing(t, at(&v1alpha1.Municipality{}, "", name))
	if m.Spec.Number != number || m.Labels[v1alpha1.LabelCounty] != number[:2] {
		t.Errorf("it is %+v with labels %v", m.Spec, m.Labels)
	}
	if got := read(t, network).Spec.Members.Names; !slices.Contains(got, name) {
		t.Errorf("members are %v", got)
	}
	if _, err := admin.run(args...); err == nil || holds(err.Error(), "is there already") != nil {
		t.Errorf("a second time it refuses, got %v", err)
	}
}

// mayGet gives a group the one right on Municipalities that a platform may give to a tenant.
func mayGet(t *testing.T, m *v1alpha1.Municipality, group string) {
	t.Helper()
	name := metav1.ObjectMeta{Name: "get-" + m.Name}
	create(t, &rbacv1.ClusterRole{ObjectMeta: name, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"municipalities"}, ResourceNames: []string{m.Name}, Verbs: []string{"get"},
	}}})
	create(t, &rbacv1.ClusterRoleBinding{
		ObjectMeta: name, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name.Name},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: group}},
	})
}

func TestPluginTellsATenantWhatItMay(t *testing.T) {
	parallel(t)
	app := publish(t, unique("tenant"), nil, files("tenant", nil))
	group := unique("ikt")
	m := standing(t, town(t, "tenant", adopts(app.Name, func(d *v1alpha1.AppDecision) { d.Version = "1.0.0" }), func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessAdministrator, Groups: []string{group}}}
	}))
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
	mayGet(t, m, group)
	tenant := newPlugin(t).as(t, "ola", group)
	eventually(t, "explain works with the rights of a tenant", func(context.Context) error {
		out, err := tenant.run("explain", m.Name)
		return errors.Join(err, holds(out, "You may not read SharedApps", app.Name, "It should run 1.0.0", "decided by Municipality "+m.Name))
	})
}
