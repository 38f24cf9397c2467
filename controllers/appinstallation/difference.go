package appinstallation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/condition"
)

// difference finds which objects must be sent: those that are not there, those that
// were sent otherwise, and those of which somebody changed what the app wrote. A Job that has succeeded
// and is gone, as one with a time to live is, is not made again.
func (p *planned) difference(seen observed, wanted []*unstructured.Unstructured) error {
	known := inventory(seen.previous())
	for _, desired := range wanted {
		desired = bundle.AsCreated(desired, seen.live[refOf(desired)])
		sent, err := hash(desired, seen.salt)
		if err != nil {
			return err
		}
		o := object{ref: refOf(desired), desired: desired, sent: sent, phase: phaseOf(desired)}
		o.live = seen.live[o.ref]
		entry, ok := known[o.ref]
		runsOnce := desired.GetAnnotations()[v1alpha1.AnnotationRunOnce] != "" // its name says what it runs
		o.done = ok && entry.Done && ((o.live == nil && entry.Sent == sent) || runsOnce)
		o.send = !o.done && (o.live == nil || !ok || entry.Sent != sent || entry.Content != shown(apply.ContentHash(o.live), seen.salt) || asked(seen))
		o.drifted = drifted(seen, o, entry, ok)
		p.objects = append(p.objects, o)
	}
	return nil
}

// shown is a hash as it may be shown: keyed, as an object may hold a secret that can be guessed.
func shown(content, salt string) string {
	if content == "" {
		return ""
	}
	return keyed([]byte(content), salt)
}

// asked says whether somebody asked, by annotation, for everything to be applied again.
func asked(seen observed) bool {
	return seen.installation.Annotations[v1alpha1.AnnotationReconcile] != seen.previous().LastHandledReconcileAt
}

// hash is a short hash of what is sent. An object may hold secrets, and a status is
// read by many, so the hash is keyed: who does not have the salt can't try values.
func hash(o *unstructured.Unstructured, salt string) (string, error) {
	raw, err := json.Marshal(o.Object)
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", refOf(o), err)
	}
	return keyed(raw, salt), nil
}

func keyed(content []byte, salt string) string {
	sum := hmac.New(sha256.New, []byte(salt))
	sum.Write(content)
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

func inventory(s *v1alpha1.AppInstallationStatus) map[ref]v1alpha1.InstalledObject {
	known := make(map[ref]v1alpha1.InstalledObject, len(s.Inventory))
	for _, o := range s.Inventory {
		known[refOf(inventoried(o))] = o
	}
	return known
}

func inventoried(o v1alpha1.InstalledObject) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(o.APIVersion)
	u.SetKind(o.Kind)
	u.SetName(o.Name)
	return u
}

// taken says which objects of the app bear a name that somebody else has. Nothing is
// applied then: an app that is half there helps nobody.
func taken(seen observed, wanted []*unstructured.Unstructured) *condition.Outcome {
	i := &seen.installation
	var all []string
	for _, desired := range wanted {
		name := refOf(desired)
		live := seen.live[name]
		if live == nil || ours(seen, live) || live.GetAnnotations()[v1alpha1.AnnotationAdopt] == i.Spec.App {
			continue
		}
		if other := live.GetLabels()[v1alpha1.LabelApp]; other != "" && other != i.Spec.App {
			all = append(all, fmt.Sprintf("%s in %s belongs to app %s, and the bundle of app %s brings one of the same name: one of the two apps must name it otherwise, or be offered with spec.isolation: Own, which gives it a namespace of its own",
				name, seen.home(), other, i.Spec.App))
			continue
		}
		all = append(all, fmt.Sprintf("%s in %s was not made by app %s, whose bundle brings one of the same name: rename or delete it, or have the app take it over with the annotation %s: %s",
			name, seen.home(), i.Spec.App, v1alpha1.AnnotationAdopt, i.Spec.App))
	}
	if len(all) == 0 {
		return nil
	}
	return stalled(v1alpha1.ReasonNameTaken, summary(all))
}

