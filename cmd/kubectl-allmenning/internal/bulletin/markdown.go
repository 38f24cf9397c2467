package bulletin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
)

// Marker is hidden in the Markdown, so that a pipeline finds its own comment and replaces it.
const Marker = "<!-- allmenning:plan -->"

const (
	// maxMarkdown is what a comment may hold, in bytes: GitHub takes 65,536 characters.
	maxMarkdown = 60_000
	// maxRows of a table, and maxNames in a row.
	maxRows, maxNames = 60, 12
)

// markdown writes a bulletin as a comment. Where it gets too long for one, plans lose their details, and then the last of
// them are left out.
func (b *Bulletin) markdown() []byte {
	head, tail := b.markdownHead(), b.markdownTail()
	parts := make([]string, len(b.Plans))
	size := len(head) + len(tail)
	for i := range b.Plans {
		parts[i] = markdownOf(&b.Plans[i], true)
		if size+len(parts[i]) > maxMarkdown {
			parts[i] = markdownOf(&b.Plans[i], false)
		}
		if size+len(parts[i]) > maxMarkdown {
			left := fmt.Sprintf("\n%s left out, as a comment holds no more: see the JSON.\n", count(len(b.Plans)-i, "plan is", "plans are"))
			return []byte(head + strings.Join(parts[:i], "") + left + tail)
		}
		size += len(parts[i])
	}
	return []byte(head + strings.Join(parts, "") + tail)
}

// markdownHead is what is not about a single plan.
func (b *Bulletin) markdownHead() string {
	var s strings.Builder
	s.WriteString(Marker + "\n")
	if len(b.Faults) > 0 {
		fmt.Fprintf(&s, "\n**%s to be fixed first**\n", b.CountFaults())
		items := make([]string, len(b.Faults))
		for i := range b.Faults {
			items[i] = plain(b.Faults[i].String())
		}
		list(&s, items)
	}
	if len(b.Plans) == 0 && len(b.Edits) == 0 && len(b.Faults) == 0 {
		s.WriteString("\n**Nothing changes for anybody.**\n")
	}
	return s.String()
}

// markdownTail says what differs besides.
func (b *Bulletin) markdownTail() string {
	var s strings.Builder
	if len(b.Edits) > 0 {
		s.WriteString("\nThese objects differ besides channels; what that comes to is not foreseen:\n")
		items := make([]string, len(b.Edits))
		for i, e := range b.Edits {
			items[i] = plain(e.Object) + " is " + e.Is
		}
		list(&s, items)
	}
	return s.String()
}

func markdownOf(p *Plan, details bool) string {
	var s strings.Builder
	fmt.Fprintf(&s, "\n### %s %s\n\n**%s**\n\n", plain(p.App), plain(p.Version), plain(p.Headline))
	s.WriteString("Channel " + plain(p.Channel) + " ")
	if p.Was == p.Version || p.Was == "" {
		s.WriteString("points at " + plain(p.Version) + ".")
	} else {
		fmt.Fprintf(&s, "moves from %s to %s.", plain(p.Was), plain(p.Version))
	}
	if p.SecurityFix {
		s.WriteString(" It is " + planner.SecurityFix + ".")
	}
	s.WriteString("\n")
	wavesTable(&s, p.Groups)
	blockedTable(&s, p.Groups)
	remarks := make([]string, 0, len(p.Groups))
	for i := range p.Groups {
		remarks = append(remarks, remarksOf(&p.Groups[i])...)
	}
	list(&s, remarks)
	if details {
		timesTable(&s, p.Groups)
		s.WriteString("\n<details><summary>What was taken for granted</summary>\n")
		notes := make([]string, len(p.Notes))
		for i, note := range p.Notes {
			notes[i] = plain(note)
		}
		list(&s, notes)
		s.WriteString("\n</details>\n")
	}
	return s.String()
}

// wavesTable says how far each network gets when.
func wavesTable(s *strings.Builder, groups []outlook.Group) {
	var rows []string
	for i := range groups {
		g := &groups[i]
		for _, w := range g.Waves {
			if len(w.Municipalities) > 0 {
				rows = append(rows, row(nameOf(g), w.Name, moment(w.First), moment(w.Last), names(w.Municipalities)))
			}
		}
	}
	table(s, "", []string{"Network", "Wave", "First (UTC)", "Last (UTC)", "Municipalities"}, rows)
}

