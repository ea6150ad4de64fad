package compiler

import (
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
)

// directive begins a comment that is an instruction: `# ztc:allow CODE reason`, a waiver.
const directive = "ztc:"

// waivers are those of one file. A waiver is for one code at one statement: the one on whose lines its comment stands, else
// the one that begins right below.
type waivers struct {
	file       *source.File
	library    bool        // imported: what a waiver in it is for may come up in another program only
	statements []statement // by start
	list       []*waiver
	at         map[site]*waiver
}

// statement is the place of one statement. Those of a policy or a test are statements of their own.
type statement struct {
	ast.Range
	parent           int  // the policy or test around it, -1 outside
	block, use, mesh bool // what it is: a policy or a test, a use of a policy, the mesh block
}

// site is what a waiver is for.
type site struct {
	statement int
	code      diag.Code
}

type waiver struct {
	site
	span   source.Span
	reason string
	used   bool
}

// waived are the waivers of all files.
type waived struct {
	all    []*waivers
	byFile map[*source.File]*waivers
	loader *loader
}

// waive takes off the diagnostics that have a waiver, and says what is wrong with waivers, but for those that are not used. What
// is said of a manifest, which has no waivers, is the business of the statement that it was read for, and of the mesh block.
func (l *loader) waive(diags *diag.List) *waived {
	all := &waived{byFile: map[*source.File]*waivers{}, loader: l}
	for _, name := range slices.Sorted(maps.Keys(l.trees)) {
		tree := l.trees[name]
		if text := tree.Source.Text; len(text) <= lang.MaxBytes && (strings.Contains(text, "ztc") || strings.Contains(text, "ZTC")) {
			w := &waivers{file: tree.Source, library: l.libs[name] != nil, at: map[site]*waiver{}}
			w.place(tree.Stmts, -1)
			w.read(diags)
			all.all = append(all.all, w)
			all.byFile[tree.Source] = w
		}
	}
	all.apply(diags)
	return all
}

// apply takes off the diagnostics that have a waiver.
func (x *waived) apply(diags *diag.List) {
	if len(x.all) == 0 {
		return
	}
	for i := range *diags {
		d := &(*diags)[i]
		info, ok := diag.Lookup(d.Code)
		if !ok || d.Waiver != nil || !info.CanWaive() || d.Severity == diag.Error && info.Waiving != diag.WaivableError {
			continue
		}
		v := x.byFile[d.Span.File].covering(d.Span, d.Code, false)
		for _, r := range d.Related { // what a policy makes of its arguments is the business of its use, too
			if v == nil && r.Message == ir.UsedHere {
				v = x.byFile[r.Span.File].covering(r.Span, d.Code, true)
			}
		}
		if v == nil && info.Waiving == diag.WaivableAtMesh {
			v = inMesh(x.all, d.Code)
		}
		if at, manifest := x.loader.askedBy[d.Span.File]; v == nil && manifest {
			if v = x.byFile[at.File].covering(at, d.Code, false); v == nil {
				v = inMesh(x.all, d.Code)
			}
		}
		if v != nil {
			v.used = true
			d.Waive(v.span, v.reason)
		}
	}
}

// unused reports what waives nothing, once everything was said.
func (x *waived) unused(diags *diag.List) {
	if diags.HasErrors() {
		return // what a waiver is for may not have been looked for
	}
	for _, w := range x.all {
		w.unused(diags, x.loader.in.Around != nil)
	}
}

// inMesh returns the waiver of a code at the mesh block, which is for all that the program is told of.
func inMesh(all []*waivers, code diag.Code) *waiver {
	for _, w := range all {
		for i := range w.statements {
			if v := w.at[site{i, code}]; v != nil && w.statements[i].mesh {
				return v
			}
		}
	}
	return nil
}

// place appends the places of statements and of those in their blocks.
func (w *waivers) place(stmts []ast.Stmt, parent int) {
	for _, s := range stmts {
		i := len(w.statements)
		st := statement{Range: s.Pos(), parent: parent}
		var body []ast.Stmt
		switch s := s.(type) {
		case *ast.Policy:
			st.block, body = true, s.Body
		case *ast.Test:
			st.block, body = true, s.Body
		case *ast.Use:
			st.use = true
		case *ast.Mesh:
			st.mesh = true
		}
		w.statements = append(w.statements, st)
		w.place(body, i)
	}
}

