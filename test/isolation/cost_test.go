package isolation_test

import (
	"regexp"
	"strconv"
	"testing"

	"k8s.io/client-go/kubernetes"
)

// admissionTook matches what the API server counts of the time that policies took.
var admissionTook = regexp.MustCompile(`(?m)^apiserver_admission_controller_admission_duration_seconds_(sum|count)\{name="ValidatingAdmissionPolicy",.*\} (\S+)$`)

// cost says how long the policies took for each request that there was until now. It is no bar: sixteen requests at a time
// on a machine that may be busy wait for each other.
func cost(t *testing.T) {
	t.Helper()
	set, err := kubernetes.NewForConfig(plane.Config())
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := set.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := map[string]float64{}
	for _, found := range admissionTook.FindAllStringSubmatch(string(metrics), -1) {
		value, err := strconv.ParseFloat(found[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		total[found[1]] += value
	}
	if total["count"] == 0 {
		t.Fatal("the API server counts no request that policies looked at")
	}
	t.Logf("policies took %.3f ms on average, of %.0f requests", 1000*total["sum"]/total["count"], total["count"])
}
