package diag

var meaningCodes = []Info{}
