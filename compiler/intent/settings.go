package intent

import (
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
)

// Settings are what a program says of the transport and the tokens of one scope, beside its rules.
type Settings struct {
	Mode  string         // STRICT, PERMISSIVE or DISABLE; "" where nothing is said of the scope as a whole
	Ports map[int]string // likewise, for single ports
	JWT   []*ir.JWT      // in the order of the program; the first of two for one issuer
}

// SettingsOf gathers what is in force on a day, by key of scope. What is over is gone, but for what protects: strict stays, and
// permissive stays where what is around it takes no mTLS at all.
func SettingsOf(p *ir.Program, now string) map[string]*Settings {
	out := map[string]*Settings{}
	of := func(t *ir.Target) *Settings {
		k := Key(t.Namespace, t.Labels())
		if out[k] == nil {
			out[k] = &Settings{Ports: map[int]string{}}
		}
		return out[k]
	}
	over := func(m *ir.MTLS) bool { return m.Until != "" && now != "" && m.Until < now }
	bare := func(t *ir.Target) bool { // a statement around t, or on it for all of its ports, takes no mTLS
		for _, m := range p.MTLS {
			if m.Mode != "DISABLE" || over(m) || m.Target.Port != 0 {
				continue
			}
			switch x := &m.Target; {
			case x.Kind == ir.OnMesh,
				x.Kind == ir.OnNamespace && x.Namespace == t.Namespace,
				t.Port != 0 && Key(x.Namespace, x.Labels()) == Key(t.Namespace, t.Labels()):
				return true
			}
		}
		return false
	}
	for _, m := range p.MTLS {
		if over(m) && m.Mode != "STRICT" && (m.Mode == "DISABLE" || !bare(&m.Target)) {
			continue
		}
		s := of(&m.Target)
		switch n := m.Target.Port; {
		case n != 0 && s.Ports[n] == "":
			s.Ports[n] = m.Mode
		case n == 0 && s.Mode == "":
			s.Mode = m.Mode
		}
	}
	for _, j := range p.JWT {
		s := of(&j.Target)
		known := false
		for _, k := range s.JWT {
			known = known || k.Issuer == j.Issuer
		}
		if !known {
			s.JWT = append(s.JWT, j)
		}
	}
	return out
}

// Strings are the claims that a `jwt` statement declares to be strings: in tokens of its issuer each is one value, or absent.
func Strings(j *ir.JWT) map[sem.Attr]bool {
	out := map[sem.Attr]bool{}
	for key, list := range j.Claims {
		a, _, _ := attr(&ir.Test{Key: "request.auth.claims" + key, Kind: ir.AttrClaim})
		if !list && a.Kind == sem.Claim { // an issuer and a subject are strings anyway
			out[a] = true
		}
	}
	return out
}
