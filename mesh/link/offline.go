package link

import "net"

// Offline reports whether all networks of this machine are off: none but loopback
// is up, carries anything and has an address. No other machine can be reached then.
// It is false where the machine does not say, and while a network that has an
// address is merely slow.
func Offline() bool {
	all, err := net.Interfaces()
	if err != nil {
		return false
	}
	for _, i := range all {
		addrs, err := i.Addrs()
		if err != nil || carries(i.Flags, addrs) {
			return false
		}
	}
	return true
}

// carries reports whether another machine may be behind an interface.
func carries(f net.Flags, addrs []net.Addr) bool {
	return f&net.FlagLoopback == 0 && f&net.FlagUp != 0 && f&net.FlagRunning != 0 && len(addrs) > 0
}
