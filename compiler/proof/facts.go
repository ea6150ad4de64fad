package proof

import (
	"fmt"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/known"
)

// fact is what may be known of a proof about a class of destinations.
type fact struct {
	class         *class
	trial         *Trial
	holds, speaks known.Digest // that the proof holds there, and that it speaks of some request
}

// fact returns what may be known of a task, nil where more is asked than whether it holds.
func (c *class) fact(t *task) *fact {
	w := c.w
	if w.facts == nil || c.details || c.voices != nil || t.to.err != nil {
		return nil
	}
	for _, o := range t.to.policies {
		if _, emitted := w.digests[o]; !emitted {
			return nil
		}
	}
	q := &c.reader.text
	q.Begin("holds")
	c.identify(q, t.to)
	q.Number(int(t.trial.Proof.Mode))
	q.Number(t.target.Port)
	q.Add(c.reader.digest(t.trial.Proof, t.target))
	f := &fact{class: c, trial: t.trial, holds: q.Digest()}
	q.Begin("speaks")
	q.Add(f.holds[:])
	f.speaks = q.Digest()
	return f
}

// identify adds all of a class that an answer depends on: the mesh, the texts of the policies in their order, and what else there is
// to its destinations.
func (c *class) identify(q *known.Question, d *Destination) {
	q.Text(fmt.Sprintf("%#v", c.w.mesh)) // maps are printed in the order of their keys
	q.Number(len(d.policies))
	for _, o := range d.policies {
		digest := c.w.digests[o]
		q.Add(digest[:])
	}
	q.Text(d.apart)
}

// digest is that of the requests that a proof speaks of, on every chain.
func (a *asker) digest(x *ir.Proof, target *ir.Target) []byte {
	k := shared{target: target}
	d, done := a.digests[k]
	if !done {
		var q known.Question
		q.Begin("requests")
		for chain := range chains {
			q.Expr(a.asked(x, target, chain))
		}
		d = q.Digest()
		a.digests[k] = d
	}
	return d[:]
}

// known reports whether the proof is known to hold in the class. That a proof speaks of no request is no fact: where it is not
// known to speak of one, it is asked.
func (f *fact) known() bool {
	facts, found := f.class.w.facts, f.class.found.of[f.trial]
	steps, holds := facts.Ask(f.holds)
	if !holds {
		return false
	}
	if _, speaks := facts.Ask(f.speaks); speaks {
		found.Store(true)
	}
	if !found.Load() {
		return false
	}
	*f.class.spent += steps
	return true
}

// learn keeps what came of the proof, in so many steps, if it holds.
func (f *fact) learn(out *outcome, steps int) {
	if out.failure != nil || out.unclear != "" || out.unknown != nil || out.unsure != nil {
		return
	}
	f.class.w.facts.Learn(f.holds, steps)
	if out.speaks {
		f.class.w.facts.Learn(f.speaks, 0)
	}
}
