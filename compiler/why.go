package compiler

import (
	"context"

	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/compiler/resolve"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Why answers a question about what a program compiles to, beside the policies of others: which requests pass, and which
// statements and rules decide it. The question is a text such as `web -> shop/cart:8080 GET "/items"`: what an `expect` has
// after its verdict. Names in it are as in a file of the program without a `namespace`. Tests and proofs are not run.
//
// Diagnostics about the question are in its file, and those about the program in its files; the answer has no cases together
// with an error.
func Why(ctx context.Context, in Input, question *source.File) (proof.Answer, diag.List) {
	q, diags := lang.ParseQuestion(question)
	if q == nil {
		return proof.Answer{}, diags
	}
	l, _, more := ask(ctx, in, q)
	diags = append(diags, more...)
	var out proof.Answer
	if !diags.HasErrors() {
		out = l.world.Ask(ctx, l.question)
	}
	diags = q.Place(diags)
	diags.Sort()
	return out, diags
}

// ask compiles a program for a question, which may be none. The loader has a world where there is no error.
func ask(ctx context.Context, in Input, q *lang.Question) (*loader, Output, diag.List) {
	in.Only = func(string) bool { return false }
	l := &loader{in: in, keep: true, asks: true, asked: q}
	out, diags := compile(ctx, l)
	if placeless(diags) {
		l = &loader{in: in, whole: true, keep: true, asks: true, asked: q}
		out, diags = compile(ctx, l)
	}
	return l, out, diags
}

// resolveQuestion resolves the question in the scope of the program, which means nothing else for it.
func (l *loader) resolveQuestion(given resolve.Input) diag.List {
	if l.asked == nil {
		return nil
	}
	known := map[string]bool{}
	for _, w := range l.meant.Workloads {
		known[w.Ref()] = true
	}
	given.Units = append(given.Units[:len(given.Units):len(given.Units)], &resolve.Unit{File: l.asked.Tree, Imports: map[string]*resolve.Unit{}, Question: true})
	p, all := resolve.Program(given)
	var diags diag.List
	for i := range all {
		if all[i].Mentions(l.asked.Tree.Source) && (all[i].Severity == diag.Error || all[i].Code == diag.UnknownPort) {
			diags = append(diags, all[i])
		}
	}
	for _, x := range p.Expects {
		if x.Span.File == l.asked.Tree.Source {
			l.question = x
		}
	}
	if l.question == nil && !diags.HasErrors() {
		diags.Add(diag.NoQuestion, source.Span{File: l.asked.Tree.Source}, "nothing is asked")
	}
	for _, w := range p.Workloads {
		if p.Convention && !known[w.Ref()] {
			diags.Add(diag.NeverNamed, w.Span, "no statement of the program names %s", w.Ref()).Note("names are taken on trust where no workload is declared or inventoried")
		}
	}
	l.meant = p
	return diags
}
