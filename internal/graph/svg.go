package graph

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	svg "github.com/ajstarks/svgo"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// MaxDrawn bounds what is drawn as SVG: nodes and edges. Nobody reads a larger drawing.
const MaxDrawn = 2000

// The layout has three columns: who calls, what, and who is called. Each edge has a line of its own beside its target, so no two
// labels meet, and the place of everything follows from the order of the graph. A workload that calls and is called stands on
// both sides.
const (
	margin     = 16
	lineHeight = 16
	boxHeight  = 26
	gap        = 10  // between boxes, and around those of a namespace
	fan        = 130 // for the curves from callers to labels
	arrow      = 44  // from a label to its target
)

// Styles of the drawing. The font has one width, so that the layout knows how wide a text is.
const style = `text { font: 12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #202020 }
.group { fill: #f4f4f6; stroke: #c8c8d0 }
.group-name { font-weight: bold; fill: #606070 }
.node { fill: #ffffff; stroke: #404040 }
.open { stroke: ` + red + `; stroke-dasharray: 4 3 }
.edge { fill: none; stroke: #404040 }
.head { fill: #404040; stroke: #404040 }
.deny { stroke: ` + red + ` } .head.deny { fill: ` + red + ` }
.delegate { stroke: ` + blue + ` } .head.delegate { fill: ` + blue + ` }
.audit { stroke: ` + grey + ` } .edge.audit { stroke-dasharray: 2 3 } .head.audit { fill: none }
.edge.dry-run { stroke-dasharray: 7 4 }`

// width is how wide a text is in the drawing.
func width(s string) int { return (utf8.RuneCountInString(s)*29 + 3) / 4 }

// box is a node on one side of the drawing.
type box struct {
	node *Node
	y, h int
}

// side is a column of boxes with those of a namespace in a frame.
type side struct {
	x, w   int // of the boxes
	boxes  []box
	frames []frame
	bottom int
	at     map[*Node]int // in boxes
}

type frame struct {
	name string
	y, h int
}

// SVG is the graph as a drawing. ok is false when it is larger than MaxDrawn.
func (g *Graph) SVG() (text []byte, ok bool) {
	if len(g.Nodes)+len(g.Edges) > MaxDrawn {
		return nil, false
	}
	labels := make([][]string, len(g.Edges))
	calls := map[*Node]bool{}
	height := map[*Node]int{} // of the labels beside a target
	middle := 0
	for i, e := range g.Edges {
		labels[i] = e.lines()
		calls[e.From] = true
		height[e.To] += len(labels[i])*lineHeight + gap
		for _, l := range labels[i] {
			middle = max(middle, width(l))
		}
	}
	left := g.side(func(n *Node) int {
		if calls[n] {
			return boxHeight
		}
		return 0
	})
	right := g.side(func(n *Node) int {
		if n.State == NoTarget {
			return 0
		}
		return max(boxHeight, height[n])
	})
	left.x = margin + gap
	labelX := left.x + left.w + gap + fan
	right.x = labelX + middle + arrow + gap
	left.shift((right.bottom - left.bottom) / 2)
	w, h := right.x+right.w+gap+margin, max(left.bottom, right.bottom)+margin
	legend := g.legend()
	w = max(w, margin+len(legend)*160)

	var b bytes.Buffer
	d := svg.New(&b)
	d.Startview(w, h+lineHeight+margin, 0, 0, w, h+lineHeight+margin)
	d.Style("text/css", style)
	left.draw(d)
	right.draw(d)
	next := map[*Node]int{} // where the next label beside a target goes
	for i, e := range g.Edges {
		from, to := left.boxes[left.at[e.From]], right.boxes[right.at[e.To]]
		size := len(labels[i]) * lineHeight
		top := to.y + max(0, to.h-height[e.To])/2 + next[e.To] + gap/2
		next[e.To] += size + gap
		y, longest := top+size/2, 0
		d.Group(`class="rule"`)
		d.Title(e.tooltip())
		start := left.x + left.w
		d.Bezier(start, from.y+from.h/2, start+fan*2/3, from.y+from.h/2, labelX-gap-fan*2/3, y, labelX-gap/2, y, class("edge", e))
		for j, l := range labels[i] {
			d.Text(labelX, top+j*lineHeight+12, l)
			longest = max(longest, width(l))
		}
		d.Line(labelX+longest+gap/2, y, right.x-7, y, class("edge", e))
		head(d, right.x, y, e)
		d.Gend()
	}
	for i, e := range legend {
		x, y := margin+i*160, h+lineHeight/2
		d.Line(x, y, x+arrow-7, y, class("edge", e))
		head(d, x+arrow, y, e)
		d.Text(x+arrow+gap/2, y+4, e.verb())
	}
	d.End()
	return b.Bytes(), true
}

