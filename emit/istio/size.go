package istio

// Size counts the rules of an AuthorizationPolicy and the values in them: what a proxy has to look at. Other kinds have none.
func Size(o *Object) (rules, values int) {
	for _, r := range o.Authorization.GetRules() {
		rules++
		for _, f := range r.GetFrom() {
			s := f.GetSource()
			for _, l := range [][]string{
				s.GetPrincipals(), s.GetNotPrincipals(), s.GetRequestPrincipals(), s.GetNotRequestPrincipals(), s.GetNamespaces(), s.GetNotNamespaces(),
				s.GetServiceAccounts(), s.GetNotServiceAccounts(), s.GetTrustDomains(), s.GetNotTrustDomains(),
				s.GetIpBlocks(), s.GetNotIpBlocks(), s.GetRemoteIpBlocks(), s.GetNotRemoteIpBlocks(),
			} {
				values += len(l)
			}
		}
		for _, t := range r.GetTo() {
			p := t.GetOperation()
			for _, l := range [][]string{
				p.GetHosts(), p.GetNotHosts(), p.GetPorts(), p.GetNotPorts(), p.GetMethods(), p.GetNotMethods(), p.GetPaths(), p.GetNotPaths(),
			} {
				values += len(l)
			}
		}
		for _, c := range r.GetWhen() {
			values += len(c.GetValues()) + len(c.GetNotValues())
		}
	}
	return rules, values
}
