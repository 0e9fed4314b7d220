package networkpolicy

import (
	"fmt"
	"net/netip"
	"strings"
)

// ParseAddress reads an IP address or a CIDR and gives it as a canonical CIDR:
// lower case, shortest form, an IPv4 address in IPv6 form as IPv4. A CIDR with
// bits beyond its prefix is refused: 10.0.0.5/24 may mean one address or 256.
func ParseAddress(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "/") {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, fmt.Errorf("%q is no IP address and no CIDR", text)
		}
		if address.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q has a zone, which means something on one host only", text)
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no IP address and no CIDR", text)
	}
	if masked := prefix.Masked(); masked != prefix {
		return netip.Prefix{}, fmt.Errorf("%q has bits beyond its prefix: write %s or %s", text, masked, prefix.Addr())
	}
	if prefix.Addr().Is4In6() {
		const mapped = 96 // bits of ::ffff:0:0/96
		if prefix.Bits() < mapped {
			return netip.Prefix{}, fmt.Errorf("%q is wider than all IPv4 addresses in IPv6 form", text)
		}
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mapped)
	}
	return prefix, nil
}

// liesWithin reports whether all addresses of a CIDR are in one of others.
func liesWithin(prefix netip.Prefix, others []netip.Prefix) bool {
	for _, other := range others {
		if other.Bits() <= prefix.Bits() && other.Contains(prefix.Addr()) {
			return true
		}
	}
	return false
}
