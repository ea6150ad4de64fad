package scan

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// TestPrintable8 holds eight bytes at once to one by one.
func TestPrintable8(t *testing.T) {
	text := []byte("a\n~ /Zz\n")
	for place := range 8 {
		for c := range 256 {
			b := bytes.Clone(text)
			b[place] = byte(c)
			for _, next := range []byte{'\n', 0x0b, 0x7f, 0xff, 'x'} {
				b[(place+1)%8] = next
				want := !bytes.ContainsFunc(b, func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f) })
				if got := printable8(binary.LittleEndian.Uint64(b)); got != want {
					t.Fatalf("%q: %v", b, got)
				}
			}
		}
	}
}
