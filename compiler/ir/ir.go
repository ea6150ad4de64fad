// Package ir is what a program means before Istio: workloads, rules, baselines and their parts, each with the place where it
// was written. Names are resolved, sets and policies are expanded, identities are spelt out; nothing is Istio-shaped yet.
package ir

import (
	"fmt"
	"slices"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

// Program is one resolved program.
type Program struct {
	Mesh      Mesh
	Workloads []*Workload // declared, inventoried or named; sorted by namespace and name
	Pods      []*Pods
	Rules     []*Rule // one per statement and target
	Baselines []*Baseline
	MTLS      []*MTLS
	JWT       []*JWT
	Expects   []*Expect
	Proofs    []*Proof
	// Convention is true when the program declares and inventories no workload: a bare name is then the service account of
	// that name and the pods whose app label is that name.
	Convention bool
	// Incomplete is true when a statement could not be read or resolved: what seems to be missing may be in it, so nothing
	// is said of absences.
	Incomplete bool
	// Lossy is true when there was an error: a rule may have been left out, so nothing is said of what no rule does.
	Lossy bool
	Parts Parts // of plain rules
	// Inventoried is true when an inventory was read: what is not in it does not exist.
	Inventoried bool
}

// Mesh holds the settings of the mesh block, defaults filled in.
type Mesh struct {
	Program       string // "" when the program has no name
	TrustDomain   string
	Aliases       []string // of the trust domain: their accounts are the mesh's own
	RootNamespace string
	AppLabel      string
	Istio         Version // target version
	// Providers says of what kind the providers of `delegate` are, where the mesh block does.
	Providers         map[string]ProviderKind
	MultipleProviders bool // istiod is set to ask several providers for one workload
}

// ProviderKind is the protocol that an external authorizer is asked with.
type ProviderKind uint8

const (
	UnknownProvider ProviderKind = iota
	GRPCProvider                 // asked about HTTP requests and about connections
	HTTPProvider                 // asked about HTTP requests only: on other connections Istio ignores it
)

// Identity returns the principal of a service account of this mesh, without scheme; account may be "*".
func (m *Mesh) Identity(ns, account string) string {
	return m.TrustDomain + "/ns/" + ns + "/sa/" + account
}

// Version is an Istio release, or a line of them.
type Version struct {
	Major, Minor int
	Patch        int // AnyPatch where it is not said
}

// AnyPatch is the Patch of a line of releases.
const AnyPatch = -1

func (v Version) String() string {
	if v.Patch == AnyPatch {
		return fmt.Sprintf("%d.%d", v.Major, v.Minor)
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}

// Before reports whether v is older than major.minor.
func (v Version) Before(major, minor int) bool {
	return v.Major < major || v.Major == major && v.Minor < minor
}

// Label is one label of a selector.
type Label struct{ Key, Value string }

// Workload is something that runs: an identity, and pods that a selector picks.
type Workload struct {
	Namespace, Name string
	Account         string            // service account, without namespace
	Labels          []Label           // the selector that picks its pods, sorted by key
	AllLabels       map[string]string // of its pods, from an inventory; nil where no more than Labels are known
	Ports           []Port            // sorted by number
	// PortsKnown is true when ports were declared, or nothing listens (Job, CronJob).
	PortsKnown bool
	// DefaultAccount is true when an inventory names no service account for it.
	DefaultAccount bool
	// Shared is another workload on the same account, nil when there is none.
	Shared *Workload
	// Guard is what an inventory says of its sidecar; nil when that takes every port, or nothing is known.
	Guard *Guard
	// Gateway is true when an inventory shows that the pods are a gateway.
	Gateway bool
	Span    source.Span
}

// Ref returns the name as `.zt` writes it anywhere.
func (w *Workload) Ref() string { return w.Namespace + "/" + w.Name }

// PodLabels returns the labels that its pods are known to carry.
func (w *Workload) PodLabels() map[string]string {
	if w.AllLabels != nil {
		return w.AllLabels
	}
	return labelMap(w.Labels)
}

func labelMap(list []Label) map[string]string {
	m := make(map[string]string, len(list))
	for _, l := range list {
		m[l.Key] = l.Value
	}
	return m
}

// Port returns the port of that number, or nil.
func (w *Workload) Port(n int) *Port {
	i, found := slices.BinarySearchFunc(w.Ports, n, func(p Port, n int) int { return p.Number - n })
	if !found {
		return nil
	}
	return &w.Ports[i]
}

// Pods is a target by labels alone.
type Pods struct {
	Namespace, Name string // Namespace is the root namespace when Mesh is set
	Mesh            bool
	Labels          []Label
	Span            source.Span
}

// TargetKind says what a target covers.
type TargetKind uint8

const (
	OnWorkload TargetKind = iota
	OnPods
	OnNamespace
	OnMesh
)

// Target is where a statement applies.
type Target struct {
	Kind      TargetKind
	Workload  *Workload // OnWorkload
	Pods      *Pods     // OnPods
	Namespace string    // of the objects: the workload's, the pods', the namespace itself, or the root namespace
	Port      int       // container port, 0 for all
	Span      source.Span
	PortSpan  source.Span // of Port
}

// Labels returns the selector, nil for a whole namespace or mesh.
func (t *Target) Labels() []Label {
	switch t.Kind {
	case OnWorkload:
		return t.Workload.Labels
	case OnPods:
		return t.Pods.Labels
	}
	return nil
}

// PodLabels returns the labels that the pods of a target are known to carry: all of a workload's, the selector of pods.
func (t *Target) PodLabels() map[string]string {
	if t.Kind == OnWorkload {
		return t.Workload.PodLabels()
	}
	return labelMap(t.Labels())
}

// Name returns the name that objects for this target carry: the workload's, the pods', or "all".
func (t *Target) Name() string {
	switch t.Kind {
	case OnWorkload:
		return t.Workload.Name
	case OnPods:
		return t.Pods.Name
	}
	return "all"
}

// String names the target for messages.
func (t *Target) String() string {
	switch t.Kind {
	case OnWorkload:
		return t.Workload.Ref()
	case OnPods:
		if t.Pods.Mesh {
			return "pods " + t.Pods.Name
		}
		return t.Pods.Namespace + "/" + t.Pods.Name
	case OnMesh:
		return "mesh"
	}
	return t.Namespace + "/*"
}

// SourceKind says what a source tests.
type SourceKind uint8

const (
	Anyone        SourceKind = iota // no test
	Authenticated                   // an mTLS identity, any
	Plaintext                       // no mTLS identity
	Principal                       // Value: principal pattern without spiffe://
	Namespace                       // Value: namespace pattern, in any trust domain
	TrustDomain                     // Value: trust domain pattern
)

// Source is one alternative of who a rule speaks of.
type Source struct {
	Kind     SourceKind
	Verbatim bool // spelt out as `account ns/x` or `principal "..."`, and not the name of a workload
	Alias    bool // the same in another trust domain of the mesh, beside one that is not
	Value    string
	Span     source.Span
}

// Text is a value with its place.
type Text struct {
	Value string
	Span  source.Span
}

// Net is a list of address blocks: of the direct peer, or of the client behind proxies.
type Net struct {
	Client bool
	Blocks []Text // canonical: masked CIDR, or a bare address
}

// Sources are a union of sources, cut down by what every caller must also satisfy.
type Sources struct {
	Any    []Source
	As     []Text // verified JWT: "issuer/subject", "issuer/*" or "*"; empty for no test
	From   []Net  // at most one of each kind
	Except []Source
	NotAs  []Text
	NotNet []Net
	// Exceptions are what Except comes from, as it was written.
	Exceptions []Exception
	Span       source.Span
}

// Exception is a source after `except`.
type Exception struct {
	Span source.Span
	Idle bool // it surely excludes nobody that the sources name
}

// Speaks says which traffic an operation covers.
type Speaks uint8

const (
	AnyTraffic  Speaks = iota // HTTP requests and connections that are not HTTP
	HTTPTraffic               // HTTP requests only
	TCPTraffic                // connections that are not HTTP
)

// Operation is one operation: the conjunction of its fields, each a union of values; an empty field is no test.
type Operation struct {
	Speaks  Speaks
	Methods []string
	Paths   []string // Istio's grammar
	Hosts   []string // lower case; already with their ports
	Ports   []int
	GRPC    bool // Methods and Paths were written as gRPC names, whose servers know one spelling
	Span    source.Span
}

// HTTP reports whether the operation names something of HTTP.
func (o *Operation) HTTP() bool {
	return o.Speaks == HTTPTraffic || len(o.Methods)+len(o.Paths)+len(o.Hosts) > 0
}

// Entry is one alternative of a rule: an operation, what is cut from it, and a condition.
type Entry struct {
	Op   Operation
	Cuts []Operation
	When *Cond
}

// CondOp is the kind of a condition node.
type CondOp uint8

const (
	CondAnd CondOp = iota
	CondOr
	CondNot
	CondTest
)

// Cond is a condition tree.
type Cond struct {
	Op   CondOp
	List []*Cond // of and, or; one member of not
	Test Test
}

// Test is one test of one attribute. Op is as written; NotEqual and NotIn mean "present, and different".
type Test struct {
	Key    string // Istio's `when` key
	Kind   AttrKind
	Op     ast.PredOp
	Values []string
	Span   source.Span
}

// AttrKind says what kind of attribute a test reads.
type AttrKind uint8

const (
	AttrHeader AttrKind = iota
	AttrClaim
	AttrAudience
	AttrPresenter
	AttrSNI
	AttrDestination
	AttrMetadata
)

// HTTP reports whether the attribute exists only in HTTP requests.
func (k AttrKind) HTTP() bool { return k <= AttrPresenter }

// Rule is a rule on one target.
type Rule struct {
	Action  ast.Action
	DryRun  bool
	All     bool // of `ACTION all in ...` and `ACTION all on ...`
	Sources *Sources
	Target  *Target // plain rules share those of one text, with the place of the first one: see On
	Entries []Entry // never empty: a rule without an operation has one entry that tests nothing
	*More
	Moved int32 // of a plain rule: how far the text of its target stands behind that of Target
	Plain Plain // of an allow that shares Sources and Entries with others of the same text: their spans lie in Elsewhere
	Span  source.Span
}

// More is what most rules do not have. It is never nil.
type More struct {
	Provider string // of delegate
	Cuts     []Operation
	When     *Cond
	Until    string // YYYY-MM-DD or ""
	Because  string
	Via      *Use // nil for a rule that stands in no policy
}

// NoMore is shared by all rules that have no more. It is never changed.
var NoMore = &More{}

// Plain numbers the parts of a plain rule, from 1: equal numbers are equal parts. It is zero for another rule.
type Plain struct{ Sources, Entries, Target int32 }

// Parts says how much there is of plain rules: how many numbers their sources and entries have, and, by number of a target, how
// many rules. It is a hint, so that what is kept of them can be made in one piece.
type Parts struct {
	Sources, Entries int
	Rules            []int32
}

// Of returns how many plain rules there are on the target of a rule: one where that is not known.
func (p *Parts) Of(r *Rule) int {
	if n := int(r.Plain.Target); n < len(p.Rules) {
		return max(1, int(p.Rules[n]))
	}
	return 1
}

// Elsewhere is the file of the places that the shared parts of plain rules do not keep. What has to be said of one of them
// is found by compiling without plain rules.
var Elsewhere = source.New("", "")

// Unconditional reports whether the rule speaks of every request and connection that reaches its target.
func (r *Rule) Unconditional() bool {
	if r.Plain.Sources != 0 {
		return false // whose callers have names
	}
	s := r.Sources
	anyone := false
	for _, x := range s.Any {
		anyone = anyone || x.Kind == Anyone
	}
	if !anyone || len(s.As)+len(s.From)+len(s.Except)+len(s.NotAs)+len(s.NotNet)+len(r.Cuts) > 0 || r.When != nil || r.Target.Port != 0 {
		return false
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		if !e.Op.HTTP() && e.Op.Speaks == AnyTraffic && len(e.Op.Ports)+len(e.Cuts) == 0 && e.When == nil {
			return true
		}
	}
	return false
}

// On returns the target with the places where this rule names it.
func (r *Rule) On() *Target {
	if r.Moved == 0 {
		return r.Target
	}
	t := *r.Target
	for _, s := range []*source.Span{&t.Span, &t.PortSpan} {
		if s.File != nil {
			s.Start += r.Moved
			s.End += r.Moved
		}
	}
	return &t
}

// Baseline is `deny all` on one target.
type Baseline struct {
	Target  Target
	DryRun  bool
	Until   string
	Because string
	Span    source.Span
	Via     *Use // nil for one that stands in no policy
}

// MTLS is a transport statement on one target.
type MTLS struct {
	Mode   string // STRICT, PERMISSIVE, DISABLE
	Target Target // Port is the container port that it covers, 0 for all
	Until  string
	Span   source.Span
	Via    *Use // nil for one that stands in no policy
}

// JWT is a token statement on one target.
type JWT struct {
	Issuer    string
	Target    Target
	JWKS      string // URL or JSON, or ""
	Audiences []string
	Claims    map[string]bool // typed claims, by their keys in brackets: true for a list
	Headers   []JWTHeader
	Cookies   []string
	Queries   []string
	Keep      bool
	Sets      []JWTSet
	Payload   string // header that receives the payload
	Split     []string
	Timeout   int64 // milliseconds, 0 for Istio's default
	Span      source.Span
	Via       *Use // nil for one that stands in no policy
}

// IsTime reports whether a claim, by its key in brackets, is one of those that a proxy reads itself (RFC 7519): a token in which one
// of them is no number is refused.
func IsTime(claim string) bool { return claim == "[exp]" || claim == "[iat]" || claim == "[nbf]" }

// JWTHeader is a header that tokens are read from.
type JWTHeader struct{ Name, Prefix string }

// JWTSet is a header that is set from a claim.
type JWTSet struct{ Header, Claim string }
