package conformance

// deviation is where an identity provider comes before an RFC.
type deviation struct {
	standard string
	text     string
	sake     string
	cases    string
}

var deviations = []deviation{}

var coreRequirements = []requirement{}

var protocolRequirements = []requirement{}

var cursorRequirements = []requirement{}
