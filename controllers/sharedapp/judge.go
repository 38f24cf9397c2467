package sharedapp

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// judge finds out which of the bundles that were seen are fit to be installed. It scans and
// builds, which takes long, so each question is worked out once. It asks the cluster which kinds
// it serves, and changes nothing but what is remembered.
func (r *Reconciler) judge(seen observed, now time.Time) (observed, error) {
	if seen.installer == nil {
		return seen, nil
	}

	seen.versions = slices.Clone(seen.versions)
	verdicts := map[string]verdict{}
	for i := range seen.versions {
		v := &seen.versions[i]
		if v.bundle == nil {
			continue
		}
		found, err := r.verdict(seen, *v, now)
		if err != nil {
			return seen, fmt.Errorf("check version %s: %w", v.spec.Version, err)
		}
		verdicts[v.spec.Version] = found
		v.refused, v.again = found.refused, found.at.Add(slowRetry).Sub(now)
	}
	r.verdicts.keep(seen.app.Name, verdicts)
	return seen, nil
}

func (r *Reconciler) verdict(seen observed, v seenVersion, now time.Time) (verdict, error) {
	q := question{
		App: seen.app.Name, Version: v.spec, Zone: productionZone(&seen.app), Digest: v.bundle.Digest, Rules: seen.installer.Rules,
	}
	if known, found := r.verdicts.get(seen.app.Name, v.spec.Version, q.key(), now); found {
		return known, nil
	}

	out := verdict{question: q.key(), at: now}
	err := check(q, *v.bundle, r.Builder, r.Mapper)
	if errors.Is(err, errCluster) {
		return out, err
	}
	if err != nil {
		out.refused = err.Error()
	}
	return out, nil
}

// verdict is the answer to a question, at a time.
type verdict struct {
	question [sha256.Size]byte
	refused  string
	at       time.Time
}

// verdicts remembers the answers, by app and version, so that each question is worked out
// once. A refusal is asked again after a while: the kind that the cluster did not know may
// exist by then.
type verdicts struct {
	lock   sync.Mutex
	byName map[string]map[string]verdict
}

func (v *verdicts) get(app, version string, question [sha256.Size]byte, now time.Time) (verdict, bool) {
	v.lock.Lock()
	defer v.lock.Unlock()
	known, found := v.byName[app][version]
	if !found || known.question != question || (known.refused != "" && !now.Before(known.at.Add(slowRetry))) {
		return verdict{}, false
	}
	return known, true
}

// keep remembers the verdicts on an app's versions, and nothing else of it.
func (v *verdicts) keep(app string, all map[string]verdict) {
	v.lock.Lock()
	defer v.lock.Unlock()
	if v.byName == nil {
		v.byName = map[string]map[string]verdict{}
	}
	v.byName[app] = all
	if len(all) == 0 {
		delete(v.byName, app)
	}
}
