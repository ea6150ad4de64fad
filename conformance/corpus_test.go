package conformance

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	crdschema "istio.io/istio/pkg/config/crd"

	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/internal/corpus"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// others are policies by many authors.
func others(t *testing.T) []corpus.Policy {
	t.Helper()
	list, err := corpus.Read("../../shared/corpus")
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the corpus of policies is not here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestCorpus holds the meaning of policies by many authors to what Istio's builder makes of them.
func TestCorpus(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	policies, verdicts := 0, 0
	for _, p := range others(t) {
		if !p.Valid {
			continue
		}
		docs, _ := istio.Read(source.New(p.Name, p.Text))
		for _, d := range docs {
			o := d.Object
			if o.Authorization == nil {
				continue
			}
			if p := o.Authorization.GetProvider(); p != nil {
				p.Name = provider
			}
			pod := plane.Pod{Namespace: o.Namespace, Labels: o.Authorization.GetSelector().GetMatchLabels()}
			if len(o.Authorization.TargetRefs) > 0 || o.Authorization.TargetRef != nil {
				continue // no sidecar
			}
			policies++
			s := &Setting{TrustDomain: "cluster.local", Policies: []*istio.Object{o}, Pod: pod}
			n, differ, err := agree(s, sidecars, r, 100, Readings, nil)
			verdicts += n
			if err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
			if differ != nil {
				t.Errorf("%s: %v", p.Name, differ.Minimise())
			}
		}
	}
	t.Logf("%d policies, %d verdicts", policies, verdicts)
	if policies < 450 || verdicts < 50_000 {
		t.Errorf("only %d policies and %d verdicts", policies, verdicts)
	}
}

// refuser says what an API server with Istio's CRDs and its webhook refuses in a policy.
type refuser struct{ schema *crdschema.Validator }

func (r *refuser) refuses(t *testing.T, text string) error {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return err
	}
	prune(&doc)
	b, err := yaml.Marshal(&doc)
	if err != nil {
		t.Fatal(err)
	}
	text = string(b)
	if err := r.schema.ValidateCustomResourceYAML(text, nil); err != nil {
		return err
	}
	_, _, err = crd.ParseInputs(text) // and validates
	return err
}

// prune leaves out the fields that are null, as an API server does.
func prune(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		var fields []*yaml.Node
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i+1].ShortTag() != "!!null" {
				fields = append(fields, n.Content[i], n.Content[i+1])
			}
		}
		n.Content = fields
	}
	for _, c := range n.Content {
		prune(c)
	}
}

// TestRefusals holds what is refused of policies to what an API server and Istio refuse: those of many authors as they are, and
// all that ztc emits, each with one fault put into it, which must be told at its line.
func TestRefusals(t *testing.T) {
	judge := &refuser{schemaOf(t)}
	r := rand.New(rand.NewPCG(7, 7))
	each := 1
	if full() {
		each = 1 << 30
	}
	sound := map[string]string{} // by a name
	theirs := 0
	for _, p := range others(t) {
		_, diags := istio.Read(source.New(p.Name, p.Text))
		if placeholder := len(diags) == 1 && strings.Contains(diags[0].Message, "metadata.namespace"); placeholder {
			continue // Kubernetes refuses it
		}
		theirs++
		err := judge.refuses(t, p.Text)
		if (err == nil) != p.Valid {
			t.Errorf("%s: Istio says %v, and the index of the corpus that it is valid: %t", p.Name, err, p.Valid)
		}
		if (err == nil) != (len(diags) == 0) {
			t.Errorf("%s: Istio says %v, and ztc %v", p.Name, err, diags)
		}
		if err == nil {
			sound[p.Name] = p.Text
		}
	}
	ours := 0
	for _, x := range corpusOfOurs(t) {
		for i, doc := range strings.Split(x.yaml, "\n---\n") {
			if len(parse(t, doc)) == 1 {
				sound[fmt.Sprintf("%s, document %d", x.name, i)] = doc
				ours++
			}
		}
	}
	asked, refused, taken := 0, 0, map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(sound)) {
		faults := faultsOf(t, sound[name])
		r.Shuffle(len(faults), func(i, k int) { faults[i], faults[k] = faults[k], faults[i] })
		for _, put := range faults[:min(each, len(faults))] {
			f := put()
			file := source.New(name, f.text)
			docs, diags := istio.Read(file)
			err := judge.refuses(t, f.text)
			asked++
			if err == nil && len(docs) == 1 && len(diags) == 0 {
				taken[f.what]++
				continue
			}
			refused++
			at := func(d diag.Diagnostic) bool { return file.Position(int(d.Span.Start)).Line == f.line }
			if err == nil || len(docs) > 0 || !slices.ContainsFunc(diags, at) {
				t.Errorf("%s with %s on line %d: Istio says %v, and ztc %v\n%s", name, f.what, f.line, err, diags, f.text)
			}
		}
	}
	t.Logf("%d policies of others, %d of ours, %d times with a fault, %d of them refused; Istio takes %v", theirs, ours, asked, refused, taken)
	if theirs < 600 || ours < 200 || asked < 900 || refused < asked/2 {
		t.Errorf("%d policies of others, %d of ours, %d times with a fault, %d of them refused", theirs, ours, asked, refused)
	}
}