// blockedTable says who does not get the version, and why.
func blockedTable(s *strings.Builder, groups []outlook.Group) {
	var rows []string
	for i := range groups {
		for _, v := range groups[i].Visits {
			if v.Reason != "" && v.Reason != planner.ReasonPresent {
				rows = append(rows, row(v.Municipality, v.Environment, nameOf(&groups[i]), cmp.Or(v.Message, v.Reason)))
			}
		}
	}
	table(s, "Not there, as far as is foreseen:\n\n", []string{"Municipality", "Environment", "Network", "Why"}, rows)
}

// timesTable is folded away.
func timesTable(s *strings.Builder, groups []outlook.Group) {
	var rows []string
	for i := range groups {
		for _, v := range groups[i].Visits {
			if v.Reason == "" {
				rows = append(rows, row(moment(v.At), v.Municipality, v.Environment, nameOf(&groups[i])))
			}
		}
	}
	if len(rows) == 0 {
		return
	}
	s.WriteString("\n<details><summary>When each environment gets it</summary>\n")
	table(s, "", []string{"When (UTC)", "Municipality", "Environment", "Network"}, rows)
	s.WriteString("\n</details>\n")
}

// remarksOf are what somebody who decides should know of a group besides.
func remarksOf(g *outlook.Group) []string {
	var all []string
	add := func(format string, args ...any) {
		all = append(all, plain(nameOf(g)+": "+fmt.Sprintf(format, args...)))
	}
	for _, a := range g.Approvals {
		add("wave %s needs an approval, from %s", a.Wave, moment(a.From))
	}
	if g.Queue != nil {
		add("it waits in the queue behind %s; times count from when its turn comes", strings.Join(g.Queue.Behind, ", "))
	}
	if g.CompletedAt == nil && g.Next != "" {
		add("not completed, as far as was looked: %s", g.Next)
	}
	for _, remark := range g.Remarks {
		add("%s", remark)
	}
	return append(all, openingsOf(g)...)
}

// openingsOf are the walls and doors of a group that change.
func openingsOf(g *outlook.Group) []string {
	var all []string
	add := func(format string, args ...any) {
		all = append(all, plain(nameOf(g)+": "+fmt.Sprintf(format, args...)))
	}
	for _, w := range g.Walls {
		for _, opening := range w.Opens {
			add("opens %s, for %s", opening, count(len(w.Municipalities), "municipality", "municipalities"))
		}
		for _, opening := range w.Closes {
			add("closes %s, for %s", opening, count(len(w.Municipalities), "municipality", "municipalities"))
		}
	}
	if g.Doors == nil {
		return all
	}
	for _, door := range g.Doors.Opens {
		add("a door opens: %s", door)
	}
	for _, door := range g.Doors.Closes {
		add("a door closes: %s", door)
	}
	for _, door := range g.Doors.Moves {
		add("a door moves: %s", door)
	}
	for _, door := range g.Doors.Waits {
		add("waits for a door: %s", door)
	}
	return all
}

// list writes items that are plain already.
func list(s *strings.Builder, items []string) {
	if len(items) == 0 {
		return
	}
	s.WriteString("\n")
	for _, text := range items[:min(len(items), maxRows)] {
		s.WriteString("- " + text + "\n")
	}
	if more := len(items) - maxRows; more > 0 {
		fmt.Fprintf(s, "- and %d more\n", more)
	}
}

func table(s *strings.Builder, title string, heads, rows []string) {
	if len(rows) == 0 {
		return
	}
	s.WriteString("\n" + title + "|" + strings.Join(heads, "|") + "|\n" + strings.Repeat("|---", len(heads)) + "|\n")
	for _, r := range rows[:min(len(rows), maxRows)] {
		s.WriteString(r)
	}
	if more := len(rows) - maxRows; more > 0 {
		fmt.Fprintf(s, "\nand %d more\n", more)
	}
}

func row(cells ...string) string {
	cells = slices.Clone(cells)
	for i := range cells {
		cells[i] = plain(cells[i])
	}
	return "|" + strings.Join(cells, "|") + "|\n"
}

func names(all []string) string {
	text := fmt.Sprintf("%d: %s", len(all), strings.Join(all[:min(len(all), maxNames)], ", "))
	if len(all) > maxNames {
		text += ", ..."
	}
	return text
}

func nameOf(g *outlook.Group) string {
	if g.Name == country.Direct {
		return "(directly)"
	}
	return g.Name
}

func moment(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// plain is text that means nothing in Markdown: reasons and names are written by others. Nobody is mentioned by it.
func plain(text string) string {
	return escapes().Replace(strings.Join(strings.Fields(text), " "))
}

func escapes() *strings.Replacer {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u200b", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`,
		"[", `\[`, "]", `\]`, "|", `\|`, "#", `\#`, "!", `\!`, "~", `\~`, "$", `\$`)
}
