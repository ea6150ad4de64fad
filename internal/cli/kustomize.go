package cli

import (
	"bytes"
	"strings"

	"github.com/zt-lang/ztc/compiler/lower"
)

const kustomization = "kustomization.yaml"

// otherKustomizations are the names under which kustomize takes a kustomization, too. It refuses a directory with two.
var otherKustomizations = []string{"kustomization.yml", "Kustomization"}

// A kustomization has no labels to carry: comments in its first lines say whose it is. A directory has one, so a directory
// is of one program.
const (
	kustomizationMark = "# " + lower.ManagedBy + ": ztc\n"
	kustomizationName = "# " + lower.PartOf + ": " // only for a program with a name
	kustomizationBody = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:"
)

// kustomize is the kustomization.yaml of a program that lists files.
func kustomize(program string, files []string) []byte {
	var b strings.Builder
	b.WriteString(kustomizationMark)
	if program != "" {
		b.WriteString(kustomizationName + program + "\n")
	}
	b.WriteString(kustomizationBody)
	if len(files) == 0 {
		b.WriteString(" []")
	}
	b.WriteString("\n")
	for _, f := range files {
		b.WriteString("- " + f + "\n")
	}
	return []byte(b.String())
}

// foreignKustomization says why a kustomization.yaml is not the program's to replace, or "", and which files it lists. What
// else than ztc wrote in there would be lost, so it has to be what ztc writes, to the letter.
func foreignKustomization(text []byte, program string) (why string, files []string) {
	if len(bytes.TrimSpace(text)) == 0 {
		return "", nil
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	rest, ours := strings.CutPrefix(string(text), kustomizationMark)
	if !ours {
		return "does not begin with ztc's mark", nil
	}
	owner := ""
	if name, ok := strings.CutPrefix(rest, kustomizationName); ok {
		owner, rest, _ = strings.Cut(name, "\n")
	}
	for line := range strings.Lines(strings.TrimPrefix(rest, kustomizationBody)) {
		if f, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "- "); ok {
			files = append(files, f)
		}
	}
	switch {
	case !bytes.Equal(text, kustomize(owner, files)):
		return "was edited: it is not as ztc writes it", nil
	case owner != program:
		return "is of " + named(owner), nil
	}
	return "", files
}

// named is a program for messages.
func named(program string) string {
	if program == "" {
		return "a program without a name"
	}
	return "the program " + program
}
