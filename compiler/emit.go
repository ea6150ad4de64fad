package compiler

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zt-lang/ztc/compiler/lower"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/yaml"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// batch is how many objects of a plan one worker takes at a time.
const batch = 64

// emit makes the objects of a plan, writes each, reads the bytes back, and proves that what they say is what the program means:
// that is written to a cluster, or nothing is. The work is spread over the processors, and what comes out does not depend on them.
func emit(ctx context.Context, plan *lower.Plan, meaning *proof.Translation) ([]Object, diag.List) {
	n := (plan.Len() + batch - 1) / batch
	made := make([][]Object, n)
	errs := make([]error, n)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			b, c := plan.Builder(), meaning.Checker()
			var text []byte
			var again yaml.Checker
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				made[i], errs[i] = emitBatch(b, c, i*batch, min((i+1)*batch, plan.Len()), &text, &again)
			}
		})
	}
	wait.Wait()
	var diags diag.List
	if err := cmp.Or(append(errs, ctx.Err())...); err != nil {
		diags.Add(diag.Internal, source.Span{}, "emit: %v", err)
		return nil, diags
	}
	out := slices.Concat(made...)
	byName := func(a, b Object) int { return a.key().Compare(b.key()) }
	if !slices.IsSortedFunc(out, byName) { // the parts of an object that was split have names of their own
		slices.SortFunc(out, byName)
	}
	var places map[istio.Key][]source.Span
	place := func(o *Object, i int) source.Span {
		if places == nil {
			places = plan.Places()
		}
		list := places[o.key()]
		return list[min(i, len(list)-1)]
	}
	for i := range out {
		o := &out[i]
		if i > 0 && out[i-1].key() == o.key() {
			diags.Add(diag.NameCollision, place(o, 1), "two objects would both be named %s in namespace %s", o.Name, o.Namespace).
				Relate(place(o, 0), "the other one is for this target").
				Advise("rename one of the workloads, or give the program a name in the mesh block")
		}
		if n := len(o.YAML); n > istio.MaxAnnotations {
			diags.Add(diag.ObjectTooLarge, place(o, 0), "%s %s/%s would have %d bytes, and Kubernetes takes up to %d", o.Kind, o.Namespace, o.Name, n, istio.MaxAnnotations).
				Advise("shorten its exceptions and conditions, or split the statement")
		}
	}
	return out, append(diags, meaning.Finish(ctx)...)
}

// chunk is how much memory the YAML of objects shares. A new chunk is begun when what is left is less than most objects take.
const chunk, most = 256 << 10, 16 << 10

// emitBatch emits objects from up to, but not with, another of a plan, and appends their YAML to text, which is the worker's, as again is.
func emitBatch(b *lower.Builder, c *proof.Checker, from, to int, text *[]byte, again *yaml.Checker) (out []Object, err error) {
	defer func() {
		if r := recover(); r != nil { // in a goroutine nobody else could
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	out = make([]Object, 0, to-from)
	for i := from; i < to; i++ {
		for _, o := range b.Build(i) {
			if cap(*text)-len(*text) < most {
				*text = make([]byte, 0, chunk)
			}
			start := len(*text)
			*text = yaml.Append(*text, o)
			written := (*text)[start:len(*text):len(*text)]
			if !c.Known(o, written) {
				if bad := istio.Validate(o); len(bad) > 0 {
					return nil, fmt.Errorf("%s %s/%s would be rejected: %s", o.Kind, o.Namespace, o.Name, strings.Join(bad, "; "))
				}
				if err := again.Check(written, o); err != nil {
					return nil, fmt.Errorf("%s %s/%s: %w", o.Kind, o.Namespace, o.Name, err)
				}
				if c.See(o) {
					b.Keep()
				}
			}
			out = append(out, Object{Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, Labels: o.Labels, YAML: written})
		}
	}
	return out, nil
}
