package envelope

import (
	"bytes"
	"testing"
)

func TestAnAsideTravelsBesideWhatIsSigned(t *testing.T) {
	sign, v := keyed()
	es := batch(3)
	if err := Sign(es, sign); err != nil {
		t.Fatal(err)
	}
	plain := es[1].Encode()
	for _, n := range []int{1, 300, MaxAside} {
		e, err := Decode(plain)
		if err != nil {
			t.Fatal(err)
		}
		e.Aside = bytes.Repeat([]byte{9}, n)
		all, err := DecodeRun(e.Encode())
		if err != nil || len(all) != 1 {
			t.Fatal(n, err)
		}
		got := all[0]
		if !bytes.Equal(got.Aside, e.Aside) || !bytes.Equal(got.Payload, es[1].Payload) || v.Verify(got) != nil {
			t.Fatalf("aside of %d bytes: altered", n)
		}
		got.Aside = nil
		if !bytes.Equal(got.Encode(), plain) {
			t.Fatal("without its aside it is another envelope")
		}
	}
}

func TestAsidesThatAreRefused(t *testing.T) {
	sign, _ := keyed()
	es := batch(3)
	_ = Sign(es, sign)
	plain := es[1].Encode()
	with := *es[1]
	with.Aside = []byte("aside")
	bare := *es[1]
	bare.Strip()
	for name, b := range map[string][]byte{
		"empty":    encodeAside(nil, plain),
		"too long": encodeAside(make([]byte, MaxAside+1), plain),
		"twice":    encodeAside([]byte("x"), with.Encode()),
		"of bare":  encodeAside([]byte("x"), bare.Encode()),
		"of a run": encodeAside([]byte("x"), EncodeRun(es)),
		"alone":    with.Encode()[:8],
		"in a run": append([]byte{versionRun, 1}, with.Encode()...),
		"nothing":  {versionAside, 0, 1, 7},
	} {
		if _, err := DecodeRun(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
