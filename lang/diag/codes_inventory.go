package diag

var inventoryCodes = []Info{}
