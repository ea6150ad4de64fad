package proof

import (
	"fmt"
	"maps"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/plane"
)

// Sample is a request that an expectation speaks of. It has every attribute that the expectation or a policy asks about.
type Sample struct {
	Destination *Destination
	Chain       plane.Chain
	Request     sem.Request
}

// Samples are requests that an expectation speaks of. For each of its sources, at each destination, there is the one that an
// allow is about, or, for each chain, at most so many of those that a deny is about: the smallest one, and one for each class of
// values of an attribute. Callers that mTLS keeps out are among them. Where there is a choice, named values are preferred.
func (t *Trial) Samples(named map[sem.Kind][]sem.Value, most int) (out []Sample, err error) {
	steps := 0
	c := &class{w: t.world, reader: t.world.asker(), spent: &steps}
	for i := range t.Expect.Targets {
		target := &t.Expect.Targets[i]
		for _, d := range t.world.destinations(target) {
			c.open, c.attrs = [len(chains)]*sem.Expr{}, [len(chains)]map[sem.Attr]bool{}
			for k := range t.Expect.Sources.Any {
				one := *t.Expect.Sources
				one.Any = one.Any[k : k+1]
				list, err := c.samples((*asked)(t.Expect), &one, target, d, named, most)
				if err != nil {
					return nil, err
				}
				out = append(out, list...)
			}
		}
	}
	return out, nil
}

func (c *class) samples(x *asked, from *ir.Sources, target *ir.Target, d *Destination, named map[sem.Kind][]sem.Value, most int) (out []Sample, err error) {
	var port sem.Value
	only := -1 // the chain
	if x.Allow {
		var why string
		if port, only, why = x.choose(target, d); why != "" {
			return nil, nil // it is no question
		}
	}
	for chain := range chains {
		if only >= 0 && chain != only {
			continue
		}
		q := c.reader.Question(question(from, target, x.entries(), nil, nil), chains[chain].intent)
		passes, all, err := c.passes(d, chain, q)
		if err != nil {
			return nil, err
		}
		fixed := x.given()
		stated(fixed, all)
		if x.Allow {
			fixed[sem.Attr{Kind: sem.Port}] = port
			open := map[sem.Attr]bool{}
			q.Attrs(open)
			if _, err := x.fill(fixed, open, all, d, named, q, passes); err != nil {
				return nil, err
			}
		} else {
			consent(fixed, all, "yes")
		}
		requests, err := classes(fixed, sem.And(q, c.w.traffic(d, chain, all)), passes, named, most)
		if err != nil {
			return nil, err
		}
		for _, r := range requests {
			out = append(out, Sample{d, chains[chain].plane, r})
			if x.Allow {
				break
			}
		}
	}
	return out, nil
}

// classes are requests of a set, at most so many: the smallest one, and one for each class that it and another set split an
// attribute into.
func classes(fixed sem.Request, set, other *sem.Expr, named map[sem.Kind][]sem.Value, most int) (out []sem.Request, err error) {
	seen := map[string]bool{}
	one := func(fixed sem.Request, x *sem.Expr) (sides []sem.Side, err error) {
		fix := sem.Given(fixed)
		space, err := sem.NewSpace(limits, sem.Alone(x), named, x, fix(other))
		if err != nil {
			return nil, err
		}
		in, err := space.Set(x)
		if err != nil {
			return nil, err
		}
		found, err := space.Any(in)
		if err != nil || found == nil {
			return nil, err
		}
		r := maps.Clone(found.Request)
		maps.Copy(r, fixed)
		if key := fmt.Sprint(r); !seen[key] {
			seen[key] = true
			out = append(out, r)
		}
		for _, a := range Attributes(r) {
			if _, known := fixed[a]; known {
				continue
			}
			side, err := space.Project(in, a)
			if err != nil {
				return nil, err
			}
			sides = append(sides, side)
		}
		return sides, nil
	}
	add := func(fixed sem.Request) (sides []sem.Side, err error) {
		x := sem.Given(fixed)(set)
		if x == sem.False {
			return nil, nil
		}
		for _, part := range sem.Cases(x) {
			more, err := one(fixed, part)
			if err != nil {
				return nil, err
			}
			sides = append(sides, more...)
		}
		return sides, nil
	}
	sides, err := add(fixed)
	for _, side := range sides {
		for _, v := range side.Values {
			if len(out) >= most {
				return out, err
			}
			more := maps.Clone(fixed)
			more[side.Attr] = v
			if _, err := add(more); err != nil {
				return nil, err
			}
		}
	}
	return out, err
}