// ours says whether an object is this installation's: it made this very object, even if its label was changed,
// or its field manager has written it, with the app's label, when the status was lost. A label alone
// proves nothing; one of another app counts where that app's field manager has written the object.
func ours(seen observed, o *unstructured.Unstructured) bool {
	wrote := apply.ContentHash(o) != "" // the field manager of the app that the label names
	if app := o.GetLabels()[v1alpha1.LabelApp]; app != "" && app != seen.installation.Spec.App && wrote {
		return false
	}
	if entry, ok := inventory(seen.previous())[refOf(o)]; ok && entry.UID == string(o.GetUID()) {
		return true
	}
	return labelled(seen, o) && wrote
}

// labelled says whether an object bears the labels of this installation.
func labelled(seen observed, o *unstructured.Unstructured) bool {
	labels := o.GetLabels()
	return labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && labels[v1alpha1.LabelApp] == seen.installation.Spec.App
}

// leftovers finds the objects of the app that it no longer has: those to prune, and
// those to keep. What another object controls goes with that.
func (p *planned) leftovers(seen observed, wanted []*unstructured.Unstructured) {
	has := map[ref]bool{}
	for _, o := range wanted {
		has[refOf(o)] = true
	}
	var names []ref
	for name, o := range seen.live {
		if labelled(seen, o) && ours(seen, o) && !has[name] && metav1.GetControllerOfNoCopy(o) == nil {
			names = append(names, name)
		}
	}
	p.kept = claimsLeft(seen, has)
	for _, name := range sorted(names) {
		switch o := seen.live[name]; {
		case precious(o), name == valuesOf(&seen.installation):
			if !slices.Contains(p.kept, name) {
				p.kept = append(p.kept, name)
			}
		case o.GetDeletionTimestamp() == nil:
			p.stale = append(p.stale, o)
		}
	}
	sorted(p.kept)
}

// claimsLeft are the claims that StatefulSets of the app made, and that are no longer in use: those of
// StatefulSets that go now, and those that bear the app's label, as the selector of their StatefulSet does, or were listed
// before, and that none makes now.
func claimsLeft(seen observed, has map[ref]bool) []ref {
	var left []ref
	for name, o := range seen.live {
		if name.Kind != claimKind {
			continue
		}
		app, mine := o.GetLabels()[v1alpha1.LabelApp], seen.installation.Spec.App
		goes, used := makersOf(seen, has, name.Name)
		made := goes || app == mine || slices.Contains(seen.previous().Kept, name.String())
		if made && !used && !has[name] && (app == "" || app == mine) {
			left = append(left, name)
		}
	}
	return sorted(left)
}

// makersOf says whether a StatefulSet of the app that goes makes a claim, and whether one that the app has does.
func makersOf(seen observed, has map[ref]bool, claim string) (goes, used bool) {
	for name, set := range seen.live {
		if !madeBy(set, claim) || !ours(seen, set) {
			continue
		}
		if has[name] {
			used = true
		} else {
			goes = true
		}
	}
	return goes, used
}

// madeBy says whether a StatefulSet makes a claim of a name: <template>-<StatefulSet>-<number>.
func madeBy(set *unstructured.Unstructured, claim string) bool {
	for _, prefix := range claimPrefixes(set) {
		if isNumbered(claim, prefix) {
			return true
		}
	}
	return false
}

// isNumbered says whether a name is a prefix and a number.
func isNumbered(name, prefix string) bool {
	number, found := strings.CutPrefix(name, prefix)
	return found && number != "" && strings.Trim(number, "0123456789") == ""
}

// claimKind is the kind of what asks for a volume.
const claimKind = "PersistentVolumeClaim"

// precious says whether an object may hold what a person would miss.
func precious(o *unstructured.Unstructured) bool {
	return o.GetKind() == claimKind || o.GetAnnotations()[v1alpha1.AnnotationPrune] == v1alpha1.PruneDisabled
}
