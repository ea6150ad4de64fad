// Package linetest holds programs to the line rule, for tests: a line that is deleted or commented out never changes
// another statement without an error.
package linetest

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

// Show prints a node with its fields and without places: two texts that say the same print the same.
func Show(n any) string {
	var b strings.Builder
	show(&b, reflect.ValueOf(n))
	return b.String()
}

var rangeType = reflect.TypeFor[ast.Range]()

func show(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		show(b, v.Elem())
	case reflect.Struct:
		b.WriteString(v.Type().Name() + "{")
		for i := range v.NumField() {
			if f := v.Field(i); f.Type() != rangeType && !f.IsZero() {
				b.WriteString(" " + v.Type().Field(i).Name + ":")
				show(b, f)
			}
		}
		b.WriteString("}")
	case reflect.Slice:
		b.WriteString("[")
		for i := range v.Len() {
			if i > 0 {
				b.WriteString(" ")
			}
			show(b, v.Index(i))
		}
		b.WriteString("]")
	case reflect.String:
		fmt.Fprintf(b, "%q", v.String())
	default:
		fmt.Fprint(b, v)
	}
}

// unit is a statement by itself: a policy and a test are their head and, one by one, what they hold.
type unit struct {
	start, end int32
	text       string
}

func units(stmts []ast.Stmt) (out []unit) {
	for _, s := range stmts {
		r := s.Pos()
		switch s := s.(type) {
		case *ast.Policy:
			head := *s
			head.Body = nil
			out = append(append(out, unit{r.Start, r.End, Show(head)}), units(s.Body)...)
		case *ast.Test:
			head := *s
			head.Body = nil
			out = append(append(out, unit{r.Start, r.End, Show(head)}), units(s.Body)...)
		default:
			out = append(out, unit{r.Start, r.End, Show(s)})
		}
	}
	return out
}

// OneLine deletes and comments out each line of a program that parses, and returns a description of each edit that
// changes a statement which the line is no part of, without an error; loud counts the edits that are errors.
func OneLine(text string) (silent []string, edits, loud int) {
	tree, diags := lang.Parse(source.New("", text))
	if diags.HasErrors() {
		return []string{"the program does not parse: " + diags[0].Message}, 0, 0
	}
	before := units(tree.Stmts)
	lines := strings.SplitAfter(text, "\n")
	at := int32(0)
	for i, line := range lines {
		end := at + int32(len(line))
		if strings.TrimSpace(line) != "" {
			for _, put := range []string{"", "# " + line} {
				edits++
				after, diags := lang.Parse(source.New("", strings.Join(lines[:i], "")+put+strings.Join(lines[i+1:], "")))
				if diags.HasErrors() {
					loud++
					continue
				}
				if lost := missing(before, units(after.Stmts), at, end); lost != "" {
					silent = append(silent, fmt.Sprintf("without line %d, %q, there is no more %s", i+1, strings.TrimSpace(line), lost))
				}
			}
		}
		at = end
	}
	return silent, edits, loud
}

// missing returns the first statement outside a range of the old text that is not, in its place, among the new ones.
func missing(before, after []unit, start, end int32) string {
	i := 0
	for _, u := range before {
		if u.start < end && u.end > start {
			continue
		}
		for i < len(after) && after[i].text != u.text {
			i++
		}
		if i == len(after) {
			return u.text
		}
		i++
	}
	return ""
}
