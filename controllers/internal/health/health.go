// Package health reads how an installed object is doing: as kubectl and GitOps tools
// read it (kstatus), and for kinds that only an app knows by the CEL rules that its
// version brings. It is pure.
package health

import (
	"fmt"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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

// Of reads one object. The message is empty for a healthy one.
func Of(o *unstructured.Unstructured, rules *Rules) (State, string) {
	if state, message, ruled := rules.of(o); ruled {
		return state, message
	}
	if message := spentQuota(o); message != "" {
		return Failed, message
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
