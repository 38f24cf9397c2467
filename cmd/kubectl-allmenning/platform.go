package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/builtin"
	"github.com/allmenning/allmenning/internal/installable"
)

// newPlatform holds what platform operators do.
func newPlatform() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "platform",
		Short: "What platform operators do, without a cluster",
		Long:  "What it prints goes to kubectl apply, or into the folder that a GitOps tool applies.",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(newAddKind())
	return cmd
}

// resourceName is a resource and its group, as kubectl api-resources lists them; v1 has no group.
var resourceName = regexp.MustCompile(`^[a-z0-9]+(\.[a-z0-9-]+)*$`)

// checkResource says what is wrong with a resource and its group.
func checkResource(name, resource, group string) error {
	const list = "kubectl api-resources --namespaced lists them"
	switch {
	case !resourceName.MatchString(name):
		return fmt.Errorf("%q is not a resource with its group: write its plural name and the group, such as httproutes.gateway.networking.k8s.io; %s", name, list)
	case group == v1alpha1.GroupVersion.Group:
		return fmt.Errorf("%s belongs to the operator: no bundle may hold it", name)
	case !builtin.Has(group), slices.Contains(builtin.Groups(resource), group):
		return nil
	}
	others := builtin.Groups(resource)
	if len(others) == 0 {
		return fmt.Errorf("%q is not a resource of Kubernetes itself: write its plural name, and behind a dot the group of its definition; %s", name, list)
	}
	return fmt.Errorf("%q is not a resource with its group: write %s", name, strings.TrimSuffix(resource+"."+others[0], "."))
}

// comment is a text as lines of comments in YAML.
func comment(text string) string {
	const letters = 124
	lines, line := []string{}, "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > letters {
			lines, line = append(lines, line), "#"
		}
		line += " " + word
	}
	return strings.Join(append(lines, line), "\n")
}

func newAddKind() *cobra.Command {
	return &cobra.Command{
		Use:   "add-kind RESOURCE[.GROUP]",
		Short: "Print the roles that let bundles hold a kind",
		Long: "Print two ClusterRoles: one lets the installer account of each tenant write objects of the kind, the other lets the\n" +
			"operator read them. The kind must be namespaced. Its controller acts on what a publisher writes, with rights of its own:\n" +
			"read first what it lets a namespace reach, such as routes for names of others, volumes of others, or pods that keep no\n" +
			"rule. A controller that reads Secrets in the whole cluster gives a publisher those that it can be led to.",
		Example:           examples("kubectl allmenning platform add-kind httproutes.gateway.networking.k8s.io | kubectl apply -f -"),
		Args:              between(1, 1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			resource, group, _ := strings.Cut(args[0], ".")
			if err := checkResource(args[0], resource, group); err != nil {
				return seeHelp(cmd, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), `# Lets bundles hold %[1]s. What its controller lets a namespace reach, every publisher reaches from now on.
%[7]s
# Versions with it need a health rule in spec.versions[].health of their SharedApp, unless the controller writes
# the usual conditions into its status:
#   health: [{apiVersion: %[6]s<version>, kind: <Kind>, healthy: "object.status.<field> == '<value>'"}]
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: allmenning-installer-%[1]s
  labels: {%[4]s: "true"}
rules:
- apiGroups: [%[3]q]
  resources: [%[2]s]
  verbs: [get, create, patch, delete]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: allmenning-manager-%[1]s
  labels: {%[5]s: "true"}
rules:
- apiGroups: [%[3]q]
  resources: [%[2]s]
  verbs: [get, list, watch]
`, args[0], resource, group, v1alpha1.LabelAggregateToInstaller, v1alpha1.LabelAggregateToManager, strings.TrimPrefix(group+"/", "/"), comment("Risk: "+installable.Risk+"."))
			return nil
		},
	}
}
