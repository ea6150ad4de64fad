package cli

import (
	"encoding/json"
	"strings"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/source"
)

// printJSON prints a value as indented JSON.
func (a *app) printJSON(v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	return a.print([]byte(b.String()))
}

// jsonWhy is what `why --format json` prints. docs/why.md describes it.
type jsonWhy struct {
	Version  int        `json:"version"`
	Question string     `json:"question"`
	Cases    []jsonCase `json:"cases"`
	More     bool       `json:"more,omitempty"`
	Assumes  []string   `json:"assumptions"`
}

type jsonCase struct {
	Caller      string        `json:"caller"`
	Destination string        `json:"destination"`
	Pod         string        `json:"pod,omitempty"`
	Outcome     string        `json:"outcome"`
	Why         string        `json:"why,omitempty"`
	Several     bool          `json:"several"`
	Requests    []jsonRequest `json:"requests,omitempty"`
}

type jsonRequest struct {
	Passes     bool       `json:"passes"`
	Decides    string     `json:"decides"`
	Chain      string     `json:"chain"`
	Words      string     `json:"words"`
	Attributes []jsonAttr `json:"attributes"`
	Ladder     []jsonRung `json:"ladder"`
}

type jsonAttr struct {
	Name   string   `json:"name"`
	Values []string `json:"values"` // null where it is absent
	Chosen bool     `json:"chosen,omitempty"`
}

type jsonRung struct {
	Step       string          `json:"step"`
	Policies   []jsonPolicy    `json:"policies"`
	Rules      []jsonRule      `json:"rules,omitempty"`
	Statements []jsonStatement `json:"statements,omitempty"`
	Nearest    []jsonNearest   `json:"nearest,omitempty"`
}

type jsonPolicy struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type jsonRule struct {
	jsonPolicy
	Rule  int        `json:"rule"`
	Place *jsonPlace `json:"place,omitempty"` // of somebody else's
}

type jsonStatement struct {
	jsonPlace
	Text string      `json:"text"`
	Used []jsonPlace `json:"usedAt,omitempty"`
}

type jsonNearest struct {
	jsonRule
	Fields     []jsonMissed    `json:"fields"`
	Statements []jsonStatement `json:"statements,omitempty"`
}

type jsonMissed struct {
	Field string `json:"field"`
	Why   string `json:"why"`
}

// jsonDenied is what `why --denied TOKEN --format json` prints.
type jsonDenied struct {
	Version    int             `json:"version"`
	None       bool            `json:"none"`
	Rule       *jsonRule       `json:"rule,omitempty"`
	Action     string          `json:"action,omitempty"`
	YAML       string          `json:"yaml,omitempty"`
	Others     bool            `json:"others,omitempty"`
	DryRun     bool            `json:"dryRun,omitempty"`
	Bad        bool            `json:"badProvider,omitempty"`
	Statements []jsonStatement `json:"statements,omitempty"`
}

func deniedOf(d *compiler.Denied) jsonDenied {
	if d.None {
		return jsonDenied{Version: 1, None: true}
	}
	r := ruleOf(d.Rule)
	return jsonDenied{
		Version: 1, Rule: &r, Action: d.Rule.Policy.Authorization.Action.String(), YAML: string(d.YAML), Others: d.Others,
		DryRun: plane.DryRun(d.Rule.Policy), Bad: d.Bad, Statements: statementsOf(d.Statements),
	}
}

func whyOf(question string, a *proof.Answer) jsonWhy {
	out := jsonWhy{Version: 1, Question: question, Cases: []jsonCase{}, More: a.More, Assumes: a.Assumptions()}
	for i := range a.Cases {
		c := &a.Cases[i]
		j := jsonCase{Caller: c.Caller, Destination: c.Destination.Name, Pod: c.Destination.Remark, Outcome: c.Outcome(), Why: c.Unclear, Several: c.Several}
		if c.Unknown != nil {
			j.Why = c.Unknown.Error()
		}
		for k := range c.Told {
			j.Requests = append(j.Requests, requestOf(&c.Told[k]))
		}
		out.Cases = append(out.Cases, j)
	}
	return out
}

func requestOf(t *proof.Told) jsonRequest {
	out := jsonRequest{Passes: t.Verdict.Passes, Decides: t.Verdict.Step.String(), Chain: t.Verdict.Chain.String(), Words: t.Words}
	for _, a := range proof.Attributes(t.Request) {
		v := t.Request[a]
		if a.Kind == sem.Token {
			for k, name := range []string{"token issuer", "token subject"} {
				j := jsonAttr{Name: name, Chosen: t.Chosen[a]}
				if !v.Absent && !v.Missing[k] && k < len(v.Parts) {
					j.Values = v.Parts[k : k+1]
				}
				out.Attributes = append(out.Attributes, j)
			}
			continue
		}
		j := jsonAttr{Name: proof.Attribute(a), Chosen: t.Chosen[a]}
		if !v.Absent {
			j.Values = v.Parts
		}
		out.Attributes = append(out.Attributes, j)
	}
	for i := range t.Ladder {
		g := &t.Ladder[i]
		j := jsonRung{Step: g.Step.String(), Policies: policiesOf(g.Policies), Statements: statementsOf(g.Statements)}
		for _, m := range g.Rules {
			j.Rules = append(j.Rules, ruleOf(m))
		}
		for _, b := range g.Baselines {
			j.Statements = append(j.Statements, statementOf(b.Span, b.Via))
		}
		for k := range g.Misses {
			m := &g.Misses[k]
			n := jsonNearest{jsonRule: ruleOf(m.Match), Statements: statementsOf(m.Statements)}
			for _, f := range m.Fields {
				n.Fields = append(n.Fields, jsonMissed{f.Field, f.Why})
			}
			j.Nearest = append(j.Nearest, n)
		}
		out.Ladder = append(out.Ladder, j)
	}
	return out
}

func policiesOf(list []*istio.Object) []jsonPolicy {
	out := []jsonPolicy{}
	for _, o := range list {
		out = append(out, jsonPolicy{o.Namespace, o.Name})
	}
	return out
}

func ruleOf(m proof.Match) jsonRule {
	out := jsonRule{jsonPolicy: jsonPolicy{m.Policy.Namespace, m.Policy.Name}, Rule: m.Index}
	if m.Span.File != nil {
		p := placeOf(m.Span)
		out.Place = &p
	}
	return out
}

func statementOf(at source.Span, via *ir.Use) jsonStatement {
	out := jsonStatement{jsonPlace: placeOf(at), Text: proof.Quote(at)}
	for ; via != nil; via = via.Outer {
		out.Used = append(out.Used, placeOf(via.Span))
	}
	return out
}

func statementsOf(list []*ir.Rule) (out []jsonStatement) {
	for _, r := range list {
		out = append(out, statementOf(r.Span, r.Via))
	}
	return out
}
