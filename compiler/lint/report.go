package lint

import (
	"cmp"
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// report speaks of the statements of which the same was found in all that they became.
func (l *linter) report() (diags diag.List) {
	if len(l.found) == 0 {
		return nil
	}
	type spoken struct {
		at   source.Span
		kind kind
	}
	by := map[spoken][]*finding{}
	became := map[source.Span]int{}
	var order []spoken
	for i := range l.found {
		f := &l.found[i]
		k := spoken{f.at, kindOf(f.code)}
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], f)
		became[f.at] = 0
	}
	for _, s := range l.meant.Scopes {
		for _, r := range s.Rules {
			if n, of := became[r.Span]; of {
				became[r.Span] = n + 1
			}
		}
		for _, b := range s.Baselines {
			if n, of := became[b.Span]; of {
				became[b.Span] = n + 1
			}
		}
	}
	for _, k := range order {
		list := by[k]
		if k.kind == admitting { // one target is enough
			admitted(&diags, list[0])
			continue
		}
		if k.kind == shadows && len(list) < became[k.at] { // a deny of everything is no exception to an allow
			list = slices.DeleteFunc(list, func(f *finding) bool { return !f.by[0].Unconditional() })
			for _, f := range list {
				l.dead(&diags, []*finding{f})
			}
			continue
		}
		if len(list) == became[k.at] {
			switch k.kind {
			case repeats:
				repeated(&diags, list)
			case shadows:
				l.dead(&diags, list)
			case lacks:
				if by[spoken{k.at, nothing}] == nil {
					without(&diags, list)
				}
			default:
				f := list[0]
				diags.Add(f.code, f.at, "this %s matches no request: its parts exclude each other", f.what)
				f.via.Relate(diags[len(diags)-1:], f.at)
			}
		}
	}
	for _, t := range l.told {
		if n := t.allows - maxDead; n > 0 {
			diags[t.at].Note("%d more allows are dead", n)
		}
	}
	return diags
}

// kind is what findings of one statement have in common.
type kind uint8

const (
	repeats   kind = iota // it is said elsewhere
	shadows               // denies leave nothing of it
	lacks                 // it has no effect
	nothing               // no request is of it
	admitting             // every request is
)

func kindOf(c diag.Code) kind {
	switch c {
	case diag.DenyShadowsAllow:
		return shadows
	case diag.DenyWithoutEffect:
		return lacks
	case diag.MatchesNothing:
		return nothing
	case diag.AllowAllBaseline:
		return admitting
	}
	return repeats
}

// fault is one diagnostic of denies: the allows that it leaves nothing of are all told in it.
type fault struct {
	at      source.Span
	message string
}

// told is where a fault was told, and of how many allows.
type told struct{ at, allows int }

// dead says which denies leave nothing of an allow: once for a deny and a target.
func (l *linter) dead(diags *diag.List, list []*finding) {
	f := list[0]
	d := f.by[0]
	via := d.Via
	if via == nil { // one around an allow that was brought
		via = f.via
	}
	message := "this deny refuses every request to " + d.Target.String() + ", and no allow can override it"
	switch {
	case len(f.by) > 1:
		message = "this deny and others refuse all that an allow lets through to " + f.on.String() + ", and no allow can override them"
	case !d.Unconditional():
		message = "this deny refuses all that an allow lets through to " + f.on.String() + ", and no allow can override it"
	}
	if t := l.told[fault{d.Span, message}]; t != nil {
		if t.allows++; t.allows <= maxDead {
			via.And((*diags)[t.at].Relate(f.at, "this allow is dead, too"), f.via)
		}
		return
	}
	n := len(*diags)
	if l.told == nil {
		l.told = map[fault]*told{}
	}
	l.told[fault{d.Span, message}] = &told{n, 1}
	out := diags.Add(f.code, d.Span, "%s", message)
	for _, other := range f.by[1:min(len(f.by), most)] {
		via.And(out.Relate(other.Span, "together with this one"), other.Via)
	}
	via.And(out.Relate(f.at, "this allow is dead"), f.via)
	if f.request != nil {
		out.Note("it is for requests such as %s", proof.Words(f.request))
	}
	ends := slices.IndexFunc(f.by, func(r *ir.Rule) bool { return r.Until != "" })
	if ends >= 0 {
		out.Advise("where a block until %s is meant, waive this at the deny: `# ztc:allow %s REASON`", f.by[ends].Until, f.code)
	}
	if d.Unconditional() && ends < 0 {
		out.Note("the baseline that allows can open is `deny all`: Istio writes it as an ALLOW policy without rules")
		if l.closed.Any(d.Target) {
			out.Advise("delete the deny, since a `deny all` already closes %s to all that no allow lets through; or delete the allow", d.Target)
		} else {
			out.Advise("write `deny all` in place of the deny, or delete one of the two")
		}
	} else {
		out.Advise("delete the allow; or have the deny speak of less, if some of it is to pass")
	}
	via.Relate((*diags)[n:], d.Span)
}

