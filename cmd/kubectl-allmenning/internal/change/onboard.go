package change

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
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

var (
	validName   = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)
	validNumber = regexp.MustCompile(`^\d{4}$`)
)

// Onboard makes a Municipality, and the change that makes it a member of its network:
// nil where it is one by the network's selector, or joins none.
func Onboard(w *world.World, n Newcomer, now time.Time) (*v1alpha1.Municipality, *Change, error) {
	if err := free(w, n); err != nil {
		return nil, nil, err
	}
	m := &v1alpha1.Municipality{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Municipality"},
		// The county is the first half of the number.
		ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: map[string]string{v1alpha1.LabelCounty: n.Number[:2]}},
		Spec:       v1alpha1.MunicipalitySpec{Number: n.Number, DisplayName: n.DisplayName},
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
	join, err := join(w, n, m, now)
	return m, join, err
}

// free makes sure that neither name nor number are somebody's already.
func free(w *world.World, n Newcomer) error {
	switch {
	case !validName.MatchString(n.Name) || len(n.Name) > 40:
		return fmt.Errorf("the name %q is not valid: it begins with a letter and holds at most 40 of a-z, 0-9 and dashes", n.Name)
	case !validNumber.MatchString(n.Number):
		return fmt.Errorf("--number %q: a municipality's number has four digits, such as 4036", n.Number)
	case n.DisplayName == "":
		return errors.New("--display-name is missing: say the name that people know")
	}
	for i := range w.Municipalities {
		m := &w.Municipalities[i]
		switch {
		case m.Name == n.Name:
			return refuse("Municipality", n.Name, "it is there already: change it instead")
		case m.Spec.Number == n.Number:
			return fmt.Errorf("--number %s is spec.number of Municipality %s: take another", n.Number, m.Name)
		case slices.Contains(m.Spec.FormerNumbers, n.Number):
			return fmt.Errorf("--number %s is in spec.formerNumbers of Municipality %s: take another", n.Number, m.Name)
		}
	}
	return nil
}

func environments(said []string) ([]v1alpha1.Environment, error) {
	stages := []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction}
	zones := []v1alpha1.Zone{v1alpha1.ZoneOpen, v1alpha1.ZoneClosed}
	var all []v1alpha1.Environment
	for _, one := range said {
		parts := strings.Split(one, ":")
		if len(parts) != 3 {
			return nil, fmt.Errorf("--environments %q: say name:stage:zone, such as prod:Production:Closed", one)
		}
		e := v1alpha1.Environment{Name: parts[0], Stage: v1alpha1.Stage(parts[1]), Zone: v1alpha1.Zone(parts[2])}
		switch {
		case !slices.Contains(stages, e.Stage):
			return nil, fmt.Errorf("--environments %q: stage %q is none of Development, Test, Production", one, e.Stage)
		case !slices.Contains(zones, e.Zone):
			return nil, fmt.Errorf("--environments %q: zone %q is neither Open nor Closed", one, e.Zone)
		}
		all = append(all, e)
	}
	return all, nil
}

// access makes one entry of all groups of a role.
func access(said []string) ([]v1alpha1.Access, error) {
	roles := []v1alpha1.AccessRole{v1alpha1.AccessAdministrator, v1alpha1.AccessDeveloper, v1alpha1.AccessViewer}
	var all []v1alpha1.Access
	for _, one := range said {
		role, group, ok := strings.Cut(one, "=")
		switch {
		case !ok || group == "":
			return nil, fmt.Errorf("--access %q: say role=group, such as Administrator=vinje-ikt", one)
		case !slices.Contains(roles, v1alpha1.AccessRole(role)):
			return nil, fmt.Errorf("--access %q: role %q is none of Administrator, Developer, Viewer", one, role)
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
	if networks.Members(n.Network)(m) {
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
