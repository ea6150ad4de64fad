// Package compiler turns programs into Istio policies: the stage table and the public entry.
package compiler

import (
	"context"
	"io/fs"

	"github.com/zt-lang/ztc/emit/istio"
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
	return Output{}, nil
}
