package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

const (
	// widest is how many columns a row of a table may have: it is cut there.
	widest = 190
	// readable is where text is wrapped.
	readable = 120
)

// label is what comes before the text of a line: continuations begin below its end.
var label = regexp.MustCompile(`^ *(\S+ {2,})?`)

// shell runs the commands that a person would type, and shows them with what they print.
type shell struct {
	show       *progress
	config     *rest.Config
	kubeconfig string
	// plugin is the path of kubectl-allmenning.
	plugin string
}

// newShell builds the plugin of kubectl.
func newShell(ctx context.Context, show *progress, home cluster) (shell, error) {
	show.step("building kubectl-allmenning, the plugin of kubectl")
	plugin := filepath.Join(home.folder, "kubectl-allmenning")
	build := exec.CommandContext(ctx, "go", "build", "-o", plugin, "./cmd/kubectl-allmenning")
	build.Stdout, build.Stderr = os.Stdout, os.Stdout
	if err := build.Run(); err != nil {
		return shell{}, fmt.Errorf("building the plugin of kubectl: %w", err)
	}
	return shell{show: show, config: home.config, kubeconfig: home.kubeconfig, plugin: plugin}, nil
}

// allmenning runs `kubectl allmenning` with those arguments.
func (s shell) allmenning(ctx context.Context, arguments ...string) error {
	out, err := s.run(ctx, arguments)
	s.echo(out)
	return err
}

// status shows a table of the rollouts of an app.
func (s shell) status(ctx context.Context, app string) error {
	out, err := s.run(ctx, []string{"status", "--app", app})
	s.printTable(out)
	return err
}

func (s shell) run(ctx context.Context, arguments []string) (string, error) {
	s.prompt("kubectl allmenning " + strings.Join(arguments, " "))
	command := exec.CommandContext(ctx, s.plugin, arguments...)
	command.Env = append(os.Environ(), "KUBECONFIG="+s.kubeconfig)
	var out, complaints bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaints
	if err := command.Run(); err != nil {
		return out.String(), fmt.Errorf("kubectl allmenning %s: %w: %s", strings.Join(arguments, " "), err, strings.TrimSpace(complaints.String()))
	}
	return out.String(), nil
}

// rollouts shows what `kubectl get rollouts` does: the API server makes the table, kubectl
// lays it out. So it needs no kubectl.
func (s shell) rollouts(ctx context.Context, selector string) error {
	s.prompt("kubectl get rollouts -l " + selector)
	table, err := s.table(ctx, selector)
	if err != nil {
		return fmt.Errorf("kubectl get rollouts: %w", err)
	}
	s.printTable(layOut(table))
	return nil
}

func (s shell) table(ctx context.Context, selector string) (table metav1.Table, err error) {
	client, err := rest.HTTPClientFor(s.config)
	if err != nil {
		return table, err
	}
	client.Timeout = time.Minute // a busy machine takes its time
	path, err := url.JoinPath(s.config.Host, "apis", v1alpha1.GroupVersion.Group, v1alpha1.GroupVersion.Version, "rollouts")
	if err != nil {
		return table, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, path+"?labelSelector="+url.QueryEscape(selector), http.NoBody)
	if err != nil {
		return table, err
	}
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	answer, err := client.Do(request)
	if err != nil {
		return table, err
	}
	defer func() { _ = answer.Body.Close() }() // read to its end
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return table, err
	}
	if answer.StatusCode != http.StatusOK {
		return table, fmt.Errorf("the API server answered %s: %s", answer.Status, content)
	}
	err = json.Unmarshal(content, &table)
	return table, err
}

// layOut prints a table as kubectl does, without the columns of -o wide.
func layOut(table metav1.Table) string {
	var text strings.Builder
	columns := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	line := func(cell func(i int) any) {
		var cells []string
		for i, column := range table.ColumnDefinitions {
			if column.Priority == 0 {
				cells = append(cells, fmt.Sprint(cell(i)))
			}
		}
		_, _ = fmt.Fprintln(columns, strings.Join(cells, "\t")) // a Builder never fails
	}
	line(func(i int) any { return strings.ToUpper(table.ColumnDefinitions[i].Name) })
	for _, row := range table.Rows {
		line(func(i int) any {
			if i >= len(row.Cells) || row.Cells[i] == nil {
				return ""
			}
			return row.Cells[i]
		})
	}
	_ = columns.Flush() // a Builder never fails
	return text.String()
}

func (s shell) prompt(command string) { s.show.say("\n    $ " + command) }

// print shows what a command has printed, indented. Text is wrapped where it gets too long
// to read.
func (s shell) echo(output string) {
	for line := range strings.Lines(output) {
		for _, part := range wrap(strings.TrimRight(line, " \n"), readable) {
			s.show.say(strings.TrimRight("    "+part, " "))
		}
	}
}

// printTable shows a table, indented. Rows stay rows: what is too long is cut.
func (s shell) printTable(output string) {
	for line := range strings.Lines(output) {
		row := []rune(strings.TrimRight(line, " \n"))
		if len(row) > widest {
			row = append(row[:widest-3], []rune("...")...)
		}
		s.show.say("    " + string(row))
	}
}

// wrap breaks a line between words. What follows the first part is indented to its text.
func wrap(line string, width int) []string {
	indent := strings.Repeat(" ", len(label.FindString(line)))
	var parts []string
	for len([]rune(line)) > width {
		at := strings.LastIndex(string([]rune(line)[:width]), " ")
		if at <= len(indent) {
			break // one long word
		}
		parts = append(parts, line[:at])
		line = indent + strings.TrimLeft(line[at:], " ")
	}
	return append(parts, line)
}
