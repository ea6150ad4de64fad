package linetest

import "testing"

func TestMissing(t *testing.T) {
	a, b, c := unit{0, 5, "a"}, unit{5, 10, "b"}, unit{10, 15, "c"}
	for _, x := range []struct {
		after []unit
		start int32
		end   int32
		want  string
	}{
		{[]unit{a, c}, 6, 8, ""},              // the line's own statement is gone
		{[]unit{a, {0, 0, "x"}, c}, 6, 8, ""}, // or another one
		{[]unit{a, b}, 6, 8, "c"},             // the next one is gone
		{[]unit{c, a}, 6, 8, "c"},             // or before its time
		{[]unit{a, {0, 0, "bc"}}, 6, 8, "c"},
		{[]unit{a, b, c}, 20, 30, ""},
	} {
		if got := missing([]unit{a, b, c}, x.after, x.start, x.end); got != x.want {
			t.Errorf("%v: %q, want %q", x.after, got, x.want)
		}
	}
}
