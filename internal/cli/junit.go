package cli

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// The JUnit XML that Jenkins, GitLab and the actions of GitHub read: a suite for each file, a case for each test and proof,
// and in a case that fails one failure with all that is said of it. With coverage there is a case for each statement and rule
// that no test speaks of, too, which is skipped. A program that does not compile has a case with an error for each of its errors.
// Nothing is measured, so each case takes no time.
type (
	junit struct {
		XMLName  xml.Name `xml:"testsuites"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Time     int      `xml:"time,attr"`
		Suites   []*junitSuite
	}
	junitSuite struct {
		XMLName  xml.Name `xml:"testsuite"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Time     int      `xml:"time,attr"`
		Cases    []junitCase
	}
	junitCase struct {
		XMLName xml.Name      `xml:"testcase"`
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"` // the file without its ending: Jenkins takes a dot for the end of a package
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Time    int           `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
		Error   *junitFailure `xml:"error"`
		Skipped *junitSkipped `xml:"skipped"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

func writeJUnit(b *strings.Builder, t tested) error {
	out := junit{Name: "ztc test", Tests: len(t.Tests), Failures: t.Failed}
	suites := map[string]*junitSuite{}
	add := func(name string, at jsonPlace) (*junitSuite, *junitCase) {
		s := suites[at.File]
		if s == nil {
			s = &junitSuite{Name: at.File}
			suites[s.Name] = s
			out.Suites = append(out.Suites, s)
		}
		s.Tests++
		s.Cases = append(s.Cases, junitCase{Name: name, Class: strings.TrimSuffix(at.File, ".zt"), File: at.File, Line: at.Line})
		return s, &s.Cases[len(s.Cases)-1]
	}
	skip := func(name string, at jsonPlace) {
		s, c := add(name, at)
		c.Skipped = &junitSkipped{"no test speaks of it"}
		s.Skipped++
		out.Tests++
		out.Skipped++
	}
	for _, r := range t.Tests {
		if s, c := add(r.Name, r.Place); len(r.Failures) > 0 {
			c.Failure = failureOf(r.Failures)
			s.Failures++
		}
	}
	for i := range t.Errors { // nothing else is there then
		x := &t.Errors[i]
		s, c := add(string(x.Code)+": "+x.Message, x.Place)
		c.Error = failureOf(t.Errors[i : i+1])
		s.Errors++
		out.Tests++
		out.Errors++
	}
	for _, s := range t.Uncovered {
		skip(s.Text, s.jsonPlace)
	}
	for i := range t.NoRules {
		r := &t.NoRules[i]
		var at jsonPlace
		if len(r.Statements) > 0 {
			at = r.Statements[0].jsonPlace
		}
		skip(r.String(), at)
	}
	b.WriteString(xml.Header)
	e := xml.NewEncoder(b)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	b.WriteByte('\n')
	return nil
}

func failureOf(list []testFailed) *junitFailure {
	f := &junitFailure{Message: list[0].Message, Type: string(list[0].Code)}
	var b strings.Builder
	for _, x := range list {
		fmt.Fprintf(&b, "%s: %s\n", x.Place, x.Message)
		for _, r := range x.Related {
			fmt.Fprintf(&b, "  %s: %s\n", r.Place, r.Message)
		}
		for _, n := range x.Notes {
			fmt.Fprintf(&b, "  note: %s\n", n)
		}
	}
	f.Text = b.String()
	return f
}
