package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// municipality is one row of municipalities.csv, with the name that its object
// gets.
type municipality struct {
	number, displayName, slug string
	countyNumber, county      string
}

// network is one row of networks.csv, with its rows of proposals.csv and strategies.csv.
type network struct {
	name, displayName string
	counties          []string
	proposals         []v1alpha1.Proposal
	strategy          strategy
}

// strategy is one row of strategies.csv.
type strategy struct {
	// pilots are the slugs of those who go first.
	pilots []string
	// approval is asked for before everybody else follows.
	approval bool
}

// The heads of the lists, in the order in which they are read.
var (
	municipalityColumns = []string{"number", "name", "county_number", "county"}
	networkColumns      = []string{"name", "display_name", "county_numbers"}
	proposalColumns     = []string{"network", "app", "channel", "obligation"}
	strategyColumns     = []string{"network", "pilots", "approval"}
)

// readMunicipalities reads municipalities.csv. It fails when two would get one
// slug, so that what is written can be applied.
func readMunicipalities(folder fs.FS) ([]municipality, error) {
	rows, err := readRows(folder, "municipalities.csv", municipalityColumns)
	if err != nil {
		return nil, err
	}
	municipalities := make([]municipality, 0, len(rows))
	for _, row := range rows {
		m := municipality{number: row[0], countyNumber: row[2], county: row[3]}
		if m.displayName, err = norwegianName(row[0], row[1]); err != nil {
			return nil, err
		}
		municipalities = append(municipalities, m)
	}
	return municipalities, setSlugs(municipalities)
}

// setSlugs gives each municipality its slug, and those that share a name the
// county's too.
func setSlugs(municipalities []municipality) error {
	bearers := map[string]int{}
	for _, m := range municipalities {
		bearers[m.displayName]++
	}
	numbers := map[string]string{}
	for i := range municipalities {
		m := &municipalities[i]
		name := m.displayName
		if bearers[name] > 1 {
			name += " " + m.county
		}
		var err error
		if m.slug, err = slug(name); err != nil {
			return err
		}
		if other, taken := numbers[m.slug]; taken {
			return fmt.Errorf("municipalities %s and %s would both be named %q", other, m.number, m.slug)
		}
		numbers[m.slug] = m.number
	}
	return nil
}

// readNetworks reads networks.csv, proposals.csv and strategies.csv.
func readNetworks(folder fs.FS) ([]network, error) {
	proposals, err := readProposals(folder)
	if err != nil {
		return nil, err
	}
	strategies, err := readStrategies(folder)
	if err != nil {
		return nil, err
	}
	rows, err := readRows(folder, "networks.csv", networkColumns)
	if err != nil {
		return nil, err
	}
	networks := make([]network, 0, len(rows))
	for _, row := range rows {
		networks = append(networks, network{
			name: row[0], displayName: row[1], counties: strings.Fields(row[2]), proposals: proposals[row[0]], strategy: strategies[row[0]],
		})
		if _, known := strategies[row[0]]; !known {
			return nil, fmt.Errorf("strategies.csv has no row for network %q", row[0])
		}
		delete(proposals, row[0])
		delete(strategies, row[0])
	}
	for name := range strategies {
		return nil, fmt.Errorf("strategies.csv names network %q, which networks.csv does not have", name)
	}
	for name := range proposals {
		return nil, fmt.Errorf("proposals.csv names network %q, which networks.csv does not have", name)
	}
	return networks, nil
}

// readProposals reads proposals.csv into the proposals of each network.
func readProposals(folder fs.FS) (map[string][]v1alpha1.Proposal, error) {
	rows, err := readRows(folder, "proposals.csv", proposalColumns)
	if err != nil {
		return nil, err
	}
	proposals := map[string][]v1alpha1.Proposal{}
	for _, row := range rows {
		proposals[row[0]] = append(proposals[row[0]], v1alpha1.Proposal{
			Name: row[1], Channel: row[2], Obligation: v1alpha1.Obligation(row[3]),
			Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction},
		})
	}
	return proposals, nil
}

// readStrategies reads strategies.csv into the strategy of each network.
func readStrategies(folder fs.FS) (map[string]strategy, error) {
	rows, err := readRows(folder, "strategies.csv", strategyColumns)
	if err != nil {
		return nil, err
	}
	strategies := map[string]strategy{}
	for _, row := range rows {
		approval, known := map[string]bool{"yes": true, "no": false}[row[2]]
		if !known {
			return nil, fmt.Errorf("strategies.csv, network %s: approval is %q: write yes or no", row[0], row[2])
		}
		strategies[row[0]] = strategy{pilots: strings.Fields(row[1]), approval: approval}
	}
	return strategies, nil
}

// checkPilots fails on a pilot that is no municipality of its network: nobody would go first.
func checkPilots(networks []network, municipalities []municipality) error {
	counties := map[string]string{}
	for _, m := range municipalities {
		counties[m.slug] = m.countyNumber
	}
	for _, n := range networks {
		if len(n.strategy.pilots) == 0 {
			return fmt.Errorf("strategies.csv, network %s: nobody goes first", n.name)
		}
		for _, pilot := range n.strategy.pilots {
			if !slices.Contains(n.counties, counties[pilot]) {
				return fmt.Errorf("strategies.csv, network %s: pilot %q is no municipality of its counties", n.name, pilot)
			}
		}
	}
	return nil
}

// readRows reads a list and checks its head, so that a changed column is not
// taken for another.
func readRows(folder fs.FS, name string, columns []string) ([][]string, error) {
	content, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, fmt.Errorf("reading a list: %w", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(rows) < 2 || !slices.Equal(rows[0], columns) {
		return nil, fmt.Errorf("%s must begin with the line %q, and hold more than that", name, strings.Join(columns, ","))
	}
	return rows[1:], nil
}
