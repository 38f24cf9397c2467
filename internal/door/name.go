package door

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// noApp stands for the pods that belong to no app: no app is called so.
const noApp = "0"

// ConsumerPolicy is the name of the policy that lets a client out: one for each client.
func (k Key) ConsumerPolicy(client string) string {
	return strings.Join(append(k.policies(v1alpha1.DoorConsumer), cmp.Or(client, noApp)), ".")
}

// HostPolicy is the name of the policy that lets a client in: one for each client, and each set of pods that it reaches.
func (k Key) HostPolicy(client string, lead int) string {
	parts := append(k.policies(v1alpha1.DoorHost), cmp.Or(client, noApp))
	if lead > 0 {
		parts = append(parts, strconv.Itoa(lead))
	}
	return strings.Join(parts, ".")
}

// Has says whether a policy of this name is the door's on a side, of whichever client. A door of which the environment of the consumer is
// not known has those from all of them.
func (k Key) Has(side v1alpha1.DoorSide, policy string) bool {
	begins, parts := k.policies(side), strings.Split(policy, ".")
	if side == v1alpha1.DoorHost && k.Environment == "" {
		begins = begins[:len(begins)-1]
	}
	return len(parts) > len(begins) && slices.Equal(parts[:len(begins)], begins)
}

// policies are the parts that the names of all policies of the door on a side begin with; no part holds a dot.
func (k Key) policies(side v1alpha1.DoorSide) []string {
	if side == v1alpha1.DoorConsumer {
		return []string{"allmenning-door-to", k.App, k.Service, k.Host, k.HostEnvironment}
	}
	return []string{"allmenning-door-from", k.App, k.Service, k.Consumer, k.Environment}
}
