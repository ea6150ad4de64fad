package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// shown is how many destinations of one trial are spoken of.
const shown = 5

// Report says what does not hold.
func (t *Trial) Report() (diags diag.List) {
	switch {
	case t.Unknown != nil:
		diags.Add(diag.NotProven, t.Span(), "whether this holds is not proven: %v", t.Unknown)
	case t.Unclear != "":
		diags.Add(diag.Unanswerable, t.Span(), "%s", t.Unclear)
	}
	for i := range t.Failures[:min(len(t.Failures), shown)] {
		f := &t.Failures[i]
		var d *diag.Diagnostic
		if t.Expect != nil {
			d = t.expected(&diags, f)
		} else {
			d = t.proven(&diags, f)
		}
		if i == shown-1 && len(t.Failures) > shown {
			d.Note("it is the same with %d more targets", len(t.Failures)-shown)
		}
	}
	return diags
}

func (t *Trial) expected(diags *diag.List, f *Failure) *diag.Diagnostic {
	at := t.Expect.Span
	switch {
	case f.Nothing != nil:
		who := &f.Nothing.Any[0]
		return diags.Add(diag.ExpectFailed, at, "no such request of %s comes to %s: %s", who.Span.Text(), t.world.target(t.namespace(), f.Destination), f.Why)
	case t.Expect.Allow:
		return t.explain(diags.Add(diag.ExpectFailed, at, "this should pass, and is refused: %s", t.words(f)), f)
	}
	return t.explain(diags.Add(diag.ExpectFailed, at, "this should be refused, and passes: %s", t.words(f)), f)
}

// namespace is that of bare names where the trial stands.
func (t *Trial) namespace() string {
	if t.Expect != nil {
		return t.Expect.Namespace
	}
	return t.Proof.Namespace
}

// words says the request of a failure, without what does not matter.
func (t *Trial) words(f *Failure) string {
	r := maps.Clone(f.Request)
	maps.DeleteFunc(r, func(a sem.Attr, _ sem.Value) bool { return f.Idle[a] })
	return t.world.Question(t.namespace(), f.Destination, f.Verdict.Chain, r)
}

func (t *Trial) proven(diags *diag.List, f *Failure) *diag.Diagnostic {
	said := "more passes than these requests"
	switch t.Proof.Mode {
	case ir.Never:
		said = "such requests pass"
	case ir.Always:
		said = "such requests are refused"
	}
	which := "one of them"
	if f.Smallest {
		which = "the smallest"
	}
	d := diags.Add(diag.ProofFailed, t.Proof.Span, "%s: %s is %s", said, which, t.words(f))
	if f.Spelled {
		d.Note("its path is another spelling of one that is named, and a server may take it for the same: //, %%2F, ;, another case")
	}
	return t.explain(d, f)
}

// perhaps is said of a request that is not proven to be the smallest.
const perhaps = "whether there is a smaller one is not known"

// explain says for what else it holds, and which statements and which rules decide.
func (t *Trial) explain(d *diag.Diagnostic, f *Failure) *diag.Diagnostic {
	v, at := &f.Verdict, f.Destination
	if !f.Smallest && (t.Expect == nil || !t.Expect.Allow) {
		d.Note(perhaps)
	}
	if at.Remark != "" {
		d.Note("the pod is %s", at.Remark)
	}
	if text := t.world.box(t.namespace(), f.Request, f.Box); text != "" {
		d.Note("it is the same with %s", text)
	}
	decides, does := ast.Action(0), ""
	switch v.Step {
	case ByCustom:
		decides, does = ast.Delegate, "asks an external authorizer, whose consent is not taken for granted"
	case ByDeny:
		decides, does = ast.Deny, "refuses it, and no allow overrides that"
		if v.confused() {
			decides, does = ast.Delegate, "refuses it: "+severalProviders
		}
	case ByAllow:
		decides, does = ast.Allow, "lets it pass"
	case ByDefault:
		d.Note("no rule of the ALLOW policies matches it: %s", policies(v.Policies))
		for _, b := range v.Baselines {
			if !b.DryRun {
				d.Relate(b.Span, "this closes %s", t.world.target(t.namespace(), at))
			}
		}
		return d
	case Open:
		d.Note("nothing closes %s, so whatever no deny refuses passes: `%s` would close it", t.world.target(t.namespace(), at), t.world.baseline(t.namespace(), at))
		return d
	}
	for _, r := range v.Statements {
		if r.Action == decides && !r.DryRun {
			d.Relate(r.Span, "this %s", strings.SplitN(does, ",", 2)[0])
			for u := r.Via; u != nil; u = u.Outer {
				d.Relate(u.Span, ir.UsedHere)
			}
		}
	}
	for _, m := range v.Rules {
		if a := m.Policy.Authorization; a.Action.String() == istioActions[decides] {
			d.Note("%s %s", m, does)
		}
	}
	return d
}

// policies names policies, by namespace.
func policies(list []*istio.Object) string {
	by := map[string][]string{}
	for _, o := range list {
		by[o.Namespace] = append(by[o.Namespace], o.Name)
	}
	var out []string
	for _, namespace := range slices.Sorted(maps.Keys(by)) {
		slices.Sort(by[namespace])
		out = append(out, fmt.Sprintf("%s (namespace %s)", and(by[namespace]), namespace))
	}
	return strings.Join(out, ", ")
}

// baseline is a statement that would close a destination.
func (w *World) baseline(namespace string, d *Destination) string {
	switch {
	case d.pod.Namespace == elsewhere && d.Workload == nil:
		return "deny all in mesh"
	case d.Workload != nil && d.pod.Namespace == w.mesh.RootNamespace:
		return "deny all on " + w.target(namespace, d)
	case d.pod.Namespace == w.mesh.RootNamespace:
		return "deny all in mesh"
	}
	return "deny all in " + d.pod.Namespace
}

// Assumptions are what the answer of a trial rests on.
func (t *Trial) Assumptions() []string { return t.world.assumptions() }

// assumptions are what answers rest on.
func (w *World) assumptions() []string {
	others := len(w.others)
	policies := "no policies are in force but those of this program"
	switch {
	case others == 1:
		policies += " and the one of others that is given"
	case others > 1:
		policies += fmt.Sprintf(" and the %d of others that are given", others)
	}
	out := []string{
		policies,
		"a request takes one hop: what a callee does with it is not followed",
		"a sidecar guards each pod, and sees all of its traffic",
		"a caller's identity is TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT",
	}
	if declares(w.p) {
		out = append(out, "a claim that a `jwt` statement declares to be a string is one in each token of its issuer, or not there")
	}
	return out
}
