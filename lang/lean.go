package lang

import (
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/scan"
)

// lean reads the two forms that come by the hundred thousand straight from the scanner's tokens: `allow` and `deny` with
// plain names, ports, methods, paths and sets of them, and `deny all in` plain scopes. What it does not recognise at once it leaves to the
// grammar, which is the judge of the language and alone words errors; a test holds both to the same tree.
//
// Nodes are cut from slabs, since one allocation for each would cost more than the reading.
type lean struct {
	rules     slab[ast.Rule]
	sources   slab[ast.Source]
	targets   slab[ast.Target]
	ports     slab[ast.Ident]
	entries   slab[ast.Entry]
	lists     slab[ast.ItemList]
	items     slab[ast.Item]
	scopes    slab[ast.Scope]
	baselines slab[ast.Baseline]
}

// maxPlain bounds the lists of a plain rule; longer ones are for the grammar.
const maxPlain = 8

// slab hands out pieces of larger slices. A piece cannot grow into the next.
type slab[T any] struct {
	free []T
	all  []T // what free is the rest of
}

func (s *slab[T]) put(list []T) []T {
	n := len(list)
	if len(s.free) < n {
		s.free = make([]T, max(n, 256))
		s.all = s.free
	}
	out := s.free[:n:n]
	s.free = s.free[n:]
	copy(out, list)
	return out
}

// rewind hands out again what was handed out.
func (s *slab[T]) rewind() { s.free = s.all }

func (s *slab[T]) one(v T) *T { return &s.put([]T{v})[0] }

// plain reads the statement at hand if it has a plain form, and returns nil and leaves everything as it was if it does not.
func (p *parser) plain() ast.Stmt {
	sc, tok, prev := p.sc, p.tok, p.prev
	if s := p.plainRule(); s != nil {
		return s
	}
	p.sc, p.tok, p.prev = sc, tok, prev
	return nil
}

func (p *parser) plainRule() ast.Stmt {
	first := p.tok
	rule := ast.Rule{Range: ast.Range{Start: first.Start}}
	if p.text[first.Start] == 'd' {
		rule.Action = ast.Deny
	}
	p.next()
	if p.tok.Kind == scan.Key && p.word(p.tok) == "all" {
		return p.plainBaseline(rule)
	}
	var sources [maxPlain]ast.Source
	n := 0
	for {
		id, ok := p.plainName()
		if !ok || n == len(sources) {
			return nil
		}
		sources[n] = ast.Source{Range: id.Range, Name: id}
		n++
		if p.tok.Kind != scan.Comma {
			break
		}
		p.next()
	}
	if p.tok.Kind != scan.Arrow {
		return nil
	}
	rule.Sources = ast.Sources{Range: ast.Range{Start: sources[0].Start, End: p.prev.End}, List: p.lean.sources.put(sources[:n])}
	p.next()
	var targets [maxPlain]ast.Target
	n = 0
	for {
		id, ok := p.plainName()
		if !ok || n == len(targets) {
			return nil
		}
		t := ast.Target{Range: id.Range, Name: id}
		if p.tok.Kind == scan.Colon {
			p.next()
			if p.tok.Kind != scan.Int && p.tok.Kind != scan.Name {
				return nil
			}
			t.Port = p.lean.ports.one(ast.Ident{Range: ast.Range{Start: p.tok.Start, End: p.tok.End}, Text: p.word(p.tok)})
			t.End = p.tok.End
			p.next()
		}
		targets[n] = t
		n++
		if p.tok.Kind != scan.Comma {
			break
		}
		p.next()
	}
	rule.Targets = p.lean.targets.put(targets[:n])
	if !p.plainOps(&rule) || !p.plainEnd() {
		return nil
	}
	rule.End = p.prev.End
	return p.lean.rules.one(rule)
}

