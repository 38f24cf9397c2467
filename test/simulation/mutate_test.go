package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guardMark is the comment that names a guard, at the end of the first line of what it marks or
// on the line above: //guard:<name>, or //guard:<name> -> <what is there in the mutant>.
var guardMark = regexp.MustCompile(`//guard:([a-z][a-z-]*)(?:[ \t]+->[ \t]*(.+))?`)

// mark is one place where a guard is.
type mark struct {
	guard, file string
	line        int
	// instead is what the mutant has there; empty for what the kind of the marked code implies.
	instead string
}

// marksBelow are the marks in the Go files of a folder and those below, tests left out.
func marksBelow(t *testing.T, folder string) []mark {
	t.Helper()
	var all []mark
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		source, err := os.ReadFile(file)
		all = append(all, marksIn(file, string(source))...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func marksIn(file, source string) []mark {
	var all []mark
	for i, line := range strings.Split(source, "\n") {
		found := guardMark.FindStringSubmatchIndex(line)
		if found == nil {
			continue
		}
		m := mark{guard: line[found[2]:found[3]], file: file, line: i + 1}
		if found[4] >= 0 {
			m.instead = strings.TrimSpace(line[found[4]:found[5]])
		}
		if strings.TrimSpace(line[:found[0]]) == "" {
			m.line++ // it is above what it marks
		}
		all = append(all, m)
	}
	return all
}

// mutation makes a mutant of one file.
type mutation struct {
	source string
	files  *token.FileSet
	parsed *ast.File
	edits  []edit
}

// edit replaces what is between two offsets of a source.
type edit struct {
	from, to int
	text     string
}

// mutate is a source without what the marks mark.
func mutate(source string, marks []mark) (string, error) {
	mu := mutation{source: source, files: token.NewFileSet()}
	var err error
	if mu.parsed, err = parser.ParseFile(mu.files, "", source, parser.SkipObjectResolution); err != nil {
		return "", err
	}
	for _, m := range marks {
		if err := mu.takeOut(m); err != nil {
			return "", fmt.Errorf("%s:%d: guard %s: %w", m.file, m.line, m.guard, err)
		}
	}
	slices.SortStableFunc(mu.edits, func(a, b edit) int { return b.from - a.from })
	for _, e := range mu.edits {
		source = source[:e.from] + e.text + source[e.to:]
	}
	return source, nil
}

// takeOut finds the largest statement, case, operand, element or function that begins on the line
// of a mark, and takes it out.
func (mu *mutation) takeOut(m mark) error {
	var found ast.Node
	var parents []ast.Node
	ast.Inspect(mu.parsed, func(n ast.Node) bool {
		switch {
		case found != nil:
			return false
		case n == nil:
			parents = parents[:len(parents)-1]
			return true
		}
		if mu.files.Position(n.Pos()).Line == m.line && canBeMarked(n, parents[len(parents)-1]) {
			found = n
			return false
		}
		parents = append(parents, n)
		return true
	})
	if found == nil {
		return errors.New("nothing that can be taken out begins on the line")
	}
	return mu.without(found, parents[len(parents)-1], m.instead)
}

// canBeMarked says whether a node, below its parent, is of a kind that can be taken out.
func canBeMarked(n, parent ast.Node) bool {
	switch n := n.(type) {
	case *ast.BlockStmt, *ast.LabeledStmt:
		return false
	case ast.Stmt:
		return true
	case *ast.FuncDecl:
		return n.Body != nil
	case ast.Expr:
		return operandOf(n, parent) != token.ILLEGAL || elementOf(n, parent)
	}
	return false
}

// operandOf is && or || where an expression is an operand of that.
func operandOf(n ast.Expr, parent ast.Node) token.Token {
	b, ok := parent.(*ast.BinaryExpr)
	if !ok || (b.Op != token.LAND && b.Op != token.LOR) {
		return token.ILLEGAL
	}
	if chain, ok := n.(*ast.BinaryExpr); ok && chain.Op == b.Op {
		return token.ILLEGAL // several operands
	}
	return b.Op
}

// elementOf says whether an expression is an element of a composite literal, or an argument.
func elementOf(n ast.Expr, parent ast.Node) bool {
	switch parent := parent.(type) {
	case *ast.CompositeLit:
		return slices.Contains(parent.Elts, n)
	case *ast.CallExpr:
		return slices.Contains(parent.Args, n)
	}
	return false
}

func (mu *mutation) offset(p token.Pos) int { return mu.files.Position(p).Offset }

func (mu *mutation) text(n ast.Node) string {
	return mu.source[mu.offset(n.Pos()):mu.offset(n.End())]
}

func (mu *mutation) replace(n ast.Node, text string) error {
	mu.edits = append(mu.edits, edit{mu.offset(n.Pos()), mu.offset(n.End()), text})
	return nil
}

// without takes a node out, or puts something else instead. What was there is kept where it is
// never run, so that whatever it uses is used.
func (mu *mutation) without(n, parent ast.Node, instead string) error {
	switch n := n.(type) {
	case *ast.IfStmt:
		return mu.condition(n.Cond, instead)
	case *ast.CaseClause:
		for _, c := range n.List {
			if err := mu.condition(c, instead); err != nil {
				return err
			}
		}
		return nil
	case *ast.FuncDecl:
		return mu.returnsAtOnce(n, instead)
	case ast.Expr:
		return mu.expression(n, parent, instead)
	case *ast.ReturnStmt:
		if instead == "" {
			return errors.New("a marked return needs -> and what is returned instead")
		}
		return mu.replace(n, "if false { "+mu.text(n)+" }; return "+instead)
	case *ast.AssignStmt:
		if instead != "" {
			return mu.replace(n, mu.text(n)+"; "+mu.text(n.Lhs[0])+" = "+instead)
		}
		if n.Tok == token.DEFINE {
			return errors.New("a marked := needs -> and the value that it has instead")
		}
	}
	return mu.replace(n, "if false { "+mu.text(n)+" }")
}

// condition that is never so, or another one.
func (mu *mutation) condition(c ast.Expr, instead string) error {
	if instead == "" {
		instead = "false"
	}
	return mu.replace(c, fmt.Sprintf("((%s) || (false && (%s)))", instead, mu.text(c)))
}

// expression is an operand, which then does not matter, or an element, which is left out.
func (mu *mutation) expression(n ast.Expr, parent ast.Node, instead string) error {
	if op := operandOf(n, parent); op != token.ILLEGAL {
		if instead == "" {
			instead = fmt.Sprint(op == token.LAND)
		}
		return mu.condition(n, instead)
	}
	if pair, ok := n.(*ast.KeyValueExpr); ok && instead != "" {
		instead = mu.text(pair.Key) + ": " + instead
	}
	from, to := mu.offset(n.Pos()), mu.offset(n.End())
	if comma := strings.IndexByte(mu.source[to:], ','); instead == "" && comma >= 0 {
		to += comma + 1
	}
	mu.edits = append(mu.edits, edit{from, to, instead})
	return nil
}

// returnsAtOnce lets a function return zero values, or something else, and do nothing.
func (mu *mutation) returnsAtOnce(f *ast.FuncDecl, instead string) error {
	declared := ""
	if results := f.Type.Results; results != nil && instead == "" {
		var zeros []string
		for _, r := range results.List {
			for range max(1, len(r.Names)) {
				name := fmt.Sprintf("zero%d", len(zeros))
				zeros, declared = append(zeros, name), declared+"var "+name+" "+mu.text(r.Type)+"; "
			}
		}
		instead = strings.Join(zeros, ", ")
	}
	begin := mu.offset(f.Body.Lbrace) + 1
	mu.edits = append(mu.edits, edit{begin, begin, "if true { " + declared + "return " + instead + " };"})
	return nil
}
