// Package controllers puts the operator together: one manager, one cache, one
// client, and the controllers that share them.
package controllers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/discovery"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/appinstallation"
	"github.com/allmenning/allmenning/controllers/consent"
	"github.com/allmenning/allmenning/controllers/door"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/buildpool"
	"github.com/allmenning/allmenning/controllers/internal/bundlestore"
	"github.com/allmenning/allmenning/controllers/internal/capabilities"
	"github.com/allmenning/allmenning/controllers/internal/definition"
	"github.com/allmenning/allmenning/controllers/internal/download"
	"github.com/allmenning/allmenning/controllers/internal/kinds"
	"github.com/allmenning/allmenning/controllers/internal/metrics"
	"github.com/allmenning/allmenning/controllers/internal/oci"
	"github.com/allmenning/allmenning/controllers/internal/policies"
	"github.com/allmenning/allmenning/controllers/internal/secrets"
	"github.com/allmenning/allmenning/controllers/municipality"
	"github.com/allmenning/allmenning/controllers/network"
	"github.com/allmenning/allmenning/controllers/overview"
	"github.com/allmenning/allmenning/controllers/platform"
	"github.com/allmenning/allmenning/controllers/rollout"
	"github.com/allmenning/allmenning/controllers/sharedapp"
	"github.com/allmenning/allmenning/controllers/snapshot"
)

// Options are what a person can choose when starting the operator.
type Options struct {
	// Namespace is the operator's own: bundles and their credentials lie there.
	Namespace string
	// MetricsAddress to serve metrics and answers to pipelines at; "0" serves none. They are served by TLS to those whom the
	// API server lets get the path.
	MetricsAddress string
	// MetricsCertificates is the folder of tls.crt and tls.key for it; without one the operator makes a certificate that nobody signed.
	MetricsCertificates string
	// OpenMetrics serves metrics without TLS to everybody, which a loopback address alone may do.
	OpenMetrics bool
	// HealthAddress to serve /healthz and /readyz at; "0" serves none.
	HealthAddress string
	// ProfileAddress to serve profiles at; "0" serves none.
	ProfileAddress string
	// LeaderElection makes sure that only one of several operators works.
	LeaderElection bool
	// PlainHTTPRegistries are hosts of registries that are spoken to without TLS.
	PlainHTTPRegistries []string
	// FetchTimeout bounds the fetching of one bundle.
	FetchTimeout time.Duration
	// BuildCommand runs the operator's own program so that it calls ServeBuilds: a worker that builds
	// bundles. Empty means this program with the argument BuildArgument.
	BuildCommand []string
	// Log is where the operator logs what it does.
	Log logr.Logger
}

const (
	// reconcileTimeout bounds one pass: a read that waits for what a definition that is gone
	// will never answer must not hold a worker for ever.
	reconcileTimeout = time.Minute
	// renewDeadline is how long a leader that can't renew its lease goes on; it is what
	// controller-runtime takes when nobody says otherwise.
	renewDeadline = 10 * time.Second
	// fetchers is how many bundles are fetched at once.
	fetchers = 4
)

// BuildArgument is the argument with which the operator's program calls ServeBuilds, and does nothing else.
const BuildArgument = "build-bundles"

// ServeBuilds builds the bundles that it is asked for on in, and answers on out, until in ends.
func ServeBuilds(in io.Reader, out io.Writer) error { return buildpool.Serve(in, out) }

// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create

// New makes a manager with every controller in it.
func New(ctx context.Context, config *rest.Config, o Options) (ctrl.Manager, error) {
	if o.OpenMetrics && !isLoopback(o.MetricsAddress) {
		return nil, fmt.Errorf("metrics at %s would be open to the network: serve them at a loopback address such as 127.0.0.1:8443, or not open", o.MetricsAddress)
	}
	requests, err := metrics.NewRequests(ctrlmetrics.Registry)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	if err := metrics.RegisterBuild(ctrlmetrics.Registry); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}

	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}

	config = rest.CopyConfig(config)
	config.QPS = -1 // the API server's own priority and fairness knows better when to slow down
	config.Wrap(requests.Wrap)
	config.Wrap(apply.Impersonation)

	lock, err := leaderLock(config, o)
	if err != nil {
		return nil, err
	}

	view, known := apply.NewView(o.Namespace), kinds.New(clock.RealClock{})
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                              scheme,
		Logger:                              o.Log,
		LeaderElection:                      o.LeaderElection,
		LeaderElectionID:                    leaseName, // as the metric of who leads names it
		LeaderElectionResourceLockInterface: lock,
		LeaderElectionReleaseOnCancel:       true,
		Metrics:                             metricsOptions(o),
		HealthProbeBindAddress:              o.HealthAddress,
		PprofBindAddress:                    o.ProfileAddress,
		// Names must differ among the controllers of one operator, not of one process.
		Controller: ctrlconfig.Controller{SkipNameValidation: new(true), ReconciliationTimeout: reconcileTimeout},
		Cache:      cacheOptions(o.Namespace, view, known),
		Client: client.Options{Cache: &client.CacheOptions{
			Unstructured: true,
			// A reconcile that does not see what the one before it wrote would write it again.
			EnableReadYourWritesConsistency: new(true),
		}},
	})

	if err != nil {
		return nil, fmt.Errorf("make the manager: %w", err)
	}
	if err := errors.Join(mgr.AddHealthzCheck("ping", healthz.Ping), mgr.AddReadyzCheck("ping", healthz.Ping)); err != nil {
		return nil, fmt.Errorf("add health checks: %w", err)
	}

	return mgr, addControllers(ctx, mgr, o, view, known)
}

