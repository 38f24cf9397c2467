package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

const (
	header = "# Written by `go run ./hack/norway` from the lists beside this file. Do not edit.\n"
	// countyPriority lets a smaller network, with a greater one, win over a county's.
	countyPriority int32 = 10
	// oslo is in no network, and adopts for itself.
	oslo = "0301"
)

// generate returns the files, by name, that follow from the lists in the folder.
func generate(folder fs.FS) (map[string][]byte, error) {
	municipalities, err := readMunicipalities(folder)
	if err != nil {
		return nil, err
	}
	networks, err := readNetworks(folder)
	if err != nil {
		return nil, err
	}
	if err := checkPilots(networks, municipalities); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	if files["municipalities.yaml"], err = encode(municipalities, municipalityObject); err != nil {
		return nil, err
	}
	if files["networks.yaml"], err = encode(networks, networkObject); err != nil {
		return nil, err
	}
	return files, nil
}

// encode writes one YAML document for each row.
func encode[Row, Object any](rows []Row, object func(Row) Object) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(header)
	for _, row := range rows {
		document, err := yaml.Marshal(object(row))
		if err != nil {
			return nil, fmt.Errorf("encoding %v: %w", row, err)
		}
		out.WriteString("---\n")
		out.Write(document)
	}
	return out.Bytes(), nil
}

func municipalityObject(m municipality) v1alpha1.Municipality {
	return v1alpha1.Municipality{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Municipality"},
		ObjectMeta: metav1.ObjectMeta{
			Name:   m.slug,
			Labels: map[string]string{v1alpha1.LabelCounty: m.countyNumber},
		},
		Spec: v1alpha1.MunicipalitySpec{
			Number:      m.number,
			DisplayName: m.displayName,
			Environments: []v1alpha1.Environment{
				{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed},
				{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen},
			},
			Access:  []v1alpha1.Access{{Role: v1alpha1.AccessAdministrator, Groups: []string{m.slug + "-ikt"}}},
			Domains: []string{m.slug + ".kommune.no"},
			Apps:    decisions(m),
		},
	}
}

// decisions are those of Oslo, which no network proposes anything to; all
// others follow their networks.
func decisions(m municipality) []v1alpha1.AppDecision {
	if m.number != oslo {
		return nil
	}
	const reason = "in no network: the city introduces its apps by itself"
	return []v1alpha1.AppDecision{
		{Name: "id-gateway", Decision: v1alpha1.DecisionAdopt, Reason: reason},
		{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Reason: reason},
	}
}

func networkObject(n network) v1alpha1.Network {
	priority := countyPriority
	return v1alpha1.Network{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Network"},
		ObjectMeta: metav1.ObjectMeta{Name: n.name},
		Spec: v1alpha1.NetworkSpec{
			DisplayName: n.displayName,
			Priority:    &priority,
			Members: v1alpha1.Members{Selector: &metav1.LabelSelector{
				MatchExpressions: []metav1.LabelSelectorRequirement{{
					Key: v1alpha1.LabelCounty, Operator: metav1.LabelSelectorOpIn, Values: n.counties,
				}},
			}},
			Apps:    n.proposals,
			Rollout: rolloutOf(n.strategy),
			Access:  []v1alpha1.NetworkAccess{{Role: v1alpha1.RoleCoordinator, Groups: []string{n.name + "-sekretariat"}}},
		},
	}
}

// rolloutOf is how careful a network is: its pilots have a new version for a day in each
// stage, everybody else follows by quarters, and all of it happens while people are at work.
func rolloutOf(s strategy) *v1alpha1.RolloutStrategy {
	everyone := v1alpha1.Wave{
		Name: "everyone", MaxConcurrent: new(intstr.FromString("25%")), MaxFailures: new(intstr.FromString("5%")),
		Soak: &metav1.Duration{Duration: time.Hour}, ProgressDeadline: &metav1.Duration{Duration: 30 * time.Minute},
	}
	if s.approval {
		everyone.RequireApproval = &s.approval
	}
	return &v1alpha1.RolloutStrategy{
		Waves: []v1alpha1.Wave{{
			Name: "pilot", Members: &v1alpha1.WaveMembers{Names: s.pilots}, MaxConcurrent: new(intstr.FromString("100%")), MaxFailures: new(intstr.FromInt32(0)),
			Soak: &metav1.Duration{Duration: 24 * time.Hour}, ProgressDeadline: &metav1.Duration{Duration: 30 * time.Minute},
		}, everyone},
		Windows: []v1alpha1.Window{{Schedule: "0 8 * * 1-4", Duration: metav1.Duration{Duration: 6 * time.Hour}, TimeZone: "Europe/Oslo"}},
	}
}
