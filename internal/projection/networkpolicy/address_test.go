package networkpolicy

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

func TestParseAddress(t *testing.T) {
	for name, test := range map[string]struct{ text, want, wantErr string }{
		"IPv4":                        {"10.1.2.3", "10.1.2.3/32", ""},
		"IPv4 network":                {"10.1.2.0/24", "10.1.2.0/24", ""},
		"everything":                  {"0.0.0.0/0", "0.0.0.0/0", ""},
		"space around":                {" 10.1.2.3\n", "10.1.2.3/32", ""},
		"IPv6":                        {"2001:DB8:0:0::1", "2001:db8::1/128", ""},
		"IPv6 network":                {"2001:0db8::/32", "2001:db8::/32", ""},
		"IPv4 in IPv6":                {"::ffff:10.1.2.3", "10.1.2.3/32", ""},
		"IPv4 network in IPv6":        {"::ffff:10.1.2.0/120", "10.1.2.0/24", ""},
		"wider than IPv4 in IPv6":     {"::ffff:0.0.0.0/95", "", "bits beyond"},
		"bits beyond the prefix":      {"10.1.2.3/24", "", "write 10.1.2.0/24 or 10.1.2.3"},
		"bits beyond an IPv6 prefix":  {"2001:db8::1/32", "", "bits beyond"},
		"a zone":                      {"fe80::1%eth0", "", "zone"},
		"a zone with a prefix":        {"fe80::%eth0/64", "", "no IP address"},
		"leading zeros":               {"10.01.2.3", "", "no IP address"},
		"a name":                      {"laptop.example.com", "", "no IP address"},
		"nothing":                     {"", "", "no IP address"},
		"a range":                     {"10.0.0.1-10.0.0.9", "", "no IP address"},
		"a prefix that is too long":   {"10.0.0.0/33", "", "no IP address"},
		"a prefix with leading zeros": {"10.0.0.0/08", "", "no IP address"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseAddress(test.text)
			switch {
			case test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)):
				t.Errorf("ParseAddress = %v, %v; want an error with %q", got, err, test.wantErr)
			case test.wantErr == "" && (err != nil || got.String() != test.want):
				t.Errorf("ParseAddress = %v, %v; want %s", got, err, test.want)
			}
		})
	}
}

// What lies within is never wider: each of its addresses is in one of the others.
func TestLiesWithin(t *testing.T) {
	draw := func(t *rapid.T, label string) netip.Prefix {
		bytes := [4]byte{10, byte(rapid.IntRange(0, 3).Draw(t, label)), 0, byte(rapid.IntRange(0, 255).Draw(t, label))}
		address := netip.AddrFrom4(bytes)
		if rapid.Bool().Draw(t, "IPv6") {
			address = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 12: bytes[0], 13: bytes[1], 15: bytes[3]})
		}
		prefix, err := address.Prefix(rapid.IntRange(0, address.BitLen()).Draw(t, "bits"))
		if err != nil {
			t.Fatal(err)
		}
		return prefix
	}
	rapid.Check(t, func(t *rapid.T) {
		prefix := draw(t, "prefix")
		others := []netip.Prefix{draw(t, "other"), draw(t, "other")}
		first, last := prefix.Addr(), lastOf(prefix)
		want := false
		for _, other := range others {
			// Two prefixes are nested or apart, so the ends tell.
			want = want || other.Contains(first) && other.Contains(last)
		}
		if got := liesWithin(prefix, others); got != want {
			t.Fatalf("liesWithin(%v, %v) = %v", prefix, others, got)
		}
	})
}

func lastOf(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	address, _ := netip.AddrFromSlice(bytes)
	return address
}

func TestAddressesOfOneUserAreBounded(t *testing.T) {
	var all []string
	for i := range maxAddresses + 5 {
		all = append(all, fmt.Sprintf("10.0.0.%d", i))
	}
	c := newCompany()
	c.user("ann", all...)
	c.user("bob", "10.0.1.1")
	c.group("dba", "ann", "bob")
	world := &cluster{company: c, policy: letIn(policy("dba"), addressPeer), limits: DefaultLimits}
	result := world.project()
	if got, want := len(world.values()), maxAddresses+1; got != want {
		t.Errorf("%d addresses are let through, want %d", got, want)
	}
	if diff := cmp.Diff([]projection.Reason{ReasonAddressOutOfBounds}, reasons(result)); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}
