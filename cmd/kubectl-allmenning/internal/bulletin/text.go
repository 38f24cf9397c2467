package bulletin

import (
	"fmt"
	"io"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
)

// Text writes a bulletin for a terminal; with all, a line for each environment.
func (b *Bulletin) Text(out io.Writer, all bool) {
	if len(b.Plans) == 0 {
		for _, f := range b.Faults {
			fmt.Fprintf(out, "Fault: %s\n", f)
		}
	}
	for i := range b.Plans {
		o := b.Plans[i].Outlook
		if i > 0 {
			o.Faults = nil // said once, above
			fmt.Fprintln(out)
		}
		outlook.Print(out, o, all)
	}
	for i, e := range b.Edits {
		if i == 0 && len(b.Plans) > 0 {
			fmt.Fprintln(out)
		}
		if i == 0 {
			fmt.Fprintln(out, "Besides channels, these objects differ:")
		}
		fmt.Fprintf(out, "  %s is %s\n", e.Object, e.Is)
	}
	if len(b.Plans)+len(b.Edits)+len(b.Faults) == 0 {
		fmt.Fprintln(out, "Nothing changes.")
	}
}
