package proof

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/scan"
)

// Words says a request in a line, attribute by attribute. What it does not name does not matter.
func Words(r sem.Request) string {
	var out []string
	for _, a := range Attributes(r) {
		out = append(out, Value(a, r[a]))
	}
	if len(out) == 0 {
		return "any request"
	}
	return strings.Join(out, ", ")
}

// Value says the value of one attribute.
func Value(a sem.Attr, v sem.Value) string {
	if a.Kind == sem.Token {
		return token(v)
	}
	if v.Absent || len(v.Parts) == 0 {
		switch a.Kind {
		case sem.Peer:
			return "a caller without an mTLS identity"
		case sem.Port:
			return "a port that nothing names"
		}
		return "no " + noun(a)
	}
	switch a.Kind {
	case sem.Peer:
		return "caller " + v.Parts[0] + "/ns/" + v.Parts[1] + "/sa/" + v.Parts[2]
	case sem.SourceIP:
		return "from " + strconv.Quote(v.Parts[0])
	case sem.RemoteIP:
		return "from client " + strconv.Quote(v.Parts[0])
	case sem.DestIP:
		return "to " + strconv.Quote(v.Parts[0])
	case sem.Port, sem.Method:
		return noun(a) + " " + v.Parts[0]
	case sem.Header, sem.Claim, sem.Metadata:
		return noun(a) + " = " + quoted(v.Parts)
	case sem.MetadataList:
		return noun(a) + " = " + list(v.Parts)
	case sem.Answer:
		if v.Parts[0] == "yes" {
			return a.Name + " consents"
		}
		return a.Name + " does not consent"
	}
	return noun(a) + " " + strconv.Quote(v.Parts[0])
}

// noun names an attribute as the language does, as far as it has a word for it.
func noun(a sem.Attr) string {
	switch a.Kind {
	case sem.Peer:
		return "caller"
	case sem.SourceIP:
		return "address"
	case sem.RemoteIP:
		return "client address"
	case sem.DestIP:
		return "destination"
	case sem.Port:
		return "port"
	case sem.SNI:
		return "sni"
	case sem.Method:
		return "method"
	case sem.Host:
		return "host"
	case sem.Path:
		return "path"
	case sem.Token:
		return "token"
	case sem.Header:
		return "header" + brackets(a.Name)
	case sem.Claim:
		switch a.Name {
		case "aud":
			return "audience"
		case "azp":
			return "presenter"
		}
		return "claim" + brackets(strings.Split(a.Name, "][")...)
	case sem.Metadata, sem.MetadataList:
		filter, keys, _ := strings.Cut(strings.TrimSuffix(a.Name, "]"), "[")
		return "metadata" + brackets(filter) + brackets(strings.Split(keys, "][")...)
	}
	return "answer of " + a.Name
}

func brackets(keys ...string) string {
	out := ""
	for _, k := range keys {
		out += "[" + strconv.Quote(k) + "]"
	}
	return out
}

// quoted writes a value as `with` does: one string, or a list.
func quoted(parts []string) string {
	if len(parts) == 1 {
		return strconv.Quote(parts[0])
	}
	return list(parts)
}

