package source

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// Columns inside long lines are those that counting from the start of the line gives, whatever the bytes are.
func TestLongLines(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "é", "日", "🚀", "\xff", "\x80\x80\x80\x80\x80\x80", "\r", "\n", strings.Repeat("\n", 3)}
	var b strings.Builder
	for b.Len() < 20*longStep {
		p := pieces[r.IntN(7)]
		if r.IntN(20_000) == 0 {
			p = pieces[7+r.IntN(2)]
		}
		b.WriteString(p)
	}
	text := b.String()
	f := New("x", text)
	for range 2000 {
		off := r.IntN(len(text) + 1)
		line := strings.LastIndexByte(text[:off], '\n') + 1
		want := Position{Offset: off, Line: 1 + strings.Count(text[:off], "\n"), Column: 1}
		for _, c := range text[line:off] {
			want.Column++
			want.UTF16++
			if c > 0xffff {
				want.UTF16++
			}
		}
		got := f.Position(off)
		// An offset inside a character has no column of its own: the bytes before it count one by one or together.
		if inside := off < len(text) && text[off]&0xc0 == 0x80; got != want && !inside {
			t.Fatalf("at %d: %+v, want %+v", off, got, want)
		}
	}
}

// The places of a line of megabytes take time in proportion to their number.
func TestLongLineTime(t *testing.T) {
	f := New("x", strings.Repeat("abcdefgh", 4<<20))
	start := time.Now()
	for off := 0; off < len(f.Text); off += 512 {
		if p := f.Position(off); p.Column != off+1 {
			t.Fatalf("column %d at %d", p.Column, off)
		}
	}
	if took := time.Since(start); took > 20*time.Second { // counting from the start each time takes minutes
		t.Errorf("65536 positions took %s", took)
	}
}
