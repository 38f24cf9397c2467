package metrics

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/allmenning/allmenning/internal/provenance"
)

// TestNames holds the documentation to the metrics that there are, and the alerts to the documentation.
func TestNames(t *testing.T) {
	registry := prometheus.NewRegistry()
	requests, err := NewRequests(registry)
	if err != nil {
		t.Fatal(err)
	}
	work, err := NewWork(registry)
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\ballmenning_[a-z_]+`)
	in := func(text string, also ...string) []string {
		all := append(names.FindAllString(text, -1), also...)
		slices.Sort(all)
		return slices.Compact(all)
	}
	read := func(file string) string {
		content, err := os.ReadFile("../../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}

	var descs string
	for _, d := range newSeries().all() {
		descs += d.String() + "\n"
	}
	for _, c := range []prometheus.Collector{requests.count, work.builds, work.fetches, work.applies, work.repairs, newBuild(provenance.Provenance{})} {
		for d := range described(c) {
			descs += d.String() + "\n"
		}
	}
	there, documented := in(descs), in(read("docs/operations.md"))
	if diff := cmp.Diff(there, documented); diff != "" {
		t.Errorf("metrics that there are, and those of docs/operations.md (-there +documented):\n%s", diff)
	}
	partOfHistogram := regexp.MustCompile(`_(bucket|count|sum)$`)
	for _, file := range []string{"config/monitoring/alerts.yaml", "config/monitoring/dashboard.json"} {
		for _, asked := range in(read(file)) {
			if !slices.Contains(there, partOfHistogram.ReplaceAllString(asked, "")) {
				t.Errorf("%s asks for %s, which is not there", file, asked)
			}
		}
	}
}

func described(c prometheus.Collector) <-chan *prometheus.Desc {
	all := make(chan *prometheus.Desc, 10)
	c.Describe(all)
	close(all)
	return all
}
