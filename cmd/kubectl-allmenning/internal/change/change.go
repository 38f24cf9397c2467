// Package change decides what the writing commands write, and refuses what would do
// harm. It is pure: a Change is a value, which the command then prints, makes in files
// or sends to a cluster.
//
//   - change.go: a change, and the promotion of a version.
//   - approve.go: the approval of a wave.
//   - onboard.go: a municipality that comes on board.
package change

import (
	"fmt"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// Change of one object that is there already.
type Change struct {
	Kind string
	Name string
	Edit manifest.Edit
	// Message says what was changed, in the past tense.
	Message string
	// Remarks are what somebody should know before the change is made, each without a full stop.
	Remarks []string
}

// refuse names the object that does not let a change be made, what is wrong, and what to do.
func refuse(kind, name, format string, args ...any) error {
	return fmt.Errorf("%s %s: %s", kind, name, fmt.Sprintf(format, args...))
}

// Promote points a channel at another version.
func Promote(w *world.World, app, version, channel string) (Change, error) {
	o, err := w.App(app)
	if err != nil {
		return Change{}, err
	}

	a := catalogue.Compile(o)
	if err := world.Take(a, version); err != nil {
		return Change{}, err
	}
	if _, fault := a.Offer(version); fault != nil && fault.Reason != catalogue.Unchecked { // what is not checked yet waits
		return Change{}, fmt.Errorf("%s: promote it when it is, or take another version", fault)
	}

	was, fault := a.Points(channel)
	if fault != nil {
		return Change{}, fmt.Errorf("%s: name one of these with --channel, or add it by hand", fault)
	}
	if was == version {
		return Change{}, refuse("SharedApp", app, "spec.channels[%s].version is %s already: there is nothing to promote", channel, version)
	}

	return Change{
		Kind: "SharedApp", Name: app,
		Edit: manifest.Edit{
			Path:  []manifest.Step{manifest.Key("spec"), manifest.Key("channels"), manifest.Item("name", channel), manifest.Key("version")},
			Value: version,
		},
		Message: fmt.Sprintf("SharedApp %s: promoted %s to channel %s, where %s was", app, version, channel, was),
	}, nil
}
