// Package stdlib holds the standard library: the files that `import "std/..."` names. They are sources of the language like
// any imported file, compiled into the binary.
package stdlib

import (
	"embed"
	"strings"
)

//go:embed *.zt
var files embed.FS

// Source returns the text of the file that `import "std/NAME"` names.
func Source(name string) (text string, ok bool) {
	if strings.ContainsAny(name, "./") {
		return "", false
	}
	b, err := files.ReadFile(name + ".zt")
	return string(b), err == nil
}

// Names returns the names of all files, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the directory is compiled in
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".zt")
	}
	return names
}
