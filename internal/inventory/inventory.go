// Package inventory reads what a cluster would run from plain manifests: workloads with their service accounts, labels and
// ports, Services, ServiceAccounts and Namespaces.
//
// Manifests are somebody else's text, so nothing in them is trusted: every size, count and depth has a bound, names are
// checked to be names, and a fault in one document never hides another document.
//
// The objects are read from yaml.v3 nodes and not through k8s.io/api: only nodes know their line and column, and the typed
// structs would cost a second parse, 3 ms at start-up and 10 MB. A test holds this reader to the typed structs instead.
package inventory

import (
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Bounds on what is read, beside those of internal/manifest.
const (
	maxTotal   = 512 << 20
	maxFiles   = 20_000
	maxEntries = 200_000 // directory entries of any kind
	maxDepth   = 50      // directories
	maxMatches = 2_000_000
)

// splitAbove is a variable for a test.
var splitAbove = manifest.LongList

// Parse reads the objects of all files. The result does not depend on the order of the files or of the documents in them,
// and it holds what is sound even when the diagnostics have errors.
func Parse(files []*source.File) (*ir.Inventory, diag.List) {
	files = slices.Clone(files)
	slices.SortStableFunc(files, func(a, b *source.File) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Text, b.Text)
	})
	// Two inventory statements may name the same file.
	files = slices.CompactFunc(files, func(a, b *source.File) bool { return a.Name == b.Name && a.Text == b.Text })
	var diags diag.List
	var pieces []manifest.Piece
	for _, f := range files {
		if manifest.TooLarge(f, &diags) {
			continue
		}
		pieces = manifest.Split(pieces, f, kinds, splitAbove)
		if len(pieces) > manifest.MaxPieces {
			last := pieces[manifest.MaxPieces]
			diags.Add(diag.InventoryTooLarge, last.Span(), "the inventory has more than %d objects", manifest.MaxPieces)
			pieces = pieces[:manifest.MaxPieces]
			break
		}
	}
	all := join(readAll(pieces), &diags)
	inv := link(all, &diags)
	diags.Sort()
	return inv, diags
}

// found is what documents hold.
type found struct {
	workloads  []workload
	services   []service
	accounts   []ir.InventoryName
	namespaces []namespace
	gateways   []gateway
	classes    []class
	servers    []servers
	blind      map[string]bool // namespaces with pods of which nothing is known
	diags      diag.List
}

// workload is a workload whose ports are not yet known.
type workload struct {
	ir.InventoryWorkload
	containers []containerPort
	listeners  []ir.Port // of a Gateway of the Kubernetes API
	sidecar    sidecar
	owner      owner
}

// containerPort is a TCP port that a container declares.
type containerPort struct {
	name   string
	number int
	span   source.Span
}

// service is a Service with the places of its ports.
type service struct {
	ir.InventoryService
	spans []portSpans // one for each of Ports
	picks bool        // pods
}

type portSpans struct{ port, target source.Span }

// readAll reads the pieces on all processors; the answers keep the order of the pieces.
func readAll(pieces []manifest.Piece) []found {
	out := make([]found, len(pieces))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(pieces)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(pieces) {
					return
				}
				out[i] = read(pieces[i])
			}
		})
	}
	wg.Wait()
	return out
}

// join puts the answers together. A file with very many faults keeps the first ones, and of unrendered templates one: the
// rest says the same again.
func join(parts []found, diags *diag.List) found {
	all := found{blind: map[string]bool{}}
	faults := map[*source.File]int{}
	last := map[*source.File]int{}
	templates := map[*source.File]bool{}
	for _, p := range parts {
		all.workloads = append(all.workloads, p.workloads...)
		all.services = append(all.services, p.services...)
		all.accounts = append(all.accounts, p.accounts...)
		all.namespaces = append(all.namespaces, p.namespaces...)
		all.gateways = append(all.gateways, p.gateways...)
		all.classes = append(all.classes, p.classes...)
		all.servers = append(all.servers, p.servers...)
		maps.Copy(all.blind, p.blind)
		for _, d := range p.diags {
			f := d.Span.File
			if d.Code == diag.InventoryTemplate {
				if templates[f] {
					continue
				}
				templates[f] = true
			}
			switch faults[f]++; {
			case faults[f] <= manifest.MaxFaults:
				last[f] = len(*diags)
				*diags = append(*diags, d)
			case faults[f] == manifest.MaxFaults+1:
				(*diags)[last[f]].Note("further faults of %q are not shown", f.Name)
			}
		}
	}
	return all
}
