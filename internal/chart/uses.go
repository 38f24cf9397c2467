package chart

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/allmenning/allmenning/internal/contract"
)

// use is a place in a template where a function is named that is looked after.
type use struct {
	function string
	// template is the file, as Helm names it, and file the same within the bundle.
	template, file string
	line           int
	// at is where the name begins in the text.
	at int
}

// standIn is the name of the function that takes the place of the use with that number.
func standIn(n int) string { return "allmenning_" + strconv.Itoa(n) }

// source is what is known of the templates of a chart from their parse trees.
type source struct {
	uses []use
	// bodies are what the named templates name themselves; of one name there may be several.
	bodies map[string][]body
	// faults are what is wrong in the templates as such.
	faults []contract.Finding
}

// body is what one template names: uses, by their place in the list, and other templates.
type body struct {
	uses  []int
	calls []string
	// anything says that it includes a template whose name is made when it runs.
	anything bool
}

// read adds a template file.
func (s *source) read(name, file, text string) {
	tree := parse.New(name)
	tree.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := tree.Parse(text, "", "", trees); err != nil {
		line, problem := parseFault(err)
		s.faults = append(s.faults, fault(file, line, problem, "correct the template"))
		return
	}
	for defined, tree := range trees {
		if tree == nil || tree.Root == nil {
			continue
		}
		r := reading{source: s, template: name, file: file, text: text, known: known(), watched: watched()}
		r.node(tree.Root)
		s.bodies[defined] = append(s.bodies[defined], r.body)
	}
}

// watched are the functions whose uses are noted: those that are refused, and those by which a chart itself says
// what is wrong.
func watched() map[string]bool {
	all := map[string]bool{"required": true, "fail": true}
	for name := range refusals() {
		all[name] = true
	}
	return all
}

// reading is one template that is read.
type reading struct {
	*source
	body

	template, file, text string
	known, watched       map[string]bool
}

func (r *reading) node(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			r.node(child)
		}
	case *parse.ActionNode:
		r.pipe(n.Pipe)
	case *parse.IfNode:
		r.branch(&n.BranchNode)
	case *parse.RangeNode:
		r.branch(&n.BranchNode)
	case *parse.WithNode:
		r.branch(&n.BranchNode)
	case *parse.TemplateNode:
		r.calls = append(r.calls, n.Name)
		r.pipe(n.Pipe)
	case *parse.PipeNode:
		r.pipe(n)
	case *parse.ChainNode:
		r.node(n.Node)
	case *parse.IdentifierNode:
		r.identifier(n)
	}
}

func (r *reading) branch(n *parse.BranchNode) {
	r.pipe(n.Pipe)
	r.node(n.List)
	r.node(n.ElseList)
}

func (r *reading) pipe(p *parse.PipeNode) {
	if p == nil {
		return
	}
	for _, command := range p.Cmds {
		for _, argument := range command.Args {
			r.node(argument)
		}
		if name, ok := command.Args[0].(*parse.IdentifierNode); ok && name.Ident == "include" {
			r.include(command)
		}
	}
}

// include follows a call of include to the template that it names.
func (r *reading) include(command *parse.CommandNode) {
	if len(command.Args) > 1 {
		if name, ok := command.Args[1].(*parse.StringNode); ok {
			r.calls = append(r.calls, name.Text)
			return
		}
	}
	r.anything = true
}

func (r *reading) identifier(n *parse.IdentifierNode) {
	line := 1 + strings.Count(r.text[:min(int(n.Pos), len(r.text))], "\n")
	if !r.known[n.Ident] {
		r.faults = append(r.faults, fault(r.file, line, fmt.Sprintf("function %q is not one that Helm has", n.Ident), "correct its name"))
		return
	}
	if !r.watched[n.Ident] || !strings.HasPrefix(r.text[min(int(n.Pos), len(r.text)):], n.Ident) {
		return
	}
	r.body.uses = append(r.body.uses, len(r.source.uses))
	r.source.uses = append(r.source.uses, use{function: n.Ident, template: r.template, file: r.file, line: line, at: int(n.Pos)})
}

// rewrite is the text of a template with each use replaced by its stand-in. Lines stay.
func (s *source) rewrite(name, text string) string {
	var at []int
	for i, u := range s.uses {
		if u.template == name {
			at = append(at, i)
		}
	}
	slices.SortFunc(at, func(a, b int) int { return s.uses[a].at - s.uses[b].at })
	var out bytes.Buffer
	done := 0
	for _, i := range at {
		u := s.uses[i]
		if u.at < done {
			continue // one body that two names have
		}
		out.WriteString(text[done:u.at])
		out.WriteString(standIn(i))
		done = u.at + len(u.function)
	}
	out.WriteString(text[done:])
	return out.String()
}

// reached are the uses that rendering the chart may come to, in whichever branch.
func (s *source) reached(rendered []string) map[int]bool {
	found, seen := map[int]bool{}, map[string]bool{}
	todo := slices.Clone(rendered)
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[name] {
			continue
		}
		seen[name] = true
		for _, b := range s.bodies[name] {
			for _, u := range b.uses {
				found[u] = true
			}
			todo = append(todo, b.calls...)
			if b.anything {
				for other := range s.bodies {
					todo = append(todo, other)
				}
			}
		}
	}
	return found
}

// isRendered says whether a template file is rendered by itself, and not only when another names it.
func isRendered(name string) bool { return !strings.HasPrefix(path.Base(name), "_") }

// fault is a finding about a file.
func fault(file string, line int, problem, fix string) contract.Finding {
	return contract.Finding{Rule: "chart", File: file, Line: line, Problem: problem, Fix: fix}
}

var parsePlace = regexp.MustCompile(`^template: (.*?):(\d+)(?::\d+)?: (?s:(.*))$`)

// parseFault is the line and the reason of what text/template says of a text that it can't parse.
func parseFault(err error) (line int, problem string) {
	found := parsePlace.FindStringSubmatch(err.Error())
	if found == nil {
		return 1, err.Error()
	}
	line, _ = strconv.Atoi(found[2]) // it is digits
	return max(line, 1), found[3]
}
