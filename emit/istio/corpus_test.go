package istio

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/lang/source"
)

// Policies of many authors, with what Istio says of each: what is valid reads, and what Istio rejects does not.
func TestCorpus(t *testing.T) {
	const corpus = "../../../shared/corpus"
	f, err := os.Open(filepath.Join(corpus, "index.csv"))
	if err != nil {
		t.Skipf("the corpus of policies is not here: %v", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	valid, placeholders := 0, 0
	for _, row := range rows[1:] {
		name, verdict := row[0], row[6]
		text, err := os.ReadFile(filepath.Join(corpus, name))
		if err != nil {
			t.Fatal(err)
		}
		docs, diags := Read(source.New(name, string(text)))
		switch verdict {
		case "valid", "valid+warning", "spec-null":
			valid++
			if len(diags) == 1 && strings.Contains(diags[0].Message, "metadata.namespace") { // a placeholder, which Kubernetes refuses
				placeholders++
				continue
			}
			if len(docs) != 1 || len(diags) > 0 {
				t.Errorf("%s: %s, and %d documents are read: %v", name, verdict, len(docs), diags)
			}
		default:
			if len(docs) > 0 || !diags.HasErrors() {
				t.Errorf("%s: %s, and %d documents are read: %v", name, verdict, len(docs), diags)
			}
		}
	}
	if valid < 500 || placeholders > 6 {
		t.Errorf("%d valid policies, of which %d have a placeholder for their namespace", valid, placeholders)
	}
}