// without says that a deny has no effect.
func without(diags *diag.List, list []*finding) {
	f := list[0]
	n := len(*diags)
	diags.Add(f.code, f.at, "nothing that this deny refuses would pass without it: %s is closed, and no allow lets any of it through", f.on).
		Advise("delete it; or write the allow that it is to limit")
	f.via.Relate((*diags)[n:], f.at)
}

// maxDead is how many of the allows that one deny leaves nothing of are shown.
const maxDead = 8

// most is how many other statements one diagnostic names.
const most = 5

// repeated speaks of a statement that others say already. Of several findings it is the one of the most statements together that is told.
func repeated(diags *diag.List, list []*finding) {
	f := slices.MaxFunc(list, func(a, b *finding) int { return cmp.Compare(len(a.by), len(b.by)) })
	for _, g := range list {
		if f.code == diag.DuplicateStatement && g.code != f.code {
			f = g
		}
	}
	n := len(*diags)
	var d *diag.Diagnostic
	switch f.code {
	case diag.DuplicateStatement:
		d = diags.Add(f.code, f.at, "this %s says what another one says already", f.what)
		if f.base != nil {
			d.Relate(f.base.Span, "the other one")
			break
		}
		d.Relate(f.by[0].Span, "the other one")
	case diag.SubsumedStatement:
		d = diags.Add(f.code, f.at, "all that this %s speaks of is in another one, so it changes nothing", f.what)
		d.Relate(f.by[0].Span, "the other one")
	default:
		d = diags.Add(f.code, f.at, "all that this %s speaks of is in %d others together, so it changes nothing", f.what, len(f.by))
		for _, r := range f.by[:min(len(f.by), most)] {
			d.Relate(r.Span, "one of them")
		}
		if len(f.by) > most {
			d.Note("%d more are not shown", len(f.by)-most)
		}
	}
	for _, g := range list {
		if g != f && len(g.by) == 1 && len(d.Related) < most && g.by[0].Span != d.Related[0].Span {
			d.Relate(g.by[0].Span, "and on %s this one", g.on)
		}
	}
	d.Advise("delete it, or the other if this is the one that is meant")
	f.via.Relate((*diags)[n:], f.at)
}

// admitted says that allows let everybody do everything.
func admitted(diags *diag.List, f *finding) {
	n := len(*diags)
	what := "this allow is"
	if len(f.by) > 0 {
		what = "this allow and others together are"
	}
	d := diags.Add(f.code, f.at, "%s for every request of everybody to %s, so its baseline closes nothing", what, f.on)
	for _, r := range f.by[:min(len(f.by), most)] {
		r.Via.And(d.Relate(r.Span, "together with this one"), r.Via)
	}
	d.Relate(f.base.Span, "the baseline")
	if f.all {
		d.Advise("delete one of the two")
	} else {
		d.Advise("say who is to be let in; or, if that is everybody, write `allow all %s`", within(f.on))
	}
	f.via.Relate((*diags)[n:], f.at)
}

// within is a target as `allow all` names it.
func within(t *ir.Target) string {
	switch t.Kind {
	case ir.OnMesh:
		return "in mesh"
	case ir.OnNamespace:
		return "in " + t.Namespace
	case ir.OnWorkload:
		return "on " + t.Workload.Ref()
	}
	return "on " + t.Pods.Name
}
