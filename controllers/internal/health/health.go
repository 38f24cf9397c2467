// Package health reads how an installed object is doing: as kubectl and GitOps tools
// read it (kstatus), and for kinds that only an app knows by the CEL rules that its
// version brings. It is pure.
package health

import (
	"fmt"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/internal/contract"
)

// State is how an object, or a whole app, is doing.
type State string

// The states, the best first.
const (
	// Healthy: as it should be.
	Healthy State = "Healthy"
	// Progressing: not yet, but it may get there by itself.
	Progressing State = "Progressing"
	// Failed: it will not become ready by itself.
	Failed State = "Failed"
)

// Of reads one object. The message is empty for a healthy one. A rule of the app adds to what is known of a kind:
// what has failed has failed, whatever the rule says, and of a kind that Kubernetes brings both must hold.
func Of(o *unstructured.Unstructured, rules *Rules) (State, string) {
	state, message := builtIn(o)
	if state == Failed {
		return state, message
	}
	ruled, why, found := rules.of(o)
	own := !contract.IsBuiltIn(o.GroupVersionKind().Group)
	switch {
	case found && (own || ruled != Healthy):
		return ruled, why
	case !found && own && !reported(o):
		return Progressing, "nobody has reported on it: the controller of its kind may be missing; where there is none, the version needs a health rule for it"
	}
	return state, message
}

// builtIn reads an object as kubectl and GitOps tools do, save where these say of an object that does
// not do what it is for that it is as it should be.
func builtIn(o *unstructured.Unstructured) (State, string) {
	if message := spentQuota(o); message != "" {
		return Failed, message
	}
	for _, read := range []func(*unstructured.Unstructured) (State, string, bool){jobHealth, onDeleteHealth, scalerHealth} {
		if state, message, found := read(o); found {
			return state, message
		}
	}
	result, err := status.Compute(o)
	if err != nil {
		return Failed, fmt.Sprintf("its status can't be read: %v", err)
	}
	switch result.Status {
	case status.CurrentStatus:
		return Healthy, ""
	case status.FailedStatus:
		return Failed, result.Message
	case status.InProgressStatus, status.TerminatingStatus, status.NotFoundStatus, status.UnknownStatus:
	}
	return Progressing, plain(result.Message)
}

// reported says whether a controller has written a status.
func reported(o *unstructured.Unstructured) bool {
	found, ok := o.Object["status"].(map[string]any)
	return ok && len(found) > 0
}

// plain puts into words what the library says of a Deployment whose new pods don't get
// ready: how many pods more there are than new ones.
func plain(message string) string {
	if n, ok := strings.CutPrefix(message, "Pending termination: "); ok {
		return "new pods are not ready, and pods of before still run: " + n
	}
	return message
}

// spentQuota says when pods can't be made: the one thing about a Deployment that a
// tenant can fix and that its readiness doesn't show. The API server's words name
// the quota and what is short.
func spentQuota(o *unstructured.Unstructured) string {
	conditions, _, err := unstructured.NestedSlice(o.Object, "status", "conditions")
	if err != nil {
		return ""
	}
	for _, c := range conditions {
		condition, ok := c.(map[string]any)
		if !ok || condition["type"] != "ReplicaFailure" || condition["status"] != "True" {
			continue
		}
		return fmt.Sprintf("its pods can't be made: %v", condition["message"])
	}
	return ""
}
