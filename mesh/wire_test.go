package mesh

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// hostile writes bytes on a stream of one protocol as a member would, and
// reports whether the other side gave the stream up.
func hostile(t *testing.T, from, to *testNode, protocol string, raw []byte) bool {
	t.Helper()
	s, err := from.host.Open(context.Background(), to.id(), protocol)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Reset()
	s.SetDeadline(time.Now().Add(time.Minute))
	_, _ = s.Write(raw)
	_ = s.CloseWrite()
	_, err = io.Copy(io.Discard, s)
	return err != nil
}

func framed(frames ...[]byte) []byte {
	var b bytes.Buffer
	for _, f := range frames {
		_ = stream.WriteFrame(&b, f)
	}
	return b.Bytes()
}

func TestBrokenMessagesAreDroppedAndCounted(t *testing.T) {
	huge := binary.BigEndian.AppendUint32(nil, 1<<31)
	cases := []struct {
		protocol, counter string
		raw               [][]byte
	}{
		{PushProtocol, "dropped_push_malformed", [][]byte{
			huge, framed(nil), framed([]byte{99}), framed([]byte{byte(kindEntries)}),
			framed([]byte{byte(kindEntries), 0}), framed([]byte{byte(kindEntries), 5, 1}),
			framed([]byte{byte(kindBeat)}), framed([]byte{byte(kindBeat), 2}), framed([]byte{byte(kindBeat), 1, 0x80}),
			framed(append([]byte{byte(kindBeat), 1}, make([]byte, beat.MaxSize+1)...)),
		}},
		{PullProtocol, "dropped_pull_malformed", [][]byte{
			huge, framed(nil), framed([]byte{99}), framed([]byte{byte(kindDigestsAsk), 0}),
			framed(append([]byte{byte(kindVectorsAsk)}, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
			framed(message(kindVectorsAsk, []string{""})),
			framed(message(kindVectorsAsk, []string{string(make([]byte, MaxDoc+1))})),
			framed(message(kindRanges, []span{{Doc: "d"}})),
			framed(message(kindRanges, []span{{Doc: "d", Actor: make([]byte, MaxActor+1)}})),
			framed(message(kindRanges, make([]span, maxItems+1))),
		}},
		{HelloProtocol, "dropped_hello_malformed", [][]byte{
			huge,
			{},
			framed(nil), framed([]byte{byte(kindHello)}), framed(message(kindHello, hello{})),
			framed(message(kindHello, hello{Roster: make([]byte, 32), Addrs: make([]string, maxAddrs+1)})),
			framed(message(kindHello, hello{Roster: make([]byte, 32), Known: []known{{Node: []byte{1}}}})),
			framed(message(kindHello, hello{Roster: make([]byte, 32), Release: string(make([]byte, maxRelease+1))})),
		}},
		{RosterProtocol, "dropped_roster_malformed", [][]byte{
			huge, framed(nil), framed([]byte{byte(kindRosterDigest), 1}), framed([]byte{byte(kindRecords)}),
			framed(append([]byte{byte(kindRosterDigest)}, make([]byte, 32)...), []byte{byte(kindNames), 1}),
			framed(append([]byte{byte(kindRosterDigest)}, make([]byte, 32)...), end, []byte{byte(kindRecords), 1}),
			framed(append([]byte{byte(kindRosterDigest)}, make([]byte, 32)...), end, []byte{byte(kindRecords)}),
		}},
	}
	inCampus(t, 2, nil, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		for _, tc := range cases {
			for i, raw := range tc.raw {
				was := a.Counts()[tc.counter]
				gone := hostile(t, b, a, tc.protocol, raw)
				synctest.Wait()
				if now := a.Counts()[tc.counter]; now != was+1 || !gone {
					t.Errorf("%s, message %d: counted %d, stream given up: %v", tc.protocol, i, now-was, gone)
				}
			}
		}
		if n := len(a.Peers()); n != 1 {
			t.Fatalf("%d peers after broken messages", n)
		}
		b.log.write("day", "still working")
		c.within(time.Second, "an entry", c.all(1))
	})
}

func TestRandomBytesHarmNothing(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		rng := rand.New(rand.NewPCG(7, 7))
		was := a.log.size()
		for i := range 400 {
			body := make([]byte, 1+rng.IntN(60))
			for j := range body {
				body[j] = byte(rng.Uint32())
			}
			body[0] = byte(1 + i%int(kindRecords))
			protocol := []string{PushProtocol, PullProtocol, HelloProtocol, RosterProtocol}[i/13%4]
			hostile(t, b, a, protocol, framed(body))
		}
		if a.log.size() != was {
			t.Fatal("random bytes became entries")
		}
		b.log.write("day", "still working")
		c.within(time.Second, "an entry", c.all(was+1))
	})
}