// cacheOptions say what is kept in memory.
func cacheOptions(namespace string, view *apply.View, known *kinds.Registry) cache.Options {
	return cache.Options{
		DefaultTransform:         view.Transform,
		DefaultWatchErrorHandler: known.Broke,
		ByObject: map[client.Object]cache.ByObject{
			// Of all roles the operator reads one: the list of kinds that bundles may hold.
			&rbacv1.ClusterRole{}: {Field: fields.OneTermEqualSelector("metadata.name", v1alpha1.RoleInstaller)},
			// Of Secrets only those beside it: tenants' are watched apart.
			&corev1.Secret{}: {Namespaces: map[string]cache.Config{namespace: {}}},
			// And of the bindings in the whole cluster its own: those of coordinators.
			&rbacv1.ClusterRoleBinding{}: {Label: labels.SelectorFromSet(labels.Set{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy})},
		},
	}
}

// leaseName is the Lease that the one of several operators holds which works.
const leaseName = "allmenning"

// leaderLock is a Lease that records who leads. The usual one also writes an event at
// each start, which nobody needs who can read the Lease.
func leaderLock(config *rest.Config, o Options) (resourcelock.Interface, error) {
	if !o.LeaderElection {
		return nil, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name this operator by its host: %w", err)
	}
	identity := resourcelock.ResourceLockConfig{Identity: host + "_" + string(uuid.NewUUID())}
	lock, err := resourcelock.NewFromKubeconfig(resourcelock.LeasesResourceLock, o.Namespace, leaseName, identity, config, renewDeadline)
	if err != nil {
		return nil, fmt.Errorf("make the leader lock: %w", err)
	}
	return lock, nil
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("build the scheme: %w", err)
		}
	}
	return scheme, nil
}

// addControllers adds the controllers, the holder of the country that most of them read, and the metrics.
func addControllers(ctx context.Context, mgr ctrl.Manager, o Options, view *apply.View, known *kinds.Registry) error {
	now := clock.RealClock{}
	// Some writes are no object of the cache: a heartbeat, and dry runs. Nobody waits to see them there.
	direct, err := client.New(mgr.GetConfig(), client.Options{HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return fmt.Errorf("make the client of what is not cached: %w", err)
	}
	holder, err := addHolder(mgr, o.Namespace, now, direct)
	if err != nil {
		return err
	}

	work, err := addServing(mgr, o, holder)
	if err != nil {
		return err
	}
	pool, err := addBuilders(mgr, o.BuildCommand, work)
	if err != nil {
		return err
	}
	charts, err := readCapabilities(mgr, now)
	if err != nil {
		return err
	}
	guards := &policies.Checker{Cached: mgr.GetClient(), Direct: direct, Namespace: o.Namespace}
	municipalities := &municipality.Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: mgr.GetEventRecorder("municipality"), Policies: guards, Clock: now,
	}

	if err := municipalities.SetupWithManager(ctx, mgr); err != nil {
		return fmt.Errorf("set up the municipality controller: %w", err)
	}

	fetches := download.NewPool(oci.Fetcher{UserAgent: "allmenning"}, now, fetchers, o.FetchTimeout)
	fetches.Measure = work.Fetched
	if err := addCatalogue(mgr, &sharedapp.Reconciler{
		Client: mgr.GetClient(), Mapper: mgr.GetRESTMapper(), Events: mgr.GetEventRecorder("sharedapp"), Holder: holder,
		Store:  bundlestore.Store{Client: mgr.GetClient(), Namespace: o.Namespace},
		Pool:   fetches,
		Direct: direct, Try: pool.Try, Readable: known.Readable, Capabilities: charts.Of, PlainHTTPRegistries: o.PlainHTTPRegistries,
	}, now); err != nil {
		return err
	}
	tenants, err := addSecrets(mgr, now, view, known)
	if err != nil {
		return err
	}
	installations := &appinstallation.Reconciler{
		Client: secrets.Client{Client: mgr.GetClient(), Watches: tenants, Operator: o.Namespace, Kinds: known.Client}, Live: mgr.GetAPIReader(), Direct: direct, Mapper: mgr.GetRESTMapper(),
		Events: mgr.GetEventRecorder("appinstallation"), Clock: now,
		Store: bundlestore.Store{Client: mgr.GetClient(), Namespace: o.Namespace}, Build: pool.Build, View: view, Kinds: known, Secrets: tenants, Capabilities: charts.Of, Work: work,
	}

	if err := installations.SetupWithManager(ctx, mgr); err != nil {
		return fmt.Errorf("set up the appinstallation controller: %w", err)
	}
	return addReaders(mgr, holder, known, guards)
}

