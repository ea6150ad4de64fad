package oracle_test

// mutants are faults as people make them: a test turned round, a case left out, a list taken for another.
var mutants = []mutant{
	// What policies mean in each data plane.
	{"emit/plane/condition.go", `host   = values(sem.Attr{Kind: sem.Host}, sem.Present, true)`, `host   = values(sem.Attr{Kind: sem.Host}, sem.Present, false)`},
	{"emit/plane/condition.go", `method = values(sem.Attr{Kind: sem.Method}, sem.Present, false)`, `method = values(sem.Attr{Kind: sem.Method}, sem.NonEmpty, false)`},
	{"emit/plane/condition.go", `strings.LastIndexByte(v, '/')`, `strings.IndexByte(v, '/')`},
	{"emit/plane/condition.go", `return tokenOf(some, some), nil`, `return tokenOf(some, sem.Pattern{}), nil`},
	{"emit/plane/condition.go", `return tokenOf(some, text(v, sem.NonEmpty, false)), nil`, `return tokenOf(text(v, sem.NonEmpty, false), some), nil`},
	{"emit/plane/condition.go", `is(sem.Attr{Kind: sem.MetadataList, Name: name}`, `is(sem.Attr{Kind: sem.Metadata, Name: name}`},
	{"emit/plane/condition.go", `return t.account, true`, `return namespace, true`},
	{"emit/plane/condition.go", `name = strings.ToLower(name)`, ``},
	{"emit/plane/condition.go", `	case ":authority", "host":
		return values(sem.Attr{Kind: sem.Host}, sem.Present, false)`, `	case ":authority", "host":
		return values(sem.Attr{Kind: sem.Host}, sem.Present, true)`},
	{"emit/plane/condition.go", `	case strings.HasPrefix(v, "*"):
		return sem.Pattern{Op: sem.Suffix`, `	case len(v) > 1 && strings.HasPrefix(v, "*") && !strings.HasSuffix(v, "*"):
		return sem.Pattern{Op: sem.Suffix`},
	{"emit/plane/translate.go", `if t.chain == HTTP {`, `if t.chain != ZTunnel {`},
	{"emit/plane/translate.go", `t.rule.Gone = t.allow && len(t.rule.Lost) > 0`, `t.rule.Gone = false`},
	{"emit/plane/translate.go", `	if len(or) == 0 {
		return nil
	}`, `	if len(or) == 0 {
		return sem.False
	}`},
	{"emit/plane/translate.go", `into = append(into, sem.Not(x))`, `into = append(into, x)`},
	{"emit/plane/translate.go", `t.rule.Gone = true // whatever the action`, `t.rule.Gone = t.allow`},
	{"emit/plane/plane.go", `case len(custom) > 1 && !m.MultipleProviders, !known && m.AllProviders:`, `case !known && m.AllProviders:`},
	{"emit/plane/plane.go", `case c == TCP && kind == ir.HTTPProvider:`, `case c == HTTP && kind == ir.HTTPProvider:`},
	{"emit/plane/plane.go", `l.Closed = l.Closed || a.Action == security.AuthorizationPolicy_ALLOW`, `l.Closed = l.Closed || a.Action == security.AuthorizationPolicy_ALLOW && len(rules) > 0`},
	{"emit/plane/plane.go", `if a == nil || DryRun(p) {`, `if a == nil {`},
	{"emit/plane/plane.go", `sem.Or(r.To...)`, `sem.And(r.To...)`},
	{"emit/plane/ztunnel.go", `	if len(and) == 0 {
		return sem.False
	}`, `	if len(and) == 0 {
		return sem.True
	}`},
	{"emit/plane/ztunnel.go", `t.rule.When = append(t.rule.When, sem.False)`, `t.rule.When = append(t.rule.When, sem.True)`},
	{"emit/plane/ztunnel.go", `			m = segmentOfNamespace
`, `			m = namespace
`},
	{"emit/plane/identity.go", `td != "cluster.local" && !m.own(td)`, `!m.own(td)`},
	{"emit/plane/identity.go", `strings.Count(rest, "/") != 3 ||`, `strings.Count(rest, "/") < 2 ||`},
	{"emit/plane/identity.go", `out = append(append(out, m.TrustDomain), m.Aliases...)`, `out = append(out, v)`},
	{"emit/plane/identity.go", `g = append(g, segment).text(after)`, `g = append(g, star).text(after)`},
	{"emit/plane/identity.go", ` && v != "ns" && v != "sa" {`, ` {`},
	{"emit/plane/identity.go", `ns, account = t.rule.Policy.Namespace, v`, `ns, account = t.mesh.RootNamespace, v`},
	{"emit/plane/glob.go", `if c == star || word[0] != '/' {`, `if c == star {`},
	{"emit/plane/glob.go", `if a[i].Op != sem.Any && a[i] != b[i] {`, `if b[i].Op != sem.Any && a[i] != b[i] {`},
	{"emit/plane/reach.go", `if namespace != pod.Namespace && namespace != m.RootNamespace {`, `if namespace != pod.Namespace {`},
	{"emit/plane/reach.go", `!(isGateway && pod.Waypoint) && `, ``},
	{"emit/plane/mtls.go", `case picks && p.Namespace == m.RootNamespace:
			continue`, `case false:
			continue`},

	// The algebra.
	{"compiler/sem/match.go", `return strings.HasSuffix(s, text)`, `return strings.HasPrefix(s, text)`},
	{"compiler/sem/match.go", `if end == 0 || strings`, `if strings`},
	{"compiler/sem/match.go", `				if m.Parts[i].Op != Any {`, `				if m.Parts[i].Op == NonEmpty {`},
	{"compiler/sem/ladder.go", `Or(Not(l.Custom[name]), Says(name))`, `Says(name)`},
	{"compiler/sem/ladder.go", `	if l.Closed {`, `	if l.Closed || len(l.Custom) > 0 {`},
	{"compiler/sem/atoms_text.go", `		if exact >= 0 {`, `		if exact > 0 {`},
	{"compiler/sem/atoms_text.go", `t.fold = folded > 0`, `t.fold = false`},
	{"compiler/sem/atoms_text.go", `	for at > 0 && !strings.HasPrefix(v, a.text[at-1]) {
		at = a.up[at-1]
	}
	return at`, `	if at > 0 && !strings.HasPrefix(v, a.text[at-1]) {
		at = 0
	}
	return at`},
	{"compiler/sem/atoms_text.go", `		for ; suffix > 0; suffix = t.suffixes.up[suffix-1] {`, `		for ; suffix > 0; suffix = 0 {`},
	{"compiler/sem/atoms_range.go", `s.to.lo |= 1<<host - 1`, `s.to.lo |= 1 << host >> 1`},
	{"compiler/sem/atoms_range.go", `return s.to.compare(cut) < 0 })`, `return s.to.compare(cut) <= 0 })`},
	{"compiler/sem/atoms.go", `	if t.absent {
		t.add`, `	if t.absent && t.list {
		t.add`},
	{"compiler/sem/atoms_auto.go", `	case Suffix:
		a.items = append(a.items, any)`, `	case Suffix:`},
	{"compiler/sem/atoms_auto.go", `				a.items = append(a.items, item{kind: itemSegment}, item{kind: itemSegment, star: true})`, `				a.items = append(a.items, item{kind: itemSegment, star: true})`},
	{"compiler/sem/space.go", `	case a == full || b == full:
		return full`, `	case a == full || b == full:
		return a`},
	{"compiler/sem/space.go", `	return s.combine(d, a, b, bits.andNot)`, `	return s.combine(d, a, b, bits.and)`},
	{"compiler/sem/cubes.go", `case (v.id == full) == (x.op == opOr):`, `case (v.id == full) != (x.op == opOr):`},
	{"compiler/sem/cubes.go", `			other = append(other, piece{pos: p.neg})`, `			other = other[:1]`},
	{"compiler/sem/cubes.go", `				neg = s.tidy(append(slices.Clip(neg), q.neg...))`, `				neg = q.neg`},
	{"compiler/sem/cubes.go", `s.less(d, list[m+d], id)`, `s.less(d, full, id)`},
	{"compiler/sem/cubes_tidy.go", `known[d] = s.join(d, known[d], cube[d])`, `known[d] = s.meet(d, known[d], cube[d])`},
	{"compiler/sem/cubes_tidy.go", `			if j != i && s.within(list[i:i+n], list[j:j+n], -1) {`, `			if j != i && s.within(list[i:i+n], list[j:j+n], 0) {`},
	{"compiler/sem/space_cover.go", `from = s.newCover(slices.Concat(p.neg, b.cover.cubes))`, `from = s.newCover(p.neg)`},
	{"compiler/sem/same.go", `n = f.number(signed{s.x.list[0], !s.not})`, `n = f.number(signed{s.x.list[0], s.not})`},
	{"compiler/sem/same.go", `		op = opAnd + opOr - op
	}`, `	}`},
	{"compiler/sem/given.go", `			case z.constant(true):
				y = False
			case z.constant(false):
				y = True
			case z != x`, `			case z.constant(true):
				y = True
			case z.constant(false):
				y = False
			case z != x`},

	// What programs mean.
	{"compiler/intent/intent.go", `	if c == TCP {
		other = ir.HTTP
	}`, ``},
	{"compiler/intent/rule.go", `		if x.Target.Kind == ir.OnWorkload {
			declared = r.tcpPorts(x.Target)
		}`, ``},
	{"compiler/intent/rule.go", `and(r.read(x, request), or(not(declared), r.read(x, connection)))`, `r.read(x, request)`},
	{"compiler/intent/rule.go", `or(r.read(x, connection), and(some, not(declared)))`, `or(r.read(x, connection), and(some, sem.False))`},
	{"compiler/intent/rule.go", `	case http && c == TCP:
		return sem.False`, `	case http && c == TCP:
		return r.read(x, request)`},
	{"compiler/intent/rule.go", `return unread[a.Kind] }, r.read(x, request)`, `return unread[a.Kind] }, r.read(x, every)`},
	{"compiler/intent/source.go", `parts = append(parts, not(caller(&s.Except[i])))`, `parts = append(parts, caller(&s.Except[i]))`},
	{"compiler/intent/source.go", `if j := strings.LastIndexByte(t.Value, '/'); j >= 0 {`, `if j := strings.IndexByte(t.Value, '/'); j >= 0 {`},
	{"compiler/intent/source.go", `at, open = len(identity)-len(given), 0`, `at, open = 0, 0`},
	{"compiler/intent/operation.go", `	p.Fold = p.Op != sem.Present
`, ``},
	{"compiler/intent/operation.go", `return or(test(there, true), test(match, false))`, `return test(match, false)`},
	{"compiler/intent/operation.go", `if (c.Op == ir.CondAnd) != negated {`, `if c.Op == ir.CondAnd {`},
	{"compiler/intent/operation.go", `parts = append(parts, truth(http != negated))`, `parts = append(parts, truth(http))`},

	// What is made of them.
	{"compiler/lower/cond.go", `	case oneOf:
		return one(set{out: values})`, `	case oneOf:
		return one(set{in: star, out: values})`},
	{"compiler/lower/cond.go", `return one(set{in: star, out: values})`, `return one(set{out: values})`},
	{"compiler/lower/cond.go", `if (c.Op == ir.CondOr) != negated {`, `if c.Op == ir.CondOr {`},
	{"compiler/lower/cond.go", `return [][]when{{made(set{out: star})}, {made(set{in: values})}}`, `return [][]when{{made(set{in: values})}}`},
	{"compiler/lower/rule.go", `ok = ok && c.exclude(field(f), sorted(list))`, `ok = ok && c.exclude(field(f), sorted(list)[:1])`},
	{"compiler/lower/rule.go", `return principals, v + "/*"`, `return principals, v + "*"`},
	{"compiler/lower/rule.go", `if all || plain && authenticated && len(s.Except) == 0 {`, `if all || plain {`},
	{"compiler/lower/rule.go", `!slices.Contains(c.f[principals].out, "*") && c.require(principals, star)`, `!slices.Contains(c.f[principals].out, "*")`},
	{"compiler/lower/rule.go", `met++; !l.empty(&c)`, `met++; true`},
	{"compiler/lower/traffic.go", `c.f[methods].in = star // present: true for every HTTP request`, ``},
	{"compiler/lower/traffic.go", `if !c.exclude(ports, kp.tcp) {`, `if false {`},
	{"compiler/lower/traffic.go", `t.f[methods].out = star // never true of a request; on other connections Istio drops it`, ``},
	{"compiler/lower/traffic.go", `if !one || len(kp.tcp) == 0 || !c.require(ports, kp.tcp) {`, `if !one || len(kp.tcp) == 0 {`},
	{"compiler/lower/conj.go", `return !allDisjoint(f, in, o) }`, `return allDisjoint(f, in, o) }`},
	{"compiler/lower/conj.go", `c.f[f].out = union(c.f[f].out, values)`, `c.f[f].out = values`},
	{"compiler/lower/pattern.go", `return strings.HasPrefix(lb[:strings.IndexByte(lb, '{')], la)`, `return true`},
	{"compiler/lower/pattern.go", `return (sb == exact || sb == suffix) && strings.HasSuffix(lb, la)`, `return strings.HasSuffix(lb, la)`},
	{"compiler/lower/pattern.go", `i < 0 || j < 0 || a[:i] != b[:j] || `, `i < 0 || j < 0 || `},
	{"compiler/lower/pattern.go", `pa.Bits() <= pb.Bits() && pa.Contains(pb.Addr())`, `pa.Overlaps(pb)`},
	{"compiler/lower/group.go", `allow && c.isHTTP()`, `false`},
	{"compiler/lower/group.go", `prune(f, sorted(gathered[i]))`, `prune(f, sorted(gathered[i][:1]))`},
	{"compiler/lower/include.go", `return x.conds(a.conds, b.conds)`, `return true`},
	{"compiler/lower/include.go", `if len(s.in) > 0 && (len(t.in) == 0 || `, `if len(s.in) > 0 && len(t.in) > 0 && (`},
}

