package catalogue

import (
	"fmt"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// Proposal is what a network's proposal of this app comes to. The message of a fault names the
// field of the Network, and the fix; it is empty where there is none.
func (a *App) Proposal(p v1alpha1.Proposal) condition.Outcome {
	_, f := a.Release(p.Channel)
	if f == nil {
		return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady}
	}

	field := fmt.Sprintf("spec.apps[%s].channel %q", p.Name, p.Channel)
	fix := ""
	switch f.Reason {
	case UnknownApp:
		field, fix = fmt.Sprintf("spec.apps[%s]", p.Name), ": correct the name, or take the proposal out"
	case Withdrawn:
		fix = ": follow another channel, or wait until this one points at another version"
	case Unchecked:
		return condition.Outcome{State: condition.Progressing, Reason: v1alpha1.ReasonProgressing, Message: fmt.Sprintf("%s: %s", field, f)}
	case UnknownChannel, UnknownVersion, Unavailable, Suspended, UnfitZone, UnfitParameters, RequiredAppMissing, RequiredAppVersion, RequiredAppNotReady:
	}

	return condition.Outcome{State: condition.Stalled, Reason: string(f.Reason), Message: fmt.Sprintf("%s: %s%s", field, f, fix)}
}
