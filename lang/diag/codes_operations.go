package diag

var operationCodes = []Info{}
