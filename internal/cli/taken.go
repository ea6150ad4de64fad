package cli

import (
	"bytes"
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// sources are the files of a program, sorted, as paths from the directory that it writes into: so two programs whose files have the
// same names are told apart, and every checkout has the same paths. Where no more than the root of the file system holds both,
// the way from one to the other is a matter of the machine, and the directory is of no checkout: there they are absolute.
func (d *destination) sources(in *inputs) []string {
	var out []string
	for _, f := range in.files {
		if f.Name == stdinName {
			continue
		}
		file := filepath.Join(in.rootPath, filepath.FromSlash(strings.TrimPrefix(f.Name, in.dir)))
		out = append(out, diag.Clean(cmp.Or(d.way(file), filepath.ToSlash(file)))) // a directory may have any name
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// way is the path from the destination's directory to an absolute one, or "" where it leads through the root of the file system.
func (d *destination) way(to string) string {
	up := d.path
	for ; !within(to, up); up = filepath.Dir(up) {
		if filepath.Dir(up) == up {
			return ""
		}
	}
	rel, err := filepath.Rel(d.path, to)
	if err != nil || filepath.Dir(up) == up {
		return ""
	}
	return filepath.ToSlash(rel)
}

// recorded is whose the directory is, as far as its kustomization.yaml says.
func (d *destination) recorded() owner {
	if d.root == nil {
		return owner{}
	}
	text, err := d.old(kustomization)
	if err != nil {
		return owner{}
	}
	k, _ := readList(text)
	return k.owner
}

// taken refuses to replace or remove what another program of the same name, or without one as well, has written. That the
// program is another one shows in its files, where none of them is the same, and in its objects, where none of what is
// there has its place in this one. Of standard input there are no files, so objects that every program has do not count.
// Where nothing would be lost, it does not matter.
func (d *destination) taken(who owner, files, stale []output, old map[string][]byte) diag.List {
	var lost []output
	kept := false // one that stays as it is
	for _, f := range files {
		have := old[f.name]
		switch {
		case !d.dir || f.name == kustomization || len(bytes.TrimSpace(have)) == 0:
		case f.text.equal(have):
			kept = true
		default:
			lost = append(lost, output{f.name, content{have}})
		}
	}
	if lost = append(lost, stale...); len(lost) == 0 {
		return nil
	}
	k, _ := readList(old[kustomization])
	var why string
	switch {
	case len(k.sources) > 0 && len(who.sources) > 0 && !slices.ContainsFunc(k.sources, func(s string) bool { return slices.Contains(who.sources, s) }):
		why = "of a program made of " + few(k.sources)
	case who.program == "" && !kept && !meets(files, lost):
		why = "of a program that has no object in common with this one"
	case who.program == "" && len(k.sources)*len(who.sources) == 0 && strangers(files, stale, old):
		why = "of a program that has nothing in common with this one but baselines"
	default:
		return nil
	}
	is := "both have no name"
	if who.program != "" {
		is = "both have the name " + who.program
	}
	shown := make([]string, len(lost))
	for i, f := range lost {
		shown[i] = f.name
	}
	var l diag.List
	l.Add(diag.ForeignFile, source.Span{}, "%q holds the output %s, and %s", d.given, why, is).
		Note("it would lose %s", few(shown)).
		Advise("where they are two programs, give each a name (`mesh { program NAME }`), so that their objects differ in name, and a directory of its own; where they are one, name all of its files in one call; where it is this program, renamed or begun anew, delete the files of the old one")
	return l
}

// strangers reports whether an object would be lost, and none that is there has its place in files, baselines and modes of mTLS for
// a whole namespace aside.
func strangers(files, stale []output, old map[string][]byte) bool {
	written := map[document]bool{}
	was := slices.Clone(stale)
	for _, f := range files {
		if f.name == kustomization {
			continue
		}
		was = append(was, output{f.name, content{old[f.name]}})
		for _, d := range documents(f.text.join()) {
			written[d] = true
		}
	}
	lost := false
	for _, f := range was {
		for _, d := range documents(f.text.join()) {
			switch {
			case !written[d]:
				lost = true
			case d.name != "default-deny" && d.name != "default":
				return false
			}
		}
	}
	return lost
}

// meets reports whether one of the objects in old files has its place in files, which have the names of namespaces.
func meets(files, old []output) bool {
	written := make(map[string][]byte, len(files))
	for _, f := range files {
		written[stem(f.name)] = f.text.join()
	}
	for _, f := range old {
		text, ok := written[stem(f.name)]
		if !ok {
			continue
		}
		had := map[document]bool{}
		for _, d := range documents(f.text.join()) {
			had[d] = true
		}
		if slices.ContainsFunc(documents(text), func(d document) bool { return had[d] }) {
			return true
		}
	}
	return false
}
