// Package compiler turns programs into Istio policies: the public entry, and the stages one after the other.
package compiler

import (
	"bytes"
	"context"
	"io/fs"
	"slices"

	"github.com/zt-lang/ztc/compiler/check"
	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/known"
	"github.com/zt-lang/ztc/compiler/lint"
	"github.com/zt-lang/ztc/compiler/lower"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/compiler/resolve"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/yaml"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Input is everything that a compilation depends on. The core reads no clock, no environment and no file system of its own.
type Input struct {
	// Files are the files of the program, in any order; their names are relative to the root of FS where they lie in it.
	Files []*source.File
	// Dir is the prefix that the names of Files have over FS: "examples/ship/" for the file "examples/ship/ship.zt" whose
	// directory is the root of FS. Empty when they agree.
	Dir string
	// FS is the program's directory, from which `import "./x.zt"` and `inventory "k8s/"` are read; nil when there is none
	// (standard input). Paths that leave it are refused.
	FS fs.FS
	// Inventory are manifests given beside the program (--inventory).
	Inventory []*source.File
	// Others are manifests with policies that other programs and people have on the mesh: tests and proofs are asked beside
	// them. Objects that the program emits itself are left out.
	Others []*source.File
	// Only picks the tests (by name) and proofs (by text) that are run; nil for all.
	Only func(name string) bool
	// Coverage asks for Output.Coverage.
	Coverage bool
	Options  Options
	// Around, when it is set, is asked for what there is to say of the files around the program, once those that it imports have
	// been read. A waiver of it stands at the mesh block.
	Around func() diag.List
	// Facts returns what earlier builds proved, and they take up what this one does. nil for none. They make it
	// faster, and change nothing that comes out.
	Facts func() *known.Facts
	// Reasons asks for Output.Reasons.
	Reasons bool
	// Trace, when it is set, is told of each stage as it begins, and how much goes into it. A stage may come twice.
	Trace func(stage string, counts ...Count)
}

func (in *Input) facts() *known.Facts {
	if in.Facts == nil {
		return nil
	}
	return in.Facts()
}

// Options override the mesh block. Empty fields do not.
type Options struct {
	Istio       string // target version, "1.27"
	DataPlane   string // "sidecar" or "ambient"
	TrustDomain string
	// Now is the day that `until` is held against, YYYY-MM-DD. Empty means that no date is in the past.
	Now string
}

// Output is what a program compiles to. It has no objects when the diagnostics hold an error.
type Output struct {
	// Objects are sorted by namespace, kind and name.
	Objects []Object
	// Beside are the policies of others that were asked, too.
	Beside []*istio.Document
	// Trials are what came of the tests and proofs of the program, in their order. They are there beside errors of their own.
	Trials []*proof.Trial
	// Coverage is what the trials speak of, where the input asks for it.
	Coverage proof.Coverage
	// Reasons are why and until when statements hold (`because`, `until`), in the order of files and statements, where the
	// input asks for them. They are what was written, and complete beside errors elsewhere.
	Reasons []diag.Reason
}

// YAML returns all objects as one stream.
func (o Output) YAML() []byte { return bytes.Join(o.Pieces(), nil) }

// Pieces returns the stream in pieces that follow one another: that of a large program need not be put together.
func (o Output) Pieces() [][]byte {
	separator := []byte("---\n")
	pieces := make([][]byte, 0, 2*len(o.Objects))
	for i := range o.Objects {
		if i > 0 {
			pieces = append(pieces, separator)
		}
		pieces = append(pieces, o.Objects[i].YAML)
	}
	return pieces
}

// Object is one policy object.
type Object struct {
	Kind            istio.Kind
	Namespace, Name string
	Labels          map[string]string // shared by all objects: not to be changed
	// YAML is the object as one document, without a separator. It has been read back and compared with what was meant.
	YAML []byte
}

func (o *Object) key() istio.Key {
	return istio.Key{Namespace: o.Namespace, Kind: o.Kind, Name: o.Name}
}

// Decode reads the object from its YAML.
func (o *Object) Decode() (*istio.Object, error) { return yaml.ReadOne(o.YAML) }

// Compile compiles one program. Diagnostics are sorted; it never panics on any input, and never returns objects together
// with an error.
//
// Plain rules are not built as trees, since a large program has hundreds of thousands of them. Where that leaves something to
// say without its place, the program is compiled again with all its trees.
func Compile(ctx context.Context, in Input) (Output, diag.List) {
	out, diags := compile(ctx, &loader{in: in})
	if placeless(diags) {
		out, diags = compile(ctx, &loader{in: in, whole: true})
	}
	diags.Sort()
	return out, diags
}

// placeless reports whether a diagnostic speaks of a part that plain rules share.
func placeless(l diag.List) bool {
	for i := range l {
		if l[i].Mentions(ir.Elsewhere) {
			return true
		}
	}
	return false
}

func compile(ctx context.Context, l *loader) (Output, diag.List) {
	given := l.program()
	if l.in.Around != nil {
		l.diags = append(l.diags, l.in.Around()...)
	}
	l.readOthers()
	var out Output
	if l.in.Reasons {
		out.Reasons = l.reasons()
	}
	if l.broken { // names would be missing everywhere
		l.waive(&l.diags).unused(&l.diags)
		return out, l.diags
	}
	l.trace("resolve", Count{"statements", l.statements()})
	program, diags := resolve.Program(given)
	l.meant = program
	diags = append(diags, l.resolveQuestion(given)...)
	l.forget()
	l.diags = withoutDeclared(l.diags, given.Inventory, program)
	diags = append(withoutEchoes(l.diags, diags), diags...)
	l.trace("check", Count{"workloads", len(program.Workloads)}, Count{"rules", len(program.Rules)})
	checked := beside(func() diag.List { return check.Program(program) })
	translation := beside(func() *proof.Translation {
		return proof.NewTranslation(program, intent.Of(program, l.in.Options.Now), l.in.Options.Now, l.in.facts())
	})
	l.trace("lower", Count{"rules", len(program.Rules)})
	plan, more := lower.Program(program, l.in.Options.Now)
	diags = append(append(diags, checked()...), more...)
	l.atUse(diags)
	waived := l.waive(&diags)
	if program.Incomplete && !diags.HasErrors() { // a waived error must leave nothing out
		diags.Add(diag.Internal, source.Span{}, "a statement was left out without an error")
	}
	if err := ctx.Err(); err != nil {
		diags.Add(diag.Internal, source.Span{}, "compilation stopped: %v", err)
	}
	if diags.HasErrors() || placeless(diags) {
		waived.unused(&diags)
		return out, diags
	}
	proven := translation()
	said := slices.Clone(diags)
	linted := beside(func() *lint.Result { return lint.Program(program, proven.Meant(), said) })
	tests := len(program.Expects)+len(program.Proofs) > 0
	tests = tests || l.in.Coverage // of none, too
	if !tests && !l.keep {
		l.meant = nil // a large program makes room for its objects
	}
	l.trace("emit", Count{"objects", plan.Len()})
	objects, failed := emit(ctx, plan, proven)
	found := linted()
	found.Settle(&diags)
	l.atUse(found.Diags)
	diags = append(append(diags, found.Diags...), failed...)
	waived.apply(&diags)
	if waived.unused(&diags); diags.HasErrors() {
		return out, diags
	}
	out.Beside, more = l.foreign(objects)
	diags = append(diags, more...)
	if tests || l.asks {
		l.world, more = l.newWorld(objects, out.Beside)
		diags = append(diags, more...)
	}
	if tests && !l.asks && l.world != nil {
		out.Trials, more = l.trials(ctx)
		if l.in.Coverage {
			out.Coverage = l.world.Coverage(out.Trials)
		}
		if diags = append(diags, more...); diags.HasErrors() {
			return out, diags
		}
	}
	out.Objects = objects
	return out, diags
}

// beside runs f on another processor, and returns what waits for its result. A panic comes up where the result is asked for.
func beside[T any](f func() T) func() T {
	var out T
	var panicked any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		out = f()
	}()
	return func() T {
		<-done
		if panicked != nil {
			panic(panicked)
		}
		return out
	}
}