// addCatalogue adds the controller of the catalogue, and what sweeps its store.
func addCatalogue(mgr ctrl.Manager, r *sharedapp.Reconciler, now clock.Clock) error {
	if err := r.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the sharedapp controller: %w", err)
	}
	if err := mgr.Add(&sharedapp.Sweeper{Client: mgr.GetClient(), Store: r.Store, Clock: now}); err != nil {
		return fmt.Errorf("set up the sweeper of bundles: %w", err)
	}
	return nil
}

// addSecrets adds the watches of tenants' Secrets.
func addSecrets(mgr ctrl.Manager, now clock.Clock, view *apply.View, known *kinds.Registry) (*secrets.Watches, error) {
	tenants := secrets.New(secrets.Options{
		Config: mgr.GetConfig(), HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
		Transform: view.Transform, Clock: now, Report: func(why *kinds.Fault) { known.Report(secrets.Kind(), why) },
	})
	if err := mgr.Add(tenants); err != nil {
		return nil, fmt.Errorf("set up the watches of Secrets: %w", err)
	}
	return tenants, nil
}

// readCapabilities makes what finds out what charts may know of the cluster.
func readCapabilities(mgr ctrl.Manager, now clock.Clock) (*capabilities.Reader, error) {
	asked, err := discovery.NewDiscoveryClientForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("make the client that asks for the version of the cluster: %w", err)
	}
	return &capabilities.Reader{Mapper: mgr.GetRESTMapper(), Versioner: asked, Clock: now}, nil
}

// addBuilders adds the processes that build bundles: this program again, unless another command is given.
func addBuilders(mgr ctrl.Manager, command []string, work *metrics.Work) (*buildpool.Pool, error) {
	if len(command) == 0 {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program, to build bundles with: %w", err)
		}
		command = []string{program, BuildArgument}
	}
	pool := buildpool.New(command, buildpool.DefaultLimits())
	pool.Measure = work.Built
	if err := mgr.Add(pool); err != nil {
		return nil, fmt.Errorf("set up the processes that build bundles: %w", err)
	}
	return pool, nil
}

// addHolder adds the holder of the one model of the country.
func addHolder(mgr ctrl.Manager, namespace string, now clock.Clock, direct client.Client) (*snapshot.Holder, error) {
	holder := snapshot.New(mgr.GetCache(), now)
	holder.Heart = &snapshot.Heartbeat{Client: direct, Namespace: namespace}
	if err := mgr.Add(holder); err != nil {
		return nil, fmt.Errorf("add the holder of the country: %w", err)
	}
	return holder, nil
}

// addReaders adds the controllers that rest on the model alone: those that decide what is installed,
// the one that reports how it is doing, and those that say whether a spec makes sense.
func addReaders(mgr ctrl.Manager, holder *snapshot.Holder, known *kinds.Registry, guards *policies.Checker) error {
	decisions := &consent.Reconciler{Client: mgr.GetClient(), Holder: holder, Events: mgr.GetEventRecorder("consent")}
	if err := decisions.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the consent controller: %w", err)
	}
	rollouts := &rollout.Reconciler{Client: mgr.GetClient(), Holder: holder, Events: mgr.GetEventRecorder("rollout")}
	if err := rollouts.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the rollout controller: %w", err)
	}
	reports := &overview.Reconciler{Client: mgr.GetClient(), Holder: holder}
	if err := reports.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the overview controller: %w", err)
	}
	doors := &door.Reconciler{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Holder: holder}
	if err := doors.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the door controller: %w", err)
	}
	asked, err := discovery.NewDiscoveryClientForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return fmt.Errorf("make the client that asks for schemas: %w", err)
	}
	platforms := &platform.Reconciler{
		Client: mgr.GetClient(), Holder: holder, Events: mgr.GetEventRecorder("platform"), Kinds: known, Policies: guards,
		Definitions: &definition.Checker{Served: asked.OpenAPIV3()}, Live: mgr.GetAPIReader(), Clock: clock.RealClock{},
	}
	if err := platforms.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the platform controller: %w", err)
	}
	networks := &network.Reconciler{Client: mgr.GetClient(), Holder: holder, Events: mgr.GetEventRecorder("network"), Policies: guards}
	if err := networks.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the network controller: %w", err)
	}
	return nil
}
