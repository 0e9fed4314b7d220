package idpsim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The phases of a run.
const (
	PhaseAll     = "all"     // test, initial and deltas
	PhaseTest    = "test"    // what "Test connection" in the admin console sends
	PhaseInitial = "initial" // the first cycle: every user, group and membership
	PhaseDeltas  = "deltas"  // changes of a directory that the initial phase has pushed
)

// Bounds of a run. A larger directory would not fit in memory.
const (
	maxUsers       = 2_000_000
	maxGroups      = 200_000
	maxMemberships = 20_000_000
	maxDeltas      = 5_000_000
	maxConnections = 1024
)

// Config says what to play, and against what. A zero field takes its default.
type Config struct {
	Profile string // one of Profiles(); default "entra"
	URL     string // SCIM base URL, such as https://host/team/entra/scim/v2
	Token   string // bearer token, without "Bearer "
	Phase   string // one of the Phase constants; default PhaseAll

	Seed        uint64 // of the directory and its changes; default 1
	Users       int    // default 100
	Groups      int    // default 10; negative: none
	Memberships int    // in all; default 10 per group; negative: none
	GroupPrefix string // of half of the groups' names; default: none

	Deltas            int      // changes after the initial cycle; default 50; negative: none
	DeltaKinds        []string // of DeltaKinds(); default: all of them
	MembersPerRequest int      // members per PATCH; default: as the identity provider does

	Rate        float64       // requests per second; 0: as fast as the server answers
	Connections int           // requests under way at once; default 8
	Timeout     time.Duration // of one request; default 30 s
	MaxRetries  int           // after a 429, a 503 or a refused connection; default 5; negative: none
	Insecure    bool          // do not verify the server's certificate
	CAFile      string        // PEM file of the authorities to trust
	HTTPClient  *http.Client  // to use instead of an own one, with its own TLS settings

	Verify  bool // read everything back and compare
	Cleanup bool // only remove what runs of this profile and seed have made

	Progress io.Writer // where to show progress; nil: nowhere
	Terminal bool      // Progress is a terminal: draw a bar
}

// withDefaults fills in what is not set and refuses what cannot be played.
func (c Config) withDefaults() (Config, error) {
	setDefault(&c.Profile, "entra")
	setDefault(&c.Phase, PhaseAll)
	setDefault(&c.Seed, 1)
	setDefault(&c.Users, 100)
	setDefault(&c.Groups, 10)
	c.Groups = max(c.Groups, 0)
	setDefault(&c.Memberships, 10*c.Groups)
	setDefault(&c.Deltas, 50)
	setDefault(&c.Connections, 8)
	setDefault(&c.Timeout, 30*time.Second)
	setDefault(&c.MaxRetries, 5)
	c.Memberships, c.Deltas, c.MaxRetries = max(c.Memberships, 0), max(c.Deltas, 0), max(c.MaxRetries, 0)
	if c.Phase == PhaseTest || c.Phase == PhaseInitial {
		c.Deltas = 0
	}
	return c, errors.Join(
		oneOf("profile", c.Profile, Profiles()),
		oneOf("phase", c.Phase, []string{PhaseAll, PhaseTest, PhaseInitial, PhaseDeltas}),
		within("users", c.Users, 1, maxUsers),
		within("groups", c.Groups, 0, maxGroups),
		within("memberships", c.Memberships, 0, maxMemberships),
		within("deltas", c.Deltas, 0, maxDeltas),
		within("members per request", c.MembersPerRequest, 0, 10_000),
		within("connections", c.Connections, 1, maxConnections),
		within("retries", c.MaxRetries, 0, 100),
		c.checkKinds(),
		c.checkURL(),
	)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func oneOf(what, value string, choices []string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	return fmt.Errorf("unknown %s %q: choose one of %s", what, value, strings.Join(choices, ", "))
}

func within(what string, value, low, high int) error {
	if value < low || value > high {
		return fmt.Errorf("%s must be between %d and %d, not %d", what, low, high, value)
	}
	return nil
}

func (c *Config) checkKinds() error {
	for _, kind := range c.DeltaKinds {
		if err := oneOf("kind of delta", kind, DeltaKinds()); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkURL() error {
	if c.URL == "" {
		return errors.New("the SCIM base URL is missing: give the one that you would enter in the identity provider, such as https://host/team/entra/scim/v2")
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("the SCIM base URL cannot be read: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("the SCIM base URL %q must begin with https:// or http:// and a host", c.URL)
	}
	return nil
}
