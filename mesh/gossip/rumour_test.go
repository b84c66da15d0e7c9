package gossip

import (
	"bytes"
	"testing"

	"github.com/hashicorp/go-msgpack/v2/codec"

	"github.com/upprop/upprop/mesh/identity"
)

// said is a message as memberlist writes it.
func said(t testing.TB, kind byte, incarnation uint32, node string) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteByte(kind)
	handle := codec.MsgpackHandle{}
	err := codec.NewEncoder(&b, &handle).Encode(struct {
		Incarnation uint32
		Node        string
		From        string
	}{incarnation, node, "someone"})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compound(ms ...[]byte) []byte {
	out := []byte{kindCompound, byte(len(ms))}
	for _, m := range ms {
		out = append(out, byte(len(m)>>8), byte(len(m)))
	}
	for _, m := range ms {
		out = append(out, m...)
	}
	return out
}

func TestRumoursAreRead(t *testing.T) {
	a, b := identity.NodeID{1}, identity.NodeID{2}
	packet := compound(
		said(t, kindSuspect, 7, a.String()),
		[]byte{0, 1, 2},
		said(t, kindAlive, 8, b.String()),
		said(t, kindAlive, 8, "no node id"),
	)
	want := []rumour{{a, 7, true}, {b, 8, false}}
	for _, p := range [][]byte{packet, append([]byte{kindChecksum, 0, 0, 0, 0}, packet...)} {
		got := rumours(p)
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if got := rumours(said(t, kindSuspect, 3, a.String())); len(got) != 1 || !got[0].suspect {
		t.Errorf("a lone message: %v", got)
	}
}

func TestSuspicionIsDenied(t *testing.T) {
	self, other := identity.NodeID{1}, identity.NodeID{2}
	v := newView(self)
	v.set(other, Alive)
	v.overhear(said(t, kindSuspect, 4, other.String()))
	if v.isAlive(other) {
		t.Error("a suspect passes for alive")
	}
	v.overhear(said(t, kindAlive, 4, other.String()))
	if v.isAlive(other) {
		t.Error("old news of life acquitted a suspect")
	}
	v.overhear(said(t, kindAlive, 5, other.String()))
	if !v.isAlive(other) {
		t.Error("a denial was not believed")
	}
	v.overhear(said(t, kindSuspect, 4, other.String()))
	if !v.isAlive(other) {
		t.Error("an old suspicion was believed")
	}
	v.overhear(said(t, kindSuspect, 9, self.String()))
	if len(v.members(func(identity.NodeID) bool { return true })) != 1 {
		t.Error("a node lists itself")
	}
}

func FuzzRumours(f *testing.F) {
	a := identity.NodeID{1}
	f.Add(said(f, kindSuspect, 1, a.String()))
	f.Add(compound(said(f, kindAlive, 1, a.String()), []byte{}))
	f.Add([]byte{kindCompound, 255, 0})
	f.Add([]byte{kindChecksum, 0, 0, 0, 0, kindCompound, 1, 255, 255})
	f.Fuzz(func(t *testing.T, packet []byte) {
		if got := rumours(packet); len(got) > 256 {
			t.Errorf("%d rumours in one packet", len(got))
		}
		total := 0
		for _, m := range messages(packet) {
			total += len(m)
		}
		if total > len(packet) {
			t.Errorf("%d bytes of messages in a packet of %d", total, len(packet))
		}
	})
}