func TestAPeerHasFewStreamsOfAProtocol(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		for range 2 * maxServing {
			s, err := b.host.Open(context.Background(), a.id(), PullProtocol)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Reset()
		}
		synctest.Wait()
		if n := a.Counts()["refused_busy"]; n != maxServing {
			t.Fatalf("%d streams refused, want %d", n, maxServing)
		}
		time.Sleep(time.Minute) // an idle stream ends
		synctest.Wait()
		a.mu.Lock()
		defer a.mu.Unlock()
		if n := a.serving[slot{b.id(), PullProtocol}]; n != 0 {
			t.Fatalf("%d idle streams are still served", n)
		}
	})
}

func TestAStreamOfAStrangerIsRefusedHereToo(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		c.meshed()
		a := c.nodes[0]
		if _, _, ok := a.enter(context.Background(), slot{identity.NodeID{1}, PullProtocol}); ok {
			t.Fatal("let in")
		}
		if a.Counts()["refused_stranger"] != 1 {
			t.Fatal("not counted")
		}
	})
}

func FuzzEntries(f *testing.F) {
	f.Add(appendEntry(appendEntry(nil, []byte("one")), []byte("two"))[1:])
	f.Add([]byte{0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, body []byte) {
		raws, err := decodeEntries(body)
		if err != nil {
			if !errors.Is(err, errMalformed) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		total := 0
		for _, raw := range raws {
			if len(raw) == 0 || len(raw) > MaxEntry {
				t.Fatalf("an entry of %d bytes", len(raw))
			}
			total += len(raw)
		}
		if total >= len(body) {
			t.Fatalf("%d bytes of entries in %d bytes", total, len(body))
		}
	})
}

func FuzzPull(f *testing.F) {
	f.Add(message(kindDigests, []wireDigest{{Doc: "d", Sum: make([]byte, 16)}})[1:])
	f.Add(message(kindVectorsAsk, []string{"d"})[1:])
	f.Add(message(kindVectors, wireVector{Doc: "d", Heads: []wireHead{{Actor: []byte("a"), Seq: 1}}})[1:])
	f.Add(message(kindRanges, []span{{Doc: "d", Actor: []byte("a"), After: 1, Upto: whole}})[1:])
	f.Fuzz(func(t *testing.T, body []byte) {
		if digests, err := decodeDigests(body); err == nil {
			for _, d := range digests {
				if d.Doc == "" || len(d.Doc) > MaxDoc {
					t.Fatalf("document name %q", d.Doc)
				}
			}
		}
		if docs, err := decodeDocs(body); err == nil && len(docs) > maxItems {
			t.Fatalf("%d documents", len(docs))
		}
		if v, err := decodeVector(body); err == nil && (v.Doc == "" || len(v.Heads) > maxItems) {
			t.Fatalf("vector %+v", v)
		}
		if spans, err := decodeSpans(body); err == nil {
			for _, s := range spans {
				if len(s.Actor) == 0 || len(s.Actor) > MaxActor || s.Doc == "" {
					t.Fatalf("span %+v", s)
				}
			}
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add(message(kindHello, hello{Release: "1", Roster: make([]byte, 32), Addrs: []string{"10.0.0.1:1"}, Known: []known{{Node: make([]byte, 16)}}})[1:])
	f.Fuzz(func(t *testing.T, body []byte) {
		h, err := decodeHello(body)
		if err == nil && (len(h.Roster) != 32 || len(h.Addrs) > maxAddrs || len(h.Known) > maxKnown) {
			t.Fatalf("hello %+v", h)
		}
	})
}

func FuzzGossip(f *testing.F) {
	f.Add(appendItem(make([]byte, 16), []byte{1, 2, 3}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, body, err := splitGossip(raw); err == nil && len(body) == 0 {
			t.Fatal("an empty body")
		}
		_, bodies, err := splitState(raw)
		for _, body := range bodies {
			if err == nil && (len(body) == 0 || len(body) > beat.MaxSize+1) {
				t.Fatalf("a body of %d bytes", len(body))
			}
		}
	})
}
