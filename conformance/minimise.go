package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/plane"
)

// Disagreement is a request that readings tell different things of.
type Disagreement struct {
	Setting
	Chain    plane.Chain
	Request  sem.Request
	Readings []Reading
	Seed     string // what repeats it
}

// verdicts are what the readings say; differ tells if they say different things. Where one cannot tell, nothing differs.
func (d *Disagreement) verdicts() (said []string, differ bool) {
	real, ok := Concrete(d.Request, d.Chain == plane.HTTP)
	if !ok {
		return nil, false
	}
	a := &Asked{d.Request, real}
	var first Verdict
	for i, r := range d.Readings {
		answer, err := r.Read(&d.Setting, d.Chain)
		if err != nil {
			return nil, false
		}
		v, err := answer(a)
		if err != nil {
			return nil, false
		}
		if i == 0 {
			first = v
		}
		differ = differ || v != first
		said = append(said, fmt.Sprintf("%-8s %v", r.Name+":", v))
	}
	return said, differ
}

// Minimise leaves out what the disagreement stays without: policies, rules, entries, fields and values, what the mesh has,
// and what the request has that is not as in Plain.
func (d *Disagreement) Minimise() *Disagreement {
	m := &Disagreement{Setting: d.Setting, Chain: d.Chain, Request: maps.Clone(d.Request), Readings: d.Readings, Seed: d.Seed}
	m.Policies = nil
	for _, o := range d.Policies {
		c := *o
		c.Annotations = maps.Clone(o.Annotations)
		c.Authorization = proto.Clone(o.Authorization).(*security.AuthorizationPolicy)
		m.Policies = append(m.Policies, &c)
	}
	// try keeps a change if the readings differ with it too.
	try := func(change, back func()) bool {
		change()
		if _, differ := m.verdicts(); differ {
			return true
		}
		back()
		return false
	}
	for again := true; again; {
		again = false
		for i := len(m.Policies) - 1; i >= 0; i-- {
			was := m.Policies
			again = try(func() { m.Policies = slices.Delete(slices.Clone(was), i, i+1) }, func() { m.Policies = was }) || again
		}
		for _, o := range m.Policies {
			was := o.Annotations
			if len(was) > 0 {
				again = try(func() { o.Annotations = nil }, func() { o.Annotations = was }) || again
			}
			again = shrink(o.Authorization.ProtoReflect(), try) || again
		}
		if td, aliases := m.TrustDomain, m.Aliases; td != "cluster.local" || aliases != nil {
			again = try(func() { m.TrustDomain, m.Aliases = "cluster.local", nil }, func() { m.TrustDomain, m.Aliases = td, aliases }) || again
		}
		usual := Plain(m.Chain == plane.HTTP)
		for _, a := range sortedAttrs(m.Request) {
			was := m.Request[a]
			if v, always := usual[a]; !always {
				again = try(func() { delete(m.Request, a) }, func() { m.Request[a] = was }) || again
			} else if !slices.Equal(v.Parts, was.Parts) {
				again = try(func() { m.Request[a] = v }, func() { m.Request[a] = was }) || again
			}
			for i := len(m.Request[a].Parts) - 1; i >= 0 && isList(a.Kind); i-- {
				if was := m.Request[a]; len(was.Parts) > 1 {
					again = try(func() { m.Request[a] = sem.Value{Parts: slices.Delete(slices.Clone(was.Parts), i, i+1)} }, func() { m.Request[a] = was }) || again
				}
			}
		}
	}
	return m
}

func isList(k sem.Kind) bool { return k == sem.Header || k == sem.Claim || k == sem.MetadataList }

// shrink clears the fields of a message, and takes elements out of its lists, where try allows it. The action and the provider
// stay. It reports whether anything went.
func shrink(m protoreflect.Message, try func(change, back func()) bool) (went bool) {
	var fields []protoreflect.FieldDescriptor
	m.Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if f.Name() != "action" && f.Name() != "provider" && f.Name() != "key" {
			fields = append(fields, f)
		}
		return true
	})
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number()) - int(b.Number()) })
	for _, f := range fields {
		if f.IsMap() {
			continue
		}
		was := m.Get(f)
		if f.IsList() {
			was = without(m, f, -1) // the list itself goes with its field
		}
		needed := f.Name() == "source" || f.Name() == "operation" // of its entry
		if !needed && try(func() { m.Clear(f) }, func() { m.Set(f, was) }) {
			went = true
			continue
		}
		switch {
		case f.IsList():
			for i := m.Get(f).List().Len() - 1; i >= 0; i-- {
				all, some := without(m, f, -1), without(m, f, i)
				went = try(func() { m.Set(f, some) }, func() { m.Set(f, all) }) || went
			}
			for i := 0; f.Message() != nil && i < m.Get(f).List().Len(); i++ {
				went = shrink(m.Get(f).List().Get(i).Message(), try) || went
			}
		case f.Message() != nil:
			went = shrink(was.Message(), try) || went
		}
	}
	return went
}

// without is a copy of a list that lacks its element i, if it has one.
func without(m protoreflect.Message, f protoreflect.FieldDescriptor, i int) protoreflect.Value {
	list, out := m.Get(f).List(), m.NewField(f)
	for k := range list.Len() {
		if k != i {
			out.List().Append(list.Get(k))
		}
	}
	return out
}

// String is the policies, the request, what each reading says of it, and what repeats it.
func (d *Disagreement) String() string {
	said, _ := d.verdicts()
	var b strings.Builder
	fmt.Fprintf(&b, "on %v, %s, in the mesh %s %v, pod %s %v\n", d.Chain, d.Seed, d.TrustDomain, d.Aliases, d.Pod.Namespace, d.Pod.Labels)
	for _, s := range said {
		b.WriteString("  " + s + "\n")
	}
	usual := Plain(d.Chain == plane.HTTP)
	for _, a := range sortedAttrs(d.Request) {
		v := d.Request[a]
		if u, always := usual[a]; always && slices.Equal(u.Parts, v.Parts) {
			continue
		}
		name := kindNames[a.Kind]
		if a.Name != "" {
			name += "[" + a.Name + "]"
		}
		switch {
		case v.Absent:
			fmt.Fprintf(&b, "  request: no %s\n", name)
		case v.Missing != [2]bool{}:
			fmt.Fprintf(&b, "  request: %s %q without %v\n", name, v.Parts, v.Missing)
		default:
			fmt.Fprintf(&b, "  request: %s %q\n", name, v.Parts)
		}
	}
	return b.String() + d.YAML()
}

var kindNames = map[sem.Kind]string{
	sem.Peer: "peer", sem.SourceIP: "source", sem.RemoteIP: "remote", sem.DestIP: "destination", sem.Port: "port", sem.SNI: "sni", sem.Method: "method",
	sem.Host: "host", sem.Path: "path", sem.Header: "header", sem.Token: "token", sem.Claim: "claim", sem.Metadata: "metadata", sem.MetadataList: "list",
}
