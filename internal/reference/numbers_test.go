package reference_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/reference"
)

func TestNumberTaken(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	municipality := func(name string, age time.Duration, number string, former ...string) v1alpha1.Municipality {
		return v1alpha1.Municipality{
			ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(noon.Add(-age))},
			Spec:       v1alpha1.MunicipalitySpec{Number: number, FormerNumbers: former},
		}
	}
	vinje := municipality("vinje", time.Hour, "4036", "0834")
	for _, tc := range []struct {
		reason string
		other  v1alpha1.Municipality
		want   string
	}{
		{"another number", municipality("tokke", 2*time.Hour, "4034"), ""},
		{"the same number, of an older object", municipality("tokke", 2*time.Hour, "4036"), "spec.number 4036 belongs to Municipality tokke (its spec.number), which is older"},
		{"a former number of an older object", municipality("tokke", 2*time.Hour, "4034", "4036"), "spec.number 4036 belongs to Municipality tokke (its spec.formerNumbers)"},
		{"a former number that an older object has", municipality("tokke", 2*time.Hour, "0834"), "spec.formerNumbers 0834 belongs to Municipality tokke (its spec.number)"},
		{"both had it", municipality("tokke", 2*time.Hour, "4034", "0834"), "spec.formerNumbers 0834 belongs to Municipality tokke (its spec.formerNumbers)"},
		{"the same number, of a younger object", municipality("tokke", time.Minute, "4036"), ""},
		{"of one second, the name decides", municipality("seljord", time.Hour, "4036"), "belongs to Municipality seljord"},
		{"and a later name yields", municipality("voss", time.Hour, "4036"), ""},
		{"itself", vinje, ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := reference.NumberTaken(&vinje, []v1alpha1.Municipality{tc.other})
			if (got == "") != (tc.want == "") || !strings.HasPrefix(got, tc.want) && !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
