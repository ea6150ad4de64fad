package diag

import (
	"fmt"
	"io"
	"strings"
)

// WriteGitHub writes the diagnostics as workflow commands of GitHub Actions, which show them beside the lines of a pull
// request:
//
//	::error file=ship.zt,line=4,endLine=4,col=7,endColumn=15,title=ZT1001 unknown workload::unknown workload "starbord"
//
// Notes, fixes and related places are further lines of the message. What is waived comes last, as notices with the
// reason, and does not take places of those that fail. Whatever a file or a
// message holds, each diagnostic is one line, and no other command.
func (l List) WriteGitHub(w io.Writer, repo Repository) error {
	var b strings.Builder
	for _, waived := range []bool{false, true} {
		for i := range l {
			if (l[i].Severity == Waived) == waived {
				l[i].github(&b, repo)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d *Diagnostic) github(b *strings.Builder, repo Repository) {
	b.WriteString("::" + [...]string{Error: "error", Warning: "warning", Note: "notice", Waived: "notice"}[d.Severity] + " ")
	if f := d.Span.File; f != nil && !f.NoFile {
		start, end := f.Position(int(d.Span.Start)), f.Position(int(d.Span.End))
		name, ok := repo(f.Name)
		if !ok {
			name = f.Name
		}
		fmt.Fprintf(b, "file=%s,line=%d,endLine=%d,", githubProperty(name), start.Line, end.Line)
		if start.Line == end.Line { // columns are for one line only
			fmt.Fprintf(b, "col=%d,endColumn=%d,", start.Column, end.Column)
		}
	}
	title := string(d.Code)
	if info, ok := Lookup(d.Code); ok {
		title += " " + info.Title
	}
	text := d.words(true)
	if d.Waiver != nil {
		title = strings.Replace(title, " ", " waived: ", 1)
		text = message(d.Message)
	}
	if f := d.Span.File; f != nil && f.NoFile {
		text = Clean(d.Span.String()) + ": " + text
	}
	for _, r := range d.Related {
		text += "\n"
		if r.Span.File != nil {
			text += Clean(r.Span.String()) + ": "
		}
		text += message(r.Message)
	}
	if d.Waiver != nil {
		text += "\nreason: " + message(d.Waiver.Reason)
	}
	fmt.Fprintf(b, "title=%s::%s\n", githubProperty(title), githubEscapes.Replace(text))
}

// words returns the message with its notes and fixes, a line each, for formats that have one text. Fixes with edits are left
// to formats that have a place for them, unless all are asked for.
func (d *Diagnostic) words(all bool) string {
	var b strings.Builder
	b.WriteString(message(d.Message))
	add := func(label, text string) {
		for line := range strings.SplitSeq(text, "\n") {
			b.WriteString("\n" + label + message(line))
			label = ""
		}
	}
	for _, n := range d.Notes {
		add("note: ", n)
	}
	for _, f := range d.Fixes {
		if all || len(f.Edits) == 0 {
			add("fix: ", f.Message)
		}
	}
	return b.String()
}

// What the runner takes for the end of a command, or of a value, comes encoded.
var (
	githubEscapes         = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubPropertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func githubProperty(s string) string { return githubPropertyEscapes.Replace(Clean(s)) }