// fault is a policy with something wrong on a line.
type fault struct {
	text, what string
	line       int
}

// faultsOf are what puts faults into the spec of a policy, one at a time.
func faultsOf(t *testing.T, text string) (out []func() fault) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
		t.Fatalf("%v\n%s", err, text)
	}
	spec := child(doc.Content[0], "spec")
	if spec == nil {
		return nil
	}
	// put is to replace what a path leads to, for as long as it takes to write the policy.
	put := func(path []int, with yaml.Node, what string) {
		out = append(out, func() fault {
			at := descend(spec, path)
			was := *at
			*at = with
			defer func() { *at = was }()
			b, err := yaml.Marshal(&doc)
			if err != nil {
				t.Fatal(err)
			}
			var written yaml.Node
			if err := yaml.Unmarshal(b, &written); err != nil {
				t.Fatal(err)
			}
			return fault{string(b), what, descend(child(written.Content[0], "spec"), path).Line}
		})
	}
	scalar := func(s string) yaml.Node { return yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }
	null := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	var walk func(path []int, under string)
	walk = func(path []int, under string) {
		path = slices.Clip(path)
		n := descend(spec, path)
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i < len(n.Content); i += 2 {
				key := n.Content[i].Value
				walk(append(path, i+1), key)
				if under != "matchLabels" && n.Content[i+1].ShortTag() != "!!null" {
					put(append(path, i), scalar(key+"x"), "a misspelt field")
				}
			}
		case yaml.SequenceNode:
			for i := range n.Content {
				walk(append(path, i), under)
				put(append(path, i), null, "null in a list")
			}
			put(path, scalar("text"), "text for a list")
		case yaml.ScalarNode:
			put(path, yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}, "a list for text")
			put(path, scalar(""), "an empty text")
			switch strings.TrimPrefix(strings.ToLower(under), "not") {
			case "ports":
				put(path, scalar("99999"), "a port that is none")
			case "ipblocks", "remoteipblocks":
				put(path, scalar("10.0.0.0/33"), "a block that is none")
			case "paths":
				put(path, scalar("/a/{*}x"), "a template that is none")
			case "key":
				put(path, scalar("request.bogus"), "a key that is none")
			case "serviceaccounts":
				put(path, scalar("a/b/c"), "an account that is none")
			case "action":
				put(path, scalar("ALOW"), "an action that is none")
				put(path, scalar("CUSTOM"), "CUSTOM")
			}
		}
		if under == "source" || under == "operation" || under == "selector" {
			put(path, yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle}, "nothing in "+under)
		}
	}
	walk(nil, "spec")
	return out
}

// child is the value of a key of a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// descend follows a path of places in the contents of nodes.
func descend(n *yaml.Node, path []int) *yaml.Node {
	for _, i := range path {
		n = n.Content[i]
	}
	return n
}
