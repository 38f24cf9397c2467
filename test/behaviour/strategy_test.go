package behaviour_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// inForce returns an error unless a Platform is Ready, and says this and nothing else.
func inForce(message string) func(*v1alpha1.Platform) error {
	return func(p *v1alpha1.Platform) error {
		if err := isReady(p.Status.Conditions, p.Generation); err != nil {
			return err
		}
		return expect("message", meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionReady).Message, message)
	}
}

// The Platform reports what is wrong with its strategy as the country and the catalogue
// change, without being edited. Not parallel: it gives the Platform another strategy.
func TestThePlatformTellsWhatIsWrongWithItsStrategy(t *testing.T) {
	startOperator(t)
	standing(t, town(t, "vinje"))
	platform, app, ghost := atOnce(), unique("svarut"), unique("ghost")
	pilot := wave("pilot")
	pilot.Members = &v1alpha1.WaveMembers{Names: []string{ghost}}
	unknown := v1alpha1.Approval{App: app, Channel: v1alpha1.DefaultChannel, Digest: "sha256:" + strings.Repeat("a", 64), Wave: "everyone", Attempt: 1}
	onPlatform(t, func(p *v1alpha1.PlatformSpec) {
		p.Rollout.Waves = append([]v1alpha1.Wave{pilot}, p.Rollout.Waves...)
		p.Rollout.Approvals = []v1alpha1.Approval{unknown}
	})
	until(t, "an app that nobody offers stalls it", platform, func(p *v1alpha1.Platform) error {
		return isStalled(p.Status.Conditions, p.Generation, fmt.Sprintf("spec.rollout.approvals[0].app %q", app), "no SharedApp of that name")
	})
	publish(t, app, nil, files(app, nil))
	until(t, "when the app is there, its digest is looked at", platform, func(p *v1alpha1.Platform) error {
		return isStalled(p.Status.Conditions, p.Generation, "spec.rollout.approvals[0].digest sha256:aaaaaaaaaaaa...", "no version of SharedApp "+app+" has it")
	})
	edit(t, platform, func(p *v1alpha1.Platform) { p.Spec.Rollout.Approvals = nil })
	until(t, "a name that nobody has is shown, and stops nobody", platform, inForce(fmt.Sprintf(
		"in force; wave pilot is empty: no Municipality goes with it, so somebody else stands in (spec.rollout.waves[0].members); "+
			"wave pilot names who is no Municipality: %s (spec.rollout.waves[0].members.names)", ghost)))
	town(t, "ghost", func(m *v1alpha1.Municipality) { m.Name = ghost })
	until(t, "when somebody has the name, nothing more is reported", platform, inForce("in force"))
}

// A network that inherits its waves reports approvals that name none of them, and again
// when the Platform's waves change. Not parallel: it gives the Platform another strategy.
func TestAnApprovalOfAWaveThatIsNotInherited(t *testing.T) {
	startOperator(t)
	m := standing(t, town(t, "vinje"))
	app := read(t, publish(t, unique("svarut"), nil, files("svarut", nil)))
	n := proposes(t, "net", app.Name, func(n *v1alpha1.Network) {
		n.Spec.Rollout = &v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{
			{App: app.Name, Digest: app.Status.Versions[0].Digest, Wave: "pilot", Attempt: 1},
		}}
	}, m)
	until(t, "the Platform has no such wave", n, func(n *v1alpha1.Network) error {
		return isStalled(n.Status.Conditions, n.Generation,
			`spec.rollout.approvals[0].wave "pilot": there is no wave of that name, but everyone (spec.rollout.waves of Platform default)`)
	})
	onPlatform(t, func(p *v1alpha1.PlatformSpec) {
		p.Rollout.Waves = append([]v1alpha1.Wave{wave("pilot", m)}, p.Rollout.Waves...)
	})
	until(t, "now it has", n, func(n *v1alpha1.Network) error { return isReady(n.Status.Conditions, n.Generation) })
}
