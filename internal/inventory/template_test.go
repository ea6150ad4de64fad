package inventory

import (
	"strings"
	"testing"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// A template is named as such wherever it stands: what YAML makes of its braces is nobody's fault.
func TestTemplates(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
	for text, at := range map[string]string{
		"{{ .Values.x }}":                                 "{{ .Values.x }}",
		"# c\n---\n  {{ .Values.x }}\n":                   "{{ .Values.x }}",
		"{{ include \"x\" . }}\n---\n":                    "{{ include \"x\" . }}",
		"{{/* c */}}\n" + pod:                             "{{/* c */}}",
		"{{- if .x }}\n" + pod + "{{ end }}":              "{{- if .x }}",
		"--- {{ .Values.x }}\n":                           "{{ .Values.x }}",
		"- {{ .Values.x }}\n":                             "- {{ .Values.x }}",
		"{{}}":                                            "{{}}",
		"apiVersion: v1\nkind: Pod\nmetadata: {{ .x }}\n": "{{ .x }}",
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels: {{ .x }}\n": "{{ .x }}",
	} {
		for _, name := range []string{"x.yaml", "x.json"} {
			if name == "x.json" && !strings.HasPrefix(text, "{{") {
				continue
			}
			_, diags := Parse([]*source.File{source.New(name, text)})
			if len(diags) != 1 || diags[0].Code != diag.InventoryTemplate || diags[0].Span.Text() != at {
				t.Errorf("%s %q: want one %s at %q\n%s", name, text, diag.InventoryTemplate, at, showDiags(diags))
			}
		}
	}
	for _, text := range []string{"{ {a: b}: c}", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: {y: z}}}\n"} {
		_, diags := Parse([]*source.File{source.New("x.yaml", text)})
		if len(diags) != 1 || diags[0].Code != diag.InventoryWrongType {
			t.Errorf("%q: want one %s\n%s", text, diag.InventoryWrongType, showDiags(diags))
		}
	}
}
