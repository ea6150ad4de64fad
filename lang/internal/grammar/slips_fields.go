package grammar

import (
	"regexp"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
)

// slipColon: allow: web -> api, port: 8080, group g: a, labels app=x, and GET:8080.
func (r *reader) slipColon(i int, want []string) bool {
	if i < 1 || i >= len(r.toks) {
		return false
	}
	t, before := r.toks[i], r.toks[i-1]
	span := r.span(t.Start, t.End)
	first := r.word(0)
	head := i == 1 || r.kind(i-2) == scan.Term || r.kind(i-2) == scan.LBrace || r.word(i-2) == "port" || r.word(i-2) == "claims" // the word that begins a statement or an entry, or a name that it gives
	switch {
	case r.kind(i) == scan.Assign && slices.Contains(want, ":"):
		r.diags.Add(diag.ForeignSign, span, "%q in a label: its key and its value stand around a colon", "=").Fix(span, ": ", "write a colon")
	case r.kind(i) == scan.Assign && first == "pods" && slices.Contains(want, "{"):
		r.diags.Add(diag.ForeignSign, span, "%q after the name of pods: their labels stand in braces", "=").Fix(r.span(before.End, t.End), "", "delete it")
	case r.kind(i) == scan.LBrace && slices.Contains(want, "=") && first == "group":
		r.diags.Add(diag.ForeignSign, span, "a group in braces: its members are a list").Advise("write `group %s = web, api`", r.word(1))
	case r.kind(i) != scan.Colon:
		return false
	case slices.Contains(want, "=") && i == 2:
		r.diags.Add(diag.ForeignSign, span, "%q after the name of a %s: %q gives it its members", ":", strings.TrimSuffix(first, "s"), "=").Fix(span, " =", "write =")
	case first == "workload" && i == 2 && want == nil && r.kind(i+1) == scan.Int:
		d := r.diags.Add(diag.ForeignSign, span, "%q after the name of a workload: its ports stand in braces", ":")
		d.Fix(r.span(t.Start, r.toks[i+1].End), " { port "+r.word(i+1)+" }", "declare the port")
	case head && (scan.IsStatementWord(r.word(i-1)) || before.Kind == scan.Name || before.Kind == scan.Key):
		r.diags.Add(diag.ForeignSign, span, "%q after %s: what it says follows without a sign", ":", Quote(r.word(i-1))).Fix(span, "", "delete it")
	case want == nil && r.kind(i+1) == scan.Int && (before.Kind == scan.Upper || before.Kind == scan.String):
		r.diags.Add(diag.UnexpectedToken, span, "%q after an operation: a port stands with its target, or after the word `port`", ":").
			Fix(r.span(t.Start, r.toks[i+1].End), " port "+r.word(i+1), "write `port %s`", r.word(i+1))
	default:
		return false
	}
	return true
}

// fieldWords are what Kubernetes calls the fields of a workload.
var fieldWords = map[string]string{
	"serviceaccount": "account", "service-account": "account", "serviceaccountname": "account", "sa": "account",
	"ports": "port", "containerport": "port", "container-port": "port", "targetport": "port",
	"label": "labels", "selector": "labels", "matchlabels": "labels",
}

