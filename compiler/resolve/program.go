package resolve

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// objectWords follow the program's name in the names of objects (compiler/lower). None of them is part of a program's name:
// so a name of an object is of one program only, whatever workloads are called.
var objectWords = []string{"allow", "deny", "audit", "delegate", "mtls", "jwt", "dry-run"}

// programName refuses a program name after which it would not be certain where it ends in the name of an object.
func (r *resolver) programName(s *scope, name *ast.Ident) {
	i := slices.IndexFunc(objectWords, func(w string) bool { return strings.Contains("-"+name.Text+"-", "-"+w+"-") })
	if i < 0 {
		return
	}
	r.report(s, diag.AmbiguousProgram, name, "program name %q holds the word %q, which stands after it in the names of objects", name.Text, objectWords[i]).
		Note("another program's objects could have the same names, and replace these").
		Advise("take a name without that word")
}
