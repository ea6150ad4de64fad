package istio

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	security "istio.io/api/security/v1beta1"
	selector "istio.io/api/type/v1beta1"
)

// full sets every field of m, with lists of two and maps of one.
func full(m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		switch {
		case fd.IsMap():
			mp := m.Mutable(fd).Map()
			v := mp.NewValue()
			if fd.MapValue().Message() != nil {
				full(v.Message())
			} else {
				v = scalar(fd.MapValue(), 1)
			}
			mp.Set(scalar(fd.MapKey(), 1).MapKey(), v)
		case fd.IsList():
			l := m.Mutable(fd).List()
			for k := range 2 {
				if fd.Message() != nil {
					full(l.AppendMutable().Message())
				} else {
					l.Append(scalar(fd, k+1))
				}
			}
		case fd.Message() != nil:
			full(m.Mutable(fd).Message())
		default:
			m.Set(fd, scalar(fd, 1))
		}
	}
}

func scalar(fd protoreflect.FieldDescriptor, n int) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(fmt.Sprint(fd.Name(), n))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(n == 1)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(n))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(n))
	}
	panic(fd.Kind())
}

// mutants calls try with m changed in one place, for each place and change, and restores m after each.
func mutants(m protoreflect.Message, path string, try func(path string)) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		path := path + "." + string(fd.Name())
		saved := proto.Clone(m.Interface()).ProtoReflect()
		old := saved.Get(fd)
		m.Clear(fd)
		try(path + " cleared")
		if fd.Message() != nil && !fd.IsList() && !fd.IsMap() {
			m.Mutable(fd)
			try(path + " empty")
		}
		m.Set(fd, old)
		switch {
		case fd.IsMap():
			mp := m.Mutable(fd).Map()
			k2 := scalar(fd.MapKey(), 2).MapKey()
			mp.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				mp.Set(k2, v)
				try(path + " with one more")
				mp.Clear(k)
				try(path + " with another key")
				mp.Set(k, v)
				mp.Clear(k2)
				if fd.MapValue().Message() != nil {
					mutants(v.Message(), path+"[]", try)
				} else {
					mp.Set(k, scalar(fd.MapValue(), 2))
					try(path + " with another value")
					mp.Set(k, v)
				}
				return false
			})
		case fd.IsList():
			l := m.Mutable(fd).List()
			if fd.Message() != nil {
				mutants(l.Get(1).Message(), path+"[1]", try)
			} else {
				v := l.Get(1)
				l.Set(1, scalar(fd, 7))
				try(path + "[1]")
				l.Set(1, v)
			}
			last := l.Get(1)
			l.Truncate(1)
			try(path + " truncated")
			l.Append(last)
		case fd.Message() != nil:
			mutants(m.Mutable(fd).Message(), path, try)
		default:
			m.Set(fd, scalar(fd, 2))
			try(path)
			m.Set(fd, old)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, o := range []*Object{
		{Kind: AuthorizationPolicy, Authorization: &security.AuthorizationPolicy{}},
		{Kind: PeerAuthentication, Peer: &security.PeerAuthentication{}},
		{Kind: RequestAuthentication, Request: &security.RequestAuthentication{}},
	} {
		spec := func(o *Object) proto.Message {
			switch {
			case o.Authorization != nil:
				return o.Authorization
			case o.Peer != nil:
				return o.Peer
			}
			return o.Request
		}
		full(spec(o).ProtoReflect())
		clone := func() *Object {
			c := *o
			c.Authorization, c.Peer, c.Request = proto.CloneOf(o.Authorization), proto.CloneOf(o.Peer), proto.CloneOf(o.Request)
			return &c
		}
		a := clone()
		if !Equal(a, o) {
			t.Fatalf("%s is not its own clone", o.Kind)
		}
		n := 0
		mutants(spec(o).ProtoReflect(), string(o.Kind), func(path string) {
			n++
			want := proto.Equal(spec(a), spec(o))
			if Equal(a, o) != want || Equal(o, a) != want {
				t.Errorf("%s: Equal is %v, proto.Equal %v", path, Equal(a, o), want)
			}
			if c := clone(); !Equal(c, o) {
				t.Errorf("%s: not its own clone", path)
			}
		})
		if n < 10 || !Equal(a, o) {
			t.Errorf("%s: %d mutants, restored: %v", o.Kind, n, Equal(a, o))
		}
	}
}

