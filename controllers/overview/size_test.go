package overview

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// With 5,000 members and 256 apps, all of them in trouble, and every text as long as it may
// be, the status of a Network stays below 512 KiB.
func TestNetworkStatusIsBounded(t *testing.T) {
	const members, proposed = 5000, 256
	long := func(n int) string { return strings.Repeat("x", n) }
	apps := make([]v1alpha1.NetworkApp, 0, proposed)
	for i := range proposed {
		app := v1alpha1.NetworkApp{
			Name: fmt.Sprintf("%s%03d", long(37), i), Version: long(64), Rollout: long(253), Phase: v1alpha1.RolloutProgressing, Message: long(300),
			Running: int32(i), UpToDate: int32(i), Members: members, Excused: members, Elsewhere: members,
		}
		for range maxNames {
			app.NotReady = append(app.NotReady, long(40))
			app.DecidedElsewhere = append(app.DecidedElsewhere, v1alpha1.ElsewhereNote{Name: long(40), DecidedBy: v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: long(63)}})
			app.ExcusedMembers = append(app.ExcusedMembers, v1alpha1.MemberNote{Name: long(40), Reason: long(32), Message: long(256)})
		}
		for range maxSkew {
			app.Versions = append(app.Versions, v1alpha1.VersionUsage{Version: long(64), Installations: members})
		}
		apps = append(apps, app)
	}
	status := v1alpha1.NetworkStatus{Apps: bounded(apps), Running: "0/1280000"}
	raw, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) >= 512<<10 {
		t.Errorf("the status has %d bytes, want less than 512 KiB", len(raw))
	}
	if len(raw) < 400<<10 {
		t.Errorf("the status has %d bytes: it leaves out more than it must", len(raw))
	}
	worst, best := status.Apps[0], status.Apps[proposed-1]
	if len(worst.NotReady) != maxNames || len(worst.ExcusedMembers) != maxNames || len(worst.Versions) != maxSkew {
		t.Errorf("the app in most trouble was cut: %d not ready, %d excused, %d versions", len(worst.NotReady), len(worst.ExcusedMembers), len(worst.Versions))
	}
	if len(best.NotReady) != 0 || best.Members != members || best.Name != apps[proposed-1].Name {
		t.Errorf("the app in least trouble has %d names, and counts %d members", len(best.NotReady), best.Members)
	}
	if len(apps[proposed-1].NotReady) != maxNames {
		t.Error("what was given is changed")
	}
}

func TestSmallNetworkStatusIsWhole(t *testing.T) {
	apps := []v1alpha1.NetworkApp{{Name: "svarut", NotReady: []string{"vinje"}, ExcusedMembers: []v1alpha1.MemberNote{{Name: "tokke", Reason: "Held"}}}}
	if diff := cmp.Diff(apps, bounded(apps)); diff != "" {
		t.Errorf("bounded (-want +got):\n%s", diff)
	}
}