// factMutants are parts that the question of a fact leaves out, and answers that are no facts.
var factMutants = []mutant{
	{"compiler/proof/translation.go", `q.DigestWith(written)`, `q.DigestWith(nil)`},
	{"compiler/proof/translation.go", `	q.Text(o.Name)
`, ``},
	{"compiler/proof/facts.go", `		q.Add(digest[:])
`, `		_ = digest
`},
	{"compiler/proof/facts.go", `	q.Text(d.apart)
`, ``},
	{"compiler/proof/facts.go", `	q.Number(int(t.trial.Proof.Mode))
`, ``},
	{"compiler/proof/facts.go", `	q.Add(c.reader.digest(t.trial.Proof, t.target))
`, ``},
	{"compiler/proof/facts.go", `	if out.failure != nil || out.unclear`, `	if out.unclear`},
	{"compiler/proof/facts.go", `	if !found.Load() {
		return false
	}
`, ``},
	{"compiler/intent/units.go", `		q.Add(u.names[c][:])
`, ``},
	{"compiler/intent/units.go", `			q.Add(u.spelt[uint32(s.units[i])][:])
`, ``},
	{"compiler/intent/units.go", `	q.Number(len(s.units))
	for i := 0; i`, `	for i := len(s.units); i`},
	{"compiler/intent/units.go", `		q.Text(x.path)
`, ``},
	{"compiler/sem/text.go", `		dst = p.Append(dst, y)
`, `		_ = y
`},
}
