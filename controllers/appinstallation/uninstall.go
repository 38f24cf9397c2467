package appinstallation

// planUninstall takes an app away: all its objects but the precious ones, and last,
// when its pods have ended, the policy that they lived by.
func planUninstall(seen observed) planned {
	var out planned
	if seen.namespace == nil || !seen.namespace.DeletionTimestamp.IsZero() {
		return out // it goes with the namespace
	}
	out.leftovers(seen, nil)
	out.draining = seen.pods || remaining(seen) > len(out.kept)
	if !out.draining {
		out.prunePolicy = seen.policy
	}
	return out
}

// remaining is the number of objects of the app that are still there.
func remaining(seen observed) int {
	count := 0
	for _, o := range seen.live {
		if ours(seen, o) {
			count++
		}
	}
	return count
}
