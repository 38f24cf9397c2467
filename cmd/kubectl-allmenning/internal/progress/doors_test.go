package progress_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/progress"
)

// Each door is one line, whichever side reports it; where they differ, what is less open counts.
func TestDoors(t *testing.T) {
	row := func(side v1alpha1.DoorSide, peer string, state v1alpha1.DoorState, message string) v1alpha1.Door {
		return v1alpha1.Door{Side: side, App: "lonn", Service: "payroll", Environment: "prod", Peer: peer, PeerEnvironment: "prod", State: state, Message: message}
	}
	expired := row(v1alpha1.DoorConsumer, "vinje", v1alpha1.DoorExpired, "over")
	expired.Until = new(metav1.NewTime(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)))
	offered := row(v1alpha1.DoorHost, "", v1alpha1.DoorOffered, "nobody asks")
	offered.PeerEnvironment = ""
	of := func(name string, doors ...v1alpha1.Door) v1alpha1.Municipality {
		return v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: v1alpha1.MunicipalityStatus{Doors: doors}}
	}
	all := []v1alpha1.Municipality{
		of("vinje", row(v1alpha1.DoorHost, "seljord", v1alpha1.DoorOpen, ""), row(v1alpha1.DoorHost, "bo", v1alpha1.DoorOpen, ""), offered),
		of("seljord", row(v1alpha1.DoorConsumer, "vinje", v1alpha1.DoorOpening, "being written")), of("bo", row(v1alpha1.DoorConsumer, "vinje", v1alpha1.DoorOpen, "")), of("tokke", expired),
	}
	want := `HOST   ENVIRONMENT  APP   SERVICE  CONSUMER  FROM  STATE    UNTIL                 MESSAGE
vinje  prod         lonn  payroll  tokke     prod  Expired  2026-11-22T12:00:00Z  over
vinje  prod         lonn  payroll  seljord   prod  Opening  -                     being written
vinje  prod         lonn  payroll  bo        prod  Open     -
vinje  prod         lonn  payroll  -         -     Offered  -                     nobody asks`
	if diff := cmp.Diff(want, strings.Join(progress.DoorLines(progress.Doors(all, "", "")), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := progress.Doors(all, "bo", "lonn"); len(got) != 1 || got[0].Consumer != "bo" {
		t.Errorf("of bo: %+v", got)
	}
	if got := progress.Doors(all, "", "svarut"); len(got) != 0 {
		t.Errorf("of another app: %+v", got)
	}
}
