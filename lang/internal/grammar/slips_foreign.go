package grammar

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
)

// Habits of other languages: YAML, Rego, Cedar, SQL, and the names that Istio gives to attributes.

// quotes open a string elsewhere, with what closes it.
var quotes = map[rune]string{'“': "”", '”': "”", '„': "“”", '‘': "’", '‚': "‘’", '«': "»", '»': "«", '`': "`"}

// slipBlank: a blank of another width, such as the one that holds words together.
func (r *reader) slipBlank(i int, _ []string) bool {
	if r.kind(i) != scan.Bad {
		return false
	}
	t, other := r.toks[i], func(c rune) bool { return c > unicode.MaxASCII && unicode.IsSpace(c) }
	at := strings.IndexFunc(r.word(i), other)
	if at < 0 {
		return false
	}
	plain := strings.Map(func(c rune) rune {
		if other(c) {
			return ' '
		}
		return c
	}, r.word(i))
	_, n := utf8.DecodeRuneInString(r.word(i)[at:])
	r.diags.Add(diag.ForeignSign, r.span(t.Start+int32(at), t.Start+int32(at+n)), "a blank that is no plain space").Respell(r.span(t.Start, t.End), plain, "write a space")
	return true
}

// slipQuotes: “/x”, as word processors and chats write quotes, and `/x`. All of the statement are mended at once.
func (r *reader) slipQuotes(i int, _ []string) bool {
	bare := func(i int) (string, bool) {
		if r.kind(i) != scan.Bad {
			return "", false
		}
		w := r.word(i)
		open, n := utf8.DecodeRuneInString(w)
		shut, m := utf8.DecodeLastRuneInString(w)
		return w[n:max(n, len(w)-m)], len(w) > n+m && strings.ContainsRune(quotes[open], shut)
	}
	if i < len(r.toks) && r.kind(i) == scan.Bad {
		if open, _ := utf8.DecodeRuneInString(r.word(i)); quotes[open] == "" {
			return false
		}
	} else {
		return false
	}
	t := r.toks[i]
	d := r.diags.Add(diag.ForeignSign, r.span(t.Start, t.End), "%s is not a string: strings stand in plain double quotes", Quote(r.word(i)))
	if _, whole := bare(i); !whole {
		d.Advise("write `\"...\"`")
		return true
	}
	f := diag.Fix{Message: "put it in plain double quotes"}
	for k := i; k < len(r.toks); k++ {
		if v, whole := bare(k); whole {
			f.Edits = append(f.Edits, diag.Edit{Span: r.span(r.toks[k].Start, r.toks[k].End), New: scan.Quote(v)})
		}
	}
	d.Fixes = append(d.Fixes, f)
	return true
}

// slipBrackets: [web, api], and {web, api} for sources.
func (r *reader) slipBrackets(i int, want []string) bool {
	shut := map[scan.Kind]scan.Kind{scan.LBracket: scan.RBracket, scan.LBrace: scan.RBrace}[r.kind(i)]
	source := slices.Contains(want, "Source") || slices.Contains(want, "Sources")
	if shut == scan.EOF || shut == scan.RBrace && !source {
		return false
	}
	if shut == scan.RBracket && i > 0 && r.kind(i-1) == scan.Name && r.toks[i-1].End == r.toks[i].Start {
		return false // headers["x"]
	}
	end := i + 1
	for r.kind(end) != shut && r.kind(end) != scan.EOF && r.kind(end) != scan.Term {
		end++
	}
	if r.kind(end) != shut || end == i+1 || slices.Contains(want, "==") {
		return false
	}
	for k := i + 1; k < end; k++ { // what is no list is something else
		if comma := (k-i)%2 == 0; comma != (r.kind(k) == scan.Comma) {
			return false
		}
	}
	open, closing := r.toks[i], r.toks[end]
	d := r.diags.Add(diag.ForeignSign, r.span(open.Start, closing.End), "brackets around a list: its members stand without them")
	from, to, message := "", "", "drop the brackets"
	if source && r.word(0) != "group" {
		from, to, message = "(", ")", "several callers may stand in parentheses"
	}
	d.Fixes = append(d.Fixes, diag.Fix{Message: message, Edits: []diag.Edit{
		{Span: r.span(open.Start, open.End), New: from}, {Span: r.span(closing.Start, closing.End), New: to},
	}})
	return true
}

