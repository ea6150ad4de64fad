package grammar

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
)

// slipParameter: a parameter where the language wants a value that is written out. Quotes would make it another value.
func (r *reader) slipParameter(i int, want []string) bool {
	w := r.word(i)
	if r.kind(i) != scan.Name || r.adjacent(i) != r.toks[i].End || !slices.ContainsFunc(r.params, func(p ast.Ident) bool { return p.Text == w }) {
		return false
	}
	value := ""
	for _, x := range want {
		switch x {
		case "<string>", "<date>", "<int>":
			value = phrases[x]
		}
	}
	if value == "" || isName(want) {
		return false
	}
	t := r.toks[i]
	d := r.diags.Add(diag.ParameterNotHere, r.span(t.Start, t.End), "%q is a parameter, and cannot stand after %s: %s is written out there", w, Quote(r.word(i-1)), value)
	d.Note("a parameter stands for a workload, a group, ns/*, methods, paths or the port of a target, and in a `jwt` for its issuer and audiences")
	if value == phrases["<int>"] {
		d.Advise("a port that is a parameter stands with its target: `TARGET:%s`", w)
	} else {
		d.Advise("write out the value, and a policy for each one")
	}
	return true
}

// slipArgument: a word of the language among the arguments of a use, or the parameters of a policy.
func (r *reader) slipArgument(i int, _ []string) bool {
	open, in := r.openBracket(i)
	if !in || r.kind(open) != scan.LParen || r.kind(i-1) != scan.LParen && r.kind(i-1) != scan.Comma {
		return false
	}
	w := r.word(i)
	switch {
	case r.word(0) == "policy" && r.kind(i) == scan.Upper:
		t := r.toks[i]
		r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q is no name for a parameter: a name is lower-case letters, digits and \"-\"", w)
		return true
	case r.kind(i) != scan.Key:
		return false
	case r.word(0) == "policy":
		return r.reserved(i, "choose another name")
	case r.word(0) != "use":
		return false
	}
	if r.kind(i+1) == scan.Colon {
		return r.reserved(i, "no parameter has it: write the name that the policy gives to its parameter")
	}
	switch w {
	case "anyone", "authenticated", "plaintext":
		t := r.toks[i]
		r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q is no argument: a parameter stands for what has a name", w).
			Advise("name the callers, `group callers = %s`, and give the group: `callers`", w)
		return true
	case "account", "principal", "trust-domain", "namespace":
		t := r.toks[i]
		r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q is no argument: a parameter stands for what has a name", w).
			Advise("name the callers, `group callers = %s ...`, and give the group: `callers`", w)
		return true
	case "mesh":
		return r.reserved(i, "a parameter stands for named workloads: write a rule on `mesh` itself, or give `shop/*`, every workload of a namespace")
	}
	return r.reserved(i, "a port of that name is given with its parameter, `PARAMETER: "+w+"`, and a workload of that name with its namespace, `default/"+w+"`")
}

// slipDuration: timeout 5.
func (r *reader) slipDuration(i int, _ []string) bool {
	if r.word(0) != "jwt" || r.word(i-1) != "timeout" || r.kind(i) != scan.Int {
		return false
	}
	from, end, w := r.toks[i].Start, r.toks[i].End, r.word(i)
	unit := "s"
	if u := r.word(i + 1); u == "s" || u == "ms" || u == "m" || u == "h" {
		unit, end = u, r.toks[i+1].End
	}
	r.diags.Add(diag.UnexpectedToken, r.span(from, end), "%s is no duration: one is a number and its unit in one word", Quote(r.text[from:end])).
		Fix(r.span(from, end), w+unit, "write %s%s", w, unit)
	return true
}

// slipClause: a clause at a statement that takes none.
func (r *reader) slipClause(i int, want []string) bool {
	if want != nil || r.kind(i) != scan.Key {
		return false
	}
	w := r.word(i)
	advice := "a comment says why"
	switch w {
	case "when", "until":
		advice = "write it at the rules that are meant"
	case "because":
	default:
		return false
	}
	switch s := r.word(0); s {
	case "jwt":
		if w != "because" {
			advice = "write it at the rules that ask for its tokens, `allow ... as ... -> ... " + w + " ...`"
		}
	case "use":
		advice = "write it at the rules of the policy"
	case "mtls":
	default:
		return false
	}
	t := r.toks[i]
	r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q at a `%s`, which takes no such clause", w, r.word(0)).Advise("%s", advice)
	return true
}

// slipAttribute: header.x and header "x", where the key stands in brackets.
func (r *reader) slipAttribute(i int, want []string) bool {
	from, name, key := i, "", ""
	switch r.kind(i) {
	case scan.Dotted:
		if !slices.Contains(want, "Unary") && !slices.Contains(want, "Cond") && !slices.Contains(want, "Attr") {
			return false
		}
		name, key, _ = strings.Cut(r.word(i), ".")
	case scan.String:
		if !slices.Contains(want, "Key") && !slices.Contains(want, "=") && !slices.Contains(want, "==") {
			return false
		}
		from, name = i-1, r.word(i-1)
		key, _ = scan.Unquote(r.word(i))
	}
	if name != "header" && name != "claim" && name != "metadata" {
		return false
	}
	span := r.span(r.toks[from].Start, r.toks[i].End)
	attr := name + "[" + scan.Quote(key) + "]"
	r.diags.Add(diag.UnexpectedToken, span, "%s is not how an attribute is written: its key stands in brackets", Quote(span.Text())).
		Fix(span, attr, "write %s", attr)
	return true
}

// slipCutBlock: except { tcp } and except ("/x", "/y"), where the braces of operations stand around an exception.
func (r *reader) slipCutBlock(i int, want []string) bool {
	shuts := map[scan.Kind]scan.Kind{scan.LBrace: scan.RBrace, scan.LParen: scan.RParen, scan.LBracket: scan.RBracket}[r.kind(i)]
	if shuts == scan.EOF || r.word(i-1) != "except" || !slices.Contains(want, "Op") {
		return false
	}
	end := i + 1
	for r.kind(end) != scan.EOF && r.kind(end) != shuts && r.kind(end) != scan.Term {
		end++
	}
	open := r.toks[i]
	d := r.diags.Add(diag.UnexpectedToken, r.span(open.Start, open.End), "%q after \"except\": an exception is one operation, without braces", r.word(i))
	switch word := r.word(i + 1); {
	case end == i+2 && (word == "http" || word == "tcp"):
		d.Advise("%s", withoutKind(word, nil))
	case end > i+1 && r.kind(end) == shuts && !strings.Contains(r.text[open.Start:r.toks[end].Start], "\n"):
		first, last, shut := r.toks[i+1], r.toks[end-1], r.toks[end]
		d.Fixes = append(d.Fixes, diag.Fix{Message: "drop the braces", Edits: []diag.Edit{
			{Span: r.span(open.Start, first.Start), New: ""}, {Span: r.span(last.End, shut.End), New: ""},
		}})
	default:
		d.Advise("write an `except` for each operation: `except POST \"/a\" except \"/b\"`")
	}
	return true
}

// slipImports: import "./a.zt", "./b.zt".
func (r *reader) slipImports(i int, want []string) bool {
	if r.word(0) != "import" || want != nil || r.kind(i) != scan.Comma || r.kind(i+1) != scan.String {
		return false
	}
	t := r.toks[i]
	r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q after an import: one names one file", ",").
		Fix(r.span(t.Start, r.toks[i+1].Start), "\nimport ", "write an `import` for each")
	return true
}
