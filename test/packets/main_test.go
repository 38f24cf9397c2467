//go:build linux

package packets

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/node"
	"github.com/allmenning/allmenning/test/operator"
	"github.com/allmenning/allmenning/test/shipped"
	"github.com/allmenning/allmenning/test/walls"
)

const (
	root = "../.."
	// operatorImage is the one that config/manager names.
	operatorImage = "ghcr.io/allmenning/manager:dev"
)

// cluster is the node of all tests, and evaluator the program that judges policies. Starting a node costs ten seconds.
var (
	cluster   *node.Node
	evaluator string
)

func TestMain(m *testing.M) {
	flag.Parse()
	if !node.Wanted() {
		fmt.Println("a real node is tested by `make test-node`: skipped")
		return
	}
	ctrl.SetLogger(logr.Discard())
	os.Exit(node.Enter(prepare, func(folder string) int {
		if err := start(context.Background(), folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		code := m.Run()
		if err := errors.Join(cluster.Death(), cluster.Stop()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}))
}

// prepare builds what needs the network that a node lacks.
func prepare(ctx context.Context, folder string) error {
	_, err := operator.Build(ctx, root, folder, os.Stderr)
	_, err2 := walls.BuildEvaluator(ctx, root, folder)
	return errors.Join(err, err2)
}

// start starts the node, and installs what is shipped.
func start(ctx context.Context, folder string) error {
	evaluator = filepath.Join(folder, "cyclonus")
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return err
	}
	names, err := sampleImages()
	if err != nil {
		return err
	}
	cluster, err = node.Start(ctx, node.Options{
		Folder: folder, Scheme: scheme, Progress: os.Stderr, PodNames: names,
		Images: []node.Image{{Names: []string{operatorImage}, Program: filepath.Join(folder, "allmenning-manager")}},
	})
	if err != nil {
		return err
	}
	return shipped.Apply(ctx, cluster.Admin, root+"/config/default")
}

// sampleImages are the images of the sample apps: here each is the program of test/node/pod.
func sampleImages() ([]string, error) {
	image := regexp.MustCompile(`image: (registry\.example\.org/\S+)`)
	var names []string
	err := filepath.WalkDir(root+"/config/samples", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		content, err := os.ReadFile(path)
		for _, found := range image.FindAllSubmatch(content, -1) {
			names = append(names, string(found[1]))
		}
		return err
	})
	slices.Sort(names)
	return slices.Compact(names), err
}
