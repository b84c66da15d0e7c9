package lang

// HelpKey is the key of what those who wait at a refuge are told, by its word in
// an evacuation: "told", "coming", "stay" or "fetched".
func HelpKey(help string) string {
	switch help {
	case "told":
		return "refuge.told"
	case "coming":
		return "refuge.coming"
	case "stay":
		return "refuge.stay"
	case "fetched":
		return "refuge.fetched"
	}
	return "refuge.none"
}

// WhoKey is the key of who says it, by the role of a node: never by name.
func WhoKey(role string) string {
	switch role {
	case "warden":
		return "refuge.warden"
	case "desk":
		return "refuge.desk"
	}
	return "refuge.leaders"
}
