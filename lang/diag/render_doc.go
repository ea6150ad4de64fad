package diag

import (
	"fmt"
	"strings"
)

// Family is a run of codes about one subject.
type Family struct {
	Prefix string // of its codes: "ZT10"
	Title  string
}

// Families returns the families in order of their codes.
func Families() []Family {
	return []Family{
		{"ZT00", "Syntax and waivers"},
		{"ZT10", "Names"},
		{"ZT11", "Operations"},
		{"ZT12", "Identity"},
		{"ZT13", "Meaning and time"},
		{"ZT14", "Data planes, and what has no meaning yet"},
		{"ZT15", "Limits"},
		{"ZT16", "Delegate, keys of tokens, transport"},
		{"ZT17", "Pods that no proxy guards"},
		{"ZT18", "Tests, proofs and questions"},
		{"ZT20", "Inventory"},
		{"ZT21", "Policies of others"},
		{"ZT30", "Files and output"},
	}
}

// Codes returns what is known of the family's codes, in order.
func (f Family) Codes() []Info {
	var out []Info
	for _, i := range All() {
		if strings.HasPrefix(string(i.Code), f.Prefix) {
			out = append(out, i)
		}
	}
	return out
}

const docWidth = 80

// Text returns the page of one code for a terminal: what `ztc explain CODE` prints.
func (i Info) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s[%s]: %s\n\n%s\n", i.Severity, i.Code, i.Title, wrap(i.Explanation, docWidth))
	if i.CanWaive() {
		fmt.Fprintf(&b, "\nCan be waived at %s: # ztc:allow %s REASON\n", i.Waiving.where(), i.Code)
	}
	for _, part := range []struct{ title, text string }{{"Example", i.Example}, {"Fixed", i.Fixed}} {
		if part.text == "" {
			continue
		}
		fmt.Fprintf(&b, "\n%s:\n\n", part.title)
		for line := range strings.Lines(strings.TrimRight(part.text, "\n") + "\n") {
			if line != "\n" {
				b.WriteString("    ")
			}
			b.WriteString(line)
		}
	}
	return b.String()
}

// Index returns one line for each code, by family: what `ztc explain` prints.
func Index() string {
	var b strings.Builder
	for _, f := range Families() {
		codes := f.Codes()
		if len(codes) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s\n", f.Title)
		for _, i := range codes {
			fmt.Fprintf(&b, "  %s  %-7s  %s\n", i.Code, i.Severity, i.Title)
		}
	}
	return b.String()
}

// Markdown returns the whole catalogue as a page: docs/diagnostics.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Diagnostics\n\n" +
		"<!-- Generated from lang/diag/codes_*.go by `go test ./lang/diag -update`; do not edit. -->\n\n" +
		"Everything that `ztc` has to say has a code. A code never changes its meaning and is never used again for another.\n" +
		"`ztc explain CODE` prints the same text. An error fails the build; a warning is legal and probably not meant, and fails\n" +
		"the build under `--werror`; a note is worth knowing. Some can be [waived](language.md#waivers).\n")
	for _, f := range Families() {
		codes := f.Codes()
		if len(codes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n**%s**\n\n", f.Title)
		for _, i := range codes {
			fmt.Fprintf(&b, "- [%s](#%s) %s\n", i.Code, strings.ToLower(string(i.Code)), i.Title)
		}
	}
	for _, f := range Families() {
		codes := f.Codes()
		if len(codes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n", f.Title)
		for _, i := range codes {
			i.markdown(&b)
		}
	}
	return b.String()
}

func (i Info) markdown(b *strings.Builder) {
	// The heading is the code alone, so that its anchor outlives a better title.
	fmt.Fprintf(b, "\n### %s\n\n**%s: %s.** ", i.Code, i.Severity, i.Title)
	i.page(b)
}

// where says where a waiver stands.
func (w Waiving) where() string {
	if w == WaivableAtMesh {
		return "the mesh block (an empty `mesh { }` will do)"
	}
	return "its statement"
}

// page writes what there is to say of a code as Markdown: the explanation, the example and the mend.
func (i Info) page(b *strings.Builder) {
	b.WriteString(strings.TrimSpace(i.Explanation) + "\n")
	if i.CanWaive() {
		fmt.Fprintf(b, "Can be waived at %s: `# ztc:allow %s REASON`.\n", i.Waiving.where(), i.Code)
	}
	if i.Example != "" {
		fmt.Fprintf(b, "\n```zt\n%s\n```\n", strings.TrimRight(i.Example, "\n"))
	}
	if i.Fixed != "" {
		fmt.Fprintf(b, "\nFixed:\n\n```zt\n%s\n```\n", strings.TrimRight(i.Fixed, "\n"))
	}
}

// wrap breaks paragraphs into lines of at most width columns where words allow. Indented lines stay as they are.
func wrap(text string, width int) string {
	var out []string
	var line string
	flush := func() {
		if line != "" {
			out = append(out, line)
			line = ""
		}
	}
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		if strings.TrimSpace(l) == "" || strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t") || strings.HasPrefix(l, "- ") {
			flush()
			out = append(out, strings.TrimRight(l, " "))
			continue
		}
		for _, w := range strings.Fields(l) {
			if line != "" && len([]rune(line))+1+len([]rune(w)) > width {
				flush()
			}
			if line != "" {
				line += " "
			}
			line += w
		}
	}
	flush()
	return strings.Join(out, "\n")
}