// slipJoined: web and api -> db, GET | POST, and members of a set without their commas.
func (r *reader) slipJoined(i int, want []string) bool {
	if i < 2 || i >= len(r.toks) {
		return false
	}
	w, t, before := r.word(i), r.toks[i], r.toks[i-1]
	member := func(k scan.Kind) bool {
		return k == scan.Name || k == scan.Ref || k == scan.Dotted || k == scan.Upper || k == scan.String
	}
	if r.when(i) || !member(before.Kind) || !member(r.kind(i+1)) && !member(t.Kind) {
		return false
	}
	switch w {
	case "and", "or", "&", "&&", "|", "||", "+", "plus", "und", "et":
		if !member(r.kind(i+1)) || want != nil && !slices.Contains(want, "->") {
			return false
		}
		if before.Kind == scan.Upper && r.kind(i+1) == scan.String {
			r.diags.Add(diag.ForeignSign, r.span(t.Start, t.End), "%s between a method and a path: nothing joins them", Quote(w)).Fix(r.span(before.End, t.End), "", "delete it")
			return true
		}
		r.diags.Add(diag.ForeignSign, r.span(t.Start, t.End), "%s between members of a list: a comma joins them", Quote(w)).
			Fix(r.span(before.End, t.End), ",", "write a comma")
		return true
	}
	switch first := r.word(0); {
	case want != nil || !member(t.Kind) || t.Kind == scan.Start:
	case first == "group" && t.Kind != scan.String || first == "methods" || first == "paths":
		r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "no comma between %s and %s: a %s is a list", Quote(r.word(i-1)), Quote(w), map[bool]string{true: "group", false: "set"}[first == "group"]).
			Fix(r.span(before.End, before.End), ",", "put a comma between them")
		return true
	}
	return false
}

// when reports whether a condition begins before token i.
func (r *reader) when(i int) bool {
	return slices.ContainsFunc(r.toks[:min(i, len(r.toks))], func(t scan.Token) bool {
		return t.Kind == scan.Key && (r.text[t.Start:t.End] == "when" || r.text[t.Start:t.End] == "with")
	})
}

// slipIf: GET if header["x"] == "y", where the word was read as a set.
func (r *reader) slipIf(i int, want []string) bool {
	if r.when(i) {
		return false
	}
	for k := min(i, len(r.toks)-1); k > 2 && k >= i-3; k-- {
		w := r.word(k)
		if r.kind(k) != scan.Name || w != "if" && w != "where" && w != "unless" && w != "provided" && w != "having" || r.kind(k-1) == scan.Comma || r.kind(k+1) == scan.Comma {
			continue
		}
		t := r.toks[k]
		d := r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q begins no condition: the word is `when`", w)
		if w == "unless" {
			d.Advise("write `when not (...)`")
		} else {
			d.Fix(r.span(t.Start, t.End), "when", "write `when`")
		}
		return true
	}
	return false
}

// istioKeys are the attributes of Istio's conditions that the language has under another name, and istioPlaces those that stand
// elsewhere in a rule.
var (
	istioKeys = map[string]string{
		"request.headers": "header", "request.auth.claims": "claim", "request.auth.audiences": "audience",
		"request.auth.presenter": "presenter", "connection.sni": "sni", "destination.ip": "destination",
	}
	istioPlaces = map[string]string{
		"request.auth.principal": "callers are narrowed by a token as in `web as \"ISSUER/SUBJECT\" -> ...`",
		"source.ip":              "callers are narrowed by an address as in `web from \"10.0.0.0/8\" -> ...`",
		"remote.ip":              "callers are narrowed by an address as in `anyone from client \"203.0.113.0/24\" -> ...`",
		"source.principal":       "who calls stands before the arrow: a workload, or `principal \"...\"`",
		"source.namespace":       "who calls stands before the arrow: `shop/*`, or `namespace \"...\"`",
		"source.serviceaccount":  "who calls stands before the arrow: a workload, or `account shop/robot`",
		"destination.port":       "a port stands with its target, as in `api:8080`, or in the operation, as in `port 8080`",
		"request.method":         "methods stand after the target, as in `-> api GET`",
		"request.path":           "paths stand after the target, as in `-> api GET \"/x\"`",
		"request.host":           "hosts stand after the target, as in `-> api host \"api.example\"`",
	}
)

// slipIstioKey: request.headers[x-env] and source.ip, as Istio's conditions name them.
func (r *reader) slipIstioKey(i int, want []string) bool {
	if r.kind(i) != scan.Dotted && r.kind(i) != scan.Word || !slices.Contains(want, "Unary") && !slices.Contains(want, "Cond") && !slices.Contains(want, "Attr") {
		return false
	}
	w, t := r.word(i), r.toks[i]
	if place := istioPlaces[strings.ToLower(w)]; place != "" {
		r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q is no attribute of a condition", w).Advise("%s", place)
		return true
	}
	name := istioKeys[w]
	if name == "" {
		return false
	}
	d := r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q is Istio's name of an attribute: here it is `%s`", w, name)
	f := diag.Fix{Message: "write " + name, Edits: []diag.Edit{{Span: r.span(t.Start, t.End), New: name}}}
	for k := i + 1; r.kind(k) == scan.LBracket && r.kind(k+2) == scan.RBracket; k += 3 {
		if key := r.toks[k+1]; key.Kind != scan.String {
			f.Edits = append(f.Edits, diag.Edit{Span: r.span(key.Start, key.End), New: scan.Quote(r.word(k + 1))})
		}
	}
	d.Fixes = append(d.Fixes, f)
	return true
}

