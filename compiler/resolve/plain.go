package resolve

import (
	"strings"

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
	numbers  ir.Plain  // that were given out
	ahead    *ahead
	expander lang.Expander
	rule     ast.Rule // of skeleton, with its lists
	source   [1]ast.Source
	target   [1]ast.Target
}

// part is the meaning of one text: as sources, as targets, as operations.
type part struct {
	in      *scope // where it holds
	sources *ir.Sources
	targets []ir.Target
	entries []ir.Entry
	weight  int32    // of the sources or the operations
	start   int32    // where the targets stand that the spans are of
	number  ir.Plain // of the target: of the first one
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
	if !r.count(s, a, len(targets.targets)*int(src.weight+ops.weight-1)) {
		return
	}
	at := s.span(a)
	moved := a.Targets.Start - targets.start
	for i := range targets.targets {
		x := slab(&k.rules)
		x.Action, x.Sources, x.Entries, x.Span, x.More = ast.Allow, src.sources, ops.entries, at, ir.NoMore
		x.Plain = ir.Plain{Sources: src.number.Sources, Entries: ops.number.Entries, Target: targets.number.Target + int32(i)}
		x.Target, x.Moved = &targets.targets[i], moved
		r.p.Parts.Rules[x.Plain.Target]++
		r.p.Rules = append(r.p.Rules, x)
	}
}

// beyond is a weight without the values that were written one by one: what counts is what a text expands to.
func beyond(s *scope, p ast.Piece, weight int) int32 {
	return int32(max(1, weight-strings.Count(s.unit.File.Pieces[p.Text], ",")))
}

// at returns what is known of a text in the scope at hand.
func (k *parts) at(p ast.Piece) *part {
	x := &k.known[p.Text]
	if x.in != k.scope {
		*x = part{in: k.scope}
	}
	return x
}

// learn resolves the parts of a plain rule that are not known, and reports whether there is nothing to say of them. Otherwise
// the rule has been resolved as any other.
func (r *resolver) learn(s *scope, a *ast.Plain, src, targets, ops *part) bool {
	k := &r.parts
	rule := k.skeleton(s, a)
	began := len(r.diags)
	var sources *ir.Sources
	if src.sources == nil {
		sources = r.sources(s, &rule.Sources, true)
		if sources != nil && len(r.diags) == began {
			k.numbers.Sources++
			src.sources, src.number.Sources, src.weight = sources, k.numbers.Sources, beyond(s, a.Sources, weight(sources, nil, nil, nil))
		}
	}
	said := len(r.diags)
	var list []ir.Target
	listed := true
	if targets.targets == nil {
		list, listed = r.targets(s, rule.Targets)
		if listed && len(r.diags) == said {
			targets.targets, targets.start, targets.number.Target = list, a.Targets.Start, k.numbers.Target+1
			k.numbers.Target += int32(len(list))
			r.p.Parts.Rules = append(r.p.Parts.Rules, make([]int32, int(k.numbers.Target)+1-len(r.p.Parts.Rules))...)
		}
	}
	said = len(r.diags)
	var entries []ir.Entry
	ok := true
	if ops.entries == nil {
		got, known := k.ahead.of(a.Ops.Text)
		if entries = got.entries; !known {
			entries, ok = r.entries(s, k.expander.Ops(s.unit.File, a), a)
			got.weight = beyond(s, a.Ops, weight(&ir.Sources{}, entries, nil, nil))
		}
		if ok && len(r.diags) == said {
			k.numbers.Entries++
			ops.entries, ops.number.Entries, ops.weight = entries, k.numbers.Entries, got.weight
		}
	}
	if sources != nil && src.sources == sources {
		elsewhere(sources)
	}
	if ops.entries != nil && entries != nil {
		for i := range entries {
			entries[i].Op.Span = source.Span{File: ir.Elsewhere}
		}
	}
	if len(r.diags) == began && src.sources != nil && targets.targets != nil && ops.entries != nil {
		return true
	}
	// What is wrong has been said; what is right is resolved again, for its places.
	rule = k.expander.Expand(s.unit.File, a)
	if src.sources != nil {
		sources = r.sources(s, &rule.Sources, true)
	}
	if targets.targets != nil {
		list, listed = r.targets(s, rule.Targets)
	}
	if ops.entries != nil {
		entries, ok = r.entries(s, &rule.Ops, rule)
	}
	if sources != nil && listed && ok && r.count(s, a, len(list)*weight(sources, entries, nil, nil)) {
		r.made(s, list, ir.Rule{Action: ast.Allow, Sources: sources, Entries: entries, Span: s.span(a), More: ir.NoMore})
	}
	return false
}

// skeleton builds the sources and targets of a plain rule, from its texts where each is one name.
func (k *parts) skeleton(s *scope, a *ast.Plain) *ast.Rule {
	f := s.unit.File
	src, target := f.Pieces[a.Sources.Text], f.Pieces[a.Targets.Text]
	if strings.ContainsAny(src, severalMark) || strings.ContainsAny(target, severalMark) {
		return k.expander.Expand(f, a)
	}
	at := func(p ast.Piece, text string) ast.Ident {
		return ast.Ident{Range: ast.Range{Start: p.Start, End: p.Start + int32(len(text))}, Text: text}
	}
	from, to := at(a.Sources, src), at(a.Targets, target)
	k.source[0], k.target[0] = ast.Source{Range: from.Range, Name: from}, ast.Target{Range: to.Range, Name: to}
	k.rule = ast.Rule{Range: a.Range, Sources: ast.Sources{Range: from.Range, List: k.source[:]}, Targets: k.target[:]}
	return &k.rule
}

// severalMark are the characters of which a list, a port or a line break has one, and a name none.
const severalMark = ",: \t\r\n#"

// elsewhere moves the sources of a plain rule, which have neither narrowing nor exceptions, from their places.
func elsewhere(s *ir.Sources) {
	s.Span = source.Span{File: ir.Elsewhere}
	for i := range s.Any {
		s.Any[i].Span = s.Span
	}
}
