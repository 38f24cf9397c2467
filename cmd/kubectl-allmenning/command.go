package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/internal/provenance"
)

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-allmenning",
		Short: "Who decided what, how far a rollout has come, and how to take part",
		Long: "The nation offers, the network proposes, the municipality decides. This plugin shows how that comes out,\n" +
			"shows and foresees rollouts, and makes the three changes that people make by hand: approve, promote, onboard.",
		Version:       provenance.OfThisProgram().String(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl allmenning"},
	}
	c := newConnection(root.PersistentFlags())
	root.AddCommand(newExplain(c), newStatus(c), newPlan(c), newApprove(c), newPromote(c), newOnboard(c), newBundle(), newPlatform(), newBackup(c), newRestore(c))
	c.completeConnection(root)
	root.SetFlagErrorFunc(seeHelp)
	root.InitDefaultCompletionCmd()
	explainCompletion(root)
	return root
}

// between refuses too few and too many arguments, and says which there are.
func between(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		wrong := fmt.Sprintf("%d arguments do not fit", len(args))
		if len(args) == 1 {
			wrong = "1 argument does not fit"
		}
		return seeHelp(cmd, fmt.Errorf("%s: kubectl allmenning %s", wrong, cmd.Use))
	}
}

// seeHelp adds where to read on.
func seeHelp(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
}

// addOutput adds the flag -o.
func addOutput(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVarP(output, "output", "o", "", "json or yaml, for programs; else text for people")
	complete(cmd, "output", oneOf("json", "yaml"))
}

// checkOutput refuses an -o that there is not, before anything is read.
func checkOutput(output string) error {
	switch output {
	case "", "json", "yaml":
		return nil
	}
	return fmt.Errorf("--output %q: use json or yaml, or leave it out for text", output)
}

// write prints a value as JSON or YAML.
func write(out io.Writer, output string, value any) error {
	var data []byte
	var err error
	if output == "json" {
		data, err = json.MarshalIndent(value, "", "  ")
		data = append(data, '\n')
	} else {
		data, err = yaml.Marshal(value)
	}
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return err
}

// screen is the size of the terminal that a writer is; zero where it is none.
func screen(out io.Writer) (width, height int) {
	file, ok := out.(*os.File)
	if !ok {
		return 0, 0
	}
	width, height, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// examples indents lines as cobra's help does.
func examples(lines ...string) string { return "  " + strings.Join(lines, "\n  ") }