// slipTest: header["x"] matches "y", is "y", not == "y", exists, and in ("a", "b").
func (r *reader) slipTest(i int, want []string) bool {
	w := r.word(i)
	var t scan.Token
	if i < len(r.toks) {
		t = r.toks[i]
	}
	span := r.span(t.Start, t.End)
	switch {
	case slices.Contains(want, "[") && r.word(i-1) == "in":
		return r.slipIn(i)
	case slices.Contains(want, "present") && r.kind(i) == scan.String:
		r.diags.Add(diag.ForeignSign, r.span(r.toks[i-1].Start, t.End), "%q before a value: a test for one is written \"==\"", "is").
			Fix(r.span(r.toks[i-1].Start, r.toks[i-1].End), "==", "write ==")
		return true
	case slices.Contains(want, "present") && w == "not" && (r.kind(i+1) == scan.String || r.word(i+1) == "present"):
		is, more := r.toks[i-1], r.toks[i+1]
		if d := r.diags.Add(diag.ForeignSign, r.span(is.Start, t.End), "%q: a test is `is present`, `is absent`, or a comparison", "is not"); more.Kind == scan.String {
			d.Fix(r.span(is.Start, t.End), "!=", "write !=")
		} else {
			d.Fix(r.span(t.Start, more.End), "absent", "write `is absent`")
		}
		return true
	case slices.Contains(want, "in") && r.word(i-1) == "not" && (r.kind(i) == scan.Equal || r.kind(i) == scan.String):
		from := r.toks[i-1]
		d := r.diags.Add(diag.ForeignSign, r.span(from.Start, t.End), "\"not\" before %s: another value is tested by \"!=\"", Quote(w))
		if r.kind(i) == scan.String {
			d.Fix(r.span(from.Start, from.End), "!=", "write !=")
		} else {
			d.Fix(r.span(from.Start, t.End), "!=", "write !=")
		}
		return true
	case !slices.Contains(want, "==") || !slices.Contains(want, "is"):
		return false
	}
	if r.kind(i) == scan.Assign && strings.HasPrefix(r.word(i+1), "~") && r.toks[i+1].Start == t.End {
		w, span = "=~", r.span(t.Start, t.End+1)
	}
	switch strings.ToLower(w) {
	case "exists", "defined", "set", "given":
		r.diags.Add(diag.ForeignSign, span, "%s is no test: whether there is one is asked by `is present`", Quote(w)).Fix(span, "is present", "write `is present`")
	case "eq", "equals", "===":
		r.diags.Add(diag.ForeignSign, span, "%s is no test: a value is tested by \"==\"", Quote(w)).Fix(span, "==", "write ==")
	case "ne", "<>", "!==":
		r.diags.Add(diag.ForeignSign, span, "%s is no test: another value is tested by \"!=\"", Quote(w)).Fix(span, "!=", "write !=")
	case "matches", "like", "~", "=~", "contains", "startswith", "starts-with", "endswith", "ends-with", "starts", "ends", "has", "hasprefix":
		r.diags.Add(diag.ForeignSign, span, "%s is no test: there are no regular expressions, and a value may have one `*`", Quote(w)).
			Advise("`== \"v*\"` is what begins with v, `== \"*v\"` what ends in v; Istio can match nothing in between")
	case "<", ">", "<=", ">=":
		r.diags.Add(diag.ForeignSign, span, "%s is no test: values are strings, and have no order", Quote(w)).Advise("name the values: `in [\"a\", \"b\"]`")
	case "", ")", "and", "or", "}", "until", "because":
		end := r.toks[min(i, len(r.toks))-1].End
		r.diags.Add(diag.UnexpectedToken, r.span(end, end), "an attribute without a test: expected \"==\", \"!=\", `in`, `not in` or `is` after %s", Quote(r.word(i-1))).
			Fix(r.span(end, end), " is present", "for any value at all write `is present`")
	default:
		return false
	}
	return true
}

// slipIn: in "a", "b" and in ("a", "b").
func (r *reader) slipIn(i int) bool {
	first, shut := i, scan.EOF
	switch r.kind(i) {
	case scan.LParen:
		first, shut = i+1, scan.RParen
	case scan.LBrace:
		first, shut = i+1, scan.RBrace
	}
	last := first
	for r.kind(last+1) == scan.Comma && r.kind(last+2) == scan.String {
		last += 2
	}
	if r.kind(first) != scan.String || shut != scan.EOF && r.kind(last+1) != shut {
		return false
	}
	open, end := r.span(r.toks[first].Start, r.toks[first].Start), r.span(r.toks[last].End, r.toks[last].End)
	if shut != scan.EOF {
		open, end = r.span(r.toks[i].Start, r.toks[i].End), r.span(r.toks[last+1].Start, r.toks[last+1].End)
	}
	r.diags.Add(diag.ForeignSign, r.span(open.Start, end.End), "values after %q without brackets", "in").Fixes = []diag.Fix{{Message: "put them in brackets", Edits: []diag.Edit{
		{Span: open, New: "["}, {Span: end, New: "]"},
	}}}
	return true
}
