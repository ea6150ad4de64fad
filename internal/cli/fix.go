package cli

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// maxTries bounds how often a program is compiled to mend it.
const maxTries = 50

// fix compiles a program, applies the fixes that are certain until there are no more, and writes the files that changed. What it
// returns is what is left to say.
func (a *app) fix(c *cobra.Command, paths []string, s *settings) (*inputs, compiler.Output, diag.List, error) {
	var out compiler.Output
	var m mender
	in, diags, err := a.with(c, paths, s, func(ctx context.Context, given compiler.Input) (diags diag.List) {
		given.Reasons = s.reasons
		m = mender{ctx: ctx, in: given, refused: map[string]string{}}
		m.imports.FS = given.FS
		m.in.FS = &m.imports
		m.out, m.diags = compiler.Compile(ctx, m.in)
		for m.step() {
		}
		m.explain()
		out = m.out
		return m.diags
	})
	if m.in.Files == nil { // nothing could be read
		return in, out, diags, err
	}
	var r reader
	for i, f := range m.in.Files {
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
	for _, name := range slices.Sorted(maps.Keys(m.imports.mended)) {
		r.rewrite(in.root, name, in.dir+name, []byte(m.imports.mended[name]))
	}
	if r.diags.HasErrors() {
		return in, out, append(diags, r.diags...), exit(exitUsage)
	}
	if m.applied > 0 {
		fmt.Fprintf(a.stderr, "%s applied\n", plural(m.applied, "fix", "fixes"))
	}
	return in, out, diags, err
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// overlay is a file system some of whose files have other texts: imports that are mended, before they are written.
type overlay struct {
	fs.FS
	mended map[string]string
}

// ReadFile reads a file whole.
func (o *overlay) ReadFile(name string) ([]byte, error) {
	if text, ok := o.mended[name]; ok {
		return []byte(text), nil
	}
	return fs.ReadFile(o.FS, name)
}

// ReadDir lists a directory.
func (o *overlay) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(o.FS, name) }

// Stat describes a file.
func (o *overlay) Stat(name string) (fs.FileInfo, error) { return fs.Stat(o.FS, name) }

// mender applies certain fixes to a program in memory.
type mender struct {
	ctx     context.Context
	in      compiler.Input
	imports overlay
	out     compiler.Output
	diags   diag.List
	applied int
	tries   int
	refused map[string]string // fixes that are not applied, and why
}

// mendable is a diagnostic with a fix that is certain.
type mendable struct {
	fix  diag.Fix
	code diag.Code
	at   source.Span
}

// step applies what is certain: all of it at once or, where that makes a new error elsewhere, the first ones that do not. It
// reports whether there may be more to do.
func (m *mender) step() bool {
	list := m.certain()
	for len(list) > 0 {
		if m.tries++; m.tries > maxTries {
			m.refused[identity(list[0].fix)] = fmt.Sprintf("the program was compiled %d times", maxTries)
			return false
		}
		why := m.try(list)
		if why == "" {
			return true
		}
		if len(list) == 1 {
			m.refused[identity(list[0].fix)] = why
			return true
		}
		list = list[:len(list)/2]
	}
	return false
}

// explain says of each diagnostic whose certain fix was not applied why that is.
func (m *mender) explain() {
	for i := range m.diags {
		d := &m.diags[i]
		if fix, ok := certain(d); ok {
			if why := m.refused[identity(fix)]; why != "" {
				d.Note("its fix is not applied: %s", why)
			}
		}
	}
}

// identity tells fixes apart from one compilation to the next, as long as nothing above them changes. Fixes are tried from the top.
func identity(f diag.Fix) string {
	var b strings.Builder
	for _, e := range f.Edits {
		fmt.Fprintf(&b, "%s:%d:%d:%q;", e.Span.File.Name, e.Span.Start, e.Span.End, e.New)
	}
	return b.String()
}

// certain returns the fix of a diagnostic that leaves no choice. Several fixes are a choice.
func certain(d *diag.Diagnostic) (diag.Fix, bool) {
	if d.Severity == diag.Waived || len(d.Fixes) != 1 || !d.Fixes[0].Certain {
		return diag.Fix{}, false
	}
	return d.Fixes[0], true
}

// certain lists fixes that leave no choice, that change files of the program and what it imports, and that do not touch each
// other.
func (m *mender) certain() []mendable {
	var out []mendable
	var taken []diag.Edit
	for i := range m.diags {
		if len(out) == 1000 {
			break // the rest has its turn in the next step
		}
		d := &m.diags[i]
		fix, ok := certain(d)
		if !ok || m.refused[identity(fix)] != "" {
			continue
		}
		foreign := slices.IndexFunc(fix.Edits, func(e diag.Edit) bool { return !m.owns(e.Span.File) })
		if foreign >= 0 {
			m.refused[identity(fix)] = fmt.Sprintf("%s is no file of this program", fix.Edits[foreign].Span.File.Name)
			continue
		}
		free := !slices.ContainsFunc(fix.Edits, func(e diag.Edit) bool {
			return slices.ContainsFunc(taken, func(t diag.Edit) bool {
				return t.Span.File == e.Span.File && t.Span.Start <= e.Span.End && e.Span.Start <= t.Span.End
			})
		})
		if free {
			out = append(out, mendable{fix, d.Code, d.Span})
			taken = append(taken, fix.Edits...)
		}
	}
	return out
}

// owns reports whether a file is one of the program, or one that it imports from below its root.
func (m *mender) owns(f *source.File) bool {
	return slices.Contains(m.in.Files, f) || m.imports.FS != nil && !f.NoFile && strings.HasSuffix(f.Name, ".zt") && strings.HasPrefix(f.Name, m.in.Dir)
}

// try compiles the program with fixes applied, and keeps it where what they mend is gone and no error is new but in the statements
// that they mend: those had hidden it. Else it says what is in the way.
func (m *mender) try(list []mendable) string {
	texts := map[*source.File]string{}
	for _, x := range list {
		for _, e := range x.fix.Edits {
			texts[e.Span.File] = ""
		}
	}
	in, imports := m.in, overlay{m.imports.FS, maps.Clone(m.imports.mended)}
	in.FS, in.Files = &imports, slices.Clone(in.Files)
	var places []mended
	for f := range texts {
		text, at := edited(f, list)
		if i := slices.Index(in.Files, f); i >= 0 {
			in.Files[i] = f.Edited(text)
		} else {
			if imports.mended == nil {
				imports.mended = map[string]string{}
			}
			imports.mended[strings.TrimPrefix(f.Name, in.Dir)] = text
		}
		places = append(places, statementsAt(f.Edited(text), at))
	}
	out, diags := compiler.Compile(m.ctx, in)
	had := map[string]int{}
	for i := range m.diags {
		if d := &m.diags[i]; d.Severity == diag.Error {
			had[string(d.Code)+d.Message]++
		}
	}
	for i := range diags {
		d := &diags[i]
		if d.Severity != diag.Error || asked(d.Code) {
			continue
		}
		p := place(places, d.Span)
		switch had[string(d.Code)+d.Message]--; {
		case p != nil && p.still(d, list):
			return fmt.Sprintf("it does not mend %s", d.Code)
		case had[string(d.Code)+d.Message] < 0 && (p == nil || !p.holds(d.Span)):
			return fmt.Sprintf("it would make error %s at %s: %s", d.Code, d.Span, d.Message)
		}
	}
	m.in, m.imports, m.out, m.diags = in, imports, out, diags
	m.in.FS = &m.imports
	m.applied += len(list)
	return ""
}

// asked reports whether an error is the answer to a test or a proof. They are asked of programs without errors: that one fails once
// the rest is mended is no news.
func asked(c diag.Code) bool {
	return c == diag.ExpectFailed || c == diag.ProofFailed || c == diag.NotProven
}

// mended is a file after its edits.
type mended struct {
	name       string
	at         map[diag.Edit]int32 // where each edit is now
	statements []ast.Range         // that hold one
}

// statementsAt finds the statements in which edits lie.
func statementsAt(f *source.File, at map[diag.Edit]int32) mended {
	tree, _ := lang.Parse(f)
	m := mended{name: f.Name, at: at}
	for _, off := range at {
		if r, ok := innermost(tree.Stmts, off); ok {
			m.statements = append(m.statements, r)
		}
	}
	return m
}

// innermost returns the statement around an offset, which may be one of a policy or a test.
func innermost(list []ast.Stmt, off int32) (ast.Range, bool) {
	for _, s := range list {
		r := s.Pos()
		if off < r.Start || off > r.End {
			continue
		}
		var body []ast.Stmt
		switch s := s.(type) {
		case *ast.Policy:
			body = s.Body
		case *ast.Test:
			body = s.Body
		}
		if inner, ok := innermost(body, off); ok {
			return inner, true
		}
		return r, true
	}
	return ast.Range{}, false
}

func place(list []mended, s source.Span) *mended {
	if s.File == nil {
		return nil
	}
	if i := slices.IndexFunc(list, func(m mended) bool { return m.name == s.File.Name }); i >= 0 {
		return &list[i]
	}
	return nil
}

// holds reports whether a place lies in a statement with an edit.
func (m *mended) holds(s source.Span) bool {
	return slices.ContainsFunc(m.statements, func(r ast.Range) bool { return r.Start <= s.Start && s.Start <= r.End })
}

// still reports whether an error is what one of the fixes was to mend.
func (m *mended) still(d *diag.Diagnostic, list []mendable) bool {
	return slices.ContainsFunc(list, func(x mendable) bool {
		e := x.fix.Edits[0]
		at, here := m.at[e]
		return here && x.code == d.Code && e.Span.Start-x.at.Start == at-d.Span.Start
	})
}

// edited returns the text of a file with the edits of fixes in it, which do not touch each other, and where each edit is then.
func edited(f *source.File, list []mendable) (string, map[diag.Edit]int32) {
	var edits []diag.Edit
	for _, x := range list {
		for _, e := range x.fix.Edits {
			if e.Span.File == f {
				edits = append(edits, e)
			}
		}
	}
	slices.SortFunc(edits, func(a, b diag.Edit) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	var b strings.Builder
	places := map[diag.Edit]int32{}
	at := int32(0)
	for _, e := range edits {
		b.WriteString(f.Text[at:e.Span.Start])
		places[e] = int32(b.Len())
		b.WriteString(e.New)
		at = e.Span.End
	}
	b.WriteString(f.Text[at:])
	return b.String(), places
}
