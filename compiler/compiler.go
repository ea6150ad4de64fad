// Package compiler turns programs into Istio policies: the public entry, and the stages one after the other.
package compiler

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/zt-lang/ztc/compiler/check"
	"github.com/zt-lang/ztc/compiler/lower"
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
	Options   Options
}

// Options override the mesh block. Empty fields do not.
type Options struct {
	Istio       string // target version, "1.27"
	DataPlane   string // "sidecar" or "ambient"
	TrustDomain string
	// Now is the day that `until` is held against, YYYY-MM-DD. Empty means that no date is in the past.
	Now string
}

// Output is what a program compiles to. It is empty when the diagnostics hold an error.
type Output struct {
	// Objects are sorted by namespace, kind and name.
	Objects []*istio.Object
	// YAML holds the bytes of each object, in the order of Objects: one document each, without a separator.
	// They have been read back and compared with Objects.
	YAML [][]byte
}

// Compile compiles one program. Diagnostics are sorted; it never panics on any input, and never returns objects together
// with an error.
func Compile(ctx context.Context, in Input) (Output, diag.List) {
	l := &loader{in: in}
	given := l.program()
	if l.broken { // names would be missing everywhere
		l.waive(&l.diags)
		l.diags.Sort()
		return Output{}, l.diags
	}
	program, diags := resolve.Program(given)
	diags = append(l.diags, diags...)
	diags = append(diags, check.Program(program)...)
	objects, more := lower.Program(program, in.Options.Now)
	diags = append(diags, more...)
	l.atUse(diags)
	l.waive(&diags)
	if program.Incomplete && !diags.HasErrors() { // a waived error must leave nothing out
		diags.Add(diag.Internal, source.Span{}, "a statement was left out without an error")
	}
	if err := ctx.Err(); err != nil {
		diags.Add(diag.Internal, source.Span{}, "compilation stopped: %v", err)
	}
	var out Output
	if !diags.HasErrors() {
		if err := out.emit(objects); err != nil {
			diags.Add(diag.Internal, source.Span{}, "emit: %v", err)
			out = Output{}
		}
		for i, obj := range out.Objects {
			if n := len(out.YAML[i]); n > istio.MaxAnnotations {
				diags.Add(diag.ObjectTooLarge, source.Span{}, "%s %s/%s would have %d bytes, and Kubernetes takes up to %d", obj.Kind, obj.Namespace, obj.Name, n, istio.MaxAnnotations).
					Advise("shorten its exceptions and conditions, or split the statement")
			}
		}
		if diags.HasErrors() {
			out = Output{}
		}
	}
	diags.Sort()
	return out, diags
}

// emit writes each object, and reads the bytes back: what is written to a cluster is what was meant, or nothing is.
func (o *Output) emit(objects []*istio.Object) error {
	o.Objects = objects
	o.YAML = make([][]byte, len(objects))
	for i, obj := range objects {
		if bad := istio.Validate(obj); len(bad) > 0 {
			return fmt.Errorf("%s %s/%s would be rejected: %s", obj.Kind, obj.Namespace, obj.Name, strings.Join(bad, "; "))
		}
		o.YAML[i] = yaml.Append(nil, obj)
		back, err := yaml.ReadOne(o.YAML[i])
		if err != nil {
			return fmt.Errorf("%s %s/%s cannot be read back: %w", obj.Kind, obj.Namespace, obj.Name, err)
		}
		if !istio.Equal(obj, back) {
			return fmt.Errorf("%s %s/%s reads back as something else", obj.Kind, obj.Namespace, obj.Name)
		}
	}
	return nil
}
