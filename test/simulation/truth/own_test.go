package truth

import (
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// TestWhatIsUninstalledIsVerifiedNoLonger: what was verified in a wave that is done is uninstalled, here
// as its municipality is gone.
func TestWhatIsUninstalledIsVerifiedNoLonger(t *testing.T) {
	k, other := Key{"vinje", "test", "svarut"}, Key{"tokke", "test", "svarut"}
	ledger := NewLedger()
	e := ledger.of("telemark.svarut.1.0.0.1")
	e.past[k], e.past[other] = true, true
	objects := NewObjects()
	before, after := &v1alpha1.AppInstallation{}, &v1alpha1.AppInstallation{}
	after.Spec.State = v1alpha1.InstallationAbsent

	At(Truth{Objects: &objects, Ledger: ledger}).Own(k, before, after)

	if e.past[k] || !e.past[other] {
		t.Errorf("held to: %v, want what is installed elsewhere alone", e.past)
	}
}
