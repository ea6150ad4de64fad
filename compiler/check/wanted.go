package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/scan"
)

// maxLine bounds a line of a program that a message spells out.
const maxLine = 160

// head returns a rule as it is written, up to the end of its targets; "" where that is no short line.
func head(r *ir.Rule) string {
	text := r.Span.Text()
	const (
		sources = iota
		wanted  // a target, or what a ":" wants
		done    // it stands
	)
	at, end := sources, 0
	for t := range scan.Each(text) {
		switch {
		case t.Kind == scan.Space:
			continue
		case at == sources:
			if t.Kind == scan.Arrow {
				at = wanted
			}
			continue
		case at == done && (t.Kind == scan.Comma || t.Kind == scan.Colon):
			at = wanted
			continue
		case at == wanted && (t.Kind == scan.Name || t.Kind == scan.Ref || t.Kind == scan.Dotted || t.Kind == scan.Int):
			at, end = done, int(t.End)
			continue
		case at == wanted && t.Kind == scan.Key && text[t.Start:t.End] == "mesh":
			at, end = done, int(t.End)
			continue
		case at == wanted && t.Kind == scan.Key: // gateway, service and the like stand before a name
			continue
		}
		break
	}
	if at != done || end > maxLine || strings.ContainsAny(text[:end], "\n#") {
		return ""
	}
	return text[:end]
}

// alone returns the head of a rule and the operation of its one entry; ok is false where more is said than methods and paths,
// which a line of ours would lose.
func alone(r *ir.Rule) (h string, op *ir.Operation, ok bool) {
	if len(r.Entries) != 1 || r.When != nil || r.Entries[0].When != nil {
		return "", nil, false
	}
	h, op = head(r), &r.Entries[0].Op
	return h, op, h != "" && len(op.Hosts)+len(op.Ports) == 0 && !op.GRPC
}

// narrowed returns an allow with paths of the author's in place of its own and of the exception from them, as an example of how
// it is written; "" where that would lose something.
func narrowed(r *ir.Rule) string {
	h, op, ok := alone(r)
	cuts := slices.Concat(r.Entries[0].Cuts, r.Cuts)
	if !ok || len(cuts) > 1 || len(cuts) == 1 && len(cuts[0].Paths) == 0 {
		return ""
	}
	path := wanted(op.Paths)
	if len(op.Methods) > 0 {
		h += " " + strings.Join(op.Methods, ", ")
	}
	return ended(r, h+" "+strconv.Quote(path))
}

// wanted is an example of a path that somebody may want of what some patterns match.
func wanted(patterns []string) string {
	const it = "orders"
	p := "*"
	if i := slices.IndexFunc(patterns, func(p string) bool { return strings.Contains(p, "*") }); i >= 0 {
		p = patterns[i]
	} else if len(patterns) > 0 {
		p = patterns[0]
	}
	switch {
	case p == "*":
		return "/" + it
	case strings.Contains(p, "{"):
		return strings.NewReplacer("{**}", it, "{*}", it).Replace(p)
	case strings.HasSuffix(p, "*"):
		return strings.TrimSuffix(p[:len(p)-1], "/") + "/" + it
	case strings.HasPrefix(p, "*"):
		return "/" + it + p[1:]
	}
	return p
}

// allBut returns the deny or delegate that is for all but a path; "" where that would lose something.
func allBut(r *ir.Rule, path string) string {
	h, op, ok := alone(r)
	if !ok || len(r.Entries[0].Cuts)+len(r.Cuts) > 0 {
		return ""
	}
	what := "{ http }"
	if len(op.Methods) > 0 {
		what = strings.Join(op.Methods, ", ")
	}
	return ended(r, h+" "+what+" except "+strconv.Quote(path))
}

// ended adds the end of time of a rule.
func ended(r *ir.Rule, line string) string {
	if r.Until != "" {
		line += " until " + r.Until
	}
	if len(line) > maxLine {
		return ""
	}
	return line
}
