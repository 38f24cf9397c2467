package world

import (
	"crypto/sha256"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// addDefaults adds to objects from files what the API server and the catalogue would.
func (w *World) addDefaults() {
	if w.Platform != nil {
		defaultStrategy(w.Platform.Spec.Rollout)
	}
	for i := range w.Municipalities {
		defaultWindows(w.Municipalities[i].Spec.Windows)
	}
	for i := range w.Networks {
		spec := &w.Networks[i].Spec
		for j := range spec.Apps {
			defaultProposal(&spec.Apps[j])
		}
		defaultStrategy(spec.Rollout)
	}
	assumed := 0
	for i := range w.Apps {
		assumed += defaultVersions(&w.Apps[i])
	}
	if assumed > 0 {
		w.Notes = append(w.Notes, fmt.Sprintf("Files do not tell whether bundles can be fetched: versions are taken to be available (%d of them), where need be with a digest that stands for the real one.", assumed))
	}
	for i := range w.Installations {
		if spec := &w.Installations[i].Spec; spec.State == "" {
			spec.State = v1alpha1.InstallationPresent
		}
	}
}

func defaultProposal(p *v1alpha1.Proposal) {
	if p.Channel == "" {
		p.Channel = v1alpha1.DefaultChannel
	}
	if p.Obligation == "" {
		p.Obligation = v1alpha1.ObligationRecommended
	}
	if len(p.Stages) == 0 {
		p.Stages = []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}
	}
}

func defaultStrategy(s *v1alpha1.RolloutStrategy) {
	if s == nil {
		return
	}
	for i := range s.Waves {
		wave := &s.Waves[i]
		wave.MaxConcurrent = or(wave.MaxConcurrent, intstr.FromString("25%"))
		wave.MaxFailures = or(wave.MaxFailures, intstr.FromInt32(0))
		wave.Soak = or(wave.Soak, metav1.Duration{Duration: time.Hour})
		wave.ProgressDeadline = or(wave.ProgressDeadline, metav1.Duration{Duration: 30 * time.Minute})
	}
	for i := range s.Approvals {
		if s.Approvals[i].Attempt == 0 {
			s.Approvals[i].Attempt = 1
		}
	}
	defaultWindows(s.Windows)
}

func or[T any](said *T, otherwise T) *T {
	if said != nil {
		return said
	}
	return &otherwise
}

func defaultWindows(windows []v1alpha1.Window) {
	for i := range windows {
		if windows[i].TimeZone == "" {
			windows[i].TimeZone = "Europe/Oslo"
		}
	}
}

// defaultVersions makes versions of which no status tells available, and returns how many.
func defaultVersions(app *v1alpha1.SharedApp) int {
	told := map[string]bool{}
	for _, s := range app.Status.Versions {
		told[s.Version] = true
	}
	assumed := 0
	for i := range app.Spec.Versions {
		v := &app.Spec.Versions[i]
		if v.State == "" {
			v.State = v1alpha1.VersionActive
		}
		if told[v.Version] {
			continue
		}
		assumed++
		app.Status.Versions = append(app.Status.Versions, v1alpha1.VersionStatus{
			Version: v.Version, Digest: digestOf(app.Name, v), Available: true,
		})
	}
	return assumed
}

// digestOf is the digest that the source names, else one that no bundle has, which
// stands for the version.
func digestOf(app string, v *v1alpha1.Version) string {
	switch {
	case v.Source.OCI != nil && v.Source.OCI.Digest != "":
		return v.Source.OCI.Digest
	case v.Source.ConfigMap != nil && v.Source.ConfigMap.Digest != "":
		return v.Source.ConfigMap.Digest
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(app+" "+v.Version)))
}
