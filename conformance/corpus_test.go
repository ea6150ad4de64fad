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
				p.Name = provider
			}
			pod := plane.Pod{Namespace: o.Namespace, Labels: o.Authorization.GetSelector().GetMatchLabels()}
			if len(o.Authorization.TargetRefs) > 0 || o.Authorization.TargetRef != nil {
				continue // no sidecar
			}
			policies++
			s := &Setting{TrustDomain: "cluster.local", Policies: []*istio.Object{o}, Pod: pod}
			n, d, err := agree(s, sidecars, r, 100, Readings, nil)
			verdicts += n
			if err != nil {
				t.Errorf("%s: %v", row[0], err)
			}
			if d != nil {
				t.Errorf("%s: %v", row[0], d.Minimise())
			}
		}
	}
	t.Logf("%d policies, %d verdicts", policies, verdicts)
	if policies < 450 || verdicts < 50_000 {
		t.Errorf("only %d policies and %d verdicts", policies, verdicts)
	}
}