// slipField: fields of a workload by other names, and its namespace.
func (r *reader) slipField(i int, want []string) bool {
	if i < 2 || i >= len(r.toks) {
		return false
	}
	t, w := r.toks[i], r.word(i)
	span := r.span(t.Start, t.End)
	entry := r.kind(i-1) == scan.LBrace || r.kind(i-1) == scan.Term
	switch first := r.word(0); {
	case first == "pods" && r.word(i-1) == "labels" && r.kind(i-2) == scan.LBrace && slices.Contains(want, ":"):
		at := r.toks[i-1]
		r.diags.Add(diag.UnexpectedToken, r.span(at.Start, at.End), "%q in the braces of pods, which hold nothing but labels", "labels").Fix(r.span(at.Start, t.Start), "", "delete it")
	case first != "workload":
		return false
	case i == 2 && w == "in" && (r.kind(3) == scan.Name || r.kind(3) == scan.Int):
		at := r.toks[1]
		r.diags.Add(diag.UnexpectedToken, r.span(t.Start, r.toks[3].End), "%q after the name of a workload: its namespace stands before the name", "in").
			Fix(r.span(at.Start, r.toks[3].End), r.word(3)+"/"+r.word(1), "write `%s/%s`", r.word(3), r.word(1))
	case i == 2 && r.kind(i) == scan.Comma && r.kind(3) == scan.Name:
		r.diags.Add(diag.UnexpectedToken, span, "%q after the name of a workload: each is declared by itself", ",").
			Fix(r.span(t.Start, r.toks[3].Start), "\nworkload ", "write a `workload` for each")
	case entry && w == "namespace":
		r.diags.Add(diag.UnexpectedToken, span, "%q in the braces of a workload: its namespace stands before its name", w).Advise("write `workload NAMESPACE/%s`", r.word(1))
	case entry && fieldWords[strings.ToLower(w)] != "":
		as := fieldWords[strings.ToLower(w)]
		d := r.diags.Add(diag.UnexpectedToken, span, "%q is no field of a workload: those are `account`, `labels` and `port`", w)
		k := i + 1
		if r.kind(k) == scan.Colon {
			k++
		}
		if as == "port" && r.kind(k+1) == scan.Comma {
			d.Advise("write an entry for each: `port 8080; port 9090`")
		} else {
			d.Fix(r.span(t.Start, r.toks[min(k, len(r.toks))-1].End), as, "write `%s`", as)
		}
	case entry && r.kind(i+1) == scan.Colon && want != nil && t.Kind != scan.Bad:
		r.diags.Add(diag.UnexpectedToken, span, "%s begins no entry of a workload: a label follows the word `labels`", Quote(w)).Fix(r.span(t.Start, t.Start), "labels ", "write `labels` before it")
	case r.kind(i) == scan.LBrace && r.word(i-1) == "labels":
		r.diags.Add(diag.UnexpectedToken, span, "labels in braces: here they are a list").Advise("write `labels app: web, tier: core`")
	case r.kind(i) == scan.Comma && r.kind(i-1) == scan.Int && r.kind(i+1) == scan.Int:
		r.diags.Add(diag.UnexpectedToken, span, "%q after a port: each is an entry by itself", ",").Fix(r.span(t.Start, r.toks[i+1].Start), "; port ", "write `port` again")
	default:
		return false
	}
	return true
}

// otherWords are words of fields and settings by which other systems call what the language has.
var otherWords = map[string]string{
	"off": "disable", "disabled": "disable", "none": "disable", "on": "strict", "required": "strict", "enforce": "strict", "enabled": "strict", "optional": "permissive",
	"jwksuri": "jwks", "jwks-uri": "jwks", "keys": "jwks", "audience": "audiences", "aud": "audiences", "forwardoriginaltoken": "keep token",
}

// slipWords: mtls off, jwksUri, expect ... when, and an action in the wrong place.
func (r *reader) slipWords(i int, want []string) bool {
	if i < 1 || i >= len(r.toks) {
		return false
	}
	t, w := r.toks[i], r.word(i)
	span := r.span(t.Start, t.End)
	other := otherWords[strings.ToLower(w)]
	switch first := r.word(0); {
	case first == "mtls" && i == 1 && w == "on" && (r.kind(2) == scan.Name || r.kind(2) == scan.Ref):
		r.diags.Add(diag.UnexpectedToken, span, "no mode before %q: mTLS is `strict`, `permissive` or `disable`", w).Advise("write `mtls strict on %s`, where every caller has an identity", r.word(2))
	case other != "" && (first == "mtls" && i == 1 || first == "jwt" && slices.ContainsFunc(want, func(w string) bool { return w == "}" || strings.HasSuffix(w, "Field") })):
		r.diags.Add(diag.UnexpectedToken, span, "%q is no word of `%s`", w, first).Fix(span, other, "write `%s`", other)
	case first == "expect" && w == "when" && want == nil:
		r.diags.Add(diag.UnexpectedToken, span, "%q at an `expect`, which is about one request: what it carries is stated", w).Advise("write `with header[\"x\"] = \"v\"`")
	case r.kind(1) == scan.Name && r.word(1) == "dry-run" && i == 2 && (first == "allow" || first == "deny"):
		at := r.toks[0]
		r.diags.Add(diag.UnexpectedToken, r.span(r.toks[1].Start, r.toks[1].End), "%q after %q: it stands before the action", "dry-run", first).
			Fix(r.span(at.Start, r.toks[1].End), "dry-run "+first, "write `dry-run %s`", first)
	case t.Kind == scan.Upper && slices.Contains(methods, w) && (slices.Contains(want, "Sources") || slices.Contains(want, "->") || slices.Contains(want, "Target")) && r.kind(i-1) != scan.Comma && scan.IsStatementWord(first):
		r.diags.Add(diag.UnexpectedToken, span, "%q before the end of the targets: methods stand behind them", w).Advise("write `%s CALLERS -> TARGETS %s`", first, w)
	case r.word(1) == "all" && want == nil && w == "except":
		r.diags.Add(diag.UnexpectedToken, span, "%q at a baseline, which has no exceptions", w).Advise("`deny all` closes, and each `allow` beside it opens: `allow web -> api`")
	default:
		return false
	}
	return true
}

