package sharedapp

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/trial"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/installable"
)

// judge finds out which of the bundles that were seen are fit to be installed. It scans, builds and asks the
// API server, which takes long, so each question is worked out once. It changes nothing but what is
// remembered.
func (r *Reconciler) judge(ctx context.Context, seen observed, now time.Time) (observed, error) {
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
		found, err := r.verdict(ctx, seen, *v, now)
		switch {
		case errors.Is(err, trial.ErrNoNamespace):
			v.fault = &condition.Outcome{State: condition.Retrying, Reason: v1alpha1.ReasonRetrying, Message: err.Error()}
			v.again = time.Minute
			continue
		case err != nil:
			return seen, fmt.Errorf("check version %s: %w", v.spec.Version, err)
		}
		verdicts[v.spec.Version] = found
		v.answer, v.again = found.answer, found.at.Add(found.answer.askAgain()).Sub(now)
	}
	r.verdicts.keep(seen.app.Name, verdicts)
	return seen, nil
}

func (r *Reconciler) verdict(ctx context.Context, seen observed, v seenVersion, now time.Time) (verdict, error) {
	q := question{
		App: seen.app.Name, Version: v.spec, Zone: productionZone(catalogue.Compile(&seen.app), v.spec.Version), Digest: v.bundle.Digest,
		Isolation: seen.app.Spec.Isolation, Own: seen.app.Spec.OwnNamespace,
		Rules: seen.installer.Rules, Allowed: seen.country.Platform.Bundles, Images: installable.Images(seen.country.Platform, v1alpha1.StageProduction),
		Audiences: installable.Audiences(seen.country.Platform),
		tried:     isAvailable(seen.app.Status, v),
	}
	if v.bundle.IsChart() {
		var err error
		if q.Capabilities, err = r.Capabilities(q.Rules); err != nil {
			return verdict{}, err
		}
	}
	if known, found := r.verdicts.get(seen.app.Name, v.spec.Version, q.key(), now); found {
		return known, nil
	}

	out := verdict{question: q.key(), at: now}
	if message := exceedsAlready(seen.app.Status, v); message != "" {
		out.answer = refusal(message)
		out.answer.exceeds = true
		return out, nil
	}
	var err error
	out.answer, err = r.check(ctx, q, *v.bundle)
	return out, err
}

// exceedsAlready is what was said of a bundle that took too much to build, by this operator or an earlier one; empty
// where that was not so. It is not tried again.
func exceedsAlready(s v1alpha1.SharedAppStatus, v seenVersion) string {
	for _, known := range s.Versions {
		if known.Version == v.spec.Version && known.Exceeds == buildOf(v) {
			return known.Message
		}
	}
	return ""
}

// buildOf names what is built: a bundle by its digest, and a chart with the settings of its version.
func buildOf(v seenVersion) string {
	if v.spec.Chart == nil {
		return v.bundle.Digest
	}
	settings, err := json.Marshal(v.spec.Chart)
	if err != nil {
		return v.bundle.Digest // it came out of JSON
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(append([]byte(v.bundle.Digest), settings...)))
}

// isAvailable says whether a version is available, with the bundle that was seen: an operator that has just
// started does not try all versions of the country again.
func isAvailable(s v1alpha1.SharedAppStatus, v seenVersion) bool {
	for _, known := range s.Versions {
		if known.Version == v.spec.Version {
			return known.Available && known.Digest == v.bundle.Digest
		}
	}
	return false
}

// verdict is the answer to a question, at a time.
type verdict struct {
	question [sha256.Size]byte
	answer   answer
	at       time.Time
}

// verdicts remembers the answers, by app and version, so that each question is worked out
// once. A refusal is asked again after a while: the kind that the cluster did not know may
// exist by then. What takes too much to build is not.
type verdicts struct {
	lock   sync.Mutex
	byName map[string]map[string]verdict
}

func (v *verdicts) get(app, version string, question [sha256.Size]byte, now time.Time) (verdict, bool) {
	v.lock.Lock()
	defer v.lock.Unlock()
	known, found := v.byName[app][version]
	if !found || known.question != question {
		return verdict{}, false
	}
	if len(known.answer.refused) > 0 && !known.answer.exceeds && !now.Before(known.at.Add(known.answer.askAgain())) {
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
