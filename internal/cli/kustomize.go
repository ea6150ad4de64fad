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
	kustomizationMark   = "# " + lower.ManagedBy + ": ztc\n"
	kustomizationName   = "# " + lower.PartOf + ": " // only for a program with a name
	kustomizationSource = "# source: "               // for each file of the program, its path from the directory
	kustomizationBody   = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:"
)

// list is what a kustomization.yaml says: whose it is, and which files it lists.
type list struct {
	owner
	files []string
}

// owner is what is known of a program that writes into a directory.
type owner struct {
	program string
	// sources are its files (see destination.sources). Empty where standard input was read.
	sources []string
}

// text is the list as kustomization.yaml.
func (k list) text() []byte {
	var b strings.Builder
	b.WriteString(kustomizationMark)
	if k.program != "" {
		b.WriteString(kustomizationName + k.program + "\n")
	}
	for _, s := range k.sources {
		b.WriteString(kustomizationSource + s + "\n")
	}
	b.WriteString(kustomizationBody)
	if len(k.files) == 0 {
		b.WriteString(" []")
	}
	b.WriteString("\n")
	for _, f := range k.files {
		b.WriteString("- " + f + "\n")
	}
	return []byte(b.String())
}

// readList reads a kustomization.yaml, or says why it is not one of ours. What else than ztc wrote in there would be lost, so
// it has to be what ztc writes, to the letter.
func readList(text []byte) (k list, why string) {
	if len(bytes.TrimSpace(text)) == 0 {
		return k, ""
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	rest, ours := strings.CutPrefix(string(text), kustomizationMark)
	if !ours {
		return k, "does not begin with ztc's mark"
	}
	if name, ok := strings.CutPrefix(rest, kustomizationName); ok {
		k.program, rest, _ = strings.Cut(name, "\n")
	}
	for {
		name, ok := strings.CutPrefix(rest, kustomizationSource)
		if !ok {
			break
		}
		name, rest, _ = strings.Cut(name, "\n")
		k.sources = append(k.sources, name)
	}
	for line := range strings.Lines(strings.TrimPrefix(rest, kustomizationBody)) {
		if f, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "- "); ok {
			k.files = append(k.files, f)
		}
	}
	if !bytes.Equal(text, k.text()) {
		return list{}, "was edited: it is not as ztc writes it"
	}
	return k, ""
}

// named is a program for messages.
func named(program string) string {
	if program == "" {
		return "a program without a name"
	}
	return "the program " + program
}