// slipParentheses: policy p {, use p.
func (r *reader) slipParentheses(i int, want []string) bool {
	w := r.word(0)
	if i != 2 || w != "policy" && w != "use" || !slices.Contains(want, "(") || r.kind(i) != scan.EOF && r.kind(i) != scan.LBrace && r.kind(i) != scan.Term {
		return false
	}
	at := r.toks[1]
	r.diags.Add(diag.UnexpectedToken, r.span(at.End, at.End), "%s %s without parentheses: they hold its %s, and may be empty", w, Quote(r.word(1)), map[string]string{"policy": "parameters", "use": "arguments"}[w]).
		Fix(r.span(at.End, at.End), "()", "write ()")
	return true
}

// slipIdentity: cluster.local/ns/shop/sa/web and spiffe://... without quotes, and the word serviceaccount.
func (r *reader) slipIdentity(i int, want []string) bool {
	if i < 1 || i >= len(r.toks) {
		return false
	}
	if w := r.word(i); (w == "http" || w == "https") && r.kind(i+1) == scan.Colon && strings.HasPrefix(r.word(i+2), "//") && isName(want) {
		r.diags.Add(diag.UnexpectedToken, r.span(r.toks[i].Start, r.adjacent(i)), "%s is a URL, and no name", Quote(r.text[r.toks[i].Start:r.adjacent(i)])).
			Advise("a target is a workload with its port, and a path is a string: `-> api:8080 GET \"/x\"`")
		return true
	}
	from := i
	if r.word(i-1) == "spiffe" && r.kind(i) == scan.Colon {
		from = i - 1
	}
	end := r.adjacent(i)
	w := r.text[r.toks[from].Start:end]
	span := r.span(r.toks[from].Start, end)
	identity := strings.TrimPrefix(w, "spiffe://")
	if (isName(want) || from < i) && strings.Contains(identity, "/ns/") && strings.Contains(identity, "/sa/") && r.kind(i) != scan.String {
		r.diags.Add(diag.UnquotedValue, span, "%s is an identity that is spelt out, and not a name", Quote(w)).
			Fix(span, "principal "+scan.Quote(identity), "write it as a principal")
		return true
	}
	if !slices.Contains(want, "->") || r.kind(i) != scan.Name && r.kind(i) != scan.Ref && r.kind(i) != scan.Dotted {
		return false
	}
	t, kind := r.toks[i-1], r.word(i-1)
	switch strings.ToLower(kind) {
	case "serviceaccount", "service-account", "sa":
		r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q before the name of a service account: the word is `account`", kind).
			Fix(r.span(t.Start, t.End), "account", "write `account`")
	case "workload", "pod", "deployment", "app", "source", "caller", "client", "user":
		r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q before a name: workloads and groups are named without a word", kind).
			Fix(r.span(t.Start, r.toks[i].Start), "", "delete it")
	default:
		return false
	}
	return true
}

// kubernetesUser is how Kubernetes names a service account as a user.
var kubernetesUser = regexp.MustCompile(`^system:serviceaccount:([a-z0-9-]+):([a-z0-9-]+)$`)

