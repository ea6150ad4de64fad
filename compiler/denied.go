package compiler

import (
	"cmp"
	"context"
	"regexp"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/emit/yaml"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Denied is what is known of the rule that a proxy's log names.
type Denied struct {
	// None says that the log names none: no rule matched, so the ALLOW policies refused. Nothing else is set then.
	None bool
	Rule proof.Match
	// YAML is the rule, as a document of its own.
	YAML []byte
	// Others says that it is a rule of somebody else's policy, of which there are no statements.
	Others bool
	// Bad says that istiod has made a DENY of it: of a rule that asks a provider that it does not have, or one of several.
	Bad bool
	// Statements are those of the program that are in the rule, in the order of their places.
	Statements []*ir.Rule
}

// ruleID is how Istio names a rule of a policy to Envoy, which writes it into its log.
var ruleID = regexp.MustCompile(`(?:istio-ext-authz-([^\s\[\]]+)-)?ns\[([^\[\]]+)\]-policy\[([^\[\]]+)\]-rule\[([0-9]+)\](-deny-due-to-bad-CUSTOM-action)?`)

// none is what a log has where no rule matched: the details of a response, or a line of Envoy's debug log.
var none = regexp.MustCompile(`^\s*none\s*$|matched_policy\[none\]|enforced denied, matched policy none\b`)

// WhyDenied finds the rule that a token of a proxy's log names, and the statements of the program that are in it. The token may
// stand in a longer line. Diagnostics about it are in its file. Tests and proofs are not run.
func WhyDenied(ctx context.Context, in Input, token *source.File) (Denied, diag.List) {
	var diags diag.List
	m := ruleID.FindStringSubmatchIndex(token.Text)
	for _, other := range ruleID.FindAllStringIndex(token.Text, -1) {
		if text := token.Text[other[0]:other[1]]; text != token.Text[m[0]:m[1]] {
			diags.Add(diag.UnknownToken, source.Span{File: token, Start: int32(other[0]), End: int32(other[1])}, "this is a second rule, and one is asked about").
				Advise("ask about one of them: `%s`", text)
			return Denied{}, diags
		}
	}
	if m == nil && !none.MatchString(token.Text) {
		x := diags.Add(diag.UnknownToken, source.Span{File: token, End: int32(len(token.Text))}, "this names no rule")
		if strings.Contains(token.Text, "ext_authz_denied") {
			x.Note("with ext_authz_denied an external authorizer has refused, and the log does not say for which rule it was asked: `ztc why` about the request has it under CUSTOM")
		} else {
			x.Note("a proxy's log has ns[NAMESPACE]-policy[NAME]-rule[NUMBER], or none, after rbac_access_denied_matched_policy, or after `matched policy`")
		}
		return Denied{}, diags
	}
	l, out, diags := ask(ctx, in, nil)
	defer func() { diags.Sort() }()
	if diags.HasErrors() {
		return Denied{}, diags
	}
	if m == nil {
		return Denied{None: true}, diags
	}
	d, more := l.denied(token, m, out)
	diags = append(diags, more...)
	return d, diags
}

// denied looks a rule up: m are the places of the parts of its name.
func (l *loader) denied(token *source.File, m []int, out Output) (d Denied, diags diag.List) {
	at := func(i int) source.Span {
		if m[2*i] < 0 {
			return source.Span{File: token}
		}
		return source.Span{File: token, Start: int32(m[2*i]), End: int32(m[2*i+1])}
	}
	key := istio.Key{Namespace: at(2).Text(), Kind: istio.AuthorizationPolicy, Name: at(3).Text()}
	where := source.Span{File: token, Start: at(2).Start, End: at(3).End}
	var o *istio.Object
	var own []istio.Key
	for i := range out.Objects {
		k := out.Objects[i].key()
		if k.Kind == istio.AuthorizationPolicy {
			own = append(own, k)
		}
		if k == key {
			o, _ = out.Objects[i].Decode() // as the world did
		}
	}
	for _, x := range out.Beside {
		if x.Object.Key() == key {
			o, d.Others = x.Object, true
		}
	}
	if o == nil {
		l.unknownPolicy(diags.Add(diag.NoSuchPolicy, where, "the program emits no AuthorizationPolicy %s/%s", key.Namespace, key.Name), where, key, own)
		return Denied{}, diags
	}
	if asks := o.Authorization.GetProvider().GetName(); m[2] >= 0 && at(1).Text() != asks {
		x := diags.Add(diag.NoSuchPolicy, at(1), "%s/%s does not ask the provider %s", key.Namespace, key.Name, at(1).Text())
		if asks != "" {
			x.Note("it asks %s", asks)
		} else {
			x.Note("its action is %s, and it asks none", o.Authorization.Action)
		}
		return Denied{}, diags
	}
	n, err := strconv.Atoi(at(4).Text())
	if rules := len(o.Authorization.Rules); err != nil || n >= rules {
		have := "no rule at all"
		switch {
		case rules == 1:
			have = "one rule, rule[0]"
		case rules > 1:
			have = plural(rules, "rule") + ", rule[0] to rule[" + strconv.Itoa(rules-1) + "]"
		}
		diags.Add(diag.NoSuchRule, at(4), "%s/%s has %s, so there is no rule[%s]", key.Namespace, key.Name, have, at(4).Text()).
			Note("what the cluster holds, or held when the log was written, is another version of it")
		return Denied{}, diags
	}
	d.Rule, d.Bad = l.world.Rule(o, n), m[10] >= 0
	d.YAML = yaml.AppendRule(nil, o.Authorization.Rules[n])
	if !d.Others {
		d.Statements = l.world.In(o, n)
	}
	return d, diags
}

// unknownPolicy says which policy may be meant, and whose this one may be.
func (l *loader) unknownPolicy(d *diag.Diagnostic, at source.Span, key istio.Key, own []istio.Key) {
	const most = 3
	best := istio.Key{}
	least := most + 1
	for _, k := range own {
		n := least
		switch {
		case k.Name == key.Name:
			n = most // in another namespace
		case k.Namespace == key.Namespace:
			n = diag.Distance(k.Name, key.Name, least)
		}
		if n < least {
			best, least = k, n
		}
	}
	program := l.meant.Mesh.Program
	switch {
	case least <= most:
		d.Advise("did you mean %s/%s?", best.Namespace, best.Name)
	case program != "" && !strings.HasPrefix(key.Name, program+"-"):
		d.Note("the names of this program's policies begin with %s-", program)
	case program == "":
		d.Note("this program has no name; one that has puts it before the names of its policies")
	}
	if names := inNamespace(own, key.Namespace); len(names) > 0 {
		d.Note("in %s it emits %s", key.Namespace, strings.Join(names, ", "))
	} else {
		d.Note("it emits none in %s", key.Namespace)
	}
	d.Note("the labels of the one in the cluster say whose it is; give policies of others with --with")
}

// inNamespace lists a few of the policies of a namespace.
func inNamespace(own []istio.Key, namespace string) (names []string) {
	const most = 5
	n := 0
	for _, k := range own {
		if k.Namespace == namespace {
			if n++; n <= most {
				names = append(names, k.Name)
			}
		}
	}
	if n > most {
		names = append(names, "and "+strconv.Itoa(n-most)+" more")
	}
	return names
}

// Text writes the answer for people.
func (d *Denied) Text() string {
	var b strings.Builder
	if d.None {
		b.WriteString("none: no rule of an ALLOW policy matched the request, and there is such a policy, so it was refused by default\n" +
			"  The log does not say what would have matched. Ask for the request:\n" +
			"  ztc why 'SOURCE -> TARGET METHOD \"/path\"'\n")
		return b.String()
	}
	p := d.Rule.Policy
	b.WriteString(d.Rule.String() + ": " + d.does(p) + "\n")
	for line := range strings.Lines(string(d.YAML)) {
		b.WriteString("    " + line)
	}
	switch {
	case d.Others:
		b.WriteString("  it was given with the policies of others: no statement of the program is in it\n")
	case len(d.Statements) == 0:
		b.WriteString("  no statement of the program is in it: it is there so that the policy matches nothing else\n")
	}
	for _, s := range d.Statements {
		proof.WriteStatement(&b, s.Span, s.Via)
	}
	return b.String()
}

// does says what the policy of the rule makes of a request that the rule matches.
func (d *Denied) does(o *istio.Object) string {
	switch a := o.Authorization; a.Action {
	case security.AuthorizationPolicy_DENY:
		if plane.DryRun(o) {
			return "DENY on dry run, so it refuses nothing: the log says that it would refuse what it matches"
		}
		return "DENY, so it refuses what it matches"
	case security.AuthorizationPolicy_AUDIT:
		return "AUDIT, so it logs what it matches"
	case security.AuthorizationPolicy_CUSTOM:
		provider := cmp.Or(a.GetProvider().GetName(), "nobody")
		if d.Bad {
			return "CUSTOM, and istiod has made a DENY of it, which refuses what it matches: " + provider + " is not among its extensionProviders, or several providers are named for the pod"
		}
		return "CUSTOM, so it asks " + provider + " about what it matches"
	}
	if plane.DryRun(o) {
		return "ALLOW on dry run, so it lets nothing pass: the log says that it would let pass what it matches"
	}
	return "ALLOW, so it lets pass what it matches"
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}
