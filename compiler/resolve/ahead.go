package resolve

import (
	"runtime"
	"sync/atomic"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
)

// ahead resolves the operations of the plain rules of a file on another processor, before the rules are come to. Methods and
// paths mean the same wherever they stand; texts with a name in them, and those of which there is anything to be said, are left
// to who comes to them. It changes no outcome, whoever is faster.
type ahead struct {
	ops  []ready      // by number of the text
	done atomic.Int32 // the texts up to here are ready, or left
	end  chan struct{}
}

// ready are the entries of a text, nil where they are left, with their weight beyond what was written.
type ready struct {
	entries []ir.Entry
	weight  int32
}

// worthAhead is the number of texts from which on that pays.
const worthAhead = 1 << 12

// lookAhead begins to resolve the operations of a file.
func (r *resolver) lookAhead(u *Unit) *ahead {
	f := u.File
	if len(f.Pieces) < worthAhead || runtime.GOMAXPROCS(0) < 2 {
		return nil
	}
	x := &ahead{ops: make([]ready, len(f.Pieces)), end: make(chan struct{})}
	other := &resolver{in: r.in, p: &ir.Program{Mesh: r.p.Mesh}, meth: r.meth} // what it reads, nobody changes any more
	go func() {
		defer close(x.end)
		defer func() { _ = recover() }() // who comes to the text panics as well, where it is told
		s := &scope{unit: u}
		var expander lang.Expander
		for _, st := range f.Stmts {
			a, ok := st.(*ast.Plain)
			if !ok || a.Ops.Text <= x.done.Load() { // the numbers of such texts grow in the order of their first coming
				continue
			}
			if ops := expander.Ops(f, a); spelt(ops) {
				if entries, ok := other.entries(s, ops, a); ok && len(other.diags) == 0 {
					x.ops[a.Ops.Text] = ready{entries, 1}
				}
				other.diags = nil
				x.done.Store(a.Ops.Text)
			}
		}
	}()
	return x
}

// of returns what a text is known to be by now.
func (x *ahead) of(text int32) (got ready, known bool) {
	if x == nil || x.done.Load() < text {
		return got, false
	}
	got = x.ops[text]
	return got, got.entries != nil
}

// wait returns when nothing is read any more.
func (x *ahead) wait() {
	if x != nil {
		<-x.end
	}
}

// spelt reports whether operations have methods and paths alone.
func spelt(a *ast.Ops) bool {
	for i := range a.Entries {
		for _, list := range a.Entries[i].Op.Lists {
			for _, it := range list.Items {
				if it.Kind == ast.ItemName {
					return false
				}
			}
		}
	}
	return true
}
