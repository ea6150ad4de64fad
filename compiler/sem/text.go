package sem

import "encoding/binary"

// Printer writes expressions as bytes that only equal expressions have. What it has written once it refers to, so that the
// bytes grow with the expression as it is built and not with the tree that it stands for. The zero Printer is ready for use.
type Printer struct{ seen map[*Expr]uint64 }

// Append appends the bytes of an expression to dst. They mean nothing without those that the printer wrote before.
func (p *Printer) Append(dst []byte, x *Expr) []byte {
	const again = 0xff
	if x.op == opTest {
		dst = append(dst, byte(opTest), byte(x.test.Attr.Kind))
		dst = appendText(dst, x.test.Attr.Name)
		for i := range x.test.Parts {
			y := &x.test.Parts[i]
			fold := byte(0)
			if y.Fold {
				fold = 1
			}
			dst = appendText(append(dst, byte(y.Op), fold), y.Text)
			dst = binary.AppendVarint(binary.AppendVarint(dst, int64(y.Lo)), int64(y.Hi))
		}
		return dst
	}
	if n, ok := p.seen[x]; ok {
		return binary.AppendUvarint(append(dst, again), n)
	}
	if p.seen == nil {
		p.seen = map[*Expr]uint64{}
	}
	p.seen[x] = uint64(len(p.seen))
	dst = binary.AppendUvarint(append(dst, byte(x.op)), uint64(len(x.list)))
	for _, y := range x.list {
		dst = p.Append(dst, y)
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
