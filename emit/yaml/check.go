package yaml

import (
	"errors"
	"strings"
	"unsafe"

	security "istio.io/api/security/v1beta1"
	selector "istio.io/api/type/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// Checker reads back what was written of one object after the other, with memory that is used again for the next. The zero Checker
// is ready for use; it is for one goroutine.
type Checker struct {
	object   istio.Object
	policy   security.AuthorizationPolicy
	selector selector.WorkloadSelector
}

// Check reads text, which Append has just made of o, and reports how what it says differs from o. That the text is the only
// one for what it says, which ReadOne finds by writing it again, follows: it is what Append makes of an equal object.
//
// The rules of an AuthorizationPolicy are compared while they are read, and not built a second time: a large program has tens
// of thousands of them.
func (c *Checker) Check(text []byte, o *istio.Object) error {
	r := reader{src: unsafe.String(unsafe.SliceData(text), len(text))} // of which nothing is kept
	r.memory = c
	r.labels, r.selects = o.Labels, o.Authorization.GetSelector().GetMatchLabels()
	if o.Authorization == nil || len(o.Authorization.Rules) == 0 {
		return r.check(o, r.object())
	}
	r.rules = o.Authorization.Rules
	back := r.object()
	if back != nil && back.Authorization != nil && r.rules == nil {
		back.Authorization.Rules = o.Authorization.Rules // which they were found to be
	}
	return r.check(o, back)
}

func (r *reader) check(o, back *istio.Object) error {
	if r.err == nil && r.pos < len(r.src) {
		r.fail("unexpected %s", r.here())
	}
	if r.err == nil && !istio.Equal(o, back) {
		r.err = errDiffers
	}
	return r.err
}

var errDiffers = errors.New("it reads back as something else")

// sameRules reads a list of rules, and fails where they are not those of r.rules.
func (r *reader) sameRules() {
	r.openList()
	for _, want := range r.rules {
		if !r.item() {
			r.fail("a rule is missing before %s", r.here())
			return
		}
		r.sameRule(want)
	}
	if r.item() {
		r.fail("a rule too many before %s", r.here())
	}
	r.rules = nil
}

func (r *reader) sameRule(want *security.Rule) {
	if !r.open() {
		r.differs(len(want.From)+len(want.To)+len(want.When) > 0)
		return
	}
	if r.sameField("from", len(want.From)) {
		for _, f := range want.From {
			r.sameItem()
			r.need("source")
			r.sameSource(f.GetSource())
			r.close()
		}
	}
	if r.sameField("to", len(want.To)) {
		for _, t := range want.To {
			r.sameItem()
			r.need("operation")
			r.sameOperation(t.GetOperation())
			r.close()
		}
	}
	if r.sameField("when", len(want.When)) {
		for _, c := range want.When {
			r.sameItem()
			r.differs(r.optional("key") != c.Key)
			r.same("notValues", c.NotValues)
			r.same("values", c.Values)
			r.close()
		}
	}
	r.close()
}

func (r *reader) differs(is bool) {
	if is && r.err == nil {
		r.fail("%v", errDiffers)
	}
}

// sameField reads the key of a list that has n items, if n is not 0. Whatever stands where nothing should is found by the
// next key that must be there, or by close.
func (r *reader) sameField(name string, n int) bool {
	if n == 0 {
		return false
	}
	r.need(name)
	r.openList()
	return true
}

func (r *reader) sameItem() {
	if !r.item() || !r.open() {
		r.fail("an item is expected in %s", r.here())
	}
}

// same reads a list of strings, and fails where it is another.
func (r *reader) same(name string, want []string) {
	if !r.sameField(name, len(want)) {
		return
	}
	for _, v := range want {
		if !r.sameLine(v) && (!r.item() || r.str() != v) {
			r.differs(true)
			return
		}
	}
}

// sameLine reads an item that is v if it needs no quotes and no second line, as nearly all do.
func (r *reader) sameLine(v string) bool {
	at := r.pos + r.indent + len("- ")
	end := at + len(v)
	if v == "" || end >= len(r.src) || r.src[end] != '\n' || r.src[at:end] != v || strings.IndexByte("\"'|", v[0]) >= 0 || strings.IndexByte(v, '\n') >= 0 ||
		r.src[at-2:at] != "- " || !r.indented(r.indent) {
		return false
	}
	r.pos = end + 1
	if r.indented(r.indent + step) { // the string goes on: read it as any other
		r.pos = at - len("- ") - r.indent
		return false
	}
	return true
}

func (r *reader) sameSource(s *security.Source) {
	if s == nil || !r.open() {
		r.differs(true)
		return
	}
	r.same("ipBlocks", s.IpBlocks)
	r.same("namespaces", s.Namespaces)
	r.same("notIpBlocks", s.NotIpBlocks)
	r.same("notNamespaces", s.NotNamespaces)
	r.same("notPrincipals", s.NotPrincipals)
	r.same("notRemoteIpBlocks", s.NotRemoteIpBlocks)
	r.same("notRequestPrincipals", s.NotRequestPrincipals)
	r.same("notServiceAccounts", s.NotServiceAccounts)
	r.same("notTrustDomains", s.NotTrustDomains)
	r.same("principals", s.Principals)
	r.same("remoteIpBlocks", s.RemoteIpBlocks)
	r.same("requestPrincipals", s.RequestPrincipals)
	r.same("serviceAccounts", s.ServiceAccounts)
	r.same("trustDomains", s.TrustDomains)
	r.close()
}

func (r *reader) sameOperation(o *security.Operation) {
	if o == nil || !r.open() {
		r.differs(true)
		return
	}
	r.same("hosts", o.Hosts)
	r.same("methods", o.Methods)
	r.same("notHosts", o.NotHosts)
	r.same("notMethods", o.NotMethods)
	r.same("notPaths", o.NotPaths)
	r.same("notPorts", o.NotPorts)
	r.same("paths", o.Paths)
	r.same("ports", o.Ports)
	r.close()
}
