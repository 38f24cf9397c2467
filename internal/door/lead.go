package door

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// Lead is what a door leads to: the pods of the app with these labels, at these ports.
type Lead struct {
	// PodLabels beside the app's own; none for every pod of the app.
	PodLabels map[string]string
	// Ports of the pods, sorted.
	Ports []v1alpha1.Port
}

// Client is whose pods connect.
type Client struct {
	// App of the consumer; empty for the pods of the municipality that belong to no app.
	App string
	// Namespace that they are in.
	Namespace string
}

// leadsOf are the pods and ports that some versions of an app have for a service, each once.
func leadsOf(app *catalogue.App, service string, versions []string) []Lead {
	byLabels := map[string]*Lead{}
	for _, number := range versions {
		served := app.Version(number).Service(service)
		if served == nil {
			continue
		}
		text := labelled(served.PodLabels)
		lead := byLabels[text]
		if lead == nil {
			lead = &Lead{PodLabels: served.PodLabels}
			byLabels[text] = lead
		}
		for _, p := range served.Ports {
			port := v1alpha1.Port{Port: cmp.Or(p.TargetPort, p.Port), Protocol: cmp.Or(p.Protocol, v1alpha1.ProtocolTCP)}
			if !slices.Contains(lead.Ports, port) {
				lead.Ports = append(lead.Ports, port)
			}
		}
	}
	all := make([]Lead, 0, len(byLabels))
	for _, text := range slices.Sorted(maps.Keys(byLabels)) {
		lead := byLabels[text]
		slices.SortFunc(lead.Ports, func(a, b v1alpha1.Port) int {
			return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
		})
		all = append(all, *lead)
	}
	return all
}

// clientsOf are those whose pods connect, by name, the municipality's own last.
func clientsOf(consumer Party, ask v1alpha1.DoorRequest, apps catalogue.Apps) []Client {
	environment := v1alpha1.NamespaceFor(consumer.Name, ask.Environment)
	var all []Client
	for _, app := range slices.Sorted(slices.Values(ask.Clients)) {
		namespace := environment
		if i := consumer.Installed(ask.Environment, app); i != nil {
			namespace = tenancy.Home(i)
		} else if catalogue.Isolation(apps.Of(app)) == v1alpha1.IsolationOwn {
			namespace = tenancy.OwnNamespace(environment, app)
		}
		all = append(all, Client{App: app, Namespace: namespace})
	}
	if ask.OwnWorkloads {
		all = append(all, Client{Namespace: environment})
	}
	return all
}

// Opens says in words whose pods reach which pods, at which ports; empty where no pods are known.
func (d Door) Opens() string {
	if len(d.Leads) == 0 {
		return ""
	}
	from := make([]string, 0, len(d.Clients))
	for _, c := range d.Clients {
		if c.App == "" {
			from = append(from, "own pods in "+c.Namespace)
			continue
		}
		from = append(from, fmt.Sprintf("pods of %s in %s", c.App, c.Namespace))
	}
	to := make([]string, 0, len(d.Leads))
	for _, l := range d.Leads {
		pods := "pods of " + d.App
		if len(l.PodLabels) > 0 {
			pods += " with " + labelled(l.PodLabels)
		}
		ports := make([]string, 0, len(l.Ports))
		for _, p := range l.Ports {
			ports = append(ports, fmt.Sprintf("%s %d", p.Protocol, p.Port))
		}
		to = append(to, fmt.Sprintf("%s in %s at %s", pods, d.Namespace, strings.Join(ports, ", ")))
	}
	return strings.Join(from, ", ") + " to " + strings.Join(to, ", and to ")
}

// labelled are labels as one text.
func labelled(labels map[string]string) string {
	all := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, key+"="+labels[key])
	}
	return strings.Join(all, ",")
}
