package resolve

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

// parts is what the texts of plain rules mean in one scope. A text that has anything wrong with it never gets in: the rules
// that hold it are expanded, one by one, so that each says what is wrong in its own place.
type parts struct {
	scope    *scope
	known    []part    // by number of the text
	rules    []ir.Rule // not yet handed out
	expander lang.Expander
}

// part is the meaning of one text: as sources, as targets, as operations.
type part struct {
	in      *scope // where it holds
	sources *ir.Sources
	targets []ir.Target
	entries []ir.Entry
	start   int32 // where the targets stand that the spans are of
}

// plain resolves a plain rule from the meaning of its parts.
func (r *resolver) plain(s *scope, a *ast.Plain) {
	k := &r.parts
	if k.scope == nil || k.scope.unit != s.unit {
		k.known = make([]part, len(s.unit.File.Pieces))
	}
	k.scope = s
	src, targets, ops := k.at(a.Sources), k.at(a.Targets), k.at(a.Ops)
	if (src.sources == nil || targets.targets == nil || ops.entries == nil) && !r.learn(s, a, src, targets, ops) {
		return
	}
	if !r.count(s, a, len(targets.targets)*len(src.sources.Any)) {
		return
	}
	at := s.span(a)
	moved := a.Targets.Start - targets.start
	for i := range targets.targets {
		if len(k.rules) == 0 {
			k.rules = make([]ir.Rule, 256)
		}
		x := &k.rules[0]
		k.rules = k.rules[1:]
		x.Action, x.Plain, x.Sources, x.Entries, x.Span = ast.Allow, true, src.sources, ops.entries, at
		x.Target = targets.targets[i]
		x.Target.Span.Start += moved
		x.Target.Span.End += moved
		r.p.Rules = append(r.p.Rules, x)
	}
}

// at returns what is known of a text in the scope at hand.
func (k *parts) at(p ast.Piece) *part {
	x := &k.known[p.Text]
	if x.in != k.scope {
		*x = part{in: k.scope}
	}
	return x
}

// learn resolves the parts of a plain rule, and reports whether there is nothing to say of them. Otherwise the rule has been
// resolved as any other.
func (r *resolver) learn(s *scope, a *ast.Plain, src, targets, ops *part) bool {
	rule := r.parts.expander.Expand(s.unit.File, a)
	said := len(r.diags)
	sources := r.sources(s, &rule.Sources, true)
	clean := len(r.diags) == said && sources != nil
	if clean && src.sources == nil {
		src.sources = elsewhere(sources)
	}
	said = len(r.diags)
	entries, good := r.entries(s, &rule.Ops, rule)
	clean = clean && good && len(r.diags) == said
	if len(r.diags) == said && good && ops.entries == nil {
		ops.entries = slices.Clone(entries)
		for i := range ops.entries {
			ops.entries[i].Op.Span = source.Span{File: ir.Elsewhere}
		}
	}
	said = len(r.diags)
	list, done := r.targets(s, rule.Targets)
	clean = clean && done && len(r.diags) == said
	if len(r.diags) == said && done && targets.targets == nil {
		targets.targets, targets.start = list, a.Targets.Start
	}
	if clean {
		return true
	}
	if sources != nil && good && done && r.count(s, a, len(list)*len(sources.Any)) {
		r.made(s, list, ir.Rule{Action: ast.Allow, Sources: sources, Entries: entries, Span: s.span(a)})
	}
	return false
}

// elsewhere copies the sources of a plain rule, which have neither narrowing nor exceptions, without their places.
func elsewhere(s *ir.Sources) *ir.Sources {
	out := &ir.Sources{Any: make([]ir.Source, len(s.Any)), Span: source.Span{File: ir.Elsewhere}}
	copy(out.Any, s.Any)
	for i := range out.Any {
		out.Any[i].Span = out.Span
	}
	return out
}
