package diag

var planeCodes = []Info{}
