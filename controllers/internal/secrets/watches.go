// Package secrets watches the Secrets of tenants, each namespace by itself, as the installer of that
// namespace, and only where somebody asks. So the operator's own account may list no Secrets but those in its
// own namespace, and what a thief of its token reads is in namespaces of municipalities.
//
// A watch that the API server refuses ends, and is begun again when somebody asks again: that is how those of
// namespaces that are gone go.
package secrets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/kinds"
)

const (
	// answerTime is how long the first filling of a watch may take.
	answerTime = 10 * time.Second
	// notYet is how long a refusal may mean that the API server has not learnt of a right that was made a moment ago.
	notYet = 10 * time.Second
	// maxBroken is how many broken watches may wait to be reported; those beyond are found at the next look.
	maxBroken = 1024
)

// Kind is that of Secrets.
func Kind() schema.GroupVersionKind { return schema.GroupVersionKind{Version: "v1", Kind: "Secret"} }

// Options say how Secrets are watched.
type Options struct {
	// Config and HTTPClient lead to the API server; the client honours apply.AsInstaller.
	Config     *rest.Config
	HTTPClient *http.Client
	Scheme     *runtime.Scheme
	Mapper     meta.RESTMapper
	// Transform is what is kept of each in memory.
	Transform toolscache.TransformFunc
	// Clock is the time.
	Clock clock.PassiveClock
	// Report is called when Secrets can't be read somewhere, and with nil when they can again.
	Report func(*kinds.Fault)
}

// Watches are those of all namespaces.
type Watches struct {
	options Options
	broken  chan event.GenericEvent
	running chan struct{}

	lock sync.Mutex
	// life is the context of all watches, from Start on.
	life       context.Context
	begun      func(cache.Cache) error
	namespaces map[string]*watch
	// refused are since when namespaces refuse, and why.
	refused map[string]refusal
}

// watch is that of one namespace.
type watch struct {
	// life ends with a cause when the API server refuses.
	life   context.Context
	cache  cache.Cache
	client client.Client
	// followed is set when the cache was filled, and its events are followed.
	followed bool
}

type refusal struct {
	since time.Time
	err   error
}

// New makes watches, of nothing yet.
func New(o Options) *Watches {
	o.Report(nil)
	return &Watches{
		options: o, broken: make(chan event.GenericEvent, maxBroken), running: make(chan struct{}),
		namespaces: map[string]*watch{}, refused: map[string]refusal{},
	}
}

// Start lets watches begin, and ends them with its context.
func (w *Watches) Start(ctx context.Context) error {
	w.lock.Lock()
	w.life = ctx
	w.lock.Unlock()
	close(w.running)
	<-ctx.Done()
	return nil
}

// Use sets what follows the events of each watch that begins.
func (w *Watches) Use(begun func(cache.Cache) error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.begun = begun
}

// Broken carries the namespaces whose watch ended, each as a Secret without a name.
func (w *Watches) Broken() <-chan event.GenericEvent { return w.broken }

// In returns what reads the Secrets of a namespace from memory, and writes them. A *kinds.Fault says that they can't be
// read; any other error may pass.
func (w *Watches) In(ctx context.Context, namespace string) (client.Client, error) {
	select {
	case <-w.running:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	one, err := w.watch(namespace) //nolint:contextcheck // a watch outlives who asks for it
	if err != nil {
		return nil, fmt.Errorf("watch the Secrets of namespace %s: %w", namespace, err)
	}
	return one.client, w.filled(ctx, namespace, one)
}

// watch returns the watch of a namespace, and begins it where there is none.
func (w *Watches) watch(namespace string) (*watch, error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if one := w.namespaces[namespace]; one != nil && one.life.Err() == nil {
		return one, nil
	}
	life, end := context.WithCancelCause(w.life)
	one := &watch{life: life}
	httpClient := &http.Client{Transport: apply.Always(namespace, w.options.HTTPClient.Transport), Timeout: w.options.HTTPClient.Timeout}
	var err error
	one.cache, err = cache.New(w.options.Config, cache.Options{
		HTTPClient: httpClient, Scheme: w.options.Scheme, Mapper: w.options.Mapper, DefaultTransform: w.options.Transform,
		DefaultNamespaces: map[string]cache.Config{namespace: {}},
		DefaultWatchErrorHandler: func(ctx context.Context, reflector *toolscache.Reflector, err error) {
			if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
				end(err)
				w.ended(namespace, one)
				return
			}
			toolscache.DefaultWatchErrorHandler(ctx, reflector, err)
		},
	})
	if err == nil {
		one.client, err = client.New(w.options.Config, client.Options{
			HTTPClient: httpClient, Scheme: w.options.Scheme, Mapper: w.options.Mapper,
			Cache: &client.CacheOptions{Reader: one.cache, Unstructured: true, EnableReadYourWritesConsistency: new(true)},
		})
	}
	if err != nil {
		end(err)
		return nil, err
	}
	go func() { _ = one.cache.Start(life) }() // it ends with its context, and fails in no other way
	w.namespaces[namespace] = one
	return one, nil
}

// filled waits until the cache of a watch holds all Secrets of its namespace, and has its events followed.
func (w *Watches) filled(ctx context.Context, namespace string, one *watch) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	defer context.AfterFunc(one.life, cancel)() //nolint:contextcheck // as above
	_, err := one.cache.GetInformer(ctx, untyped(), cache.BlockUntilSynced(false))
	isFilled := err == nil && one.cache.WaitForCacheSync(ctx)
	if refused := context.Cause(one.life); refused != nil { //nolint:contextcheck // as above
		return w.refuse(namespace, refused)
	}
	if !isFilled {
		return fault(fmt.Sprintf("the Secrets of namespace %s are not read yet: the API server does not answer within %s", namespace, answerTime))
	}
	return w.accept(namespace, one)
}

// refuse makes an error of a refusal: one that may pass, where it is new.
func (w *Watches) refuse(namespace string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err // the operator ends
	}
	w.lock.Lock()
	now := w.options.Clock.Now()
	known, ok := w.refused[namespace]
	if !ok {
		known.since = now
	}
	known.err = err
	w.refused[namespace] = known
	w.lock.Unlock()
	if now.Sub(known.since) < notYet {
		return fmt.Errorf("read the Secrets of namespace %s: %w", namespace, err)
	}
	why := fault(fmt.Sprintf("the Secrets of namespace %s can't be read: %v; apply config/rbac of the operator, whose ClusterRole allmenning-installer has get, list and watch on secrets", namespace, err))
	w.options.Report(why)
	return why
}

// accept notes that the Secrets of a namespace can be read, and has the events of its watch followed.
func (w *Watches) accept(namespace string, one *watch) error {
	w.lock.Lock()
	defer w.lock.Unlock()
	if !one.followed && w.begun != nil {
		if err := w.begun(one.cache); err != nil {
			return fmt.Errorf("follow the Secrets of namespace %s: %w", namespace, err)
		}
	}
	one.followed = true
	if _, was := w.refused[namespace]; was {
		delete(w.refused, namespace)
		w.options.Report(nil)
	}
	return nil
}

// ended has those looked at whom a watch concerned that has ended.
func (w *Watches) ended(namespace string, one *watch) {
	w.lock.Lock()
	concerned := one.followed
	w.lock.Unlock()
	if !concerned {
		return // who asked for it gets the answer
	}
	o := untyped()
	o.SetNamespace(namespace)
	select {
	case w.broken <- event.GenericEvent{Object: o}:
	default:
	}
}

func fault(why string) *kinds.Fault { return kinds.NewFault(Kind(), why) }

func untyped() *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(Kind())
	return o
}