// side lays the nodes for which h is not 0 out in a column.
func (g *Graph) side(h func(*Node) int) *side {
	s := &side{at: map[*Node]int{}, w: 60}
	y := margin
	for _, c := range g.clusters() {
		top, first := y, true
		for _, n := range c.nodes {
			if h(n) == 0 {
				continue
			}
			if first && c.namespace != "" {
				y += gap/2 + lineHeight
			}
			first = false
			s.at[n] = len(s.boxes)
			s.boxes = append(s.boxes, box{n, y, h(n)})
			s.w = max(s.w, width(n.label())+2*gap)
			y += h(n) + gap
		}
		if !first && c.namespace != "" {
			s.frames = append(s.frames, frame{short(c.namespace), top, y - top})
			s.w = max(s.w, width(short(c.namespace))+gap)
			y += gap
		}
	}
	s.bottom = y
	return s
}

// shift moves a column down, never up.
func (s *side) shift(by int) {
	by = max(by, 0)
	for i := range s.boxes {
		s.boxes[i].y += by
	}
	for i := range s.frames {
		s.frames[i].y += by
	}
	s.bottom += by
}

func (s *side) draw(d *svg.SVG) {
	for _, f := range s.frames {
		d.Roundrect(s.x-gap, f.y, s.w+2*gap, f.h, 4, 4, `class="group"`)
		d.Text(s.x, f.y+lineHeight, f.name, `class="group-name"`)
	}
	for _, b := range s.boxes {
		round := 2
		switch b.node.Kind {
		case Anyone, Authenticated, Plaintext, Identities:
			round = boxHeight / 2
		case Account:
			round = boxHeight / 4
		}
		name := `class="node"`
		if b.node.State == Open {
			name = `class="node open"`
		}
		d.Roundrect(s.x, b.y, s.w, b.h, round, round, name)
		d.Text(s.x+gap, b.y+b.h/2+4, b.node.label())
	}
}

func class(what string, e *Edge) string {
	if e.DryRun {
		what += " dry-run"
	}
	return fmt.Sprintf(`class="%s %s"`, what, e.Action)
}

// head draws where an edge ends: an arrow into its target, or what its action has instead.
func head(d *svg.SVG, x, y int, e *Edge) {
	c := class("head", e)
	switch e.Action {
	case ast.Deny:
		d.Line(x-7, y, x-2, y, class("edge", e))
		d.Rect(x-4, y-6, 3, 12, c)
	case ast.Audit:
		d.Circle(x-4, y, 3, c)
	case ast.Delegate:
		d.Polygon([]int{x - 10, x - 5, x, x - 5}, []int{y, y - 4, y, y + 4}, c)
	default:
		d.Polygon([]int{x - 8, x, x - 8}, []int{y - 4, y, y + 4}, c)
	}
}

// tooltip is what an edge says in full, within reason.
func (e *Edge) tooltip() string {
	const most = 20
	lines := []string{diag.Clean(e.From.ID) + " -> " + diag.Clean(e.To.ID)}
	for i := range e.Rules {
		if i == most {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.Rules)-most))
			break
		}
		t := e.Rules[i].Text
		if len(t) > 1000 {
			t = strings.ToValidUTF8(t[:1000], "") + "…"
		}
		lines = append(lines, e.verb()+": "+diag.Clean(t))
	}
	return strings.Join(lines, "\n")
}

// legend is one edge of each look that the graph has.
func (g *Graph) legend() []*Edge {
	var out []*Edge
	for _, dry := range []bool{false, true} {
		for _, a := range []ast.Action{ast.Allow, ast.Deny, ast.Audit, ast.Delegate} {
			for _, e := range g.Edges {
				if e.Action == a && e.DryRun == dry {
					out = append(out, &Edge{Action: a, DryRun: dry})
					break
				}
			}
		}
	}
	return out
}
