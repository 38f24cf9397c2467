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

// Objects counts, at each scrape, the objects of each kind by what their conditions
// say. It reads the cache, so it can neither lag behind the conditions nor forget one.
type Objects struct {
	reader client.Reader
	count  *prometheus.Desc
}

// scrapeTimeout bounds one count; the cache answers in milliseconds.
const scrapeTimeout = 5 * time.Second

// NewObjects makes a collector that reads from a cache.
func NewObjects(reader client.Reader) *Objects {
	return &Objects{reader: reader, count: prometheus.NewDesc("allmenning_objects",
		"Objects by kind and state: Ready, Progressing, Stalled, Suspended or Unknown.", []string{"kind", "state"}, nil)}
}

// Start registers the collector for as long as the operator runs. Its cache is
// synced by then.
func (o *Objects) Start(ctx context.Context) error {
	if err := ctrlmetrics.Registry.Register(o); err != nil {
		return fmt.Errorf("register the object counts: %w", err)
	}
	<-ctx.Done()
	ctrlmetrics.Registry.Unregister(o)
	return nil
}

// Describe announces to Prometheus what Collect gives.
func (o *Objects) Describe(out chan<- *prometheus.Desc) { out <- o.count }

// Collect counts. A kind whose list fails is left out of this scrape.
func (o *Objects) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	for kind, conditions := range o.conditions(ctx) {
		counts := map[string]int{}
		for _, c := range conditions {
			counts[stateOf(c)]++
		}
		for state, n := range counts {
			out <- prometheus.MustNewConstMetric(o.count, prometheus.GaugeValue, float64(n), kind, state)
		}
	}
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

func (o *Objects) conditions(ctx context.Context) map[string][][]metav1.Condition {
	all := map[string][][]metav1.Condition{}
	var municipalities v1alpha1.MunicipalityList
	if o.list(ctx, &municipalities) {
		for i := range municipalities.Items {
			all["Municipality"] = append(all["Municipality"], municipalities.Items[i].Status.Conditions)
		}
	}

	var networks v1alpha1.NetworkList
	if o.list(ctx, &networks) {
		for i := range networks.Items {
			all["Network"] = append(all["Network"], networks.Items[i].Status.Conditions)
		}
	}

	var apps v1alpha1.SharedAppList
	if o.list(ctx, &apps) {
		for i := range apps.Items {
			all["SharedApp"] = append(all["SharedApp"], apps.Items[i].Status.Conditions)
		}
	}

	var installations v1alpha1.AppInstallationList
	if o.list(ctx, &installations) {
		for i := range installations.Items {
			all["AppInstallation"] = append(all["AppInstallation"], installations.Items[i].Status.Conditions)
		}
	}
	return all
}

func (o *Objects) list(ctx context.Context, into client.ObjectList) bool {
	return read.List(ctx, o.reader, into) == nil
}
