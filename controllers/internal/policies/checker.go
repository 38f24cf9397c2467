package policies

import (
	"context"
	"fmt"
	"strings"
	"sync"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/read"
)

// Suffix ends the names of all shipped policies and bindings.
const Suffix = ".allmenning.dev"

// Checker compares the policies of the cluster with those that are shipped.
type Checker struct {
	// Cached reads the policies of the cluster, from memory.
	Cached client.Reader
	// Direct asks the API server who this operator is, once.
	Direct client.Client
	// Namespace of the operator.
	Namespace string

	lock    sync.Mutex
	shipped *Shipped
}

// Check is what was found.
type Check struct {
	faults []Fault
	fix    string
}

// Check compares the policies of the cluster with those that are shipped. Without a Checker none is known to be in force.
func (c *Checker) Check(ctx context.Context) (Check, error) {
	if c == nil {
		return Check{faults: []Fault{{Delegation, "nobody compares the admission policies with those that were shipped"}}, fix: "run the whole operator"}, nil
	}
	shipped, err := c.own(ctx)
	if err != nil {
		return Check{}, err
	}
	var policies admissionv1.ValidatingAdmissionPolicyList
	if err := read.List(ctx, c.Cached, &policies); err != nil {
		return Check{}, fmt.Errorf("list ValidatingAdmissionPolicies: %w", err)
	}
	var bindings admissionv1.ValidatingAdmissionPolicyBindingList
	if err := read.List(ctx, c.Cached, &bindings); err != nil {
		return Check{}, fmt.Errorf("list ValidatingAdmissionPolicyBindings: %w", err)
	}
	return Check{faults: shipped.Compare(policies.Items, bindings.Items), fix: shipped.Fix()}, nil
}

// own are the policies for this operator, by the name that the API server knows it by.
func (c *Checker) own(ctx context.Context) (*Shipped, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.shipped != nil {
		return c.shipped, nil
	}
	var me authenticationv1.SelfSubjectReview
	if err := c.Direct.Create(ctx, &me); err != nil {
		return nil, fmt.Errorf("ask the API server for the operator's account: %w", err)
	}
	var err error
	c.shipped, err = Read(me.Status.UserInfo.Username, c.Namespace)
	return c.shipped, err
}

// Fault says what is wrong with a policy, or with any where none is named, and what to do; empty where nothing is.
func (c Check) Fault(policy string) string {
	var all []string
	for _, f := range c.faults {
		if policy == "" || f.Policy == policy {
			all = append(all, f.Message)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, "; ") + ": " + c.fix
}
