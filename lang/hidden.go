package lang

import (
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
)

// hidden reports what a reader cannot see, in code, strings and comments alike.
func (p *parser) hidden() {
	h, ok := scan.NextHidden(p.text, 0)
	if !ok {
		return
	}
	sc := scan.New(p.text)
	tok := sc.Next()
	for n := 0; ok; h, ok = scan.NextHidden(p.text, h.End) {
		if n++; n > MaxHidden {
			p.diags.Add(diag.InvisibleCharacter, p.span(int32(h.Start), int32(h.End)), "more than %d characters that a reader cannot see: the others are not shown", MaxHidden)
			return
		}
		for tok.Kind != scan.EOF && int(tok.End) <= h.Start {
			tok = sc.Next()
		}
		span := p.span(int32(h.Start), int32(h.End))
		d := p.diags.Add(diag.InvisibleCharacter, span, "%s, which a reader cannot see", described(h))
		switch {
		case h.Escape != "" && tok.Kind == scan.String && int(tok.Start) < h.Start:
			d.Fix(span, h.Escape, "write %s", h.Escape)
		case h.Start == 0 && h.What == "byte order mark":
			d.Fix(span, "", "delete it")
		default:
			d.Advise("delete it; a string writes it as an escape")
		}
	}
}

// described names a hidden character so that it can be looked for.
func described(h scan.Hidden) string {
	if h.Escape == "" {
		return h.What
	}
	return h.What + " " + h.Escape
}
