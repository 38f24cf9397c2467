package door

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/door"
)

const (
	// maxDoors is how many doors a status lists, and maxSize how many bytes they may take as JSON: the apps in the same status
	// take up to 880 KiB, and etcd 1.5 MiB for an object.
	maxDoors = 256
	maxSize  = 200 << 10
	// maxText is the longest text of a door, in bytes.
	maxText = 512
)

// status are the doors of a municipality as people see them, and how many are open.
func status(seen observed, todo planned, done applied) v1alpha1.MunicipalityStatus {
	var next v1alpha1.MunicipalityStatus
	if seen.municipality == nil {
		return next
	}
	open, counted := 0, 0
	rows := make([]v1alpha1.Door, 0, len(seen.doors))
	for i := range seen.doors {
		row := rowOf(seen, &seen.doors[i], todo, done)
		if row.State == v1alpha1.DoorOpen {
			open++
		}
		if row.State != v1alpha1.DoorOffered && (row.State != v1alpha1.DoorAsked || row.Side == v1alpha1.DoorConsumer) {
			counted++
		}
		rows = append(rows, row)
	}
	if counted > 0 {
		next.DoorsOpen = fmt.Sprintf("%d/%d", open, counted)
	}
	slices.SortStableFunc(rows, func(a, b v1alpha1.Door) int { return cmp.Compare(rank(a.State), rank(b.State)) })
	next.Doors = fitting(rows)
	return next
}

// rank sorts by who has something to do: what should be open and is not comes first, and what is open is before what nobody asks for.
func rank(state v1alpha1.DoorState) int {
	return slices.Index([]v1alpha1.DoorState{
		v1alpha1.DoorClosed, v1alpha1.DoorEnded, v1alpha1.DoorExpired, v1alpha1.DoorAsked, v1alpha1.DoorOpening, v1alpha1.DoorOpen, v1alpha1.DoorOffered,
	}, state)
}

// fitting are the first doors that have room in a status.
func fitting(rows []v1alpha1.Door) []v1alpha1.Door {
	left := maxSize
	for n := range rows {
		raw, err := json.Marshal(rows[n])
		if left -= len(raw) + 1; err != nil || left < 0 || n == maxDoors {
			return rows[:n]
		}
	}
	return rows
}

// rowOf is one door, as this side sees it.
func rowOf(seen observed, d *door.Door, todo planned, done applied) v1alpha1.Door {
	row := d.SeenBy(seen.name)
	switch {
	case isSpared(seen, d, todo):
		row.State, row.Message = v1alpha1.DoorOpen, "it stays open while objects are away that went with their CustomResourceDefinition; put them back: "+row.Message
	case d.State == v1alpha1.DoorOpen:
		row.State, row.Message = stateOf(seen, d, row.Message, todo, done)
	case (d.State == v1alpha1.DoorAsked || d.State == v1alpha1.DoorOffered) && wasAgreed(seen, row):
		row.State, row.Message = v1alpha1.DoorEnded, "both sides agreed before, and no longer do: "+row.Message
	}
	row.Message = condition.Within(row.Message, maxText)
	return row
}

// wasAgreed says whether the status says that both sides agreed before. It is for people alone: a status that is lost changes a word.
func wasAgreed(seen observed, row v1alpha1.Door) bool {
	for _, before := range seen.municipality.Status.Doors {
		same := before.Side == row.Side && before.App == row.App && before.Service == row.Service && before.Peer == row.Peer &&
			(row.Side == v1alpha1.DoorConsumer || before.Environment == row.Environment)
		switch before.State {
		case v1alpha1.DoorOpening, v1alpha1.DoorOpen, v1alpha1.DoorClosed, v1alpha1.DoorEnded:
			if same {
				return true
			}
		case v1alpha1.DoorOffered, v1alpha1.DoorAsked, v1alpha1.DoorExpired:
		}
	}
	return false
}

// stateOf is how a door is that is to be open: whether the halves of both sides are there.
func stateOf(seen observed, d *door.Door, message string, todo planned, done applied) (v1alpha1.DoorState, string) {
	if state, text := ownState(seen, d, message, todo, done); state != v1alpha1.DoorOpen {
		return state, text
	}
	if missing := otherMissing(seen, d); missing != nil {
		if d.Held {
			return v1alpha1.DoorClosed, message // nobody writes it
		}
		return v1alpha1.DoorOpening, beingWritten(missing)
	}
	isThere := func(h half) bool { _, there := seen.namespaces[h.Namespace]; return there }
	if !slices.ContainsFunc(halves(d, v1alpha1.DoorConsumer), isThere) {
		return v1alpha1.DoorOpening, fmt.Sprintf("none of its clients has a namespace at %s yet", d.Consumer)
	}
	return v1alpha1.DoorOpen, message
}

// ownState is how a door is that is to be open by the halves on this side alone.
func ownState(seen observed, d *door.Door, message string, todo planned, done applied) (v1alpha1.DoorState, string) {
	own, wrote := d.SideOf(seen.name), map[string]bool{}
	for _, w := range todo.apply {
		wrote[w.key.String()] = done.errs[w.key] == nil
	}
	for _, h := range halves(d, own) {
		if err := done.errs[h.key()]; err != nil {
			return v1alpha1.DoorOpening, err.Error()
		}
		_, there := seen.namespaces[h.Namespace]
		_, live := seen.policies[h.key()]
		missing := there && !live && !wrote[h.key().String()]
		switch {
		case missing && d.Held:
			return v1alpha1.DoorClosed, message
		case missing, !there && own == v1alpha1.DoorHost:
			return v1alpha1.DoorOpening, beingWritten(&h)
		}
	}
	return v1alpha1.DoorOpen, message
}

// otherMissing is the first half on the other side that is not there, and should be; nil where none is missing. A client without a
// namespace needs none yet.
func otherMissing(seen observed, d *door.Door) *half {
	other := v1alpha1.DoorHost
	if d.SideOf(seen.name) == other {
		other = v1alpha1.DoorConsumer
	}
	for _, h := range halves(d, other) {
		_, there := seen.namespaces[h.Namespace]
		if (there || other == v1alpha1.DoorHost) && !seen.others[h.key()] {
			return &h
		}
	}
	return nil
}

// beingWritten says of a half that it is not there yet.
func beingWritten(h *half) string {
	return fmt.Sprintf("the walls of namespace %s are being written", h.Namespace)
}

// owned keeps of a status what this controller owns.
func owned(s v1alpha1.MunicipalityStatus) v1alpha1.MunicipalityStatus {
	return v1alpha1.MunicipalityStatus{Doors: s.Doors, DoorsOpen: s.DoorsOpen}
}

// sameStatus says whether the owned part of the live status is already as it should be.
func sameStatus(live, next v1alpha1.MunicipalityStatus) bool {
	return equality.Semantic.DeepEqual(owned(live), next)
}
