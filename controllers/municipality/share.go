package municipality

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// shares is how the quota of an environment is divided.
type shares struct {
	// rest is what the environment's namespace keeps.
	rest corev1.ResourceList
	// granted is what the own namespace of each app gets.
	granted map[string]corev1.ResourceList
	// refused says, by app, why it does not get what it declares.
	refused map[string]string
}

// shareOut divides the quota of an environment between its namespace and those that apps have for themselves. What a
// namespace has it keeps, as far as its app still declares it. More is given where there is room: the
// environment's namespace keeps what is in use in it, so that what runs there can be started again.
func shareOut(total corev1.ResourceList, live environment, environment, municipality string) shares {
	out := shares{rest: maps.Clone(total), granted: map[string]corev1.ResourceList{}, refused: map[string]string{}}
	apps := slices.DeleteFunc(byAge(live.own), func(app string) bool { return !live.own[app].wanted() })
	for _, app := range apps {
		if had := grantedBefore(live.own[app]); had != nil {
			out.granted[app] = least(had, hardLimits(live.own[app].share))
			take(out.rest, out.granted[app])
		}
	}
	for _, app := range apps {
		share := hardLimits(live.own[app].share)
		more := maps.Clone(share)
		take(more, out.granted[app])
		if short := lacks(out.rest, inUse(live), more); len(short) > 0 {
			out.refused[app] = fmt.Sprintf("raise %s in quota of environment %s in spec.environments of Municipality %s, or decline an app: the environment has no room for the share that %s declares: %s",
				strings.Join(fieldsOf(short), ", "), environment, municipality, app, strings.Join(texts(short, more, out.rest, inUse(live)), ", "))
			continue
		}
		take(out.rest, more)
		out.granted[app] = share
	}
	for name, left := range out.rest {
		if left.Sign() < 0 {
			out.rest[name] = *resource.NewQuantity(0, left.Format) // the quota was lowered below what was given
		}
	}
	return out
}

// grantedBefore is the quota of an own namespace that is there; nil where there is none.
func grantedBefore(h ownHome) corev1.ResourceList {
	if quota, ok := h.objects[key("ResourceQuota", v1alpha1.QuotaName)].(*corev1.ResourceQuota); ok {
		return quota.Spec.Hard
	}
	return nil
}

// inUse is what is used of the quota in the environment's namespace.
func inUse(live environment) corev1.ResourceList {
	if quota, ok := live.objects[key("ResourceQuota", v1alpha1.QuotaName)].(*corev1.ResourceQuota); ok {
		return quota.Status.Used
	}
	return nil
}

// least is the smaller of two lists, each by each.
func least(a, b corev1.ResourceList) corev1.ResourceList {
	out := maps.Clone(b)
	for name, has := range b {
		if other, ok := a[name]; !ok {
			delete(out, name)
		} else if other.Cmp(has) < 0 {
			out[name] = other
		}
	}
	return out
}

// take takes a list away from another.
func take(from, what corev1.ResourceList) {
	for name, much := range what {
		left := from[name].DeepCopy()
		left.Sub(much)
		from[name] = left
	}
}

// lacks are the bounds of which there is not enough left, sorted.
func lacks(rest, used, more corev1.ResourceList) []corev1.ResourceName {
	var short []corev1.ResourceName
	for _, name := range slices.Sorted(maps.Keys(more)) {
		need := more[name]
		free := freeOf(rest, used, name)
		if need.Sign() > 0 && free.Cmp(need) < 0 {
			short = append(short, name)
		}
	}
	return short
}

func freeOf(rest, used corev1.ResourceList, name corev1.ResourceName) resource.Quantity {
	free := rest[name].DeepCopy()
	free.Sub(used[name])
	if free.Sign() < 0 {
		return resource.Quantity{Format: free.Format}
	}
	return free
}

func texts(short []corev1.ResourceName, more, rest, used corev1.ResourceList) []string {
	all := make([]string, 0, len(short))
	for _, name := range short {
		need, free := more[name], freeOf(rest, used, name)
		all = append(all, fmt.Sprintf("%s is wanted of %s, and %s is free", need.String(), name, free.String()))
	}
	return all
}

// fieldsOf are the fields of a Quota that bounds are written in.
func fieldsOf(names []corev1.ResourceName) []string {
	fields := map[corev1.ResourceName]string{
		corev1.ResourceRequestsCPU: "cpu", corev1.ResourceRequestsMemory: "memory", corev1.ResourceLimitsMemory: "memory",
		corev1.ResourceRequestsEphemeralStorage: "ephemeralStorage", corev1.ResourceLimitsEphemeralStorage: "ephemeralStorage", corev1.ResourceRequestsStorage: "storage", corev1.ResourcePods: "pods",
		corev1.ResourceServices: "services", corev1.ResourceSecrets: "secrets", corev1.ResourceConfigMaps: "configMaps",
		corev1.ResourcePersistentVolumeClaims: "persistentVolumeClaims",
	}
	var all []string
	for _, name := range names {
		field := fields[name]
		if strings.HasPrefix(string(name), countPrefix) {
			field = "objects"
		}
		if !slices.Contains(all, field) {
			all = append(all, field)
		}
	}
	return all
}
