// Package policies compares the admission policies of a cluster with those that are shipped. Much of what Allmenning
// promises is kept by them, so that one which is missing or changed must be seen.
package policies

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/allmenning/allmenning/config/policy"
	"github.com/allmenning/allmenning/controllers/internal/trial"
)

const (
	// Delegation is the policy that leaves of the coordinators' role what they may do.
	Delegation = "network-delegation.allmenning.dev"
	// Freeze is the policy that stops the people and accounts of a municipality that is frozen.
	Freeze = "tenant-freeze.allmenning.dev"

	// shippedNamespace and shippedAccount are whom the shipped policies name.
	shippedNamespace = "allmenning-system"
	shippedAccount   = "system:serviceaccount:" + shippedNamespace + ":allmenning-manager"
)

// Shipped are the policies of this release, for an operator.
type Shipped struct {
	account string
	// policies and bindings by name; order has the names of both, as they are in the files.
	policies map[string]admissionv1.ValidatingAdmissionPolicySpec
	bindings map[string]admissionv1.ValidatingAdmissionPolicyBindingSpec
	order    []manifest
}

// manifest names a policy, or a binding.
type manifest struct {
	isBinding bool
	name      string
}

// Read returns the policies for an operator with an account and a namespace.
func Read(account, namespace string) (*Shipped, error) {
	s := &Shipped{
		account:  account,
		policies: map[string]admissionv1.ValidatingAdmissionPolicySpec{}, bindings: map[string]admissionv1.ValidatingAdmissionPolicyBindingSpec{},
	}
	files, err := fs.Glob(policy.Files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the shipped policies: %w", err)
	}
	for _, name := range files {
		content, err := policy.Files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the shipped policies: %w", err)
		}
		content = bytes.ReplaceAll(content, []byte(shippedAccount), []byte(account))
		content = bytes.ReplaceAll(content, []byte(trial.NamespaceOf(shippedNamespace)), []byte(trial.NamespaceOf(namespace)))
		if err := s.add(content); err != nil {
			return nil, fmt.Errorf("read the shipped policies in %s: %w", name, err)
		}
	}
	return s, nil
}

// add takes the policies and bindings out of a file.
func (s *Shipped) add(file []byte) error {
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(file)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return err
		}
		switch kind.Kind {
		case "ValidatingAdmissionPolicy":
			var p admissionv1.ValidatingAdmissionPolicy
			if err := yaml.UnmarshalStrict(document, &p); err != nil {
				return err
			}
			s.order = append(s.order, manifest{name: p.Name})
			s.policies[p.Name] = defaulted(p.Spec)
		case "ValidatingAdmissionPolicyBinding":
			var b admissionv1.ValidatingAdmissionPolicyBinding
			if err := yaml.UnmarshalStrict(document, &b); err != nil {
				return err
			}
			s.order = append(s.order, manifest{isBinding: true, name: b.Name})
			s.bindings[b.Name] = b.Spec
		}
	}
}

// Fault is a policy that is not in force as it was shipped.
type Fault struct {
	// Policy that is concerned.
	Policy string
	// Message names what is missing or changed.
	Message string
}

// Fix says what to do about any of the faults.
func (s *Shipped) Fix() string {
	return fmt.Sprintf("apply config/policy of this release again, for the operator's account %s", s.account)
}

// Compare finds what is missing of the shipped policies, or changed, in the order of the files. What the API server fills in,
// and metadata, don't matter.
func (s *Shipped) Compare(policies []admissionv1.ValidatingAdmissionPolicy, bindings []admissionv1.ValidatingAdmissionPolicyBinding) []Fault {
	livePolicies := map[string]admissionv1.ValidatingAdmissionPolicySpec{}
	for i := range policies {
		livePolicies[policies[i].Name] = policies[i].Spec
	}
	liveBindings := map[string]admissionv1.ValidatingAdmissionPolicyBindingSpec{}
	for i := range bindings {
		liveBindings[bindings[i].Name] = bindings[i].Spec
	}
	var all []Fault
	for _, m := range s.order {
		if m.isBinding {
			if live, found := liveBindings[m.name]; !found {
				all = append(all, Fault{s.bindings[m.name].PolicyName, "ValidatingAdmissionPolicyBinding " + m.name + " is missing"})
			} else if !equality.Semantic.DeepEqual(s.bindings[m.name], live) {
				all = append(all, Fault{s.bindings[m.name].PolicyName, "ValidatingAdmissionPolicyBinding " + m.name + " was changed"})
			}
			continue
		}
		if live, found := livePolicies[m.name]; !found {
			all = append(all, Fault{m.name, "ValidatingAdmissionPolicy " + m.name + " is missing"})
		} else if fields := changed(s.policies[m.name], defaulted(live)); len(fields) > 0 {
			all = append(all, Fault{m.name, fmt.Sprintf("ValidatingAdmissionPolicy %s was changed (spec.%s)", m.name, strings.Join(fields, ", spec."))})
		}
	}
	return all
}

// changed names the fields of a policy that differ.
func changed(want, live admissionv1.ValidatingAdmissionPolicySpec) []string {
	var fields []string
	for _, f := range []struct {
		name       string
		want, live any
	}{
		{"paramKind", want.ParamKind, live.ParamKind},
		{"matchConstraints", want.MatchConstraints, live.MatchConstraints},
		{"validations", want.Validations, live.Validations},
		{"failurePolicy", want.FailurePolicy, live.FailurePolicy},
		{"auditAnnotations", want.AuditAnnotations, live.AuditAnnotations},
		{"matchConditions", want.MatchConditions, live.MatchConditions},
		{"variables", want.Variables, live.Variables},
	} {
		if !equality.Semantic.DeepEqual(f.want, f.live) {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// defaulted is a spec with what the API server fills in.
func defaulted(in admissionv1.ValidatingAdmissionPolicySpec) admissionv1.ValidatingAdmissionPolicySpec {
	out := *in.DeepCopy()
	if out.FailurePolicy == nil {
		out.FailurePolicy = new(admissionv1.Fail)
	}
	m := out.MatchConstraints
	if m == nil {
		return out
	}
	if m.MatchPolicy == nil {
		m.MatchPolicy = new(admissionv1.Equivalent)
	}
	if m.NamespaceSelector == nil {
		m.NamespaceSelector = &metav1.LabelSelector{}
	}
	if m.ObjectSelector == nil {
		m.ObjectSelector = &metav1.LabelSelector{}
	}
	for _, rules := range [][]admissionv1.NamedRuleWithOperations{m.ResourceRules, m.ExcludeResourceRules} {
		for i := range rules {
			if rules[i].Scope == nil {
				rules[i].Scope = new(admissionv1.AllScopes)
			}
		}
	}
	return out
}
