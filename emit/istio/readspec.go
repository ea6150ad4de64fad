package istio

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/zt-lang/ztc/internal/manifest"
)

// A spec is read by the descriptors of Istio's own types, so that there is no field that this code forgets.

// message reads a mapping into a message. A field that is null is one that is not there, as the API server prunes it; an item
// of a list cannot be.
func (r *reader) message(n *yaml.Node, m protoreflect.Message, what string) bool {
	f, ok := r.Mapping(n, what)
	if !ok {
		return false
	}
	fields := m.Descriptor().Fields()
	names := make([]string, 0, fields.Len()+1)
	for i := range fields.Len() {
		names = append(names, fields.Get(i).JSONName())
		if fields.Get(i).Name() == "jwks_uri" { // the one that Istio's CRDs have in both spellings
			names = append(names, "jwks_uri")
		}
	}
	ok = r.known(f, what, names)
	for _, e := range f {
		if r.full() {
			return false
		}
		fd := fields.ByJSONName(e.Key)
		if e.Key == "jwks_uri" && fd == nil {
			fd = fields.ByName("jwks_uri")
		}
		if fd != nil && !manifest.IsNull(e.Value) && !r.field(e.Value, m, fd, what+"."+e.Key) {
			ok = false
		}
	}
	return ok
}

// field reads a field of a message.
func (r *reader) field(n *yaml.Node, m protoreflect.Message, fd protoreflect.FieldDescriptor, what string) bool {
	switch {
	case fd.IsMap():
		return r.table(n, m.Mutable(fd).Map(), fd, what)
	case fd.IsList():
		items, ok := r.Sequence(n, what)
		list := m.Mutable(fd).List()
		for i, item := range items {
			if r.full() {
				return false
			}
			at := fmt.Sprintf("%s[%d]", what, i)
			v, good := r.value(item, list.NewElement, fd, at)
			if ok = ok && good; good {
				list.Append(v)
			}
		}
		return ok
	}
	v, ok := r.value(n, func() protoreflect.Value { return m.NewField(fd) }, fd, what)
	if ok {
		m.Set(fd, v)
	}
	return ok
}

// table reads a field that is a map.
func (r *reader) table(n *yaml.Node, m protoreflect.Map, fd protoreflect.FieldDescriptor, what string) bool {
	f, ok := r.Mapping(n, what)
	for _, e := range f {
		if r.full() {
			return false
		}
		at := what + "." + manifest.Clip(e.Key)
		key := protoreflect.ValueOfString(e.Key)
		if fd.MapKey().Kind() == protoreflect.Uint32Kind {
			port, err := strconv.ParseUint(e.Key, 10, 32)
			if err != nil || strconv.FormatUint(port, 10) != e.Key {
				r.Wrong(e.At, "a key of "+what, "a port")
				ok = false
				continue
			}
			key = protoreflect.ValueOfUint32(uint32(port))
		}
		v, good := r.value(e.Value, m.NewValue, fd.MapValue(), at)
		if ok = ok && good; good {
			m.Set(key.MapKey(), v)
		}
	}
	return ok
}

// value reads one value.
func (r *reader) value(n *yaml.Node, empty func() protoreflect.Value, fd protoreflect.FieldDescriptor, what string) (v protoreflect.Value, ok bool) {
	if manifest.IsNull(n) {
		r.Wrong(n, what, kindName(fd))
		return v, false
	}
	switch fd.Kind() {
	case protoreflect.MessageKind:
		if fd.Message().FullName() == "google.protobuf.Duration" {
			return r.duration(n, what)
		}
		v = empty()
		return v, r.message(n, v.Message(), what)
	case protoreflect.BoolKind:
		b, ok := r.Truth(n, what)
		return protoreflect.ValueOfBool(b), ok
	case protoreflect.EnumKind:
		s, ok := r.Text(n, what)
		if !ok {
			return v, false
		}
		e := fd.Enum().Values().ByName(protoreflect.Name(s))
		if e == nil {
			r.Wrong(n, what, kindName(fd))
			return v, false
		}
		return protoreflect.ValueOfEnum(e.Number()), true
	}
	s, ok := r.Text(n, what)
	return protoreflect.ValueOfString(s), ok
}

// kindName says what a field must be.
func kindName(fd protoreflect.FieldDescriptor) string {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		return "a mapping"
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.EnumKind:
		s := ""
		values := fd.Enum().Values()
		for i := range values.Len() {
			switch {
			case i > 0 && i == values.Len()-1:
				s += " or "
			case i > 0:
				s += ", "
			}
			s += string(values.Get(i).Name())
		}
		return s
	}
	return "text"
}

// duration reads a duration as protobuf writes it.
func (r *reader) duration(n *yaml.Node, what string) (v protoreflect.Value, ok bool) {
	s, ok := r.Text(n, what)
	if !ok {
		return v, false
	}
	d := &durationpb.Duration{}
	if protojson.Unmarshal([]byte(strconv.Quote(s)), d) != nil {
		r.Wrong(n, what, "a duration such as 5s or 0.25s")
		return v, false
	}
	return protoreflect.ValueOfMessage(d.ProtoReflect()), true
}
