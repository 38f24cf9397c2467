package backup

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// leaseName is the Lease by which the operator leads.
	leaseName = "allmenning"
	// heldFor is how long a restore that was killed keeps the operator from starting on half a country.
	heldFor = 24 * time.Hour
)

// lock takes the operator's own lease, so that no operator starts before all is restored. It is refused where one runs.
func lock(ctx context.Context, c client.Client, namespace string, now time.Time) error {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: leaseName}}
	err := c.Get(ctx, client.ObjectKeyFromObject(lease), lease)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read Lease %s/%s: %w", namespace, leaseName, err)
	}
	if holder := holderOf(lease, now); holder != "" && holder != Manager {
		return fmt.Errorf("an operator runs (Lease %s/%s is held by %s), and would act on half a country: kubectl -n %s scale deployment allmenning-manager --replicas=0, and try again in half a minute",
			namespace, leaseName, holder, namespace)
	}
	lease.Spec = coordinationv1.LeaseSpec{
		HolderIdentity: new(Manager), LeaseDurationSeconds: new(int32(heldFor.Seconds())),
		AcquireTime: &metav1.MicroTime{Time: now}, RenewTime: &metav1.MicroTime{Time: now},
	}
	if apierrors.IsNotFound(err) {
		err = c.Create(ctx, lease, client.FieldOwner(Manager))
	} else {
		err = c.Update(ctx, lease, client.FieldOwner(Manager)) // of the version that was read: an operator that took it meanwhile has it
	}
	if err != nil {
		return fmt.Errorf("take Lease %s/%s, so that no operator starts meanwhile: %w", namespace, leaseName, err)
	}
	return nil
}

// holderOf is who holds a lease now; empty where nobody does.
func holderOf(lease *coordinationv1.Lease, now time.Time) string {
	s := lease.Spec
	if s.HolderIdentity == nil || s.RenewTime == nil || s.LeaseDurationSeconds == nil {
		return ""
	}
	if s.RenewTime.Add(time.Duration(*s.LeaseDurationSeconds) * time.Second).Before(now) {
		return ""
	}
	return *s.HolderIdentity
}

// unlock gives the lease back: the operator may start.
func unlock(ctx context.Context, c client.Client, namespace string) error {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: leaseName}}
	err := c.Delete(ctx, lease)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete Lease %s/%s, so that the operator starts: %w", namespace, leaseName, err)
	}
	return nil
}
