package main

import (
	"go/format"
	"strings"
	"testing"
)

func TestMutate(t *testing.T) {
	cases := []struct{ reason, code, want string }{
		{"the condition of an if is false", "if c() { //guard:g\nf()\n}", "if (false) || (false && (c())) { //guard:g"},
		{"a mark may stand above", "//guard:g\nif c() {\nf()\n}", "if (false) || (false && (c())) {"},
		{"or be what the mark says", "if c() { //guard:g -> d()\nf()\n}", "if (d()) || (false && (c())) {"},
		{"a case is false", "switch {\ncase c(): //guard:g\nf()\n}", "case ((false) || (false && (c()))):"},
		{"an operand of && is true", "_ = c() &&\nd() //guard:g", "((true) || (false && (d())))"},
		{"one between two others too", "_ = c() &&\nd() && //guard:g\ne()", "((true) || (false && (d()))) && //guard:g"},
		{"an operand of || is false", "_ = c() ||\nd() //guard:g", "((false) || (false && (d())))"},
		{"an operand of && in ||", "_ = e() || c() &&\nd() //guard:g", "((true) || (false && (d())))"},
		{"a statement is left out", "f() //guard:g", "if false {\n\t\tf()\n\t}"},
		{"an assignment is left out", "x = y //guard:g", "if false {\n\t\tx = y\n\t}"},
		{"or assigns something else", "x := y //guard:g -> z", "x := y\n\tx = z"},
		{"a return returns something else", "return y, nil //guard:g -> z, nil", "return z, nil"},
		{"an element is left out", "_ = []int{\na, //guard:g\nb,\n}", "_ = []int{\n\t\t//guard:g\n\t\tb,\n\t}"},
		{"or is another one", "_ = T{\nA: a, //guard:g -> c\n}", "A: c, //guard:g"},
		{"an argument is left out", "f(\na, //guard:g\nb,\n)", "f(\n\t\t//guard:g\n\t\tb,\n\t)"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			code := "package p\n\nfunc p() {\n" + c.code + "\n}\n"
			marks := marksIn("p.go", code)
			if len(marks) != 1 || marks[0].guard != "g" {
				t.Fatalf("the marks are %v", marks)
			}
			got, err := mutate(code, marks)
			if err != nil {
				t.Fatal(err)
			}
			formatted, err := format.Source([]byte(got))
			if err != nil || !strings.Contains(string(formatted), c.want) {
				t.Errorf("%s: got %v\n%s\nwant\n%s", c.reason, err, formatted, c.want)
			}
		})
	}
}

func TestMutateFunctions(t *testing.T) {
	const code = "package p\n\n// allowed says so.\n//\n//guard:g\nfunc allowed(a int) (bool, string) {\n\treturn a > 0, \"\"\n}\n"
	got, err := mutate(code, marksIn("p.go", code))
	if err != nil || !strings.Contains(got, "if true { var zero0 bool; var zero1 string; return zero0, zero1 };") {
		t.Errorf("a function returns zero values at once: got %v\n%s", err, got)
	}
}

func TestMutateRefuses(t *testing.T) {
	for reason, code := range map[string]string{
		"nothing begins there":        "x(\n) //guard:g",
		"a return needs a value":      "return x //guard:g",
		"a declaration needs a value": "y := x //guard:g",
	} {
		code = "package p\n\nfunc p() {\n" + code + "\n}\n"
		if got, err := mutate(code, marksIn("p.go", code)); err == nil {
			t.Errorf("%s: no error, but\n%s", reason, got)
		}
	}
}
