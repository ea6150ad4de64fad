package compiler

import (
	"context"

	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// readOthers reads the policies of others. One object cannot be in force in two versions.
func (l *loader) readOthers() {
	if len(l.in.Others) == 0 {
		return
	}
	l.trace("policies of others", Count{"files", len(l.in.Others)}, Count{"bytes", size(l.in.Others)})
	first, before := map[istio.Key]*istio.Document{}, len(l.diags)
	for _, f := range l.in.Others {
		docs, diags := istio.Read(f)
		l.diags = append(l.diags, diags...)
		for _, d := range docs {
			key := d.Object.Key()
			if old := first[key]; old != nil {
				l.diags.Add(diag.PolicyTwice, d.Span, "%s %s/%s is given twice, and one of the two is in force", key.Kind, key.Namespace, key.Name).
					Relate(old.Span, "here, too").Advise("leave out the one that is not")
				continue
			}
			first[key] = d
			l.others = append(l.others, d)
		}
	}
	if len(l.others) == 0 && len(l.diags) == before {
		l.diags.Add(diag.NoPolicies, source.Span{File: l.in.Others[0]}, "there are no policies of others in what is given, so the program is asked about alone")
	}
}

// foreign returns the policies of others that are not the program's own, whose place its objects take.
func (l *loader) foreign(objects []Object) (docs []*istio.Document, diags diag.List) {
	if len(l.others) == 0 {
		return nil, nil
	}
	own := make(map[istio.Key]bool, len(objects))
	for i := range objects {
		own[objects[i].key()] = true
	}
	for _, d := range l.others {
		if key := d.Object.Key(); own[key] {
			diags.Add(diag.PolicyOwn, d.Span, "%s %s/%s is emitted by this program, so what is given of it is left out", key.Kind, key.Namespace, key.Name)
			continue
		}
		docs = append(docs, d)
	}
	return docs, diags
}

// newWorld is the program among the objects that were emitted for it and the policies of others.
func (l *loader) newWorld(objects []Object, others []*istio.Document) (*proof.World, diag.List) {
	var diags diag.List
	policies := make([]proof.Policy, 0, len(objects))
	for i := range objects {
		o, err := objects[i].Decode()
		if err != nil {
			diags.Add(diag.Internal, source.Span{}, "reading what was emitted: %v", err)
			return nil, diags
		}
		policies = append(policies, proof.Policy{Object: o, Text: objects[i].YAML})
	}
	return proof.NewWorld(l.meant, l.in.Options.Now, policies, others, l.in.facts()), nil
}

// trials runs the tests and proofs of a program on the objects that were emitted for it.
func (l *loader) trials(ctx context.Context) ([]*proof.Trial, diag.List) {
	l.trace("test", Count{"expectations", len(l.meant.Expects)}, Count{"proofs", len(l.meant.Proofs)})
	var diags diag.List
	trials := l.world.Run(ctx, l.in.Only, l.in.Coverage)
	for _, t := range trials {
		diags = append(diags, t.Report()...)
	}
	return trials, diags
}
