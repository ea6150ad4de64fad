package lower

import (
	"slices"
	"strconv"
	"testing"

	"github.com/zt-lang/ztc/compiler/ir"
)

// Of many denies on a target those are looked at that an allow's port, or every port, is of.
func TestRefusalsOnPorts(t *testing.T) {
	var c closed
	var at []int
	for i := range 1000 {
		x := refusal{ports: []string{strconv.Itoa(8000 + i)}}
		switch {
		case i%250 == 0:
			x.ports = nil
		case i == 7:
			x.ports = []string{"8007", "8500"}
		}
		c.refusals = append(c.refusals, x)
		at = append(at, i)
	}
	target := &ir.Target{Kind: ir.OnNamespace, Namespace: "shop"}
	for _, x := range []struct {
		ports []string
		want  []int
	}{
		{nil, []int{0, 250, 500, 750}},
		{[]string{"8500"}, []int{0, 7, 250, 500, 750}},
		{[]string{"8007", "8600"}, []int{0, 7, 250, 500, 750}},
		{[]string{"9"}, []int{0, 250, 500, 750}},
	} {
		if got := c.onPorts(target, at, []said{{ports: x.ports}}); !slices.Equal(got, x.want) {
			t.Errorf("ports %v: %v, want %v", x.ports, got, x.want)
		}
	}
}