// slipCaller: from "10.0.0.0/8" -> api, web not batch -> api, default:web -> api.
func (r *reader) slipCaller(i int, want []string) bool {
	if i < 1 || i >= len(r.toks) {
		return false
	}
	t, w := r.toks[i], r.word(i)
	span := r.span(t.Start, t.End)
	source, arrow := slices.Contains(want, "Sources"), slices.Contains(want, "->")
	switch before := r.toks[i-1]; {
	case source && w == "from" && (r.kind(i+1) == scan.Name || r.kind(i+1) == scan.Ref):
		fix := diag.Fix{Message: "name them without it", Edits: []diag.Edit{{Span: r.span(t.Start, r.toks[i+1].Start)}}}
		if r.word(i+2) == "to" {
			fix.Edits = append(fix.Edits, diag.Edit{Span: r.span(r.toks[i+2].Start, r.toks[i+2].End), New: "->"})
		}
		d := r.diags.Add(diag.UnexpectedToken, span, "%q before a caller: callers stand right behind the action, and `from` narrows them by an address", w)
		d.Fixes = append(d.Fixes, fix)
	case source && (w == "from" || w == "except" || w == "as"):
		d := r.diags.Add(diag.UnexpectedToken, span, "%q narrows callers, and none stand before it", w)
		who, whose := "anyone", "for all"
		if last := r.word(i - 1); last == "allow" || last == "only" { // a caller without an identity would be one too many
			who, whose = "authenticated", "for every caller with an identity"
		}
		d.Fix(r.span(t.Start, t.Start), who+" ", "write `%s %s` %s", who, w, whose)
	case source && (w == "not" || w == "!"):
		r.diags.Add(diag.UnexpectedToken, span, "%q before a caller: exceptions follow those that they are taken from", w).
			Advise("write `authenticated except web` for every caller with another identity; in a `deny`, `anyone except web` has those without one, too")
	case arrow && w == "not":
		r.diags.Add(diag.UnexpectedToken, span, "%q between callers: the word for an exception is `except`", w).Fix(span, "except", "write `except`")
	case arrow && r.kind(i) == scan.Colon && before.Kind == scan.Name && r.kind(i+2) == scan.Colon:
		end := r.adjacent(i)
		whole := r.text[before.Start:end]
		d := r.diags.Add(diag.UnexpectedToken, r.span(before.Start, end), "%s is no name of a caller", Quote(whole))
		if m := kubernetesUser.FindStringSubmatch(whole); m != nil {
			d.Fix(r.span(before.Start, end), "account "+m[1]+"/"+m[2], "write the service account as `account %s/%s`", m[1], m[2])
		} else {
			d.Advise("write a workload as `NAMESPACE/NAME`, and a service account as `account NAMESPACE/NAME`")
		}
	case arrow && r.kind(i) == scan.Colon && before.Kind == scan.Name && r.kind(i+1) == scan.Name:
		r.diags.Add(diag.UnexpectedToken, span, "%q in a caller: a namespace and a name are joined by \"/\", and callers have no ports", ":").
			Fix(span, "/", "write `%s/%s`, if %q is the namespace", r.word(i-1), r.word(i+1), r.word(i-1))
	case arrow && r.kind(i) == scan.String && before.Kind == scan.Name && (r.word(i-1) == "ip" || r.word(i-1) == "cidr" || r.word(i-1) == "address"):
		r.diags.Add(diag.UnexpectedToken, r.span(before.Start, t.End), "%q before an address: callers from one are `anyone from %s`", r.word(i-1), w).
			Fix(r.span(before.Start, before.End), "anyone from", "write `anyone from`")
	default:
		return false
	}
	return true
}

var portRange = regexp.MustCompile(`^[0-9]+-[0-9]+$`)

// slipPort: port "8080", port http, port 8080-9090.
func (r *reader) slipPort(i int, want []string) bool {
	if !slices.Contains(want, "<int>") || i >= len(r.toks) {
		return false
	}
	t, w := r.toks[i], r.word(i)
	span := r.span(t.Start, t.End)
	number, _ := scan.Unquote(w)
	switch {
	case portRange.MatchString(w):
		r.diags.Add(diag.UnexpectedToken, span, "%q is a range, and ports are written one by one", w).Advise("write `port 8080, 8081`")
	case r.kind(i) == scan.String && scan.KindOf(number) == scan.Int && (r.word(i-1) == "port" || r.word(i-1) == ","):
		r.diags.Add(diag.ForeignSign, span, "%s in quotes: a port is a number", Quote(w)).Respell(span, number, "drop the quotes")
	case r.word(i-1) == "port" && r.word(0) != "workload" && (t.Kind == scan.Name || t.Kind == scan.Key):
		r.diags.Add(diag.UnexpectedToken, span, "%q after `port`, where a number stands: a port is named with its target", w).Advise("write `TARGET:%s`", w)
	default:
		return false
	}
	return true
}
