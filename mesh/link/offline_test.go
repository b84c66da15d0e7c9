package link

import (
	"net"
	"testing"
)

func TestWhatCarries(t *testing.T) {
	at := []net.Addr{&net.IPNet{IP: net.IPv4(192, 0, 2, 7), Mask: net.CIDRMask(24, 32)}}
	local := []net.Addr{&net.IPNet{IP: net.ParseIP("fe80::1"), Mask: net.CIDRMask(64, 128)}}
	const on = net.FlagUp | net.FlagRunning | net.FlagBroadcast
	for _, c := range []struct {
		name  string
		flags net.Flags
		addrs []net.Addr
		want  bool
	}{
		{"a network", on, at, true},
		{"two handhelds and a cable", on, local, true},
		{"loopback", net.FlagUp | net.FlagRunning | net.FlagLoopback, at, false},
		{"flight mode", net.FlagBroadcast, nil, false},
		{"a cable pulled, its address kept", net.FlagUp | net.FlagBroadcast, at, false},
		{"a radio that has no network yet", on, nil, false},
	} {
		if got := carries(c.flags, c.addrs); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
