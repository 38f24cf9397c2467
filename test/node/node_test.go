//go:build linux

package node_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/test/node"
)

// holdVariable makes this program start a node and, with "forever", keep it until it is killed.
const holdVariable = "ALLMENNING_NODE_HOLD"

func TestMain(m *testing.M) {
	flag.Parse()
	switch {
	case !node.Wanted():
		fmt.Println("a real node is tested by `make test-node`: skipped")
	case os.Getenv(holdVariable) != "":
		os.Exit(node.Enter(prepare, hold))
	default:
		os.Exit(m.Run())
	}
}

// prepare takes long where it is asked to, in a program of its own, as a compiler is.
func prepare(ctx context.Context, folder string) error {
	if os.Getenv(holdVariable) != "preparing" {
		return nil
	}
	fmt.Println("folder", folder)
	return exec.CommandContext(ctx, "sh", "-c", `sleep 600; mkdir -p "$1"`, "sh", folder).Run()
}

// hold starts a node with a pod, and says so on stdout.
func hold(folder string) int {
	ctx := context.Background()
	fmt.Println("folder", folder)
	n, err := node.Start(ctx, node.Options{Folder: folder, Scheme: clientgoscheme.Scheme, Progress: os.Stderr})
	if err == nil {
		err = runPod(ctx, n)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ready")
	if os.Getenv(holdVariable) == "forever" {
		select {}
	}
	return 0
}

// runPod runs a pod, asks it for the API server's name, and the API server for what the pod has said.
func runPod(ctx context.Context, n *node.Node) error {
	pod := node.NewPod("default", "first", map[string]string{"NAME": "first"})
	if err := n.Await(ctx, "the pod is admitted", func(ctx context.Context) error { return n.Admin.Create(ctx, pod) }); err != nil {
		return err
	}
	if err := n.Await(ctx, "the pod is Ready", func(ctx context.Context) error {
		if err := n.Admin.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		if !node.Ready(pod) {
			return fmt.Errorf("%s, %v", pod.Status.Phase, pod.Status.ContainerStatuses)
		}
		return nil
	}); err != nil {
		return err
	}
	return n.Await(ctx, "the pod reaches all", func(ctx context.Context) error { return reachesAll(ctx, pod) })
}

// reachesAll tries what a pod without policies reaches.
func reachesAll(ctx context.Context, pod *corev1.Pod) error {
	wants := map[string]string{
		"http:" + pod.Status.PodIP + ":9090": "HTTP/1.0 200 OK first",
		"udp:10.96.0.10:53":                  "", "tcp:10.96.0.10:53": "",
		"http:10.96.0.1:443": "HTTP/1.0 400 Bad Request", "http:" + node.Address + ":10250": "HTTP/1.0 400 Bad Request",
		"http:" + node.Address + ":9999": "HTTP/1.0 200 OK node",
	}
	for _, address := range node.World() {
		wants["http:"+address+":443"] = "HTTP/1.0 200 OK world " + address
	}
	targets := make([]string, 0, len(wants))
	for target := range wants {
		targets = append(targets, target)
	}
	got, err := node.Try(ctx, pod.Status.PodIP, "", targets)
	if err != nil {
		return err
	}
	for target, want := range wants {
		if o := got[target]; o.Fault != "" || !strings.HasPrefix(o.Answer, want) {
			return fmt.Errorf("%s: %+v, want %q", target, o, want)
		}
	}
	return nil
}

func TestANodeLeavesNothing(t *testing.T) {
	for _, tc := range []struct {
		reason, hold, until string
		kill                bool
	}{
		{"its program ends by itself", "once", "ready", false},
		{"its program is killed while it prepares", "preparing", "folder", true},
		{"its program is killed while it starts", "forever", "folder", true},
		{"its program is killed while pods run", "forever", "ready", true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			before := machine(t)
			var said bytes.Buffer
			program := exec.Command("/proc/self/exe")
			program.Env = append(os.Environ(), holdVariable+"="+tc.hold)
			program.Stderr = &said
			out, err := program.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := program.Start(); err != nil {
				t.Fatal(err)
			}
			folder, err := readUntil(out, tc.until)
			if err == nil && tc.kill {
				err = program.Process.Kill()
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, said.String())
			}
			if err := program.Wait(); err != nil && !tc.kill {
				t.Fatalf("%v\n%s", err, said.String())
			}
			t.Logf("\n%s", said.String())
			gone(t, folder)
			if diff := cmp.Diff(before, machine(t)); diff != "" {
				t.Errorf("the machine is not what it was (-before +after):\n%s", diff)
			}
		})
	}
}

// readUntil reads lines up to one that begins with a word, and returns the folder that an earlier one names.
func readUntil(out io.Reader, word string) (folder string, err error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "folder "); ok {
			folder = name
		}
		if strings.HasPrefix(line, word) {
			return folder, nil
		}
	}
	return "", errors.Join(lines.Err(), fmt.Errorf("it has ended before it said %q", word))
}

// gone waits until folder and cgroups of a node are no more; while a process is in a cgroup it can't be removed.
func gone(t *testing.T, folder string) {
	t.Helper()
	var left []string
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		left = nil
		for _, pattern := range []string{folder, "/sys/fs/cgroup/" + filepath.Base(folder), "/sys/fs/cgroup/*/" + filepath.Base(folder)} {
			found, err := filepath.Glob(pattern)
			if err != nil {
				return false, err
			}
			left = append(left, found...)
		}
		left = append(left, naming(folder)...)
		return len(left) == 0, nil
	})
	if err != nil {
		t.Errorf("left behind: %v: %v", left, err)
	}
}

// naming are the processes that have a folder in their arguments.
func naming(folder string) []string {
	var all []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is valid, the only error there is
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil && bytes.Contains(content, []byte(folder)) {
			all = append(all, string(content))
		}
	}
	return all
}

// machine is what a node must not change.
func machine(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, file := range []string{
		"/proc/self/mountinfo", "/proc/net/route", "/proc/sys/kernel/hostname", "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/panic",
		"/proc/sys/kernel/panic_on_oops", "/proc/sys/kernel/keys/root_maxkeys", "/proc/sys/net/ipv4/ip_forward",
	} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = string(content)
	}
	links, err := filepath.Glob("/sys/class/net/*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(links)
	all["links"] = strings.Join(links, " ")
	return all
}
