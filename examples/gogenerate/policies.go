// Package policies carries a program's policies in a Go binary: `go generate` compiles them, and the test says when somebody
// forgot to.
package policies

import _ "embed"

//go:generate go run ../../cmd/ztc build -o policies.yaml policies.zt

// YAML is what policies.zt compiles to.
//
//go:embed policies.yaml
var YAML []byte
