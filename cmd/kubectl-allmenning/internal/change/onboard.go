package change

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/reference"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Newcomer is what is said of a municipality that comes on board.
type Newcomer struct {
	Name        string
	Number      string
	DisplayName string
	// Network to join; empty for none.
	Network string
	// Environments as name:stage:zone.
	Environments []string
	// Access as role=group.
	Access []string
	// Inhabitants; 0 where it is not said.
	Inhabitants int32
}

// Onboard makes a Municipality, and the change that makes it a member of its network:
// nil where it is one by the network's selector, or joins none. What the API server would refuse
// of the Municipality itself is for its schema to say.
func Onboard(w *world.World, n Newcomer, now time.Time) (*v1alpha1.Municipality, *Change, error) {
	m := &v1alpha1.Municipality{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Municipality"},
		ObjectMeta: metav1.ObjectMeta{Name: n.Name},
		Spec:       v1alpha1.MunicipalitySpec{Number: n.Number, DisplayName: n.DisplayName},
	}

	if len(n.Number) > 2 { // the county is the first half of the number
		m.Labels = map[string]string{v1alpha1.LabelCounty: n.Number[:2]}
	}
	if n.Inhabitants != 0 {
		m.Spec.Inhabitants = &n.Inhabitants
	}

	var err error
	if m.Spec.Environments, err = environments(n.Environments); err != nil {
		return nil, nil, err
	}
	if m.Spec.Access, err = access(n.Access); err != nil {
		return nil, nil, err
	}
	if err := isNew(w, m, now); err != nil {
		return nil, nil, err
	}

	join, err := join(w, n, m, now)
	return m, join, err
}

// isNew makes sure that neither name nor number are somebody's already.
func isNew(w *world.World, m *v1alpha1.Municipality, now time.Time) error {
	if slices.ContainsFunc(w.Municipalities, func(other v1alpha1.Municipality) bool { return other.Name == m.Name }) {
		return refuse("Municipality", m.Name, "it is there already: change it instead")
	}
	youngest := m.DeepCopy()
	youngest.CreationTimestamp = metav1.NewTime(now)
	if fault := reference.NumberTaken(youngest, w.Municipalities); fault != "" {
		return refuse("Municipality", m.Name, "%s", fault)
	}
	return nil
}

func environments(said []string) ([]v1alpha1.Environment, error) {
	all := make([]v1alpha1.Environment, 0, len(said))
	for _, one := range said {
		parts := strings.Split(one, ":")
		if len(parts) != 3 {
			return nil, fmt.Errorf("--environments %q: say name:stage:zone, such as prod:Production:Closed", one)
		}
		all = append(all, v1alpha1.Environment{Name: parts[0], Stage: v1alpha1.Stage(parts[1]), Zone: v1alpha1.Zone(parts[2])})
	}
	return all, nil
}

// access makes one entry of all groups of a role.
func access(said []string) ([]v1alpha1.Access, error) {
	var all []v1alpha1.Access
	for _, one := range said {
		role, group, ok := strings.Cut(one, "=")
		if !ok || group == "" {
			return nil, fmt.Errorf("--access %q: say role=group, such as Administrator=vinje-ikt", one)
		}
		at := slices.IndexFunc(all, func(a v1alpha1.Access) bool { return string(a.Role) == role })
		if at < 0 {
			all = append(all, v1alpha1.Access{Role: v1alpha1.AccessRole(role)})
			at = len(all) - 1
		}
		all[at].Groups = append(all[at].Groups, group)
	}
	return all, nil
}

// join adds the name to the network, unless the network has it anyway.
func join(w *world.World, n Newcomer, m *v1alpha1.Municipality, now time.Time) (*Change, error) {
	if n.Network == "" {
		return nil, nil
	}
	if _, err := w.Network(n.Network); err != nil {
		return nil, err
	}
	networks := resolution.NewNetworks(w.Networks, now)
	if slices.ContainsFunc(networks.Of(m), func(own *v1alpha1.Network) bool { return own.Name == n.Network }) {
		return nil, nil
	}
	if heir := networks.Heir(n.Network); heir != n.Network {
		return nil, refuse("Network", n.Network, "it is over%s: join another", heirText(heir))
	}
	return &Change{
		Kind: "Network", Name: n.Network,
		Edit: manifest.Edit{
			Path:   []manifest.Step{manifest.Key("spec"), manifest.Key("members"), manifest.Key("names")},
			Append: true, Value: n.Name,
		},
		Message: fmt.Sprintf("Network %s: added %s to spec.members.names", n.Network, n.Name),
	}, nil
}

func heirText(heir string) string {
	if heir == "" {
		return ""
	}
	return ", and " + heir + " took its place"
}
