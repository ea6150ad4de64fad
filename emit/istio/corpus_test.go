package istio

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/internal/corpus"
	"github.com/zt-lang/ztc/lang/source"
)

// refused are the policies of the corpus that Istio or an API server refuses, by the end of the name of their file: the line of
// what they refuse, as one reads it in the file, and a part of the reason.
var refused = map[string][2]string{
	"crds__authz-invalid.yaml/01.yaml":            {`namespaces: ["bar"]`, "serviceAccounts and namespaces exclude each other"},
	"crds__authz-invalid.yaml/02.yaml":            {`principals: ["bar"]`, "serviceAccounts and principals exclude each other"},
	"error-condition-empty-values-2.yaml/01.yaml": {`- key: source.namespace`, "without values"},
	"error-condition-empty-values.yaml/01.yaml":   {`- key: source.namespace  # values or notValues must be set`, "without values"},
	"error-deny-without-rules.yaml/01.yaml":       {`action: DENY`, "without rules"},
	"error-key-is-empty.yaml/01.yaml":             {`- {}  # must have key`, "without key"},
	"error-namespaces-is-null.yaml/01.yaml":       {`namespaces: # namespaces cannot be null`, "an empty source"},
	"error-operation-is-empty.yaml/01.yaml":       {`ports: []`, "an empty operation"},
	"error-operation-is-null.yaml/01.yaml":        {`- operation:`, "without operation"},
	"error-ports-is-null.yaml/01.yaml":            {`ports: # cannot be null`, "an empty operation"},
	"error-rule-is-null.yaml/01.yaml":             {`- # rule cannot be null`, "is null"},
	"error-source-is-empty-2.yaml/01.yaml":        {`- source: {} # source cannot be empty`, "an empty source"},
	"error-source-is-empty.yaml/01.yaml":          {`namespaces: [] # source cannot be empty`, "an empty source"},
	"istio__authorization-policy.yaml/02.yaml":    {`- notSource:`, `no field "notSource"`},
	"istio__authorization-policies.yaml/01.yaml":  {`namespaces: istio-system`, "must be a list"},
	"validation__dataset.gen.go/01.yaml":          {`- values: ["key is missing"]`, "without key"},
	"policy_ml-pipeline-internal.yaml/01.yaml":    {`matchExpressions:`, `no field "matchExpressions"`},
	"policy_ml-pipeline-ui.yaml/01.yaml":          {`- operation: {}`, "an empty operation"},
	"policy_service-cache-server.yaml/01.yaml":    {`- operation: {}`, "an empty operation"},
}

// Policies of many authors: what Istio takes reads, and what it refuses is refused at its line, with a reason.
func TestCorpus(t *testing.T) {
	policies, err := corpus.Read("../../../shared/corpus")
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the corpus of policies is not here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	valid, placeholders, found := 0, 0, map[string]bool{}
	for _, p := range policies {
		file := source.New(p.Name, p.Text)
		docs, diags := Read(file)
		if p.Valid {
			valid++
			if len(diags) == 1 && strings.Contains(diags[0].Message, "metadata.namespace") { // a placeholder, which Kubernetes refuses
				placeholders++
			} else if len(docs) != 1 || len(diags) > 0 {
				t.Errorf("%s is valid, and %d documents are read: %v", p.Name, len(docs), diags)
			}
			continue
		}
		if len(docs) > 0 || !diags.HasErrors() {
			t.Errorf("%s is refused, and %d documents are read: %v", p.Name, len(docs), diags)
		}
		known := false
		for end, want := range refused {
			if !strings.HasSuffix(p.Name, end) {
				continue
			}
			known, found[end] = true, true
			told := false
			for _, d := range diags {
				line := file.Line(file.Position(int(d.Span.Start)).Line)
				told = told || strings.TrimSpace(line) == want[0] && strings.Contains(d.Message, want[1])
			}
			if !told {
				t.Errorf("%s: no error on the line %q says %q: %v", p.Name, want[0], want[1], diags)
			}
		}
		if !known {
			t.Errorf("%s is refused, and nothing is known of why", p.Name)
		}
	}
	if valid < 500 || placeholders > 6 || len(found) != len(refused) {
		t.Errorf("%d valid policies, of which %d have a placeholder for their namespace; %d of %d that are refused", valid, placeholders, len(found), len(refused))
	}
}
