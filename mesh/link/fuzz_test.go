package link

import (
	"bytes"
	"testing"

	"github.com/upprop/upprop/mesh/stream"
)

func FuzzReadProtocol(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0})
	f.Add([]byte("\x0e/upprop/ping/1"))
	f.Add([]byte("\xff/upprop/ping/1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		name, ok := readProtocol(bytes.NewReader(b))
		if !ok {
			if name != "" {
				t.Errorf("a name from a refused header: %q", name)
			}
			return
		}
		if len(name) == 0 || len(name) > stream.MaxProtocol || name != string(b[1:1+len(name)]) {
			t.Errorf("read %q from %x", name, b)
		}
	})
}

func FuzzParseHello(f *testing.F) {
	f.Add([]byte("127.0.0.1:7117\n[::1]:7117\n"))
	f.Add([]byte("0.0.0.0:1\n224.0.0.1:5\nhost:1\n:0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := parseHello(b)
		if len(got) > maxAddrs {
			t.Errorf("%d addresses", len(got))
		}
		if want := 2 * len(got); len(dialAddrs(got)) != want {
			t.Errorf("%v gives %d addresses to dial", got, len(dialAddrs(got)))
		}
		if back := addrPorts(dialAddrs(got)); len(back) > len(got) {
			t.Errorf("%v became %v", got, back)
		}
	})
}
