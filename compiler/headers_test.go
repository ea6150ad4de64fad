package compiler_test

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// A header in two lines is one text to older proxies: what a caller walks around with it is refused, and nothing else is.
func TestHeaderLines(t *testing.T) {
	open := map[string]bool{ // statements, and whether more passes where lines are joined
		`deny anyone -> api when header["x"] == "a"`:              true,
		`deny anyone -> api when header["x"] in ["a", "b*"]`:      true,
		`deny anyone -> api when not (header["x"] == "a")`:        false,
		`deny anyone -> api when header["x"] != "a"`:              false,
		`deny anyone -> api when not (header["x"] not in ["a"])`:  true,
		`deny anyone -> api when header["x"] is present`:          false,
		`deny anyone -> api when header["host"] == "a"`:           false,
		`audit anyone -> api when header["x"] == "a"`:             true,
		`delegate "opa" anyone -> api when header["x"] == "a"`:    true,
		`allow web -> api { GET when header["x"] == "a" }`:        false,
		`allow web -> api { GET when not (header["x"] == "a") }`:  true,
		`allow web -> api when header["x"] != "a"`:                true,
		`allow web -> api when header["x"] == "a,b"`:              true,
		`allow web -> api when header["x"] is absent`:             false,
		`allow web -> api when not (header["x"] not in ["a"])`:    false,
		`deny anyone -> api when header["host"] == "a,b"`:         false,
		`allow web -> api when sni == "a" or header["y"] != "v*"`: true,
	}
	for version, joins := range map[string]diag.Code{
		"1.20": diag.HeaderLines, "1.26": diag.HeaderLines, "1.26.9": diag.HeaderLines,
		"1.27": diag.HeaderLinesPatch, "1.28": diag.HeaderLinesPatch, "1.29": diag.HeaderLinesPatch,
		"1.27.7": diag.HeaderLines, "1.28.4": diag.HeaderLines, "1.29.0": diag.HeaderLines,
		"1.27.8": "", "1.28.5": "", "1.29.1": "", "1.30": "", "1.30.0": "", "1.31": "", "": "",
	} {
		for statement, open := range open {
			mesh := "mesh { provider \"opa\" grpc }\n"
			if version != "" {
				mesh = fmt.Sprintf("mesh { istio %q; provider \"opa\" grpc }\n", version)
			}
			text := mesh + "workload web { port http 8080 }\nworkload api { port http 8080 }\ndeny all in default\nallow web -> api\n" + statement + "\n"
			_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("main.zt", text)}, FS: fstest.MapFS{}})
			var want, got diag.Code
			if open {
				want = joins
			}
			for _, d := range diags {
				if d.Code == diag.HeaderLines || d.Code == diag.HeaderLinesPatch {
					got += d.Code
				} else if d.Severity == diag.Error {
					t.Errorf("istio %q, %s: %s", version, statement, d.Message)
				}
			}
			if got != want {
				t.Errorf("istio %q, %s: %q, want %q", version, statement, got, want)
			}
		}
	}
}

// What a proxy reads as one text is told in every version, and not what it keeps apart.
func TestHeaderJoined(t *testing.T) {
	for statement, want := range map[string]string{
		`deny anyone -> api when header["User-Agent"] == "a"`:                 `a proxy reads the lines of user-agent as one text, with "," between them: whoever sends the header twice is not covered by this deny`,
		`deny anyone -> api when header["cookie"] in ["a*"]`:                  `a proxy reads the lines of cookie as one text, with "; " between them: whoever sends the header twice is not covered by this deny`,
		`allow web -> api when not (header["origin"] == "https://a.example")`: `a proxy reads the lines of origin as one text, with "," between them: whoever sends the header twice has another value, and passes`,
		`deny anyone -> api when not (header["user-agent"] == "a")`:           "",
		`allow web -> api { GET when header["accept"] == "a,b" }`:             "",
		`deny anyone -> api when header["user-agent"] is present`:             "",
		`deny anyone -> api when header["x-user-agent"] == "a"`:               "",
		`deny anyone -> api when header["accept-language"] == "a"`:            "",
	} {
		for _, version := range []string{"1.26", "1.29", "1.31"} {
			text := fmt.Sprintf("mesh { istio %q }\nworkload web { port http 8080 }\nworkload api { port http 8080 }\ndeny all in default\nallow web -> api\n%s\n", version, statement)
			_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("main.zt", text)}, FS: fstest.MapFS{}})
			got := ""
			for _, d := range diags {
				if d.Code == diag.HeaderJoined {
					got += d.Message
				}
			}
			if got != want {
				t.Errorf("istio %q, %s:\n got %q\nwant %q", version, statement, got, want)
			}
		}
	}
}
