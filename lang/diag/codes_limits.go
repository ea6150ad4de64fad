package diag

var limitCodes = []Info{}
