package lint

import (
	"cmp"
	"slices"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// report speaks of the statements of which the same was found in all that they became.
func (l *linter) report() (diags diag.List) {
	if len(l.found) == 0 {
		return nil
	}
	by := map[source.Span][]*finding{}
	var order []source.Span
	for i := range l.found {
		f := &l.found[i]
		if by[f.at] == nil {
			order = append(order, f.at)
		}
		by[f.at] = append(by[f.at], f)
	}
	became := map[source.Span]int{}
	for _, s := range l.meant.Scopes {
		for _, r := range s.Rules {
			if by[r.Span] != nil {
				became[r.Span]++
			}
		}
		for _, b := range s.Baselines {
			if by[b.Span] != nil {
				became[b.Span]++
			}
		}
	}
	for _, at := range order {
		if len(by[at]) == became[at] {
			say(&diags, by[at])
		}
	}
	return diags
}

// most is how many other statements one diagnostic names.
const most = 5

// say speaks of one statement. Of several findings it is the one of the most statements together that is told.
func say(diags *diag.List, list []*finding) {
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
	f.via.Relate((*diags)[n:])
}