// read reads the waivers of the file. One that cannot be read is reported, and waives nothing.
func (w *waivers) read(diags *diag.List) {
	text := w.file.Text
	comments := slices.DeleteFunc(scan.All(text), func(t scan.Token) bool { return t.Kind != scan.Comment })
	below := -1 // the statement that the comment below this one is for
	for i, c := range slices.Backward(comments) {
		if next := nextLine(text, c.End); i+1 == len(comments) || next != comments[i+1].Start || !alone(text, c.Start) {
			below = w.target(c, next)
		}
		body := strings.TrimLeft(text[c.Start+1:c.End], " \t")
		w.late(c, body, diags)
		if !strings.HasPrefix(body, directive) {
			continue
		}
		v := &waiver{span: source.Span{File: w.file, Start: c.Start, End: c.End}}
		if !v.parse(body, diags) {
			continue
		}
		v.statement = below
		if other := w.at[v.site]; other != nil && below >= 0 {
			diags.Add(diag.UnusedWaiver, v.span, "this waives nothing: another comment waives %s at the statement", v.code).
				Relate(other.span, "the other one").Advise("delete it")
			continue
		}
		w.at[v.site] = v
		w.list = append(w.list, v)
	}
}

// likeWaiver is what was surely meant to waive something, but for what is quoted.
var likeWaiver = regexp.MustCompile("(?i)(?:^|[^`\"'a-z0-9])(ztc[ \t]*[:-]?[ \t]*allow[ \t:]+zt[0-9]{4})")

// late reports a waiver that stands after other words of its comment, which is none.
func (w *waivers) late(c scan.Token, body string, diags *diag.List) {
	skip := 0
	if strings.HasPrefix(body, directive) {
		skip = len(directive) // what it is itself is read by parse
	}
	m := likeWaiver.FindStringSubmatchIndex(body[skip:])
	if m == nil {
		return
	}
	off := c.End - int32(len(body)-skip-m[2])
	at := source.Span{File: w.file, Start: off, End: c.End}
	words := strings.Fields(at.Text())
	code := strings.ToUpper(likeWaiver.FindString(at.Text()))
	code = code[len(code)-len("ZT0000"):]
	if skip+m[2] == 0 {
		diags.Add(diag.MalformedWaiver, at, "%q is no instruction that is known, so this waives nothing", words[0]).Advise("write `# ztc:allow %s reason`", code)
		return
	}
	d := diags.Add(diag.MalformedWaiver, at, "a waiver stands at the start of a comment, and this one after other words, so it waives nothing")
	if before := strings.TrimRight(w.file.Text[c.Start:off], " \t#"); alone(w.file.Text, c.Start) {
		line := strings.LastIndexByte(w.file.Text[:c.Start], '\n') + 1
		d.Fix(source.Span{File: w.file, Start: c.Start + int32(len(before)), End: off}, "\n"+w.file.Text[line:c.Start]+"# ", "give it a comment of its own")
	} else {
		d.Advise("give it a comment of its own, above the statement: `# ztc:allow %s reason`", code)
	}
}

// parse reads `ztc:allow CODE reason`.
func (v *waiver) parse(body string, diags *diag.List) bool {
	word, rest := cut(body)
	name, reason := cut(rest)
	code := diag.Code(strings.ToUpper(strings.Trim(name, ":,;")))
	info, known := diag.Lookup(code)
	codes, why := leadingCodes(rest)
	bad := func(c diag.Code, format string, args ...any) *diag.Diagnostic {
		return diags.Add(c, v.span, format, args...)
	}
	const form = "write `# ztc:allow CODE reason`"
	switch {
	case word != directive+"allow":
		bad(diag.MalformedWaiver, "%q is no instruction that is known, so this waives nothing", word).Advise(form)
	case name == "":
		bad(diag.MalformedWaiver, "a waiver without a code waives nothing").Advise(form)
	case len(codes) > 1:
		d := bad(diag.MalformedWaiver, "a comment waives one code, and this names %s, so it waives nothing", strings.Join(codes, " and "))
		if text := v.span.File.Text; why == "" || !alone(text, v.span.Start) {
			d.Advise("write a comment for each, one below the other, above the statement: `# ztc:allow %s reason`", codes[0])
		} else {
			line := strings.LastIndexByte(text[:v.span.Start], '\n') + 1
			var each []string
			for _, c := range codes {
				each = append(each, "# "+word+" "+c+" "+why)
			}
			d.Fix(v.span, strings.Join(each, "\n"+text[line:v.span.Start]), "write a comment for each, one below the other")
		}
	case known && name != string(code):
		at := v.span
		at.Start += int32(strings.Index(at.Text(), name))
		at.End = at.Start + int32(len(name))
		bad(diag.MalformedWaiver, "%q is not how the code is written, so this waives nothing", name).Fix(at, string(code), "write %s", code)
	case !known:
		bad(diag.UnknownWaiver, "no diagnostic has the code %q, so this waives nothing", name).Advise(form)
	case !info.CanWaive():
		bad(diag.NotWaivable, "%s (%s) cannot be waived", code, info.Title).Advise("delete the comment")
	case reason == "":
		bad(diag.NoReason, "a waiver of %s without a reason waives nothing", code).Advise("say why it is set aside: `# ztc:allow %s reason`", code)
	default:
		v.code, v.reason = code, reason
		return true
	}
	return false
}

