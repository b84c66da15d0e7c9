//go:build linux

package netns

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"
)

// What the scenarios stand on: a cut is a cut, one way or both, and a healed
// link carries again.
func TestLab(t *testing.T) {
	l := New(t)
	a, b := l.Machine("a", "10.77.0.1/24"), l.Machine("b", "10.77.0.2/24")
	reaches := func(addr string) bool {
		return a.Command("timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/"+addr+"/7").Run() == nil
	}
	listen(t, b, "0.0.0.0:7")
	if !reaches("10.77.0.2") {
		t.Fatal("a whole link carries nothing")
	}
	l.Cut(a, b)
	if reaches("10.77.0.2") {
		t.Error("a cut link carries")
	}
	l.Heal()
	l.Cut(b, a)
	if reaches("10.77.0.2") {
		t.Error("answers come over a link cut that way")
	}
	l.Heal()
	if !reaches("10.77.0.2") {
		t.Error("a healed link carries nothing")
	}

	c := l.Machine("c", "10.77.0.4/24")
	listen(t, c, "0.0.0.0:7")
	for _, s := range []struct {
		parts [][]*Machine
		b, c  bool
	}{
		{[][]*Machine{{a}, {b}, {c}}, false, false},
		{[][]*Machine{{a, b}, {c}}, true, false},
		{[][]*Machine{{a, c}, {b}}, false, true},
		{[][]*Machine{{a, b, c}}, true, true},
	} {
		l.Split(s.parts...)
		if reaches("10.77.0.2") != s.b || reaches("10.77.0.4") != s.c {
			t.Errorf("split into %d parts, the first of %d: b and c are not reached as they should be", len(s.parts), len(s.parts[0]))
		}
	}
	if s, err := b.Dial("tcp", "10.77.0.4:7"); err != nil {
		t.Error("dial from within a machine:", err)
	} else {
		_ = s.Close()
	}
	if s, err := a.Dial("tcp", "127.0.0.1:7"); err == nil {
		_ = s.Close()
		t.Error("the loopback of a machine is not its own")
	}
	b.Move("10.77.0.3/24")
	if !reaches("10.77.0.3") || reaches("10.77.0.2") {
		t.Error("the machine has not moved")
	}
}

// A link has the weather that was asked for, whoever makes it: there and back
// takes at least twice the delay, less the jitter, and a twentieth is lost each
// way; streams come through whole, whatever cards leave to each other. How much
// longer it takes is this machine's load, and nothing is asked of that.
func TestWeather(t *testing.T) {
	for name, lay := range map[string]func(*Lab, *Machine, Weather){
		"of a machine":     func(_ *Lab, m *Machine, w Weather) { m.Weather(w) },
		"between switches": func(l *Lab, m *Machine, w Weather) { l.Far(w, m) },
	} {
		t.Run(name, func(t *testing.T) {
			l := New(t)
			t.Logf("the kernel has netem: %v", hasNetem())
			a, b := l.Machine("a", "10.77.0.1/24"), l.Machine("b", "10.77.0.2/24")
			w := Weather{Delay: 60 * time.Millisecond, Jitter: 20 * time.Millisecond, Lose: 5}
			lay(l, b, w)

			const n = 400
			took := pings(t, a, b, n)
			var least, most, sum time.Duration = time.Hour, 0, 0
			for _, d := range took {
				least, most, sum = min(least, d), max(most, d), sum+d
			}
			if len(took) == 0 {
				t.Fatal("nothing came back")
			}
			mean, lost := sum/time.Duration(len(took)), n-len(took)
			t.Logf("%d datagrams: %d lost, there and back in %v to %v, %v on average", n, lost, least, most, mean)
			if least < 80*time.Millisecond || mean < 115*time.Millisecond || most < 130*time.Millisecond {
				t.Error("that is less than 60 ms ± 20 ms each way")
			}
			// 39 are expected of 400, with a deviation of 6.
			if lost < 10 || lost > 80 {
				t.Error("that is not one of twenty lost each way")
			}
			began := time.Now()
			const much = 256 << 10
			if got := pour(t, a, b, much); got != much {
				t.Errorf("%d bytes of %d came through", got, much)
			}
			t.Logf("%d bytes over TCP in %v", much, time.Since(began).Round(time.Millisecond))
		})
	}
}

// pings sends datagrams from a to b, which sends them back, and says how long
// each that came back took.
func pings(t *testing.T, a, b *Machine, n int) (took []time.Duration) {
	t.Helper()
	echo := udp(t, b, "10.77.0.2:9")
	go func() {
		buf := make([]byte, 64)
		for {
			k, from, err := echo.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = echo.WriteTo(buf[:k], from)
		}
	}()
	c := udp(t, a, "10.77.0.1:0")
	to := &net.UDPAddr{IP: net.IPv4(10, 77, 0, 2), Port: 9}
	began := time.Now()
	go func() {
		for range n {
			_, _ = c.WriteTo(binary.BigEndian.AppendUint64(nil, uint64(time.Since(began))), to)
			time.Sleep(5 * time.Millisecond)
		}
	}()
	_ = c.SetReadDeadline(began.Add(time.Duration(n)*6*time.Millisecond + 2*time.Second))
	for buf := make([]byte, 64); len(took) < n; {
		if _, _, err := c.ReadFrom(buf); err != nil {
			break
		}
		took = append(took, time.Since(began)-time.Duration(binary.BigEndian.Uint64(buf)))
	}
	return took
}

func udp(t *testing.T, m *Machine, addr string) (c net.PacketConn) {
	t.Helper()
	err := within(m.ns, func() (err error) {
		c, err = net.ListenPacket("udp4", addr)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func listen(t *testing.T, m *Machine, addr string) (ln net.Listener) {
	t.Helper()
	err := within(m.ns, func() (err error) {
		ln, err = net.Listen("tcp4", addr)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// pour sends bytes over TCP from a to b and says how many came.
func pour(t *testing.T, a, b *Machine, n int) (got int) {
	t.Helper()
	ln := listen(t, b, "10.77.0.2:9")
	done := make(chan int, 1)
	go func() {
		defer close(done)
		s, err := ln.Accept()
		if err != nil {
			return
		}
		defer func() { _ = s.Close() }()
		_ = s.SetReadDeadline(time.Now().Add(time.Minute))
		k, _ := io.Copy(io.Discard, s)
		done <- int(k)
	}()
	var c net.Conn
	if err := within(a.ns, func() (err error) {
		c, err = net.DialTimeout("tcp4", "10.77.0.2:9", 20*time.Second)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(make([]byte, n)); err != nil {
		t.Error(err)
	}
	_ = c.Close()
	return <-done
}
