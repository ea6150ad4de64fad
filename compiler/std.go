package compiler

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/resolve"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
	"github.com/zt-lang/ztc/stdlib"
)

// stdPrefix begins the imports of the standard library.
const stdPrefix = "std/"

// standard returns a file of the standard library; nil when there is none, which is reported. Its name in diagnostics is the text
// of the import, which no file of a program has: those end in ".zt".
func (l *loader) standard(from *ast.File, imp *ast.Import) *resolve.Unit {
	p := imp.Path.Value
	if u := l.libs[p]; u != nil {
		return u
	}
	text, ok := stdlib.Source(strings.TrimPrefix(p, stdPrefix))
	if !ok {
		d := l.diags.Add(diag.ImportFailed, from.Span(&imp.Path), "import %q is no file of the standard library", p)
		name := strings.TrimSuffix(strings.TrimPrefix(p, stdPrefix), ".zt")
		if _, same := stdlib.Source(name); !same {
			name = resolve.Nearest(name, slices.Values(stdlib.Names()))
		}
		if name != "" {
			d.Fix(from.Span(&imp.Path), strconv.Quote(stdPrefix+name), "did you mean %q?", stdPrefix+name)
		} else {
			d.Note("it has %s%s", stdPrefix, strings.Join(stdlib.Names(), ", "+stdPrefix))
		}
		return nil
	}
	u := l.unit(source.NewText(p, text), p)
	u.Library, u.Std = true, true
	l.libs[p] = u
	l.std[u.File.Source] = from.Span(imp)
	return u
}

// atUse moves what is said of the standard library to the statement that uses it, or else to the one that imports it: a reader
// cannot change the library. Its place there stays as a related one, and no fix edits it.
func (l *loader) atUse(diags diag.List) {
	if len(l.std) == 0 {
		return
	}
	std := func(f *source.File) bool { _, is := l.std[f]; return is }
	for i := range diags {
		d := &diags[i]
		d.Fixes = slices.DeleteFunc(d.Fixes, func(f diag.Fix) bool {
			return slices.ContainsFunc(f.Edits, func(e diag.Edit) bool { return std(e.Span.File) })
		})
		if !std(d.Span.File) {
			continue
		}
		at := slices.IndexFunc(d.Related, func(r diag.Related) bool { return r.Message == ir.UsedHere && !std(r.Span.File) })
		if at < 0 {
			at = len(d.Related)
			d.Relate(l.std[d.Span.File], ir.UsedHere)
		}
		d.Span, d.Related[at] = d.Related[at].Span, diag.Related{Span: d.Span, Message: "in the standard library"}
	}
}
