// Package settings reads the Platform, and knows what holds where there is none.
package settings

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/walls"
)

// Get reads the Platform and fills what it leaves out. Without a Platform all of
// it is the built-in default.
func Get(ctx context.Context, c client.Reader) (v1alpha1.PlatformSpec, error) {
	var found v1alpha1.Platform
	err := c.Get(ctx, client.ObjectKey{Name: v1alpha1.PlatformName}, &found)
	if client.IgnoreNotFound(err) != nil {
		return v1alpha1.PlatformSpec{}, fmt.Errorf("read the Platform: %w", err)
	}
	if apierrors.IsNotFound(err) {
		return WithDefaults(v1alpha1.PlatformSpec{}), nil
	}
	return WithDefaults(found.Spec), nil
}

// WithDefaults returns a spec with every list that it leaves out filled in.
func WithDefaults(spec v1alpha1.PlatformSpec) v1alpha1.PlatformSpec {
	out := *spec.DeepCopy()
	if len(out.DNS) == 0 {
		out.DNS = []v1alpha1.DNSServer{
			{Namespace: "kube-system", PodLabels: map[string]string{"k8s-app": "kube-dns"}},
			{CIDR: "169.254.20.10/32"}, // the address that Kubernetes' own node-local DNS add-on listens on
		}
	}
	if len(out.Ingress) == 0 {
		out.Ingress = []v1alpha1.IngressController{{NamespaceLabels: map[string]string{v1alpha1.LabelIngress: "true"}}}
	}
	if len(out.PrivateCIDRs) == 0 {
		out.PrivateCIDRs = walls.Private()
	}
	if len(out.SizeClasses) == 0 {
		out.SizeClasses = sizeClasses()
	}
	for i := range out.SizeClasses {
		class := &out.SizeClasses[i]
		class.Quota = Filled(class.Quota, builtIn(*class).Quota)
	}
	return out
}

// builtIn is the built-in class that a class takes from what it leaves out: the one of that name, else
// the one that a municipality of its size is in.
func builtIn(class v1alpha1.SizeClass) v1alpha1.SizeClass {
	all := sizeClasses()
	for _, known := range all {
		if known.Name == class.Name {
			return known
		}
	}
	for _, known := range all {
		if known.UpTo != nil && class.UpTo != nil && *class.UpTo <= *known.UpTo {
			return known
		}
	}
	return all[len(all)-1]
}

// Filled is a quota with what it leaves out taken from another.
func Filled(q, from v1alpha1.Quota) v1alpha1.Quota {
	q.CPU = or(q.CPU, from.CPU)
	q.Memory = or(q.Memory, from.Memory)
	q.EphemeralStorage = or(q.EphemeralStorage, from.EphemeralStorage)
	q.Storage = or(q.Storage, from.Storage)
	q.Pods = or(q.Pods, from.Pods)
	q.Services = or(q.Services, from.Services)
	q.Secrets = or(q.Secrets, from.Secrets)
	q.ConfigMaps = or(q.ConfigMaps, from.ConfigMaps)
	q.PersistentVolumeClaims = or(q.PersistentVolumeClaims, from.PersistentVolumeClaims)
	q.Objects = or(q.Objects, from.Objects)
	return q
}

func or[T any](value, fallback *T) *T {
	if value != nil {
		return value
	}
	return fallback
}

// sizeClasses grow fourfold with the number of people, more or less as the classes
// in which Norwegian statistics sort municipalities do.
func sizeClasses() []v1alpha1.SizeClass {
	return []v1alpha1.SizeClass{
		{Name: "Small", UpTo: new(int32(5000)), Quota: scaled(1)},
		{Name: "Medium", UpTo: new(int32(20000)), Quota: scaled(2)},
		{Name: "Large", UpTo: new(int32(100000)), Quota: scaled(4)},
		{Name: "ExtraLarge", Quota: scaled(16)},
	}
}

func scaled(factor int32) v1alpha1.Quota {
	const gi = int64(1) << 30
	bytes := func(n int64) *resource.Quantity { return resource.NewQuantity(n*gi*int64(factor), resource.BinarySI) }
	count := func(n int32) *int32 { return new(n * factor) }
	return v1alpha1.Quota{
		CPU:                    resource.NewQuantity(4*int64(factor), resource.DecimalSI),
		Memory:                 bytes(8),
		EphemeralStorage:       bytes(20),
		Storage:                bytes(100),
		Pods:                   count(40),
		Services:               count(20),
		Secrets:                count(100),
		ConfigMaps:             count(100),
		PersistentVolumeClaims: count(10),
		Objects:                count(100),
	}
}
