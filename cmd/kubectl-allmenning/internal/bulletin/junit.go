package bulletin

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/internal/planner"
)

type (
	suites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Suites   []suite  `xml:"testsuite"`
	}
	suite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	testcase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		File    string   `xml:"file,attr,omitempty"`
		Line    int      `xml:"line,attr,omitempty"`
		Failure *failure `xml:"failure"`
		Skipped *skipped `xml:"skipped"`
		Output  string   `xml:"system-out,omitempty"`
	}
	failure struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	skipped struct {
		Message string `xml:"message,attr"`
	}
)

// junit writes a bulletin as tests: a case for each fault, which fails, and for each app and municipality; those who do
// not get a version are skipped.
func (b *Bulletin) junit() ([]byte, error) {
	all := suites{Name: "kubectl allmenning plan", Suites: []suite{b.faultSuite()}}
	for i := range b.Plans {
		all.Suites = append(all.Suites, planSuite(&b.Plans[i]))
	}
	for i := range all.Suites {
		s := &all.Suites[i]
		s.Tests = len(s.Cases)
		for _, c := range s.Cases {
			if c.Failure != nil {
				s.Failures++
			}
			if c.Skipped != nil {
				s.Skipped++
			}
		}
		all.Tests, all.Failures, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Skipped+s.Skipped
	}
	data, err := xml.MarshalIndent(all, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

// faultSuite has a case that passes where there is no fault, as a report without any is taken for one that is missing.
func (b *Bulletin) faultSuite() suite {
	s := suite{Name: "manifests"}
	for _, f := range b.Faults {
		s.Cases = append(s.Cases, testcase{
			Class: "manifests", Name: cmp.Or(f.Object, f.File, "plan"), File: f.File, Line: f.Line,
			Failure: &failure{Type: "Fault", Message: f.Message, Text: f.String()},
		})
	}
	if len(s.Cases) == 0 {
		s.Cases = []testcase{{Class: "manifests", Name: "no faults"}}
	}
	return s
}

func planSuite(p *Plan) suite {
	s := suite{Name: fmt.Sprintf("%s %s in channel %s", p.App, p.Version, p.Channel)}
	cases := map[string]*testcase{}
	for i := range p.Groups {
		for _, v := range p.Groups[i].Visits {
			if v.Reason == planner.ReasonPresent {
				continue
			}
			c := cases[v.Municipality]
			if c == nil {
				c = &testcase{Class: p.App, Name: v.Municipality}
				cases[v.Municipality] = c
			}
			c.take(v, nameOf(&p.Groups[i]))
		}
	}
	for _, c := range cases {
		s.Cases = append(s.Cases, *c)
	}
	slices.SortFunc(s.Cases, func(a, b testcase) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

// take adds what comes of one environment. A municipality that gets the version somewhere is not skipped.
func (c *testcase) take(v outlook.Visit, network string) {
	line := fmt.Sprintf("%s gets it on %s UTC, by %s", v.Environment, moment(v.At), network)
	if v.Reason != "" {
		line = fmt.Sprintf("%s does not get it, by %s: %s", v.Environment, network, cmp.Or(v.Message, v.Reason))
	}
	first := c.Output == ""
	switch {
	case v.Reason == "":
		c.Skipped = nil
	case first:
		c.Skipped = &skipped{Message: cmp.Or(v.Message, v.Reason)}
	}
	c.Output = strings.TrimPrefix(c.Output+"\n"+line, "\n")
}
