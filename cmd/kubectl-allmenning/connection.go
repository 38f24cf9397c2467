package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// connection knows which cluster to speak to, by the same flags and files as kubectl.
type connection struct {
	rules     *clientcmd.ClientConfigLoadingRules
	overrides clientcmd.ConfigOverrides
}

// shown are the flags of kubectl that help shows; the others work too.
var shown = map[string]bool{"kubeconfig": true, "context": true, "as": true, "as-group": true}

func newConnection(flags *pflag.FlagSet) *connection {
	c := &connection{rules: clientcmd.NewDefaultClientConfigLoadingRules()}
	c.rules.WarnIfAllMissing = false // open returns it as an error
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	own.StringVar(&c.rules.ExplicitPath, "kubeconfig", "", "path of the kubeconfig; kubectl's other flags for connections work too")
	clientcmd.BindOverrideFlags(&c.overrides, own, clientcmd.RecommendedConfigOverrideFlags(""))
	own.VisitAll(func(f *pflag.Flag) {
		f.Hidden = !shown[f.Name]
		flags.AddFlag(f)
	})
	return c
}

// noCluster says why no cluster is known, by what KUBECONFIG is set to.
func noCluster(paths string) error {
	if paths == "" {
		return errors.New("no cluster: give --kubeconfig, or set KUBECONFIG; some commands work on files with -f")
	}
	var missing []string
	for _, path := range filepath.SplitList(paths) {
		if _, err := os.Stat(path); path != "" && errors.Is(err, fs.ErrNotExist) { //nolint:gosec // it is the caller's own kubeconfig
			missing = append(missing, path)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("no cluster: KUBECONFIG names %s, which does not exist: correct it, or give --kubeconfig", strings.Join(missing, " and "))
	}
	return fmt.Errorf("no cluster: KUBECONFIG names %s, which holds none: correct it, or give --kubeconfig", paths)
}

// unhurried leaves it to the API server to slow a program down that makes thousands of requests.
func unhurried(config *rest.Config) { config.QPS = -1 }

// open returns a client of the cluster.
func (c *connection) open() (client.WithWatch, error) { return c.openWith() }

// openWith returns a client of the cluster, of a configuration that is changed.
func (c *connection) openWith(changes ...func(*rest.Config)) (client.WithWatch, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(c.rules, &c.overrides).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, noCluster(os.Getenv(clientcmd.RecommendedConfigPathEnvVar))
	}
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 50, 100 // a person waits
	for _, change := range changes {
		change(config)
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(v1alpha1.AddToScheme(scheme), coordinationv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	opened, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("reach the cluster at %s: %w", config.Host, err)
	}
	return opened, nil
}
