package diag

var identityCodes = []Info{}
