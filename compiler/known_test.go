package compiler

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/known"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/lang/source"
)

const allowsOnly = `
workload web { port http 8080 }
workload ops { port http 8080 }
workload log { port http 8080 }
workload far/log { port http 8080 }
deny all in default, far
allow web, ops -> log GET
allow ops -> log "/a"
allow web, ops -> far/log GET
allow ops -> far/log "/a"
allow web -> ops GET "/x"
`

// What is known of the objects of a program of plain allows is known of no other program, and of no other object.
func TestKnownOfAnother(t *testing.T) {
	facts := known.Read(nil, nil, "")
	mean := func(text string) (*proof.Translation, []Object) {
		t.Helper()
		l := &loader{in: Input{Files: []*source.File{source.New("x.zt", text)}}, keep: true}
		out, diags := compile(context.Background(), l)
		if diags.HasErrors() {
			t.Fatalf("%s: %v", text, diags)
		}
		return proof.NewTranslation(l.meant, intent.Of(l.meant, ""), "", facts), out.Objects
	}
	_, objects := mean(allowsOnly)
	// holds reports whether objects mean what a program says, and how many of them were known to.
	holds := func(text string, objects []Object) (known int, ok bool) {
		t.Helper()
		translation, _ := mean(text)
		c := translation.Checker()
		for i := range objects {
			o, err := objects[i].Decode()
			if err != nil {
				t.Fatal(err)
			}
			if c.Known(o, objects[i].YAML) {
				known++
			} else {
				c.See(o)
			}
		}
		return known, len(translation.Finish(context.Background())) == 0
	}
	for i, want := range []int{0, 3} {
		if n, ok := holds(allowsOnly, objects); n != want || !ok {
			t.Fatalf("round %d: %d objects are known, and they hold: %t", i, n, ok)
		}
	}
	for was, is := range map[string]string{
		"allow web, ops -> log":     "allow ops -> log",
		"allow web, ops -> log GET": "allow far/log, ops -> log GET",
		"allow web, ops -> far/log": "allow web -> far/log",
		`ops -> log "/a"`:           `web -> log "/a"`,
		`ops -> far/log "/a"`:       `ops -> far/log "/b"`,
		"-> log GET":                "-> log POST",
		"-> far/log GET":            "-> far/log:8080 GET",
		`"/x"`:                      `"/y"`,
		"workload far/log {":        "workload far/log { labels app: log, v: two;",
	} {
		changed := strings.Replace(allowsOnly, was, is, 1)
		if n, ok := holds(changed, objects); ok || n != 2 {
			t.Errorf("%s for %s: %d objects are known, and they hold: %t", is, was, n, ok)
		}
		if _, ok := holds(allowsOnly, slices.Delete(slices.Clone(objects), 0, 1)); ok {
			t.Error("an object less holds")
		}
	}
	translation, _ := mean(allowsOnly)
	c := translation.Checker()
	for i := range objects {
		o, _ := objects[i].Decode()
		if other := *o; o.Authorization != nil {
			other.Name = "other"
			if c.Known(&other, objects[i].YAML) {
				t.Errorf("the text of %s/%s is known under another name", o.Namespace, o.Name)
			}
		}
		for j := range objects {
			if i != j && c.Known(o, objects[j].YAML) {
				t.Errorf("the text of %s/%s is taken for %s/%s", objects[j].Namespace, objects[j].Name, o.Namespace, o.Name)
			}
		}
	}
}
