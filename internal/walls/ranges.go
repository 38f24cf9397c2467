package walls

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Range is where something of the cluster itself has its addresses.
type Range struct {
	// CIDR of them, or one address.
	CIDR string
	// Of is what has them, such as "pods of node a".
	Of string
}

// NotPrivate says which ranges of the cluster the private ranges of a Platform do not cover, and the fix; empty where
// they cover all. An Open environment reaches whatever is not private.
func NotPrivate(private []string, seen []Range) string {
	const shown = 5
	var covers []netip.Prefix
	for _, cidr := range private {
		if prefix, err := parse(cidr); err == nil {
			covers = append(covers, prefix)
		}
	}
	var open, add []string
	for _, r := range seen {
		prefix, known := address(r.CIDR)
		if !known || prefix.Addr().IsLoopback() || isCovered(prefix, covers) {
			continue
		}
		open = append(open, fmt.Sprintf("%s (%s)", r.Of, r.CIDR))
		if !slices.Contains(add, prefix.String()) {
			add = append(add, prefix.String())
		}
	}
	if len(open) == 0 {
		return ""
	}
	return fmt.Sprintf("spec.privateCIDRs: environments of the zone Open, and apps, may reach what is the cluster's own, as its addresses are in no private range: %s; add %s, or a range that holds it, to"+
		" spec.privateCIDRs of Platform %s, beside those that are private now: %s", few(open, shown), few(add, shown), v1alpha1.PlatformName, strings.Join(private, ", "))
}

// address reads a range, or one address.
func address(text string) (netip.Prefix, bool) {
	if prefix, err := parse(text); err == nil {
		return prefix, true
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	addr = addr.Unmap().WithZone("")
	return netip.PrefixFrom(addr, addr.BitLen()), true
}

// isCovered says whether some ranges hold another, together: two halves hold the whole.
func isCovered(prefix netip.Prefix, by []netip.Prefix) bool {
	touched := false
	for _, p := range by {
		if contains(p, prefix) {
			return true
		}
		touched = touched || p.Overlaps(prefix)
	}
	if !touched {
		return false
	}
	lower, upper := halves(prefix)
	return isCovered(lower, by) && isCovered(upper, by)
}

// halves of a range that is more than one address.
func halves(prefix netip.Prefix) (lower, upper netip.Prefix) {
	bits := prefix.Bits() + 1
	content := prefix.Addr().AsSlice()
	content[prefix.Bits()/8] |= 1 << (7 - prefix.Bits()%8)
	second, _ := netip.AddrFromSlice(content)
	return netip.PrefixFrom(prefix.Addr(), bits), netip.PrefixFrom(second, bits)
}

// few are the first of many, in words.
func few(all []string, shown int) string {
	if more := len(all) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:shown], ", "), more)
	}
	return strings.Join(all, ", ")
}
