package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// tenancySelector picks what the operator keeps for tenants, but not the bundles that it
// stores for itself.
const tenancySelector = v1alpha1.LabelManagedBy + "=" + v1alpha1.ManagedBy + "," + v1alpha1.LabelMunicipality

// tenancy applies all municipalities at once and waits until each is Ready, before any
// app exists.
func (b *bench) tenancy(ctx context.Context, r *result) error {
	p, err := b.meter.measure(ctx, job{
		name: "tenancy", unit: "namespaces", count: b.size.environments(),
		act: func(ctx context.Context) error {
			if err := b.meter.home.apply(ctx, municipalities(b.size)); err != nil {
				return err
			}
			return b.await(ctx, expectation{"municipalities", b.tenants, b.size.municipalities})
		},
		settle: b.settled,
	})
	if err != nil {
		return err
	}
	if b.namespaces, err = b.meter.home.tenancy(ctx); err != nil {
		return err
	}
	b.meter.say.step("  %d objects, %d requests", len(b.namespaces), p.total.Total())
	r.addTenancy(p, len(b.namespaces))
	return nil
}

// tenancy lists every object that the operator keeps for tenants, of whatever kind, and
// the namespaces themselves.
func (c *cluster) tenancy(ctx context.Context) ([]*unstructured.Unstructured, error) {
	lists, err := c.discovery.ServerPreferredResources()
	if err != nil {
		return nil, fmt.Errorf("asking which kinds there are: %w", err)
	}
	var resources []schema.GroupVersionResource
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, fmt.Errorf("asking which kinds there are: %w", err)
		}
		for _, resource := range list.APIResources {
			if slices.Contains(resource.Verbs, "list") && !strings.Contains(resource.Name, "/") {
				resources = append(resources, version.WithResource(resource.Name))
			}
		}
	}
	found := make([][]*unstructured.Unstructured, len(resources))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for i, resource := range resources {
		group.Go(func() error {
			var err error
			found[i], err = c.list(ctx, resource)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := slices.Concat(found...)
	if len(all) == 0 {
		return nil, errors.New("no object of a tenant carries the operator's label")
	}
	return all, nil
}

func (c *cluster) list(ctx context.Context, resource schema.GroupVersionResource) ([]*unstructured.Unstructured, error) {
	list, err := c.reader.Resource(resource).Namespace(corev1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: tenancySelector})
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", resource.Resource, err)
	}
	objects := make([]*unstructured.Unstructured, 0, len(list.Items))
	for i := range list.Items {
		objects = append(objects, &list.Items[i])
	}
	return objects, nil
}