// plainName reads a name or reference.
func (p *parser) plainName() (ast.Ident, bool) {
	t := p.tok
	if t.Kind != scan.Name && t.Kind != scan.Ref && t.Kind != scan.Dotted {
		return ast.Ident{}, false
	}
	p.next()
	return ast.Ident{Range: ast.Range{Start: t.Start, End: t.End}, Text: p.word(t)}, true
}

// plainOps reads a list of methods, then a list of paths; either may be missing, or hold names of sets. Without a rule it only
// looks whether they are there.
func (p *parser) plainOps(rule *ast.Rule) bool {
	var lists [2]ast.ItemList
	n := 0
	spelt := scan.Name // of the last list: Upper or String where an item of it is no name
	for ; n < len(lists) && item(p.tok.Kind); n++ {
		if spelt == scan.String {
			return false
		}
		spelt = scan.Name
		var items [16]ast.Item
		k := 0
		for {
			kind := p.tok.Kind
			if !item(kind) || k == len(items) {
				return false
			}
			it := ast.Item{Range: ast.Range{Start: p.tok.Start, End: p.tok.End}, Text: p.word(p.tok), Kind: ast.ItemName}
			if kind == scan.Upper || kind == scan.String {
				if spelt != scan.Name && spelt != kind || kind == scan.Upper && n > 0 {
					return false
				}
				it.Kind, spelt = ast.ItemMethod, kind
			}
			if kind == scan.String {
				text, err := scan.Unquote(it.Text)
				if err != nil || text != "" && 'A' <= text[0] && text[0] <= 'Z' { // a method in quotes is a slip
					return false
				}
				it.Kind, it.Text = ast.ItemPath, text
			}
			items[k] = it
			k++
			p.next()
			if p.tok.Kind != scan.Comma {
				break
			}
			p.next()
		}
		if rule == nil {
			continue
		}
		lists[n] = ast.ItemList{Range: ast.Range{Start: items[0].Start, End: items[k-1].End}, Items: p.lean.items.put(items[:k])}
	}
	if n == 0 || rule == nil {
		return true
	}
	all := ast.Range{Start: lists[0].Start, End: lists[n-1].End}
	op := ast.Op{Range: all, Lists: p.lean.lists.put(lists[:n])}
	rule.Ops = ast.Ops{Range: all, Entries: p.lean.entries.put([]ast.Entry{{Range: all, Op: op}})}
	return true
}

// item reports whether a token is a method, a path or the name of a set.
func item(k scan.Kind) bool {
	return k == scan.Upper || k == scan.String || k == scan.Name || k == scan.Dotted
}

// plainBaseline reads `all in` and namespaces.
func (p *parser) plainBaseline(rule ast.Rule) ast.Stmt {
	start := p.tok.Start
	p.next()
	if p.tok.Kind != scan.Key || p.word(p.tok) != "in" {
		return nil
	}
	p.next()
	var scopes [maxPlain]ast.Scope
	n := 0
	for {
		if p.tok.Kind != scan.Name || n == len(scopes) {
			return nil
		}
		scopes[n] = ast.Scope{Range: ast.Range{Start: p.tok.Start, End: p.tok.End}, Name: p.word(p.tok)}
		n++
		p.next()
		if p.tok.Kind != scan.Comma {
			break
		}
		p.next()
	}
	if !p.plainEnd() {
		return nil
	}
	rule.Baseline = p.lean.baselines.one(ast.Baseline{Range: ast.Range{Start: start, End: p.prev.End}, In: p.lean.scopes.put(scopes[:n])})
	rule.End = p.prev.End
	return p.lean.rules.one(rule)
}

// plainEnd reports whether the statement ends here, and nothing below it has a say in how it is read.
func (p *parser) plainEnd() bool {
	switch p.tok.Kind {
	case scan.EOF:
		return true
	case scan.Term:
		return p.peek().Kind != scan.LBrace
	case scan.RBrace:
		return p.block != nil
	}
	return false
}
