package conformance

import (
	"encoding/csv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/source"
)

// TestCorpus holds the meaning of policies by many authors to what Istio's builder makes of them.
func TestCorpus(t *testing.T) {
	const corpus = "../../shared/corpus"
	f, err := os.Open(filepath.Join(corpus, "index.csv"))
	if err != nil {
		t.Skipf("the corpus of policies is not here: %v", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(2, 2))
	policies, verdicts := 0, 0
	for _, row := range rows[1:] {
		if v := row[6]; v != "valid" && v != "valid+warning" && v != "spec-null" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(corpus, row[0]))
		if err != nil {
			t.Fatal(err)
		}
		docs, _ := istio.Read(source.New(row[0], string(text)))
		for _, d := range docs {
			o := d.Object
			if o.Authorization == nil {
				continue
			}
			if o.Namespace == "" {
				o.Namespace = "default"
			}
			if p := o.Authorization.GetProvider(); p != nil {
				p.Name = "opa" // the one that verdicts speak of
			}
			pod := plane.Pod{Namespace: o.Namespace, Labels: o.Authorization.GetSelector().GetMatchLabels()}
			if len(o.Authorization.TargetRefs) > 0 || o.Authorization.TargetRef != nil {
				continue // no sidecar
			}
			policies++
			before := t.Failed()
			verdicts += agree(t, newWorld([]*istio.Object{o}, "cluster.local"), pod, r, 100)
			if t.Failed() && !before {
				t.Errorf("the first one is %s", row[0])
			}
		}
	}
	t.Logf("%d policies, %d verdicts", policies, verdicts)
	if policies < 450 || verdicts < 50_000 {
		t.Errorf("only %d policies and %d verdicts", policies, verdicts)
	}
}
