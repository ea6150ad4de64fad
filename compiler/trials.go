package compiler

import (
	"context"
	"slices"

	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// trials runs the tests and proofs of a program on the objects that were emitted for it.
func (l *loader) trials(ctx context.Context, objects []Object) ([]*proof.Trial, diag.List) {
	l.trace("test", Count{"expectations", len(l.meant.Expects)}, Count{"proofs", len(l.meant.Proofs)})
	var diags diag.List
	policies := slices.Clone(l.in.Others)
	for i := range objects {
		o, err := objects[i].Decode()
		if err != nil {
			diags.Add(diag.Internal, source.Span{}, "test: %v", err)
			return nil, diags
		}
		policies = append(policies, o)
	}
	trials := proof.NewWorld(l.meant, l.in.Options.Now, policies).Run(ctx, l.in.Only)
	for _, t := range trials {
		diags = append(diags, t.Report()...)
	}
	return trials, diags
}
