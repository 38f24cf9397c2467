package metrics

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/read"
)

// Objects measures, at each scrape, what the objects of our kinds say: how many are Ready, which versions run,
// how rollouts are doing and what they wait for. It reads the cache, so it can neither lag behind the objects nor
// forget one.
type Objects struct {
	reader client.Reader
	series series
}

// scrapeTimeout bounds one look; the cache answers in milliseconds.
const scrapeTimeout = 5 * time.Second

// NewObjects makes a collector that reads from a cache.
func NewObjects(reader client.Reader) *Objects {
	return &Objects{reader: reader, series: newSeries()}
}

// Start registers the collector for as long as the operator runs. Its cache is
// synced by then.
func (o *Objects) Start(ctx context.Context) error {
	if err := ctrlmetrics.Registry.Register(o); err != nil {
		return fmt.Errorf("register what is measured of the objects: %w", err)
	}
	<-ctx.Done()
	ctrlmetrics.Registry.Unregister(o)
	return nil
}

// Describe announces to Prometheus what Collect gives.
func (o *Objects) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range o.series.all() {
		out <- desc
	}
}

// Collect measures. A kind whose list fails is left out of this scrape.
func (o *Objects) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	for _, m := range o.series.measure(o.look(ctx), time.Now()) {
		out <- m
	}
}

// seen are the objects of one look. They are the cache's own: nobody changes them.
type seen struct {
	municipalities v1alpha1.MunicipalityList
	networks       v1alpha1.NetworkList
	apps           v1alpha1.SharedAppList
	installations  v1alpha1.AppInstallationList
	rollouts       v1alpha1.RolloutList
}

func (o *Objects) look(ctx context.Context) *seen {
	s := &seen{}
	for _, list := range []client.ObjectList{&s.municipalities, &s.networks, &s.apps, &s.installations, &s.rollouts} {
		_ = read.List(ctx, o.reader, list) // it stays empty
	}
	return s
}

// conditions are those of all objects, by kind.
func (s *seen) conditions() map[string][][]metav1.Condition {
	all := map[string][][]metav1.Condition{}
	for i := range s.municipalities.Items {
		all["Municipality"] = append(all["Municipality"], s.municipalities.Items[i].Status.Conditions)
	}
	for i := range s.networks.Items {
		all["Network"] = append(all["Network"], s.networks.Items[i].Status.Conditions)
	}
	for i := range s.apps.Items {
		all["SharedApp"] = append(all["SharedApp"], s.apps.Items[i].Status.Conditions)
	}
	for i := range s.installations.Items {
		all["AppInstallation"] = append(all["AppInstallation"], s.installations.Items[i].Status.Conditions)
	}
	for i := range s.rollouts.Items {
		r := &s.rollouts.Items[i]
		if r.Status.Phase != v1alpha1.RolloutSuperseded && r.Status.Phase != v1alpha1.RolloutWithdrawn { // history
			all["Rollout"] = append(all["Rollout"], r.Status.Conditions)
		}
	}
	return all
}

// stateOf puts an object's conditions in a word.
func stateOf(conditions []metav1.Condition) string {
	for _, s := range []struct{ condition, state string }{
		{v1alpha1.ConditionSuspended, "Suspended"}, {v1alpha1.ConditionStalled, "Stalled"},
		{v1alpha1.ConditionReconciling, "Progressing"}, {v1alpha1.ConditionReady, "Ready"},
	} {
		if meta.IsStatusConditionTrue(conditions, s.condition) {
			return s.state
		}
	}
	return "Unknown"
}
