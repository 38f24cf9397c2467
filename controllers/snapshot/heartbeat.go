package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/internal/planner"
)

const (
	// beat is the time between two heartbeats.
	beat = 10 * time.Second
	// lease is the name of the heartbeat's Lease, and annotationOutages holds what it has no field for.
	lease             = "allmenning-watch"
	annotationOutages = "allmenning.dev/outages"
)

// Heartbeat notes in a Lease when the operator looked, so that the next process knows.
type Heartbeat struct {
	// Client reads and writes at the API server: nobody follows Leases.
	Client client.Client
	// Namespace of the operator.
	Namespace string
}

// Beat notes that the operator looks at a moment. It returns what is known of when it looked. Of two
// operators that beat at once one is refused, and loses nothing by it.
func (h *Heartbeat) Beat(ctx context.Context, now time.Time) (planner.Watch, error) {
	live := &coordinationv1.Lease{}
	err := h.Client.Get(ctx, client.ObjectKey{Namespace: h.Namespace, Name: lease}, live)
	if client.IgnoreNotFound(err) != nil {
		return planner.Watch{}, fmt.Errorf("read Lease %s/%s: %w", h.Namespace, lease, err)
	}
	watch := watchOf(live).At(now)
	if apierrors.IsNotFound(err) {
		live.Namespace, live.Name = h.Namespace, lease
		note(live, watch)
		err = h.Client.Create(ctx, live)
	} else {
		note(live, watch)
		err = h.Client.Update(ctx, live)
	}
	if err != nil && !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
		return watch, fmt.Errorf("write Lease %s/%s: %w", h.Namespace, lease, err)
	}
	return watch, nil
}

// watchOf reads a Lease; zero where it says nothing, or nothing that can be read.
func watchOf(l *coordinationv1.Lease) planner.Watch {
	if l.Spec.AcquireTime == nil || l.Spec.RenewTime == nil {
		return planner.Watch{}
	}
	watch := planner.Watch{Since: l.Spec.AcquireTime.Time, Until: l.Spec.RenewTime.Time}
	if text := l.Annotations[annotationOutages]; text != "" && json.Unmarshal([]byte(text), &watch.Outages) != nil {
		return planner.Watch{}
	}
	return watch
}

func note(l *coordinationv1.Lease, watch planner.Watch) {
	l.Spec.HolderIdentity = new("allmenning")
	l.Spec.AcquireTime, l.Spec.RenewTime = new(metav1.NewMicroTime(watch.Since)), new(metav1.NewMicroTime(watch.Until))
	delete(l.Annotations, annotationOutages)
	if len(watch.Outages) == 0 {
		return
	}
	text, err := json.Marshal(watch.Outages)
	if err != nil {
		panic(err) // times can be written
	}
	metav1.SetMetaDataAnnotation(&l.ObjectMeta, annotationOutages, string(text))
}

// look asks the heartbeat when somebody looked. Where that can't be known, nobody did before now.
func (h *Holder) look(ctx context.Context) planner.Outages {
	now := h.clock.Now()
	if h.Heart == nil {
		return planner.Outages{{Until: now}}
	}
	watch, err := h.Heart.Beat(ctx, now)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "when the operator looked before is not known: deadlines begin now")
		return planner.Outages{{Until: now}}
	}
	return watch.All()
}

// goOnBeating notes at times that the operator looks. One that could not reach the API server for a
// while looked at nothing meanwhile.
func (h *Holder) goOnBeating(ctx context.Context, known planner.Outages) {
	if h.Heart == nil {
		return
	}
	for {
		timer := h.clock.NewTimer(beat)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C():
		}
		watch, err := h.Heart.Beat(ctx, h.clock.Now())
		if err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "heartbeat")
			continue
		}
		if all := watch.All(); !all.Equal(known) {
			known = all
			h.setOutages(all)
		}
	}
}

func (h *Holder) setOutages(all planner.Outages) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.model.SetOutages(all)
	h.settle()
}
