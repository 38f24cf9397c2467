package snapshot

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestTheCountryIsBehindUntilItHasWhatWasRead(t *testing.T) {
	network := func(uid types.UID, generation int64) *v1alpha1.Network {
		return &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "telemark", UID: uid, Generation: generation}}
	}
	read := network("new", 2)
	read.Annotations = map[string]string{"somebody": "notes"}
	cases := []struct {
		reason string
		known  *v1alpha1.Network
		want   bool
	}{
		{"nothing is known of what was just made", nil, true},
		{"an older spec is known", network("new", 1), true},
		{"what is known was deleted and made again", network("old", 2), true},
		{"it is known, and notes of others do not matter", network("new", 2), false},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			if got := Behind(c.known, read); got != c.want {
				t.Errorf("%s: behind is %t, want %t", c.reason, got, c.want)
			}
		})
	}
}
