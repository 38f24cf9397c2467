package truth

import (
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// TestForgets says which members a Rollout is not held to, where it says that not all fits in its memory.
func TestForgets(t *testing.T) {
	const full = "completed: 6000/6000 verified; 1000 of 6000 entries did not fit in status.memory"
	tests := []struct {
		reason, next, wave string
		memory             []v1alpha1.MemberMemory
		remains            bool
	}{
		{"all fits", "completed: 1/1 verified", "", nil, true},
		{"it had the version before, and is not in the memory", full, "", nil, false},
		{"it is in the memory", full, "", []v1alpha1.MemberMemory{{Name: "vinje", Reason: v1alpha1.MemoryVerified}}, true},
		{"it is in the memory, with something else", full, "", []v1alpha1.MemberMemory{{Name: "vinje", Reason: v1alpha1.MemoryUnseen}}, false},
		{"its move shows it", full, "pilot", nil, true},
		{"its move was in a wave that is not done", full, "everyone", nil, false},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			k, r := Key{"vinje", "prod", "svarut"}, &v1alpha1.Rollout{}
			r.Name, r.Status.Next, r.Status.Memory = "telemark.svarut.1.0.0.1", test.next, test.memory
			installed, objects := &v1alpha1.AppInstallation{}, NewObjects()
			if test.wave != "" {
				installed.Spec.Move = &v1alpha1.Move{Rollout: r.Name, Wave: test.wave}
			}
			objects.Installations[k.Municipality] = map[Place]*v1alpha1.AppInstallation{k.Place(): installed}

			e := &entry{past: map[Key]bool{k: true}, done: map[string]bool{"pilot": true}}
			forgets(At(Truth{Objects: &objects, Ledger: NewLedger()}), r, e)

			if e.past[k] != test.remains {
				t.Errorf("%s: held to it: %t, want %t", test.reason, e.past[k], test.remains)
			}
		})
	}
}
