package diag

import "slices"

// Info is everything there is to know of a code. `ztc explain` and docs/diagnostics.md are printed from it, and a test
// compiles every Example and wants exactly this code, and compiles every Fixed and wants its absence.
type Info struct {
	Code        Code
	Severity    Severity
	Title       string // a few words, lower case
	Explanation string // why it is wrong, one short paragraph or more
	Example     string // a program; or several files as a txtar archive ("-- name --" lines), first one the program
	Fixed       string // the same program as it should be, in the same form; empty where the mend is not one text
	Internal    bool   // cannot be shown by a program (files, limits of the machine); has no Example
	Waiving     Waiving
}

// Waiving says whether a waiver in the source (`# ztc:allow CODE reason`) may take a diagnostic off the build.
type Waiving uint8

const (
	BySeverity      Waiving = iota // a warning about a program may be waived; an error and a note may not
	WaivableError                  // an error about a string's shape or a dead rule: what is emitted still means what is written
	WaivableWarning                // an error that is a warning in some programs, where it may be waived
	WaivableAtMesh                 // a warning about the program as a whole: its waiver stands at the mesh block
	NeverWaived                    // a warning that no statement has, or one about waivers
)

// CanWaive reports whether a waiver may name the code.
func (i Info) CanWaive() bool {
	switch i.Waiving {
	case BySeverity:
		return i.Severity == Warning && !i.Internal
	case NeverWaived:
		return false
	}
	return true
}

// The catalogue is kept in one file per family of codes:
//
//	ZT00xx syntax             codes_syntax.go, and ZT003x waivers in codes_waivers.go
//	ZT10xx names              codes_names.go
//	ZT11xx operations         codes_operations.go
//	ZT12xx identity           codes_identity.go
//	ZT13xx meaning and time   codes_meaning.go
//	ZT14xx what a data plane cannot do, and what has no meaning yet   codes_plane.go
//	ZT15xx limits             codes_limits.go
//	ZT16xx delegate, tokens   codes_delegate.go
//	ZT17xx pods that no proxy guards   codes_guard.go
//	ZT18xx tests and proofs   codes_trials.go
//	ZT20xx inventory          codes_inventory.go
//	ZT21xx policies of others  codes_policies.go
//	ZT30xx files and output   codes_files.go, codes_output.go
var families = [][]Info{syntaxCodes, waiverCodes, nameCodes, operationCodes, identityCodes, meaningCodes, planeCodes, limitCodes, delegateCodes, guardCodes, trialCodes, inventoryCodes, policyCodes, fileCodes, outputCodes}

var byCode = func() map[Code]Info {
	m := map[Code]Info{}
	for _, f := range families {
		for _, i := range f {
			m[i.Code] = i
		}
	}
	return m
}()

// Lookup returns what is known of a code.
func Lookup(c Code) (Info, bool) {
	i, ok := byCode[c]
	return i, ok
}

// All returns the whole catalogue in order of codes.
func All() []Info {
	var out []Info
	for _, f := range families {
		out = append(out, f...)
	}
	slices.SortFunc(out, func(a, b Info) int {
		if a.Code < b.Code {
			return -1
		}
		return 1
	})
	return out
}
