//go:build linux

package netns

import "testing"

// What the scenarios stand on: a cut is a cut, one way or both, and a healed
// link carries again.
func TestLab(t *testing.T) {
	l := New(t)
	a, b := l.Machine("a", "10.77.0.1/24"), l.Machine("b", "10.77.0.2/24")
	reaches := func(addr string) bool {
		return a.Command("timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/"+addr+"/7").Run() == nil
	}
	srv := b.Command("bash", "-c", "command -v python3 >/dev/null && exec python3 -c 'import socket,time; s=socket.create_server((\"0.0.0.0\",7)); time.sleep(60)'")
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = srv.Process.Kill(); _ = srv.Wait() }()
	up := false
	for range 30 {
		if up = reaches("10.77.0.2"); up {
			break
		}
	}
	if !up {
		t.Skip("*** THE LABORATORY ITSELF IS NOT TESTED: nothing to listen with (python3)")
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
	b.Move("10.77.0.3/24")
	if !reaches("10.77.0.3") || reaches("10.77.0.2") {
		t.Error("the machine has not moved")
	}
}
