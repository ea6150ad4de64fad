package yaml

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	security "istio.io/api/security/v1beta1"
	sigs "sigs.k8s.io/yaml"

	"github.com/zt-lang/ztc/emit/istio"
)

// resolvers are what readers of YAML take for something other than a string: the types of yaml.org/type for 1.1 (with the
// misprint in its float mended), the core schema of 1.2, and what PyYAML, SnakeYAML, js-yaml and yaml/v2 add to those.
var resolvers = map[string]*regexp.Regexp{
	"null":        regexp.MustCompile(`^(~|null|Null|NULL|)$`),
	"bool":        regexp.MustCompile(`^(y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`),
	"merge":       regexp.MustCompile(`^<<$`),
	"value":       regexp.MustCompile(`^=$`),
	"infinity":    regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`),
	"sexagesimal": regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`),
	"timestamp": regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}` +
		`(([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.,][0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{1,2})?))?)?$`),
}

// numbers are those in which underscores count for nothing.
var numbers = map[string]*regexp.Regexp{
	"binary":      regexp.MustCompile(`^[-+]?0[bB][-+]?[01]*$`),
	"octal":       regexp.MustCompile(`^[-+]?0[oO]?[0-7]*$`),
	"hexadecimal": regexp.MustCompile(`^[-+]?0[xX][0-9a-fA-F]*$`),
	"decimal":     regexp.MustCompile(`^[-+]?([0-9]+\.?|[0-9]*\.[0-9]*)([eE][-+]?[0-9]+)?$`),
}

// resolved names a type that some reader finds in s, or is empty.
func resolved(s string) string {
	for name, re := range resolvers {
		if re.MatchString(s) {
			return name
		}
	}
	if s != "" && strings.IndexByte("0123456789.+-", s[0]) >= 0 {
		s = strings.ReplaceAll(s, "_", "")
		for name, re := range numbers {
			if re.MatchString(s) {
				return name
			}
		}
	}
	return ""
}

// line is how s is written as an item of a list.
func line(s string) string {
	w := writer{blank: true, margin: true}
	w.item()
	w.str(s)
	w.line()
	return string(w.dst)
}

// elsewhere reports a string that sigs.k8s.io/yaml writes without quotes, and another reader takes for something else.
func elsewhere(s string) bool {
	if resolved(s) == "" {
		return false
	}
	b, err := sigs.Marshal([]string{s})
	return err == nil && string(b) == "- "+s+"\n"
}

// TestImplicit holds the choice between plain and quoted on many short strings: quoted is what a resolver takes, and all else is
// as sigs.k8s.io/yaml writes it, which quotes nothing that no resolver takes.
func TestImplicit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	n := 300_000
	if testing.Short() {
		n = 30_000
	}
	found := map[string]int{}
	var batch []string
	flush := func() {
		want, err := sigs.JSONToYAML(asciiJSON(t, batch))
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		for _, s := range batch {
			got = append(got, line(s)...)
		}
		if !bytes.Equal(got, want) {
			for _, s := range batch {
				checkScalar(t, s)
			}
			t.Fatal("a list differs where its items do not")
		}
		batch = batch[:0]
	}
	for range n {
		s := sanitise(anyString(r))
		name := resolved(s)
		if implicit(s) != (name != "") {
			t.Fatalf("%q: implicit is %v, and it is of type %q", s, implicit(s), name)
		}
		found[name]++
		if elsewhere(s) {
			found["elsewhere"]++
			if want := `- "` + s + "\"\n"; line(s) != want {
				t.Fatalf("%q is written as %q", s, line(s))
			}
			continue
		}
		if batch = append(batch, s); len(batch) == 500 {
			flush()
		}
	}
	flush()
	for _, all := range []map[string]*regexp.Regexp{resolvers, numbers} {
		for name := range all {
			if found[name] == 0 {
				t.Errorf("no string of type %s was tried", name)
			}
		}
	}
	if found["elsewhere"] == 0 {
		t.Error("no string was tried that others read otherwise than Kubernetes does")
	}
}

// TestElsewhere has strings that Kubernetes reads as such without quotes, and a reader in use refuses, merges or converts; each
// was put to PyYAML 6.0.
func TestElsewhere(t *testing.T) {
	for _, s := range []string{
		"<<", "=", // a merge key and a default value: refused as values
		"0x_", "0b_", "-0x_", // numbers without a digit: refused
		"0xFFFFFFFFFFFFFFFFF", "99999999999999999999999999", "1.e+999", // numbers, however large
		"2001-13-45", "2001-02-30", "2001-01-01 25:00:00", // dates out of range: refused
		"2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5", "2001-12-15 2:59:43.10", "2001-12-14T21:59:43.",
		"1_.5", "1._", "190:20:30.15", "+.inf",
	} {
		if got, want := line(s), `- "`+s+"\"\n"; got != want {
			t.Errorf("%q is written as %q", s, got)
		}
		var back []string
		if err := sigs.Unmarshal([]byte(line(s)), &back); err != nil || len(back) != 1 || back[0] != s {
			t.Errorf("%q is read back as %q, %v", s, back, err)
		}
		o := &istio.Object{APIVersion: "security.istio.io/v1", Kind: istio.AuthorizationPolicy, Name: s, Namespace: s,
			Annotations: map[string]string{"k": s},
			Authorization: &security.AuthorizationPolicy{Rules: []*security.Rule{{
				When: []*security.Condition{{Key: s, Values: []string{s, s}}},
			}}}}
		if err := new(Checker).Check(Append(nil, o), o); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}