func list(parts []string) string {
	out := make([]string, len(parts))
	for i, s := range parts {
		out[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func token(v sem.Value) string {
	iss, sub, some := tokenParts(v)
	switch {
	case !some:
		return "no token"
	case iss == "":
		iss = "no issuer"
	default:
		iss = "issuer " + iss
	}
	if sub == "" {
		return "a token with " + iss + " and no subject"
	}
	return "a token with " + iss + " and subject " + sub
}

// tokenParts are the parts of a token in quotes, empty for one that is absent.
func tokenParts(v sem.Value) (iss, sub string, some bool) {
	if v.Absent {
		return "", "", false
	}
	if !v.Missing[0] && len(v.Parts) > 0 {
		iss = strconv.Quote(v.Parts[0])
	}
	if !v.Missing[1] && len(v.Parts) > 1 {
		sub = strconv.Quote(v.Parts[1])
	}
	return iss, sub, iss != "" || sub != ""
}

// Question says a request to a destination as an `expect` of a namespace asks for it. What the language has no words for
// stands behind it. What the request does not name does not matter, nor does a port that no policy names.
func (w *World) Question(namespace string, d *Destination, chain plane.Chain, r sem.Request) string {
	return w.question(namespace, d, chain, r, false)
}

// question is Question. With either it is said, too, of a request that names nothing of HTTP that it is HTTP.
func (w *World) question(namespace string, d *Destination, chain plane.Chain, r sem.Request, either bool) string {
	var b strings.Builder
	var with, rest []string
	b.WriteString("anyone")
	if v, some := r[sem.Attr{Kind: sem.Peer}]; some {
		b.Reset()
		b.WriteString(w.caller(namespace, v))
	}
	attrs := Attributes(r)
	from := ""
	tokenless := false // then there are no claims
	if v, some := r[sem.Attr{Kind: sem.Token}]; some {
		_, _, is := tokenParts(v)
		tokenless = !is
	}
	for _, a := range attrs {
		v := r[a]
		switch a.Kind {
		case sem.Token:
			iss, sub, some := tokenParts(v)
			if some && iss != "" && sub != "" {
				b.WriteString(" as " + strconv.Quote(v.Parts[0]+"/"+v.Parts[1]))
			} else {
				rest = append(rest, token(v))
			}
		case sem.SourceIP, sem.RemoteIP:
			if v.Absent {
				rest = append(rest, Value(a, v))
			} else {
				from += " " + Value(a, v)
			}
		}
	}
	b.WriteString(from + " -> " + w.target(namespace, d))
	port, tcp := "", chain == plane.TCP && !speaksTCP(d, r)
	if v := r[sem.Attr{Kind: sem.Port}]; len(v.Parts) > 0 {
		if port = " port " + v.Parts[0]; d.Workload != nil {
			b.WriteString(":" + v.Parts[0])
			port = ""
		}
	}
	switch {
	case tcp:
		b.WriteString(" { tcp" + port + " }")
	case either && !slices.ContainsFunc(attrs, func(a sem.Attr) bool { return ofHTTP(a.Kind) }):
		b.WriteString(" { http" + port + " }")
	default:
		b.WriteString(port)
	}
	for _, a := range attrs {
		v := r[a]
		switch a.Kind {
		case sem.Method:
			b.WriteString(" " + strings.Join(v.Parts, ""))
		case sem.Path:
			b.WriteString(" " + quoted(v.Parts))
		case sem.Host:
			b.WriteString(" host exact " + quoted(v.Parts))
		case sem.Header, sem.Claim, sem.Metadata, sem.MetadataList, sem.SNI:
			switch {
			case v.Absent && (a.Kind == sem.Claim && tokenless || isOtherwise(r, a)):
			case v.Absent:
				rest = append(rest, Value(a, v))
			case a.Kind == sem.SNI:
				with = append(with, "sni = "+quoted(v.Parts))
			default:
				with = append(with, Value(a, v))
			}
		case sem.DestIP:
			rest = append(rest, Value(a, v))
		case sem.Answer:
			if len(v.Parts) == 0 || v.Parts[0] != "yes" {
				rest = append(rest, Value(a, v))
			}
		}
	}
	if len(with) > 0 {
		b.WriteString(" with " + strings.Join(with, ", "))
	}
	for _, s := range rest {
		b.WriteString(", " + s)
	}
	return b.String()
}

// ofHTTP reports whether an attribute, where it is there, tells that a request is HTTP.
func ofHTTP(k sem.Kind) bool {
	switch k {
	case sem.Method, sem.Path, sem.Host, sem.Header, sem.Token, sem.Claim:
		return true
	}
	return false
}

// speaksTCP reports whether it is clear from the port of a request that it is not HTTP.
func speaksTCP(d *Destination, r sem.Request) bool {
	v := r[sem.Attr{Kind: sem.Port}]
	if d.Workload == nil || len(v.Parts) == 0 {
		return false
	}
	n, err := strconv.Atoi(v.Parts[0])
	p := d.Workload.Port(n)
	return err == nil && p != nil && p.Protocol == ir.TCP
}

// target writes a destination as a file with a namespace does.
func (w *World) target(namespace string, d *Destination) string {
	switch p := d.pods; {
	case d.Workload != nil:
		return bare(namespace, d.Workload)
	case p != nil && !p.Mesh:
		return bare(namespace, &ir.Workload{Namespace: p.Namespace, Name: p.Name})
	}
	return d.Name
}

// bare writes a workload without its namespace, where that says the same.
func bare(namespace string, x *ir.Workload) string {
	plain := x.Namespace == namespace && strings.Trim(x.Name, "0123456789") != "" && !strings.Contains(x.Name, ".")
	if plain && !scan.IsReserved(x.Name) && !scan.IsStatementWord(x.Name) {
		return x.Name
	}
	return x.Ref()
}

// caller writes an identity as a file with a namespace does: the workload that has it, its account, or all of it.
func (w *World) caller(namespace string, v sem.Value) string {
	if v.Absent || len(v.Parts) < 3 {
		return "plaintext"
	}
	if v.Parts[0] != w.mesh.TrustDomain {
		return "principal " + strconv.Quote(v.Parts[0]+"/ns/"+v.Parts[1]+"/sa/"+v.Parts[2])
	}
	if w.accounts == nil {
		w.accounts = map[[2]string]*ir.Workload{}
		for _, x := range w.p.Workloads {
			key := [2]string{x.Namespace, x.Account}
			if _, shared := w.accounts[key]; shared {
				w.accounts[key] = nil
			} else {
				w.accounts[key] = x
			}
		}
	}
	if x := w.accounts[[2]string{v.Parts[1], v.Parts[2]}]; x != nil {
		return bare(namespace, x)
	}
	return "account " + v.Parts[1] + "/" + v.Parts[2]
}
