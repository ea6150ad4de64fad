package compiler

import (
	"context"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Program compiles a program as Compile does, and returns what it means instead of what it is written as: nil together with an
// error. It is for reports; nothing in it may be changed.
func Program(ctx context.Context, in Input) (*ir.Program, diag.List) {
	l := &loader{in: in, whole: true, keep: true}
	_, diags := compile(ctx, l)
	diags.Sort()
	if diags.HasErrors() {
		return nil, diags
	}
	return l.meant, diags
}

// Count is how many there are of something.
type Count struct {
	What string // in the plural: "files"
	N    int
}

func (l *loader) trace(stage string, counts ...Count) {
	if l.in.Trace != nil {
		l.in.Trace(stage, counts...)
	}
}

// statements counts what was written in the files of a program and of its imports.
func (l *loader) statements() int {
	n := 0
	for _, tree := range l.trees {
		n += len(tree.Stmts)
	}
	return n
}

// parsed says what was read for the program by now, imports included.
func (l *loader) parsed() {
	n := 0
	for _, tree := range l.trees {
		n += len(tree.Source.Text)
	}
	l.trace("parse", Count{"files", len(l.trees)}, Count{"bytes", n})
}

func size(files []*source.File) int {
	n := 0
	for _, f := range files {
		n += len(f.Text)
	}
	return n
}
