package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// shared is the one operator of all tests that run beside each other. Tests that need an
// operator of their own are not parallel, and run before it is started.
var shared struct {
	mu       sync.Mutex
	users    int
	operator *operator
}

// parallel lets a test run beside others, with the operator that they share. It starts
// with the first of them and ends with the last.
func parallel(t *testing.T) {
	t.Helper()
	t.Parallel()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.users == 0 {
		var err error
		if shared.operator, err = launch(sharedLog()); err != nil {
			t.Fatal(err)
		}
	}
	shared.users++
	t.Cleanup(func() {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		shared.users--
		if shared.users > 0 {
			return
		}
		shared.operator.Stop()
		if err := shared.operator.err; err != nil {
			t.Errorf("the operator ended: %v", err)
		}
	})
}

// sharedLog is silent unless somebody asks with -v: the tests that share the operator end
// before it does, so none of them can take its log.
func sharedLog() logr.Logger {
	if testing.Verbose() {
		return logr.FromSlogHandler(slog.NewTextHandler(os.Stderr, nil))
	}
	return logr.Discard()
}

// atOnce is the Platform of this package: everybody moves at once, so that tests of other
// matters need not mind waves. Networks that are tested for their waves say their own.
func atOnce() *v1alpha1.Platform {
	return &v1alpha1.Platform{
		ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.PlatformName},
		Spec: v1alpha1.PlatformSpec{Rollout: &v1alpha1.RolloutStrategy{
			MaxIntroductions: new(int32(256)),
			Waves: []v1alpha1.Wave{{
				Name: "everyone", Soak: &metav1.Duration{}, ProgressDeadline: &metav1.Duration{Duration: 168 * time.Hour},
				MaxConcurrent: new(intstr.FromString("100%")), MaxFailures: new(intstr.FromString("100%")),
			}},
		}},
	}
}

// onPlatform changes the Platform until it is undone, at the latest at the end of the test.
// It is for tests that are not parallel.
func onPlatform(t *testing.T, change func(*v1alpha1.PlatformSpec)) (undo func()) {
	t.Helper()
	edit(t, atOnce(), func(p *v1alpha1.Platform) { change(&p.Spec) })
	undo = func() {
		t.Helper()
		p := atOnce()
		if err := admin.Get(context.Background(), client.ObjectKeyFromObject(p), p); err != nil {
			t.Fatal(err)
		}
		before := p.DeepCopy()
		p.Spec = atOnce().Spec
		if err := admin.Patch(context.Background(), p, client.MergeFrom(before)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(undo)
	return undo
}

// serial numbers the municipalities and apps of this process, so that no two tests, and
// no two runs of one test, meet.
var serial atomic.Int32

// unique makes a name that nobody else has.
func unique(prefix string) string { return fmt.Sprintf("%s%d", prefix, serial.Add(1)) }

// put makes an object and leaves it there: the control plane goes away with the package.
func put[O client.Object](t *testing.T, o O) O {
	t.Helper()
	if err := admin.Create(t.Context(), o); err != nil {
		t.Fatalf("create %T %s: %v", o, o.GetName(), err)
	}
	return o
}

// read returns an object as it is now.
func read[O client.Object](t *testing.T, o O) O {
	t.Helper()
	fresh := blank(o)
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(o), fresh); err != nil {
		t.Fatalf("read %T %s: %v", o, o.GetName(), err)
	}
	return fresh
}

// until waits until an object is there, and as check wants it, and returns it so.
func until[O client.Object](t *testing.T, what string, o O, check func(O) error) O {
	t.Helper()
	var fresh O
	eventually(t, what, func(ctx context.Context) error {
		fresh = blank(o)
		if err := admin.Get(ctx, client.ObjectKeyFromObject(o), fresh); err != nil {
			return err
		}
		return check(fresh)
	})
	return fresh
}

// gone waits until an object is not there any more.
func gone(t *testing.T, o client.Object) {
	t.Helper()
	eventually(t, fmt.Sprintf("%T %s is gone", o, o.GetName()), func(ctx context.Context) error {
		live := blank(o)
		err := admin.Get(ctx, client.ObjectKeyFromObject(o), live)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(err, fmt.Errorf("it is still there: deleted at %v, finalizers %v, annotations %v",
			live.GetDeletionTimestamp(), live.GetFinalizers(), live.GetAnnotations()))
	})
}

// edit changes an object, again if somebody else did meanwhile.
func edit[O client.Object](t *testing.T, o O, change func(O)) O {
	t.Helper()
	var fresh O
	eventually(t, fmt.Sprintf("edit %T %s", o, o.GetName()), func(ctx context.Context) error {
		fresh = blank(o)
		if err := admin.Get(ctx, client.ObjectKeyFromObject(o), fresh); err != nil {
			return err
		}
		change(fresh)
		err := admin.Update(ctx, fresh)
		if err != nil && !apierrors.IsConflict(err) {
			t.Fatalf("edit %T %s: %v", o, o.GetName(), err)
		}
		return err
	})
	return fresh
}

// deniesChange waits for the answer to a change that the API server must refuse, and looks for
// the words in it. The operator may write a status between reading and writing, so a
// conflict is no answer: the change is tried again.
func deniesChange[O client.Object](t *testing.T, c client.Client, o O, change func(O), words ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("refuse a change of %T %s", o, o.GetName()), func(ctx context.Context) error {
		fresh := blank(o)
		if err := admin.Get(ctx, client.ObjectKeyFromObject(o), fresh); err != nil {
			return err
		}
		change(fresh)
		err := c.Update(ctx, fresh)
		switch {
		case err == nil:
			t.Fatalf("the change of %T %s was accepted; it must be refused with %q", o, o.GetName(), words)
		case apierrors.IsConflict(err):
			return err
		}
		if err := holds(err.Error(), words...); err != nil {
			t.Fatalf("%T %s: %v", o, o.GetName(), err)
		}
		return nil
	})
}

