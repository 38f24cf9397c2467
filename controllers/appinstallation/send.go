package appinstallation

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/metrics"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/parameters"
)

// sender writes single objects.
type sender struct {
	client  client.Client
	live    client.Reader
	view    *apply.View
	written *apply.Written
	// events has one for each object that was put back, and said is when there was one last.
	events events.EventRecorder
	said   *memo[string, time.Time]
	work   *metrics.Work
}

// send applies one object and returns it as the API server has it, slimmed. Fields that others took over
// are taken back on an object that is ours, and what others added to what decides what runs is taken out.
// Where there was none, it is created; a conflict means that somebody else created one of that name, or
// deleted this one, meanwhile, and the next visit sees whose it is.
func (s sender) send(ctx context.Context, seen observed, o object) (*unstructured.Unstructured, error) {
	owner, app := ownerOf(seen), seen.installation.Spec.App
	s.written.Add(owner, targetOf(o.desired))
	sent, err := s.desiredNow(ctx, o)
	if err != nil {
		return nil, err
	}

	before, isNews := s.before(ctx, seen, o)
	err = s.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(sent), client.FieldOwner(apply.ManagerOf(app)), client.ForceOwnership)
	if o.live != nil && apply.Immutable(err) && o.mayRecreate() {
		if err := s.remove(ctx, owner, o.live); err != nil {
			return nil, err
		}
		sent = o.desired.DeepCopy()
		sent.SetResourceVersion(apply.NotThere)
		err = s.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(sent), client.FieldOwner(apply.ManagerOf(app)), client.ForceOwnership)
	}
	if err != nil {
		return nil, err
	}

	for _, patch := range apply.Cleaning(sent, o.desired, app) {
		err := s.client.Patch(ctx, sent, patch, client.FieldOwner(apply.ManagerOf(app)))
		if apierrors.IsInvalid(err) { // the patch tests the version that was answered, and somebody wrote since
			err = apierrors.NewConflict(schema.GroupResource{Group: o.Group, Resource: o.Kind}, o.Name, err)
		}
		if err != nil {
			return nil, err
		}
	}
	s.report(seen, o, isNews, before, sent)
	s.view.Slim(sent)
	return sent, nil
}

// report counts what was put back, and says what somebody had changed where that is news.
func (s sender) report(seen observed, o object, isNews bool, before, sent *unstructured.Unstructured) {
	if o.drifted {
		s.work.Repaired(seen.installation.Spec.App)
	}
	if !isNews {
		return
	}
	if message := driftMessage(seen, o, before, sent); message != "" {
		s.events.Eventf(&seen.installation, o.desired, corev1.EventTypeWarning, reasonDriftCorrected, "Correct", "%s", parameters.Hide(message, secretsOf(seen)))
	}
}

// before is an object as somebody changed it; nil where it was deleted. It is read only where something is to be said of it,
// as the cache does not keep what it consists of.
func (s sender) before(ctx context.Context, seen observed, o object) (live *unstructured.Unstructured, isNews bool) {
	key := fmt.Sprintf("%s %s %t", ownerOf(seen), o.ref, o.live == nil) // that it was deleted hides no change
	if !o.drifted || s.events == nil || !isDue(s.said, key, seen.now) {
		return nil, false
	}
	if o.live == nil {
		return nil, true
	}
	live = targetOf(o.desired)
	if err := s.live.Get(ctx, client.ObjectKeyFromObject(live), live); err != nil {
		return nil, false // it is put back all the same
	}
	return live, true
}

// mayRecreate says whether an object may be deleted and created again where a field can't be changed: its publisher says
// so, or somebody else locked configuration of the app, of which nothing is lost, as all of it is the app's.
func (o object) mayRecreate() bool {
	if o.Group == "" && (o.Kind == "ConfigMap" || o.Kind == "Secret") {
		byApp, _, _ := unstructured.NestedBool(o.desired.Object, "immutable")
		locked, _, _ := unstructured.NestedBool(o.live.Object, "immutable")
		if locked && !byApp {
			return true
		}
	}
	return o.desired.GetAnnotations()[v1alpha1.AnnotationReplace] == v1alpha1.ReplaceRecreate && o.Kind != claimKind
}

// sendAll sends what differs, in its order, and notes what came of it. It stops at the first error.
func (s sender) sendAll(ctx context.Context, seen observed, todo planned, done *applied) *objectError {
	for _, o := range todo.objects {
		if !o.send {
			continue
		}
		sent, err := s.send(ctx, seen, o)
		if err != nil {
			return &objectError{ref: o.ref, err: err}
		}
		done.live[o.ref] = sent
		done.sent[o.ref] = true
	}
	return nil
}

// desiredNow is what to send: the object as it should be, on the very object that was seen, or on none. What
// its publisher leaves to others is sent as it is now.
func (s sender) desiredNow(ctx context.Context, o object) (*unstructured.Unstructured, error) {
	sent := o.desired.DeepCopy()
	if o.live == nil {
		sent.SetResourceVersion(apply.NotThere)
		return sent, nil
	}
	sent.SetUID(o.live.GetUID())
	ignored := contract.IgnoredFields(o.desired)
	if len(ignored) == 0 {
		return sent, nil
	}

	live := targetOf(o.desired)
	if err := s.live.Get(ctx, client.ObjectKeyFromObject(live), live); err != nil {
		return nil, err
	}
	for _, path := range ignored {
		value, found, err := unstructured.NestedFieldCopy(live.Object, path...)
		if err != nil {
			continue
		}
		if !found {
			unstructured.RemoveNestedField(sent.Object, path...)
			continue
		}
		if err := unstructured.SetNestedField(sent.Object, value, path...); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", strings.Join(path, "."), o.ref, err)
		}
	}
	return sent, nil
}

// removeAll deletes objects. One that can't be deleted, as a webhook is broken, holds no other; the first such is
// returned.
func (s sender) removeAll(ctx context.Context, owner string, objects []*unstructured.Unstructured) *objectError {
	var failed *objectError
	for _, o := range objects {
		if err := s.remove(ctx, owner, o); err != nil && failed == nil {
			failed = &objectError{ref: refOf(o), err: err}
		}
	}
	return failed
}

// remove deletes this very object, not one of the same name that came after it.
func (s sender) remove(ctx context.Context, owner string, o client.Object) error {
	uid := o.GetUID()
	target, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("copy of %T is no object", o)
	}
	s.written.Add(owner, target)
	err := s.client.Delete(ctx, target, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // gone, or another of the same name by now: the next visit sees it
	}
	return err
}
