// Command manager is the operator.
package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
	_ "time/tzdata" // the time zones of windows, for images and machines that hold no files of them

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/allmenning/allmenning/controllers"
	"github.com/allmenning/allmenning/internal/provenance"
)

func main() {
	if err := newCommand().ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(1)
	}
}

// flags that are not options of the operator itself.
type flags struct {
	kubeconfig string
	logFormat  string
	logLevel   string
}

func newCommand() *cobra.Command {
	var f flags
	var o controllers.Options
	from := provenance.OfThisProgram()
	cmd := &cobra.Command{
		Use:           "manager",
		Short:         "The Allmenning operator: municipalities, networks and shared apps on one cluster",
		Args:          cobra.NoArgs,
		Version:       from.String(),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := newLogger(f)
			if err != nil {
				return err
			}
			ctrl.SetLogger(log)
			klog.SetLogger(log)
			o.Log = log
			log.Info("starting", "version", from.Version, "commit", from.Commit, "date", from.Date, "go", from.Go, "namespace", o.Namespace)
			config, err := loadConfig(f.kubeconfig)
			if err != nil {
				return err
			}
			mgr, err := controllers.New(cmd.Context(), config, o)
			if err != nil {
				return err
			}
			return mgr.Start(cmd.Context())
		},
	}

	cmd.AddCommand(newBuildCommand())
	set := cmd.Flags()
	set.StringVar(&f.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "path of a kubeconfig; inside a cluster leave it empty")
	set.StringVar(&f.logFormat, "log-format", "json", "json or text")
	set.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	set.StringVar(&o.Namespace, "namespace", "allmenning-system", "the operator's own namespace, where bundles and their credentials lie")
	set.StringVar(&o.MetricsAddress, "metrics-bind-address", ":8443", "address to serve metrics at, by TLS, to those whom the API server lets get /metrics; 0 serves none")
	set.StringVar(&o.MetricsCertificates, "metrics-cert-dir", "", "folder of tls.crt and tls.key to serve metrics with; without one the operator makes its own")
	set.BoolVar(&o.OpenMetrics, "open-metrics", false, "serve metrics without TLS to everybody; only at a loopback address")
	set.StringVar(&o.HealthAddress, "health-probe-bind-address", ":8081", "address to serve /healthz and /readyz at; 0 serves none")
	set.StringVar(&o.ProfileAddress, "pprof-bind-address", "0", "address to serve Go profiles at; 0 serves none")
	set.BoolVar(&o.LeaderElection, "leader-elect", false, "let only one of several operators work")
	set.StringSliceVar(&o.PlainHTTPRegistries, "plain-http-registry", nil, "host of a registry to speak to without TLS; may be repeated")
	set.DurationVar(&o.FetchTimeout, "fetch-timeout", 30*time.Second, "how long the fetching of one bundle may take")
	return cmd
}

// newBuildCommand makes a worker of the operator: see package controllers.
func newBuildCommand() *cobra.Command {
	return &cobra.Command{
		Use: controllers.BuildArgument, Short: "Build bundles that come in on standard input; the operator runs it", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return controllers.ServeBuilds(cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}

func newLogger(f flags) (logr.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return logr.Logger{}, fmt.Errorf("--log-level %q: use debug, info, warn or error", f.logLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	switch f.logFormat {
	case "json":
		return logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, options)), nil
	case "text":
		return logr.FromSlogHandler(slog.NewTextHandler(os.Stderr, options)), nil
	}
	return logr.Logger{}, fmt.Errorf("--log-format %q: use json or text", f.logFormat)
}

func loadConfig(kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" {
		config, err := rest.InClusterConfig()
		if errors.Is(err, rest.ErrNotInCluster) {
			return nil, errors.New("no cluster: give --kubeconfig, set KUBECONFIG, or run inside a cluster")
		}
		return config, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read --kubeconfig %s: %w", kubeconfig, err)
	}
	return config, nil
}
