package appinstallation

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/parameters"
)

// makeValues makes values and keeps them before anything is built with them. What the API server has counts, not the
// cache: a value that is there is never made again. It returns the names of all that are kept.
func (s sender) makeValues(ctx context.Context, seen observed, missing []parameters.Generated) ([]string, *objectError) {
	made, err := s.keepValues(ctx, seen, missing)
	if err != nil {
		return nil, &objectError{ref: ref{schema.GroupKind{Kind: "Secret"}, generatedName(seen.installation.Spec.App)}, err: err}
	}
	return made, nil
}

func (s sender) keepValues(ctx context.Context, seen observed, missing []parameters.Generated) ([]string, error) {
	i := &seen.installation
	ctx = apply.AsInstaller(ctx, seen.home())
	there, err := maybe(ctx, s.live, client.ObjectKey{Namespace: seen.home(), Name: generatedName(i.Spec.App)}, &corev1.Secret{})
	if err != nil {
		return nil, err
	}
	data, version := map[string][]byte{}, apply.NotThere
	if there == nil && seen.generated.identity != nil {
		return nil, apierrors.NewConflict(corev1.Resource("secrets"), generatedName(i.Spec.App), errors.New("it was deleted meanwhile"))
	}
	if there != nil {
		data, version = maps.Clone(there.Data), there.ResourceVersion
	}
	if data == nil {
		data = map[string][]byte{}
	}
	for _, g := range missing {
		if _, made := data[g.Name]; made {
			continue
		}
		if data[g.Name], err = random(g.Length); err != nil {
			return nil, err
		}
	}
	desired := secretWith(i, seen.home(), data)
	desired.SetResourceVersion(version) // who wrote meanwhile wins, and is read the next time
	s.written.Add(ownerOf(seen), targetOf(desired))
	if err := s.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(desired), client.FieldOwner(apply.ManagerOf(i.Spec.App)), client.ForceOwnership); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(data)), nil
}

// letters are those of a value that is made: none needs to be escaped anywhere.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func random(length int) ([]byte, error) {
	value := make([]byte, length)
	for i := range value {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			return nil, fmt.Errorf("draw a random value: %w", err)
		}
		value[i] = letters[n.Int64()]
	}
	return value, nil
}