// blank is an empty object of the same type: decoding into a full one keeps what the
// answer leaves out.
func blank[O client.Object](o O) O {
	fresh, ok := reflect.New(reflect.TypeOf(o).Elem()).Interface().(O)
	if !ok {
		panic(fmt.Sprintf("%T is no pointer", o))
	}
	return fresh
}

// at is an object of which only the place is known.
func at[O client.Object](o O, namespace, name string) O {
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}

func configMap(namespace, name string) *corev1.ConfigMap {
	return at(&corev1.ConfigMap{}, namespace, name)
}

func appInstallation(namespace, app string) *v1alpha1.AppInstallation {
	return at(&v1alpha1.AppInstallation{}, namespace, app)
}

// isReady is what "kubectl wait --for=condition=Ready" asks.
func isReady(conditions []metav1.Condition, generation int64) error {
	c := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	if c == nil || c.Status != metav1.ConditionTrue || c.ObservedGeneration != generation {
		return fmt.Errorf("not Ready at generation %d: %+v", generation, conditions)
	}
	return nil
}

// isStalled says whether the object reports, for its present generation, that a person must
// act, with these words.
func isStalled(conditions []metav1.Condition, generation int64, parts ...string) error {
	c := meta.FindStatusCondition(conditions, v1alpha1.ConditionStalled)
	if c == nil || c.Status != metav1.ConditionTrue || c.ObservedGeneration != generation {
		return fmt.Errorf("not Stalled at generation %d: %+v", generation, conditions)
	}
	if meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady) {
		return fmt.Errorf("both Stalled and Ready: %+v", conditions)
	}
	return holds(c.Message, parts...)
}

// town makes a Municipality with one open environment, prod, unless changes say otherwise.
func town(t *testing.T, prefix string, changes ...func(*v1alpha1.Municipality)) *v1alpha1.Municipality {
	t.Helper()
	n := serial.Add(1)
	m := &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s%d", prefix, n)},
		Spec: v1alpha1.MunicipalitySpec{
			Number: fmt.Sprintf("%04d", n), DisplayName: strings.ToUpper(prefix[:1]) + prefix[1:],
			Environments: []v1alpha1.Environment{{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}},
		},
	}
	for _, change := range changes {
		change(m)
	}
	return put(t, m)
}

// withTest adds a second, closed environment for tests.
func withTest(m *v1alpha1.Municipality) {
	m.Spec.Environments = append(m.Spec.Environments,
		v1alpha1.Environment{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneClosed})
}

// standing waits until the tenancy of a Municipality is Ready.
func standing(t *testing.T, m *v1alpha1.Municipality) *v1alpha1.Municipality {
	t.Helper()
	return until(t, "Municipality "+m.Name+" is Ready", m, func(m *v1alpha1.Municipality) error {
		return isReady(m.Status.Conditions, m.Generation)
	})
}

// environment returns the status of one environment.
func environment(m *v1alpha1.Municipality, name string) v1alpha1.EnvironmentStatus {
	for _, e := range m.Status.Environments {
		if e.Name == name {
			return e
		}
	}
	return v1alpha1.EnvironmentStatus{}
}

// person is the access of somebody whom the identity provider knows by a group.
func person(t *testing.T, user string, groups ...string) client.Client {
	t.Helper()
	config, err := plane.ConfigFor(user, groups...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: clientgoscheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
