package explanation

import (
	"fmt"
	"io"
	"strings"
)

// margin is where the words of a level begin.
const margin = 15

// Print writes an explanation for a terminal of a width; 0 breaks no lines.
func Print(out io.Writer, e Explanation, width int) {
	fmt.Fprintf(out, "%s (%s, number %s)", e.DisplayName, e.Municipality, e.Number)
	if len(e.Networks) > 0 {
		fmt.Fprintf(out, ", member of %s", list(e.Networks))
	}
	if len(e.Observes) > 0 {
		fmt.Fprintf(out, ", observer of %s", list(e.Observes))
	}
	fmt.Fprintln(out)
	for _, fault := range e.Faults {
		fmt.Fprintf(out, "Fault: %s\n", fault)
	}
	for _, note := range e.Notes {
		fmt.Fprintf(out, "Note: %s\n", note)
	}
	if len(e.Apps) == 0 {
		fmt.Fprintln(out, "\nNo network proposes an app, and none is decided on or installed.")
	}
	for i := range e.Apps {
		printApp(out, &e.Apps[i], width)
	}
	printDoors(out, e.Doors, width)
}

func printApp(out io.Writer, a *App, width int) {
	fmt.Fprintf(out, "\n%s", a.Name)
	if a.DisplayName != "" && !strings.EqualFold(a.DisplayName, a.Name) {
		fmt.Fprintf(out, " (%s)", a.DisplayName)
	}
	fmt.Fprintf(out, " in %s\n", list(a.Environments))
	before := ""
	for _, link := range a.Chain {
		level := link.Level
		if level == before {
			level = ""
		}
		before = link.Level
		printLine(out, level, link.Text, width)
	}
	for _, i := range a.Installations {
		printLine(out, i.Environment, i.Text, width)
	}
}

// printLine writes a word, and behind the margin a text, over several lines if need be.
func printLine(out io.Writer, word, text string, width int) {
	for i, line := range broken(text, width-margin-2) {
		if i > 0 {
			word = ""
		}
		fmt.Fprintf(out, "  %-*s%s\n", margin, word, line)
	}
}

// broken is a text in lines of at most a width, where its words allow that.
func broken(text string, width int) []string {
	if width < 20 {
		return []string{text}
	}
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
