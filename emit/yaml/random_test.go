package yaml

import (
	"math/rand/v2"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// pieces are what strings go wrong on.
var pieces = []string{
	"a", "b", "Z", "0", "1", "9", "y", "on", "off", "null", "~", "true", "no", "010", "1e3", "2001-01-01", "2001-1-1", "T", "t", "Z",
	"12:30:45", ".5", "+02:00", "-", "+", "--", "---", "...", ".", ".inf", ".nan", "0x1", "0b1", "0o7", "1_000", "1:20", ":", ": ", " #", "#",
	" ", "  ", "\t", "\n", "\n\n", "\r", "\r\n", "\u0085", "\u2028", "\u2029", "\uFEFF", "\uFFFE", "\uFFFF", "\uFFFD", "\x00", "\x01",
	"\x07", "\x1b", "\x7f", "\u0080", "\u00a0", "é", "世界", "😀", "\U0010FFFF", "\uE000", "\uD7FF", "\xff", "\xc2", "\xed\xa0\x80",
	"'", "\"", "\\", "\\n", "[", "]", "{", "}", ",", "?", "? ", "- ", "&", "*", "!", "|", ">", "%", "@", "`", "=", "<<", "<", "/",
	"key: value", "rules:", "- {}", "*/x", "cluster.local/ns/a/sa/b", "10.0.0.0/8", "x-header", "a long word and another one ",
	"it is a long text of more than eighty columns, with  double spaces in it and 'quotes' and so on, at the end of it",
}

// randomString is a string that sigs.k8s.io/yaml writes as ztc does.
func randomString(r *rand.Rand) string {
	for {
		if s := anyString(r); !elsewhere(sanitise(s)) {
			return s
		}
	}
}

func anyString(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0:
		return pieces[r.IntN(len(pieces))]
	case 1:
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteByte(" !\"#'*,-./0123456789:?@ABTZ[]_`aefinotuxy{|}~+"[r.IntN(46)])
		}
		return b.String()
	case 2:
		var b strings.Builder
		for range r.IntN(14) {
			b.WriteByte("0123456789-:.+eE_xboTtZ "[r.IntN(24)])
		}
		return b.String()
	case 3:
		b := make([]byte, r.IntN(10))
		for i := range b {
			b[i] = byte(r.UintN(256))
		}
		return string(b)
	}
	var b strings.Builder
	n := 1 + r.IntN(5)
	if r.IntN(6) == 0 {
		n = r.IntN(60)
	}
	for range n {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func tameString(r *rand.Rand) string {
	return []string{"a", "b-c", "8080", "GET", "/v1/*", "*", "cluster.local/ns/a/sa/b", "10.0.0.0/8", "true", "a b", "x: y", "it's", "a\nb\n", "é"}[r.IntN(14)]
}

// fill sets fields of m at random.
func fill(r *rand.Rand, m protoreflect.Message, str func(*rand.Rand) string, depth int) {
	if d, ok := m.Interface().(*durationpb.Duration); ok {
		d.Seconds = r.Int64N(1000)
		d.Nanos = []int32{0, 500_000_000, 1_000, 999_999_999, 20_000_000}[r.IntN(5)]
		return
	}
	scalar := func(fd protoreflect.FieldDescriptor) protoreflect.Value {
		switch fd.Kind() {
		case protoreflect.StringKind:
			return protoreflect.ValueOfString(strings.ToValidUTF8(str(r), "\uFFFD"))
		case protoreflect.BoolKind:
			return protoreflect.ValueOfBool(r.IntN(2) == 0)
		case protoreflect.EnumKind:
			return protoreflect.ValueOfEnum(fd.Enum().Values().Get(r.IntN(fd.Enum().Values().Len())).Number())
		case protoreflect.Uint32Kind:
			return protoreflect.ValueOfUint32(r.Uint32N(70000))
		}
		panic(fd.Kind())
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if r.IntN(3) == 0 {
			continue
		}
		switch {
		case fd.IsMap():
			mp := m.Mutable(fd).Map()
			for range r.IntN(4) {
				k := scalar(fd.MapKey()).MapKey()
				v := mp.NewValue()
				if fd.MapValue().Kind() == protoreflect.MessageKind {
					fill(r, v.Message(), str, depth+1)
				} else {
					v = scalar(fd.MapValue())
				}
				mp.Set(k, v)
			}
		case fd.IsList():
			l := m.Mutable(fd).List()
			for range r.IntN(3) {
				if fd.Kind() == protoreflect.MessageKind {
					fill(r, l.AppendMutable().Message(), str, depth+1)
				} else {
					l.Append(scalar(fd))
				}
			}
		case fd.Kind() == protoreflect.MessageKind:
			fill(r, m.Mutable(fd).Message(), str, depth+1)
		default:
			m.Set(fd, scalar(fd))
		}
	}
}

func randomObject(r *rand.Rand, str func(*rand.Rand) string) *istio.Object {
	o := &istio.Object{APIVersion: "security.istio.io/v1", Name: "name", Namespace: "shop"}
	if r.IntN(4) == 0 {
		o.APIVersion = "security.istio.io/v1beta1"
	}
	text := func() string { return strings.ToValidUTF8(str(r), "\uFFFD") }
	if r.IntN(3) == 0 {
		o.Name, o.Namespace = text(), text()
	}
	if r.IntN(2) == 0 {
		o.Labels = map[string]string{"app.kubernetes.io/managed-by": "ztc"}
		for range r.IntN(3) {
			o.Labels[text()] = text()
		}
	}
	if r.IntN(2) == 0 {
		o.Annotations = map[string]string{text(): text()}
	}
	var spec proto.Message
	switch r.IntN(4) {
	case 0:
		o.Kind, o.Peer = istio.PeerAuthentication, &security.PeerAuthentication{}
		spec = o.Peer
	case 1:
		o.Kind, o.Request = istio.RequestAuthentication, &security.RequestAuthentication{}
		spec = o.Request
	default:
		o.Kind, o.Authorization = istio.AuthorizationPolicy, &security.AuthorizationPolicy{}
		spec = o.Authorization
	}
	fill(r, spec.ProtoReflect(), str, 0)
	return o
}
