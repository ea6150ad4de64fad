package compiler_test

import (
	"context"
	"fmt"
	"os"
	"testing/fstest"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// A program of one file, with a declaration for each workload that it names.
func ExampleCompile() {
	program := `workload starboard
workload portside { port http 8080 }

deny all in default
allow starboard -> portside GET
`
	out, diags := compiler.Compile(context.Background(), compiler.Input{
		Files: []*source.File{source.New("ship.zt", program)},
	})
	if diags.HasErrors() {
		diags.WriteText(os.Stdout, diag.TextOptions{})
		return
	}
	for _, object := range out.Objects {
		fmt.Printf("# %s %s/%s\n%s", object.Kind, object.Namespace, object.Name, object.YAML)
	}
	// Output:
	// # AuthorizationPolicy default/allow-portside
	// apiVersion: security.istio.io/v1
	// kind: AuthorizationPolicy
	// metadata:
	//   labels:
	//     app.kubernetes.io/managed-by: ztc
	//   name: allow-portside
	//   namespace: default
	// spec:
	//   action: ALLOW
	//   rules:
	//   - from:
	//     - source:
	//         principals:
	//         - cluster.local/ns/default/sa/starboard
	//     to:
	//     - operation:
	//         methods:
	//         - GET
	//   selector:
	//     matchLabels:
	//       app: portside
	// # AuthorizationPolicy default/default-deny
	// apiVersion: security.istio.io/v1
	// kind: AuthorizationPolicy
	// metadata:
	//   labels:
	//     app.kubernetes.io/managed-by: ztc
	//   name: default-deny
	//   namespace: default
	// spec: {}
}

// What the compiler says is data: a code, a place, and often an edit that mends it.
func ExampleCompile_diagnostics() {
	program := `workload starboard
workload portside

deny all in default
allow starbord -> portside GET
`
	_, diags := compiler.Compile(context.Background(), compiler.Input{
		Files: []*source.File{source.New("ship.zt", program)},
	})
	for _, d := range diags {
		fmt.Printf("%s: %s[%s]: %s\n", d.Span, d.Severity, d.Code, d.Message)
		for _, f := range d.Fixes {
			fmt.Println("fix:", f.Message)
			for _, e := range f.Edits {
				fmt.Printf("  %q becomes %q\n", e.Span.Text(), e.New)
			}
		}
	}
	// Output:
	// ship.zt:5:7: error[ZT1001]: unknown workload "starbord" in namespace default
	// fix: did you mean "starboard"?
	//   "starbord" becomes "starboard"
}

// Imports and inventories are read from the file system of the program, here one in memory.
func ExampleCompile_inventory() {
	dir := fstest.MapFS{"k8s/portside.yaml": {Data: []byte(`apiVersion: apps/v1
kind: Deployment
metadata: {name: portside, namespace: default}
spec:
  template:
    metadata: {labels: {app: portside}}
    spec:
      serviceAccountName: portside
      containers: [{name: busybox, ports: [{containerPort: 8080}]}]
`)}}
	_, diags := compiler.Compile(context.Background(), compiler.Input{
		Files: []*source.File{source.New("ship.zt", "inventory \"k8s/\"\ndeny all in default\nallow starboard -> portside GET\n")},
		FS:    dir,
	})
	for _, d := range diags {
		fmt.Printf("%s: %s\n", d.Span, d.Message)
	}
	// Output:
	// ship.zt:3:7: unknown workload "starboard" in namespace default
}