func TestEqualMetadata(t *testing.T) {
	base := func() *Object {
		return &Object{APIVersion: "v", Kind: AuthorizationPolicy, Name: "n", Namespace: "s", Labels: map[string]string{"a": "b"},
			Annotations: map[string]string{"a": "b"}, Authorization: &security.AuthorizationPolicy{}}
	}
	if !Equal(base(), base()) || Equal(base(), nil) || !Equal(nil, nil) {
		t.Error("Equal of the same or of nothing")
	}
	for i, change := range []func(o *Object){
		func(o *Object) { o.APIVersion = "w" }, func(o *Object) { o.Kind = PeerAuthentication },
		func(o *Object) { o.Name = "m" }, func(o *Object) { o.Namespace = "m" },
		func(o *Object) { o.Labels["a"] = "c" }, func(o *Object) { o.Annotations = nil },
		func(o *Object) { o.Authorization = nil }, func(o *Object) { o.Peer = &security.PeerAuthentication{} },
	} {
		o := base()
		change(o)
		if Equal(o, base()) || Equal(base(), o) {
			t.Errorf("change %d is not seen", i)
		}
	}
}

func TestSort(t *testing.T) {
	objs := []*Object{
		{Namespace: "b", Kind: AuthorizationPolicy, Name: "a"}, {Namespace: "a", Kind: PeerAuthentication, Name: "a"},
		{Namespace: "a", Kind: AuthorizationPolicy, Name: "b"}, {Namespace: "a", Kind: AuthorizationPolicy, Name: "a"},
	}
	Sort(objs)
	var got []string
	for _, o := range objs {
		got = append(got, o.Namespace+"/"+string(o.Kind)+"/"+o.Name)
	}
	want := []string{"a/AuthorizationPolicy/a", "a/AuthorizationPolicy/b", "a/PeerAuthentication/a", "b/AuthorizationPolicy/a"}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func valid() *Object {
	return &Object{
		APIVersion: "security.istio.io/v1", Kind: AuthorizationPolicy, Name: "ztc-a.b", Namespace: "shop",
		Labels:      map[string]string{"app.kubernetes.io/managed-by": "ztc"},
		Annotations: map[string]string{"istio.io/dry-run": "true", "ztc.dev/Source": "a\nb"},
		Authorization: &security.AuthorizationPolicy{
			Selector: &selector.WorkloadSelector{MatchLabels: map[string]string{"app": "x"}},
			Action:   security.AuthorizationPolicy_DENY,
			Rules: []*security.Rule{{
				From: []*security.Rule_From{{Source: &security.Source{
					ServiceAccounts: []string{"shop/a", "b"}, TrustDomains: []string{"*.local"}, IpBlocks: []string{"10.0.0.0/8", "::1"}}}},
				To:   []*security.Rule_To{{Operation: &security.Operation{Paths: []string{"/a/{*}/{**}", "/b*"}, Ports: []string{"80"}}}},
				When: []*security.Condition{{Key: "request.headers[x]", Values: []string{"y"}}, {Key: "source.ip", NotValues: []string{"1.2.3.4"}}},
			}},
		},
	}
}

func TestValidate(t *testing.T) {
	if bad := Validate(valid()); bad != nil {
		t.Fatalf("a good object: %q", bad)
	}
	if bad := Validate(&Object{APIVersion: "security.istio.io/v1", Kind: AuthorizationPolicy, Name: "a", Namespace: "b",
		Authorization: &security.AuthorizationPolicy{}}); bad != nil {
		t.Fatalf("a baseline: %q", bad)
	}
	if bad := Validate(nil); len(bad) != 1 {
		t.Errorf("nil: %q", bad)
	}
	source := func(o *Object) *security.Source { return o.Authorization.Rules[0].From[0].Source }
	operation := func(o *Object) *security.Operation { return o.Authorization.Rules[0].To[0].Operation }
	when := func(key string, values ...string) func(o *Object) {
		return func(o *Object) { o.Authorization.Rules[0].When[0] = &security.Condition{Key: key, Values: values} }
	}
	for want, change := range map[string]func(o *Object){
		"metadata.name":         func(o *Object) { o.Name = "A" },
		"metadata.name \"\"":    func(o *Object) { o.Name = "" },
		"metadata.namespace":    func(o *Object) { o.Namespace = "a.b" },
		"apiVersion":            func(o *Object) { o.APIVersion = "v1" },
		"0 specs":               func(o *Object) { o.Authorization = nil },
		"2 specs":               func(o *Object) { o.Peer = &security.PeerAuthentication{} },
		"kind is":               func(o *Object) { o.Kind = PeerAuthentication },
		"no label name":         func(o *Object) { o.Labels["a b"] = "" },
		"no label value":        func(o *Object) { o.Labels["a"] = "b\nc: d" },
		"no annotation name":    func(o *Object) { o.Annotations["a: b"] = "" },
		"exceed 262144":         func(o *Object) { o.Annotations["a"] = strings.Repeat("x", MaxAnnotations) },
		"no boolean":            func(o *Object) { o.Annotations["istio.io/dry-run"] = "on" },
		"is for ALLOW and DENY": func(o *Object) { o.Authorization.Action = security.AuthorizationPolicy_AUDIT },
		"Istio's own":           func(o *Object) { o.Annotations["internal.istio.io/parents"] = "x" },
		"selector: \"*\"":       func(o *Object) { o.Authorization.Selector.MatchLabels["a"] = "*" },
		"only one of selector": func(o *Object) {
			o.Authorization.TargetRef = &selector.PolicyTargetReference{Kind: "Service", Name: "x"}
		},
		"is not supported":              func(o *Object) { o.Authorization.TargetRef = &selector.PolicyTargetReference{Kind: "Pod", Name: "x"} },
		"17 targetRefs":                 func(o *Object) { o.Authorization.TargetRefs = make([]*selector.PolicyTargetReference, 17) },
		"action 9":                      func(o *Object) { o.Authorization.Action = 9 },
		"needs provider.name":           func(o *Object) { o.Authorization.Action = security.AuthorizationPolicy_CUSTOM },
		"provider is for":               func(o *Object) { o.Authorization.ActionDetail = &security.AuthorizationPolicy_Provider{} },
		"never applies":                 func(o *Object) { o.Authorization.Rules = nil },
		"513 rules":                     func(o *Object) { o.Authorization.Rules = slices.Repeat(o.Authorization.Rules, 513) },
		"rule 0 is nil":                 func(o *Object) { o.Authorization.Rules[0] = nil },
		"513 from":                      func(o *Object) { o.Authorization.Rules[0].From = slices.Repeat(o.Authorization.Rules[0].From, 513) },
		"without source":                func(o *Object) { o.Authorization.Rules[0].From[0] = nil },
		"without operation":             func(o *Object) { o.Authorization.Rules[0].To[0].Operation = nil },
		"an empty source":               func(o *Object) { o.Authorization.Rules[0].From[0].Source = &security.Source{} },
		"an empty operation":            func(o *Object) { o.Authorization.Rules[0].To[0].Operation = &security.Operation{} },
		"service accounts together":     func(o *Object) { source(o).Principals = []string{"a"} },
		"more than 16 service":          func(o *Object) { source(o).NotServiceAccounts = slices.Repeat([]string{"a"}, 17) },
		"has a wildcard":                func(o *Object) { source(o).ServiceAccounts = []string{"a*"} },
		"neither an account":            func(o *Object) { source(o).ServiceAccounts = []string{"a/"} },
		"too long":                      func(o *Object) { source(o).ServiceAccounts = []string{strings.Repeat("a", 321)} },
		"has a slash":                   func(o *Object) { source(o).TrustDomains = []string{"a/b"} },
		"wildcard that is not one":      func(o *Object) { source(o).TrustDomains = []string{"a*b"} },
		"no CIDR":                       func(o *Object) { source(o).IpBlocks = []string{"10.0.0.0/99"} },
		"no IP address":                 func(o *Object) { source(o).NotIpBlocks = []string{"10.0.0"} },
		"empty value in namespaces":     func(o *Object) { source(o).Namespaces = []string{""} },
		"is not UTF-8":                  func(o *Object) { source(o).RequestPrincipals = []string{"\xff"} },
		"YAML readers disagree":         func(o *Object) { source(o).RequestPrincipals = []string{"a\u2028b"} },
		"no port":                       func(o *Object) { operation(o).Ports = []string{"65536"} },
		"brace that is no template":     func(o *Object) { operation(o).Paths = []string{"/a{b}"} },
		"{**} before":                   func(o *Object) { operation(o).Paths = []string{"/{**}/{*}"} },
		"segment that a template":       func(o *Object) { operation(o).NotPaths = []string{"/{*}/a*\x10b"} },
		"key \"source.ips\" is unknown": when("source.ips", "a"),
		"key \"request.headers\"":       when("request.headers", "a"),
		"without values":                when("source.ip"),
		"source.ip: \"x\" is no IP":     when("source.ip", "x"),
	} {
		o := valid()
		change(o)
		bad := Validate(o)
		if !slices.ContainsFunc(bad, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("%q is not among %q", want, bad)
		}
	}
}

func TestValidateOthers(t *testing.T) {
	labels := &selector.WorkloadSelector{MatchLabels: map[string]string{"app": "x"}}
	strict := &security.PeerAuthentication_MutualTLS{Mode: security.PeerAuthentication_MutualTLS_STRICT}
	peer := func(p *security.PeerAuthentication) *Object {
		return &Object{APIVersion: "security.istio.io/v1", Kind: PeerAuthentication, Name: "a", Namespace: "b", Peer: p}
	}
	request := func(r *security.JWTRule) *Object {
		return &Object{APIVersion: "security.istio.io/v1", Kind: RequestAuthentication, Name: "a", Namespace: "b",
			Request: &security.RequestAuthentication{JwtRules: []*security.JWTRule{r}}}
	}
	jwks := func(s string) *Object { return request(&security.JWTRule{Issuer: "i", Jwks: s}) }
	ports := map[uint32]*security.PeerAuthentication_MutualTLS{80: strict}
	for _, tt := range []struct {
		o    *Object
		want string // "" where nothing is wrong
	}{
		{peer(&security.PeerAuthentication{Mtls: strict, Selector: labels, PortLevelMtls: ports}), ""},
		{peer(&security.PeerAuthentication{Mtls: strict, PortLevelMtls: ports}), "needs a selector"},
		{peer(&security.PeerAuthentication{Selector: labels, PortLevelMtls: map[uint32]*security.PeerAuthentication_MutualTLS{0: strict}}), "0 is no port"},
		{peer(&security.PeerAuthentication{Mtls: &security.PeerAuthentication_MutualTLS{Mode: 8}}), "mode 8"},
		{request(&security.JWTRule{Issuer: "i", JwksUri: "https://x/keys", OutputClaimToHeaders: []*security.ClaimToHeader{{Claim: "a", Header: "x-a"}}}), ""},
		{request(&security.JWTRule{}), "neither issuer"},
		{request(&security.JWTRule{Issuer: "i", Jwks: "{}", JwksUri: "https://x"}), "only one of jwks"},
		{request(&security.JWTRule{JwksUri: "ftp://x"}), "no URL"},
		{request(&security.JWTRule{JwksUri: "https://a b/"}), "no URL"},
		{request(&security.JWTRule{JwksUri: "https://a\n"}), "no URL"},
		{request(&security.JWTRule{JwksUri: "https:///keys"}), "no URL"},
		{request(&security.JWTRule{JwksUri: "https://%zz"}), "no URL"},
		{request(&security.JWTRule{JwksUri: "https://a/b#%zz"}), "no URL"},
		{request(&security.JWTRule{JwksUri: "https://a:65536"}), "a port that is none"},
		{request(&security.JWTRule{JwksUri: "https://a/" + strings.Repeat("b", 2048)}), "too long"},
		{jwks(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"1","x5c":["AQAB"]},{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ=="}]}`), ""},
		{jwks(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQ"},{"kty":"oct","k":"AQ"}]}`), ""},
		{jwks(`x`), "no JSON object"},
		{jwks(`null`), "no JSON object"},
		{jwks(`{"keys":[]} {}`), "no JSON object"},
		{jwks(`{"Keys":[{"kty":"oct","k":"AQ"}]}`), "has no keys"},
		{jwks(`{"keys":[1]}`), "has no keys"},
		{jwks(`{"keys":[null]}`), "without a type"},
		{jwks(`{"keys":[{"kty":"rsa","n":"AQAB","e":"AQAB"}]}`), "without a type"},
		{jwks(`{"keys":[{"kty":"RSA","n":"AQAB"}]}`), "without e"},
		{jwks(`{"keys":[{"kty":"RSA","n":"A+B/","e":"AQAB"}]}`), "without n"},
		{jwks(`{"keys":[{"kty":"EC","x":"AQ","y":"AQ"}]}`), "without crv"},
		{jwks(`{"keys":[{"kty":"oct","k":"AQ","kid":1}]}`), "kid is no string"},
		{jwks(`{"keys":[{"kty":"oct","k":"AQ","key_ops":"sign"}]}`), "key_ops is no list"},
		{jwks(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","d":""}]}`), "d is no number"},
		{request(&security.JWTRule{Issuer: "i", FromHeaders: []*security.JWTHeader{{}}}), "without name"},
		{request(&security.JWTRule{Issuer: "i", OutputClaimToHeaders: []*security.ClaimToHeader{{Claim: "a", Header: "x a"}}}), "claim \"a\""},
		{request(nil), "rule 0 is nil"},
	} {
		bad := strings.Join(Validate(tt.o), "; ")
		if (bad == "") != (tt.want == "") || !strings.Contains(bad, tt.want) {
			t.Errorf("%q, want %q", bad, tt.want)
		}
	}
}
