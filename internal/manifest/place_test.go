package manifest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zt-lang/ztc/lang/source"
)

// TestPlace holds the places of lines and columns, asked for in any order, to a walk from the start of each line.
func TestPlace(t *testing.T) {
	text := "a: b\r\nä: {x: ö, y: 1}\n\nlong: " + strings.Repeat("é1", 50) + "\u2028next: z\nend"
	r := &Reader{Piece: Piece{File: source.New("x.yaml", text), End: len(text)}}
	r.index()
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		line, column := 1+rnd.IntN(len(r.lines)+1), 1+rnd.IntN(120)
		want := int(r.lines[min(line, len(r.lines))-1])
		for c := 1; c < column && want < len(text); c++ {
			_, size := utf8.DecodeRuneInString(text[want:])
			want += size
		}
		wantEnd := len(text)
		if i := strings.IndexAny(text[want:], "\r\n"); i >= 0 {
			wantEnd = want + i
		}
		off := r.place(text, line, column)
		if end := r.lineEnd(text, off); off != want || end != wantEnd {
			t.Fatalf("%d:%d is %d to %d, want %d to %d", line, column, off, end, want, wantEnd)
		}
	}
}

// TestOneLongLine wants the places in a document that is one line found in time that grows with the document.
func TestOneLongLine(t *testing.T) {
	walked := func(n int, json bool) int {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"w%d"},"spec":{"template":{"metadata":{"labels":{"app":"w"}},"spec":{"containers":[{"name":"c","ports":[{"containerPort":80}]}]}}}}`, i)
		}
		text := `{"apiVersion":"v1","kind":"List","items":[` + b.String()[1:] + "]}"
		r := &Reader{Piece: Piece{File: source.New("x.json", text), End: len(text), JSON: json, kinds: Kinds{"Deployment": {"apps"}}}}
		found := 0
		r.Objects(func(o Object) {
			found++
			for _, f := range o.Fields {
				r.Span(f.At)
				r.Span(f.Value)
			}
		})
		if found != n {
			t.Fatalf("%d workloads of %d, %v", found, n, r.Diags)
		}
		return r.last.walked
	}
	for _, json := range []bool{true, false} {
		if few, many := walked(50, json), walked(200, json); many > 5*few {
			t.Errorf("%d steps, and %d for four times as much", few, many)
		}
	}
}