// leadingCodes cuts the codes off that a waiver begins with, with the commas between them.
func leadingCodes(s string) (codes []string, rest string) {
	for rest = s; ; {
		i := strings.IndexAny(rest+" ", " \t,:;")
		code := strings.ToUpper(rest[:i])
		if !isCode.MatchString(code) {
			return codes, rest
		}
		codes = append(codes, code)
		rest = strings.TrimLeft(rest[i:], " \t,:;")
	}
}

var isCode = regexp.MustCompile(`^ZT[0-9]{4}$`)

// cut cuts the first word off.
func cut(s string) (word, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.Trim(s[i:], " \t")
}

// alone reports whether nothing stands before off on its line.
func alone(text string, off int32) bool {
	return strings.Trim(text[strings.LastIndexByte(text[:off], '\n')+1:off], " \t\r") == ""
}

// nextLine returns where the line after the one that ends at off begins to say something, or -1 for a blank line or none.
func nextLine(text string, off int32) int32 {
	i := strings.IndexByte(text[off:], '\n')
	if i < 0 {
		return -1
	}
	at := off + int32(i) + 1
	at += int32(len(text)) - at - int32(len(strings.TrimLeft(text[at:], " \t")))
	if int(at) == len(text) || text[at] == '\n' || text[at] == '\r' {
		return -1
	}
	return at
}

// target returns the statement that a comment is for, or -1; next is where the line below begins.
func (w *waivers) target(c scan.Token, next int32) int {
	if !alone(w.file.Text, c.Start) { // the last statement that has a part on the line
		line := int32(strings.LastIndexByte(w.file.Text[:c.Start], '\n') + 1)
		return w.around(c.Start, line)
	}
	if i := w.last(next); i >= 0 && w.statements[i].Start == next {
		return i
	}
	if i := w.around(c.Start, c.Start); i >= 0 && !w.statements[i].block {
		return i
	}
	return -1
}

// last returns the last statement that begins at or before off, or -1.
func (w *waivers) last(off int32) int {
	return sort.Search(len(w.statements), func(i int) bool { return w.statements[i].Start > off }) - 1
}

// around returns the innermost statement that begins at or before off and does not end before end, or -1.
func (w *waivers) around(off, end int32) int {
	i := w.last(off)
	for i >= 0 && w.statements[i].End < end {
		i = w.statements[i].parent
	}
	return i
}

// covering returns the waiver of a code at the statement in which a span begins; inUse asks that this is a use of a policy.
func (w *waivers) covering(s source.Span, code diag.Code, inUse bool) *waiver {
	if w == nil {
		return nil
	}
	i := w.around(s.Start, s.Start)
	if i < 0 || inUse && !w.statements[i].use {
		return nil
	}
	return w.at[site{i, code}]
}

// unused reports what waives nothing; around says whether the files around the program were looked at.
func (w *waivers) unused(diags *diag.List, around bool) {
	for _, v := range w.list {
		info, _ := diag.Lookup(v.code)
		atMesh := info.Waiving == diag.WaivableAtMesh
		switch {
		case v.statement < 0:
			diags.Add(diag.UnusedWaiver, v.span, "this waives nothing: it stands at no statement").
				Advise("put it on the line above its statement, or at the end of a line of it")
		case atMesh && !w.statements[v.statement].mesh:
			diags.Add(diag.UnusedWaiver, v.span, "this waives nothing: %s is about the program as a whole", v.code).
				Advise("put it at the mesh block: above `mesh { }`")
		case atMesh && !around: // what it is for was not looked for
		case !v.used && !w.library:
			diags.Add(diag.UnusedWaiver, v.span, "this waives nothing: the statement has no %s", v.code).Advise("delete it")
		}
	}
}
