package yaml

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestNaturalOrder holds the order of many keys that differ in numbers to yaml/v2.
func TestNaturalOrder(t *testing.T) {
	parts := []string{"", "a", "b", "Z", "-", "_", ".", "/", "0", "00", "1", "01", "2", "9", "10", "010", "100", "a0", "é", "٣"}
	r := rand.New(rand.NewPCG(13, 14))
	checked := 0
	for range 2_000 {
		m := map[string]string{}
		for range 2 + r.IntN(6) {
			var k strings.Builder
			for range 1 + r.IntN(4) {
				k.WriteString(parts[r.IntN(len(parts))])
			}
			m["k"+k.String()] = "v"
		}
		if oddMap(m) {
			continue
		}
		checked++
		w := writer{blank: true, margin: true, indent: -step}
		w.open()
		for _, k := range w.keys(m) {
			w.anyKey(k)
			w.str("v")
		}
		w.close()
		w.line()
		if want := reference(t, m); !bytes.Equal(w.dst, want) {
			t.Fatalf("%s\nwant\n%s", w.dst, want)
		}
	}
	if checked < 1_000 {
		t.Errorf("only %d maps were checked", checked)
	}
}

// TestNaturalCost keeps a mapping of many long keys, which a stranger may send, from costing the square of its size.
func TestNaturalCost(t *testing.T) {
	m := map[string]bool{}
	for i := range maxKeys {
		m[fmt.Sprint(strings.Repeat("k", 300), i)] = true
	}
	keys := slices.Sorted(maps.Keys(m))
	if n := testing.AllocsPerRun(1, func() { sortNatural(keys) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	for i, k := range keys {
		if want := fmt.Sprint(strings.Repeat("k", 300), i); k != want {
			t.Fatalf("key %d is %q", i, k)
		}
	}
	if n := testing.AllocsPerRun(10, func() { naturalLess(keys[0], keys[1]) }); n > 0 {
		t.Errorf("%v allocations in a comparison", n)
	}
}

// oddMap reports keys that have no strict order: yaml/v2 then sorts them in more than one way.
func oddMap(m map[string]string) bool {
	for k := range m {
		for l := range m {
			if k != l && naturalLess(k, l) == naturalLess(l, k) {
				return true
			}
			for n := range m {
				if naturalLess(k, l) && naturalLess(l, n) && !naturalLess(k, n) {
					return true
				}
			}
		}
	}
	return false
}
