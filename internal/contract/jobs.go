package contract

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// minJobSeconds is how long a Job is kept that has finished. The operator must see that it succeeded: one that is gone
// before, as while the operator is started again, was never done as far as anybody can know, and would run again.
const minJobSeconds = int64(300)

// fitJob keeps a finished Job long enough to be seen. Those of a CronJob are the CronJob's.
func fitJob(o *unstructured.Unstructured) []string {
	if gvk := o.GroupVersionKind(); gvk.Group != "batch" || gvk.Kind != "Job" {
		return nil
	}
	seconds, found, err := unstructured.NestedInt64(o.Object, "spec", "ttlSecondsAfterFinished")
	if err != nil || !found || seconds < 0 || seconds >= minJobSeconds {
		return nil // what is negative is refused
	}
	if err := unstructured.SetNestedField(o.Object, minJobSeconds, "spec", "ttlSecondsAfterFinished"); err != nil {
		return nil
	}
	return []string{fmt.Sprintf("ttlSecondsAfterFinished %d is raised to %d: it must be seen that the Job succeeded, or it would run again", seconds, minJobSeconds)}
}
