package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// maxTries bounds how often a program is compiled to mend it.
const maxTries = 50

// fix compiles a program, applies the fixes that are certain until there are no more, and writes the files that changed. What it
// returns is what is left to say.
func (a *app) fix(c *cobra.Command, paths []string, s *settings) (*inputs, compiler.Output, diag.List, error) {
	var out compiler.Output
	var files []*source.File
	applied := 0
	in, diags, err := a.with(c, paths, s, func(ctx context.Context, given compiler.Input) (diags diag.List) {
		given.Reasons = s.reasons
		m := mender{ctx: ctx, in: given, refused: map[string]bool{}}
		m.out, m.diags = compiler.Compile(ctx, given)
		for m.step() {
		}
		out, files, applied = m.out, m.in.Files, m.applied
		return m.diags
	})
	if files == nil { // nothing could be read
		return in, out, diags, err
	}
	var r reader
	for i, f := range files {
		old := in.files[i]
		if f.Name == stdinName { // printed as it is when nothing was mended: a pipe must not lose it
			if err := a.print([]byte(f.Text)); err != nil {
				return in, out, diags, err
			}
			continue
		}
		if f.Text == old.Text {
			continue
		}
		r.rewrite(in.root, strings.TrimPrefix(f.Name, in.dir), f.Name, []byte(f.Text))
	}
	if r.diags.HasErrors() {
		return in, out, append(diags, r.diags...), exit(exitUsage)
	}
	if applied > 0 {
		fmt.Fprintf(a.stderr, "%s applied\n", plural(applied, "fix", "fixes"))
	}
	return in, out, diags, err
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// mender applies certain fixes to a program in memory.
type mender struct {
	ctx     context.Context
	in      compiler.Input
	out     compiler.Output
	diags   diag.List
	applied int
	tries   int
	refused map[string]bool // fixes that made something worse
}

// step applies what is certain, all of it at once or, where that makes a new error, one fix that does not. It reports whether
// it did.
func (m *mender) step() bool {
	fixes := m.certain()
	if len(fixes) == 0 {
		return false
	}
	if m.try(fixes) {
		return true
	}
	for _, f := range fixes {
		if m.try([]diag.Fix{f}) {
			return true
		}
		m.refused[identity(f)] = true
	}
	return false
}

// identity tells fixes apart from one compilation to the next, as long as nothing above them changes.
func identity(f diag.Fix) string {
	var b strings.Builder
	for _, e := range f.Edits {
		fmt.Fprintf(&b, "%s:%d:%d:%q;", e.Span.File.Name, e.Span.Start, e.Span.End, e.New)
	}
	return b.String()
}

// certain lists fixes that leave no choice, that change files of the program alone, and that do not touch each other.
func (m *mender) certain() []diag.Fix {
	var out []diag.Fix
	var taken []diag.Edit
	for i := range m.diags {
		if len(out) == 1000 {
			break // the rest has its turn in the next step
		}
		d := &m.diags[i]
		if d.Severity == diag.Waived || len(d.Fixes) != 1 || !d.Fixes[0].Certain || m.refused[identity(d.Fixes[0])] {
			continue // several fixes are a choice
		}
		free := !slices.ContainsFunc(d.Fixes[0].Edits, func(e diag.Edit) bool {
			return !slices.Contains(m.in.Files, e.Span.File) || slices.ContainsFunc(taken, func(t diag.Edit) bool {
				return t.Span.File == e.Span.File && t.Span.Start <= e.Span.End && e.Span.Start <= t.Span.End
			})
		})
		if free {
			out = append(out, d.Fixes[0])
			taken = append(taken, d.Fixes[0].Edits...)
		}
	}
	return out
}

// try compiles the program with fixes applied, and keeps it unless there is an error that was not there before.
func (m *mender) try(fixes []diag.Fix) bool {
	if m.tries++; m.tries > maxTries {
		return false
	}
	in := m.in
	in.Files = slices.Clone(in.Files)
	for i, f := range in.Files {
		if text := edited(f, fixes); text != f.Text {
			in.Files[i] = f.Edited(text)
		}
	}
	out, diags := compiler.Compile(m.ctx, in)
	had := map[string]int{}
	for i := range m.diags {
		if d := &m.diags[i]; d.Severity == diag.Error {
			had[string(d.Code)+d.Message]++
		}
	}
	for i := range diags {
		if d := &diags[i]; d.Severity == diag.Error {
			if had[string(d.Code)+d.Message]--; had[string(d.Code)+d.Message] < 0 {
				return false
			}
		}
	}
	m.in, m.out, m.diags = in, out, diags
	m.applied += len(fixes)
	return true
}

// edited returns the text of a file with the edits of fixes in it, which do not touch each other.
func edited(f *source.File, fixes []diag.Fix) string {
	var edits []diag.Edit
	for _, x := range fixes {
		for _, e := range x.Edits {
			if e.Span.File == f {
				edits = append(edits, e)
			}
		}
	}
	slices.SortFunc(edits, func(a, b diag.Edit) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	var b strings.Builder
	at := int32(0)
	for _, e := range edits {
		b.WriteString(f.Text[at:e.Span.Start])
		b.WriteString(e.New)
		at = e.Span.End
	}
	b.WriteString(f.Text[at:])
	return b.String()
}
