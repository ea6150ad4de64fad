// Package toolstest runs the build steps in examples/ with the tools that they are for. The tools are pinned in tools/go.mod.
package toolstest

//go:generate go run ../../cmd/ztc build -o ../../examples/kustomize/generated/ ../../examples/kustomize
//go:generate go run ../../cmd/ztc build -o ../../examples/helm/files/policies.yaml ../../examples/helm
//go:generate go run ../../cmd/ztc build -o ../../examples/teams/generated/teams/ ../../examples/teams/bank ../../examples/teams/shop
//go:generate go run ../../cmd/ztc build -o ../../examples/boutique/generated/ ../../examples/boutique
//go:generate go run ../../cmd/ztc build -o ../../examples/teams/generated/platform/ ../../examples/teams/platform
