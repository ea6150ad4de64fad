package lower

import (
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"
	typev1beta1 "istio.io/api/type/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// baseline is the pseudo action of `deny all` on a namespace or the mesh: an ALLOW policy without rules.
const baseline = ast.Action(0xff)

// objectKey says which statements share an object: one per selector and action.
type objectKey struct {
	action    ast.Action
	provider  string // of delegate
	dryRun    bool
	namespace string
	labels    string
}

type object struct {
	target ir.Target
	cubes  [][]cube // of each statement
	plain  []pair   // of plain statements
}

// named is an object on its way to a name. Its spec is made when it is asked for, unless it is there already.
type named struct {
	kind     istio.Kind
	target   ir.Target
	prefix   string // "allow-", ...; the target's name follows
	provider string // of delegate
	name     string
	action   ast.Action
	dryRun   bool
	gathered *object // the statements of an AuthorizationPolicy, nil for a baseline
	peer     *security.PeerAuthentication
	request  *security.RequestAuthentication
}

func (l *lowerer) object(a ast.Action, provider string, dryRun bool, t *ir.Target) *object {
	k := objectKey{a, provider, dryRun, t.Namespace, labelKey(t.Labels())}
	o := l.objects[k]
	if o == nil {
		o = &object{target: *t}
		l.objects[k] = o
	} else if names(t, &o.target) {
		o.target = *t
	}
	return o
}

// authorization lists the gathered objects, which become AuthorizationPolicies.
func (l *lowerer) authorization() []named {
	out := make([]named, 0, len(l.objects))
	for k, o := range l.objects { // in any order: they are sorted by their names
		n := named{kind: istio.AuthorizationPolicy, target: o.target, action: k.action, dryRun: k.dryRun, prefix: dryPrefix(k.dryRun)}
		if k.action == baseline {
			n.prefix += "default-deny"
		} else {
			n.prefix += k.action.String() + "-"
			n.gathered = o
			if n.provider = k.provider; k.provider != "" {
				n.prefix += fold(k.provider) + "-"
			}
		}
		out = append(out, n)
	}
	return out
}

func compareKeys(a, b objectKey) int {
	if c := strings.Compare(a.namespace, b.namespace); c != 0 {
		return c
	}
	if c := strings.Compare(a.labels, b.labels); c != 0 {
		return c
	}
	if a.action != b.action {
		return int(a.action) - int(b.action)
	}
	if a.dryRun != b.dryRun {
		if a.dryRun {
			return 1
		}
		return -1
	}
	return strings.Compare(a.provider, b.provider)
}

var actions = map[ast.Action]security.AuthorizationPolicy_Action{
	ast.Allow:    security.AuthorizationPolicy_ALLOW,
	ast.Deny:     security.AuthorizationPolicy_DENY,
	ast.Audit:    security.AuthorizationPolicy_AUDIT,
	ast.Delegate: security.AuthorizationPolicy_CUSTOM,
}

func dryPrefix(dryRun bool) string {
	if dryRun {
		return "dry-run-"
	}
	return ""
}

// ManagedBy is the label that every object carries, so that people and tools can tell whose it is.
const ManagedBy = "app.kubernetes.io/managed-by"

// PartOf is the label that carries the program's name, when it has one.
const PartOf = "app.kubernetes.io/part-of"

func selector(t *ir.Target) *typev1beta1.WorkloadSelector {
	labels := t.Labels()
	if labels == nil {
		return nil
	}
	m := make(map[string]string, len(labels))
	for _, x := range labels {
		m[x.Key] = x.Value
	}
	return &typev1beta1.WorkloadSelector{MatchLabels: m}
}

// specs turns grouped rules into Istio's type.
func specs(rules []rule) []*security.Rule {
	out := make([]*security.Rule, 0, len(rules))
	for i := range rules {
		r := &rules[i]
		x := &security.Rule{}
		if !(len(r.sources) == 1 && freeFields(&r.sources[0])) {
			for j := range r.sources {
				f := &r.sources[j].f
				x.From = append(x.From, &security.Rule_From{Source: &security.Source{
					Principals: f[principals].in, NotPrincipals: f[principals].out,
					Namespaces: f[namespaces].in, NotNamespaces: f[namespaces].out,
					TrustDomains: f[trustDomains].in, NotTrustDomains: f[trustDomains].out,
					RequestPrincipals: f[requestPrincipals].in, NotRequestPrincipals: f[requestPrincipals].out,
					IpBlocks: f[ipBlocks].in, NotIpBlocks: f[ipBlocks].out,
					RemoteIpBlocks: f[remoteIPBlocks].in, NotRemoteIpBlocks: f[remoteIPBlocks].out,
				}})
			}
		}
		if !(len(r.ops) == 1 && freeFields(&r.ops[0])) {
			x.To = operationSpecs(r.ops)
		}
		for _, w := range r.conds {
			x.When = append(x.When, &security.Condition{Key: w.key, Values: w.in, NotValues: w.out})
		}
		out = append(out, x)
	}
	return out
}

func operationSpecs(list []cube) []*security.Rule_To {
	out := make([]*security.Rule_To, len(list))
	for i := range list {
		out[i] = operationSpec(&list[i])
	}
	return out
}

func operationSpec(c *cube) *security.Rule_To {
	f := &c.f
	return &security.Rule_To{Operation: &security.Operation{
		Methods: f[methods].in, NotMethods: f[methods].out,
		Paths: f[paths].in, NotPaths: f[paths].out,
		Hosts: f[hosts].in, NotHosts: f[hosts].out,
		Ports: byNumber(f[ports].in), NotPorts: byNumber(f[ports].out),
	}}
}

func freeFields(c *cube) bool {
	return !slices.ContainsFunc(c.f[:], func(s set) bool { return !s.free() })
}

// byNumber sorts decimal numbers by value.
func byNumber(list []string) []string {
	if len(list) < 2 {
		return list
	}
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return out
}

// letters writes a number with n or more lower-case letters.
func letters(x uint64, n int) string {
	var b []byte
	for ; n > 0 || x > 0; n-- {
		b = append([]byte{byte('a' + x%26)}, b...)
		x /= 26
	}
	return string(b)
}

const maxName = 253 // metadata.name: a DNS-1123 subdomain

// name gives every object its name, the program, the action, the target, and sorts them. Where two would have one name, or one
// is too long, letters follow.
func (l *lowerer) name(objs []*named) {
	program := ""
	if l.p.Mesh.Program != "" {
		program = l.p.Mesh.Program + "-"
	}
	for i := range objs {
		o := objs[i]
		o.name = program + o.prefix
		if strings.HasSuffix(o.prefix, "-") {
			o.name += o.target.Name()
		}
	}
	slices.SortFunc(objs, compareNamed)
	lettered := false
	for i := 0; i < len(objs); {
		j := i + 1
		for j < len(objs) && objs[i].key() == objs[j].key() {
			j++
		}
		for k := i; k < j; k++ {
			o := objs[k]
			if n := o.name; len(n) > maxName-10 || j-i > 1 && (o.target.Labels() != nil || o.provider != "") {
				o.name = strings.TrimRight(n[:min(len(n), maxName-10)], ".-") + "-" + letters(hash(n+"\x00"+targetKey(&o.target)+o.provider)%11881376, 5) // 26^5
				lettered = true
			}
		}
		i = j
	}
	if lettered {
		slices.SortFunc(objs, compareNamed)
	}
	for i := 1; i < len(objs); i++ {
		if o := objs[i]; objs[i-1].key() == o.key() {
			l.diags.Add(diag.NameCollision, o.target.Span, "two objects would both be named %s in namespace %s", o.name, o.target.Namespace).
				Advise("rename one of the workloads, or give the program a name in the mesh block")
		}
	}
}

func (n *named) key() istio.Key {
	return istio.Key{Namespace: n.target.Namespace, Kind: n.kind, Name: n.name}
}

// compareNamed orders objects by their keys, and two of one key by what they are for.
func compareNamed(a, b *named) int {
	if c := a.key().Compare(b.key()); c != 0 {
		return c
	}
	return strings.Compare(targetKey(&a.target)+a.provider, targetKey(&b.target)+b.provider)
}
