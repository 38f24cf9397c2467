package appinstallation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// difference finds which objects must be sent: those that are not there, those that
// were sent otherwise, and those of which somebody took over a field.
func (p *planned) difference(seen observed, wanted []*unstructured.Unstructured) error {
	known := inventory(seen.previous())
	for _, desired := range wanted {
		sent, err := hash(desired, seen.salt)
		if err != nil {
			return err
		}
		o := object{ref: refOf(desired), desired: desired, sent: sent}
		o.live = seen.live[o.ref]
		before, ok := known[o.ref]
		o.send = o.live == nil || !ok || before.Sent != sent || before.Owned != apply.OwnedHash(o.live) || asked(seen)
		p.objects = append(p.objects, o)
	}
	return nil
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
	keyed := hmac.New(sha256.New, []byte(salt))
	keyed.Write(raw)
	return hex.EncodeToString(keyed.Sum(nil))[:16], nil
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

// taken says which object of the app bears a name that somebody else has. Nothing is
// applied then: an app that is half there helps nobody.
func taken(seen observed, wanted []*unstructured.Unstructured) *condition.Outcome {
	known := inventory(seen.previous())
	for _, desired := range wanted {
		name := refOf(desired)
		live := seen.live[name]
		if live == nil || ours(seen, live) {
			continue
		}
		if before, ok := known[name]; ok && before.UID == string(live.GetUID()) {
			continue // ours, though somebody took its label away
		}
		i := &seen.installation
		if other := live.GetLabels()[v1alpha1.LabelApp]; other != "" {
			return stalled(v1alpha1.ReasonNameTaken, fmt.Sprintf("%s in %s belongs to app %s, and the bundle of app %s brings one of the same name: one of the two apps must name it otherwise",
				name, i.Namespace, other, i.Spec.App))
		}
		return stalled(v1alpha1.ReasonNameTaken, fmt.Sprintf("%s in %s was not made by app %s, whose bundle brings one of the same name: rename or delete it, and the app is installed",
			name, i.Namespace, i.Spec.App))
	}
	return nil
}

// ours says whether an object belongs to this installation.
func ours(seen observed, o *unstructured.Unstructured) bool {
	labels := o.GetLabels()
	return labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && labels[v1alpha1.LabelApp] == seen.installation.Spec.App
}

// leftovers finds the objects of the app that it no longer has: those to prune, and
// those to keep.
func (p *planned) leftovers(seen observed, wanted []*unstructured.Unstructured) {
	has := map[ref]bool{}
	for _, o := range wanted {
		has[refOf(o)] = true
	}
	var names []ref
	for name, o := range seen.live {
		if ours(seen, o) && !has[name] {
			names = append(names, name)
		}
	}
	for _, name := range sorted(names) {
		switch o := seen.live[name]; {
		case precious(o):
			p.kept = append(p.kept, name)
		case o.GetDeletionTimestamp() == nil:
			p.prune = append(p.prune, o)
		}
	}
}

// precious says whether an object may hold what a person would miss.
func precious(o *unstructured.Unstructured) bool {
	return o.GetKind() == "PersistentVolumeClaim" || o.GetAnnotations()[v1alpha1.AnnotationPrune] == v1alpha1.PruneDisabled
}
