package cli

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/lower"
	"github.com/zt-lang/ztc/emit/yaml"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
)

// document is what one document of a file says of itself.
type document struct{ managedBy, partOf, kind, namespace, name string }

// documents returns what the documents of a text in our own layout say of themselves. Whatever is laid out otherwise has
// no labels here, and so is not taken for ours. Lines are looked at and not the tree: a build of a large mesh reads all that
// it replaces.
func documents(text []byte) []document {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return jsonDocuments(text)
	}
	var out []document
	var d document
	var says bool          // d has more than comments
	var outer, mine string // the last lines without indentation, and with two blanks
	flush := func() {
		if says {
			out = append(out, d)
		}
		d, says, outer, mine = document{}, false, "", ""
	}
	for line := range bytes.Lines(text) {
		if outer != "" && outer != "metadata:" && line[0] == ' ' { // nearly all of a file
			continue
		}
		line := strings.TrimRight(string(line), "\r\n")
		if line == "---" || line == "..." {
			flush()
			continue
		}
		rest := strings.TrimLeft(line, " \t")
		if rest == "" || rest[0] == '#' {
			continue
		}
		says = true
		switch indent := len(line) - len(rest); {
		case indent == 0:
			outer, mine = line, ""
			if kind, ok := strings.CutPrefix(line, "kind: "); ok {
				d.kind = kind
			}
		case outer != "metadata:":
		case indent == 2:
			mine = line
			if ns, ok := strings.CutPrefix(rest, "namespace: "); ok {
				d.namespace = strings.Trim(ns, `"`)
			} else if name, ok := strings.CutPrefix(rest, "name: "); ok {
				d.name = strings.Trim(name, `"`)
			}
		case indent == 4 && mine == "  labels:":
			switch key, value, _ := strings.Cut(rest, ": "); key {
			case lower.ManagedBy:
				d.managedBy = value
			case lower.PartOf:
				d.partOf = strings.Trim(value, `"`)
			}
		}
	}
	flush()
	return out
}

func jsonDocuments(text []byte) []document {
	var list struct {
		Kind  string `json:"kind"`
		Items []struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Name      string            `json:"name"`
				Namespace string            `json:"namespace"`
				Labels    map[string]string `json:"labels"`
			} `json:"metadata"`
		} `json:"items"`
	}
	if json.Unmarshal(text, &list) != nil || list.Kind != "List" {
		return nil
	}
	var out []document
	for _, i := range list.Items {
		m := i.Metadata
		out = append(out, document{m.Labels[lower.ManagedBy], m.Labels[lower.PartOf], i.Kind, m.Namespace, m.Name})
	}
	return out
}

// foreign says why a file is not the program's to replace, or "". In a file with nothing in it nothing is lost.
func foreign(text []byte, program string) string {
	if len(bytes.TrimSpace(text)) == 0 || bytes.Equal(text, yaml.AppendList(nil, nil)) {
		return ""
	}
	docs := documents(text)
	for _, d := range docs {
		switch {
		case d.managedBy != "ztc" && len(docs) > 1:
			return "holds an object that does not carry ztc's label"
		case d.managedBy != "ztc":
			return "does not carry ztc's label"
		case d.partOf != program:
			return "is of " + named(d.partOf)
		}
	}
	if len(docs) == 0 {
		return "does not carry ztc's label"
	}
	return ""
}

// builtBy returns the program whose build into a directory made a file: it has the name of a namespace, and each object in
// it is of that namespace and of one program. ok is false for every other file.
func builtBy(name string, text []byte) (program string, ok bool) {
	docs := documents(text)
	for _, d := range docs {
		if d.managedBy != "ztc" || d.partOf != docs[0].partOf || name != fileName(d.namespace, ".yaml") && name != fileName(d.namespace, ".json") {
			return "", false
		}
	}
	if len(docs) == 0 {
		return "", false
	}
	return docs[0].partOf, true
}

// programName is what the mesh block calls the program. Its objects carry it; a program without objects is asked.
func programName(in *inputs, out compiler.Output) string {
	if len(out.Objects) > 0 {
		return out.Objects[0].Labels[lower.PartOf]
	}
	for _, f := range in.files {
		tree, _ := lang.Parse(f)
		for _, s := range tree.Stmts {
			if m, ok := s.(*ast.Mesh); ok && m.Program != nil {
				return m.Program.Text
			}
		}
	}
	return ""
}
