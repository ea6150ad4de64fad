// Package corpus reads the policies of many authors that lie beside this repository, with what Istio says of each. Only tests use it.
package corpus

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Policy is one AuthorizationPolicy in a file of its own.
type Policy struct {
	Name  string // of the file, below the corpus
	Text  string
	Valid bool // Istio and an API server with its CRDs take it
}

// Read reads the corpus of a directory. Where there is none, the error is os.ErrNotExist.
func Read(dir string) ([]Policy, error) {
	f, err := os.Open(filepath.Join(dir, "index.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	name, verdict := slices.Index(rows[0], "file"), slices.Index(rows[0], "istio_verdict")
	if name < 0 || verdict < 0 {
		return nil, fmt.Errorf("%s: no columns file and istio_verdict: %q", f.Name(), rows[0])
	}
	var out []Policy
	for _, row := range rows[1:] {
		text, err := os.ReadFile(filepath.Join(dir, row[name]))
		if err != nil {
			return nil, err
		}
		valid := slices.Contains([]string{"valid", "valid+warning", "spec-null"}, row[verdict])
		out = append(out, Policy{row[name], string(text), valid})
	}
	return out, nil
}
