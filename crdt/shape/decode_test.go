package shape_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/shape"
)

// close1 makes a chunk of a body given in hex, with a right checksum.
func close1(t *testing.T, chunkType byte, bodyHex string) []byte {
	t.Helper()
	body, err := hex.DecodeString(strings.ReplaceAll(bodyHex, " ", ""))
	if err != nil || len(body) > 0x3fff {
		t.Fatalf("bad body: %v", err)
	}
	out := []byte{0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, chunkType}
	if len(body) > 127 {
		out = append(out, byte(len(body))|0x80, byte(len(body)>>7))
	} else {
		out = append(out, byte(len(body)))
	}
	out = append(out, body...)
	sum := sha256.Sum256(out[8:])
	copy(out[4:8], sum[:])
	return out
}

const (
	dep0  = "0000000000000000000000000000000000000000000000000000000000000000"
	dep1  = "1111111111111111111111111111111111111111111111111111111111111111"
	cols  = "06 1503 3401 4202 5602 5701 7002"
	data  = "7f016b 01 7f01 7f17 78 7f00"
	cols2 = "08 1503 3401 4202 5602 5701 7002"
	data2 = "7f016b 01 7f01 7f17 78 7f"
)

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       error
	}{
		{"plain", "00 01aa 01 01 00 00 00" + cols + data, nil},
		{"with a dependency", "01" + dep0 + "01aa 01 02 00 00 00" + cols + data, nil},
		{"one predecessor", "01" + dep0 + "01aa 02 02 00 00 00" + cols2 + "7102 7302" + data2 + "01 7f00 7f01", nil},
		{"predecessor of another", "01" + dep0 + "01aa 01 02 00 00 01 01bb" + cols2 + "7102 7302" + data2 + "01 7f01 7f01", nil},

		{"time", "00 01aa 01 01 01 00 00" + cols + data, shape.ReasonTime},
		{"message", "00 01aa 01 01 00 01 6d 00" + cols + data, shape.ReasonMessage},
		{"no actor", "00 00 01 01 00 00 00" + cols + data, shape.ReasonActor},
		{"long actor", "00 41" + strings.Repeat("aa", 65) + "01 01 00 00 00" + cols + data, shape.ReasonActor},
		{"seq 0", "00 01aa 00 01 00 00 00" + cols + data, shape.ReasonSeq},
		{"seq huge", "01" + dep0 + "01aa 8180808008 8180808008 00 00 00" + cols + data, shape.ReasonSeq},
		{"start 0", "00 01aa 01 00 00 00 00" + cols + data, shape.ReasonCounter},
		{"start huge", "01" + dep0 + "01aa 01 8180808008 00 00 00" + cols + data, shape.ReasonCounter},
		{"start below seq", "01" + dep0 + "01aa 03 02 00 00 00" + cols + data, shape.ReasonCounter},
		{"padded seq", "00 01aa 8100 01 00 00 00" + cols + data, shape.ReasonForm},
		{"seq of 70 bits", "00 01aa ffffffffffffffffff01 01 00 00 00" + cols + data, shape.ReasonNumber},
		{"second without dependency", "00 01aa 02 02 00 00 00" + cols + data, shape.ReasonDeps},
		{"first with dependency", "01" + dep0 + "01aa 01 01 00 00 00" + cols + data, shape.ReasonDeps},
		{"dependencies out of order", "02" + dep1 + dep0 + "01aa 01 02 00 00 00" + cols + data, shape.ReasonDeps},
		{"dependency twice", "02" + dep0 + dep0 + "01aa 01 02 00 00 00" + cols + data, shape.ReasonDeps},
		{"65 dependencies", "41" + dep0, shape.ReasonDeps},
		{"dependency cut off", "01 00", shape.ReasonTruncated},
		{"actor not referred to", "00 01aa 01 01 00 00 01 01bb" + cols + data, shape.ReasonPreds},
		{"17 actors", "00 01aa 01 01 00 00 11" + cols + data, shape.ReasonActor},

		{"unknown column", "00 01aa 01 01 00 00 00 07 1503 3401 4202 5602 5701 7002 7500" + data, shape.ReasonColumns},
		{"object column", "00 01aa 01 01 00 00 00 07 0102 1503 3401 4202 5602 5701 7002 7f00" + data, shape.ReasonColumns},
		{"deflated column", "00 01aa 01 01 00 00 00 06 1d03 3401 4202 5602 5701 7002" + data, shape.ReasonColumns},
		{"column twice", "00 01aa 01 01 00 00 00 07 1503 1500 3401 4202 5602 5701 7002" + data, shape.ReasonColumns},
		{"columns out of order", "00 01aa 01 01 00 00 00 06 1503 4202 3401 5602 5701 7002 7f016b 7f01 01 7f17 78 7f00", shape.ReasonColumns},
		{"empty column named", "00 01aa 01 01 00 00 00 06 1503 3401 4202 5602 5700 7002 7f016b 01 7f01 7f07 7f00", shape.ReasonForm},
		{"column too long", "00 01aa 01 01 00 00 00 06 15ffff7f 3401 4202 5602 5701 7002" + data, shape.ReasonTruncated},
		{"bytes after", "00 01aa 01 01 00 00 00" + cols + data + "00", shape.ReasonTrailing},
		{"insert", "00 01aa 01 01 00 00 00 06 1503 3402 4202 5602 5701 7002 7f016b 0001 7f01 7f17 78 7f00", shape.ReasonOperation},
		{"delete", "00 01aa 01 01 00 00 00" + cols + "7f016b 01 7f03 7f17 78 7f00", shape.ReasonOperation},
		{"make map", "00 01aa 01 01 00 00 00" + cols + "7f016b 01 7f00 7f17 78 7f00", shape.ReasonOperation},
		{"unknown action", "00 01aa 01 01 00 00 00" + cols + "7f016b 01 7f09 7f17 78 7f00", shape.ReasonOperation},
		{"two operations", "00 01aa 01 01 00 00 00 06 1503 3401 4202 5602 5702 7002 02016b 02 0201 0217 7878 0200", shape.ReasonOperation},
		{"null key", "00 01aa 01 01 00 00 00 06 1502 3401 4202 5602 5701 7002 0001 01 7f01 7f17 78 7f00", shape.ReasonOperation},
		{"key length lies", "00 01aa 01 01 00 00 00" + cols + "7f026b 01 7f01 7f17 78 7f00", shape.ReasonKey},
		{"empty key", "00 01aa 01 01 00 00 00 06 1502 3401 4202 5602 5701 7002 7f00 01 7f01 7f17 78 7f00", shape.ReasonKey},
		{"key of control bytes", "00 01aa 01 01 00 00 00" + cols + "7f0100 01 7f01 7f17 78 7f00", shape.ReasonKey},

		{"null", "00 01aa 01 01 00 00 00 05 1503 3401 4202 5602 7002 7f016b 01 7f01 7f00 7f00", shape.ReasonValue},
		{"uint", "00 01aa 01 01 00 00 00" + cols + "7f016b 01 7f01 7f13 78 7f00", shape.ReasonValue},
		{"counter", "00 01aa 01 01 00 00 00" + cols + "7f016b 01 7f01 7f18 78 7f00", shape.ReasonValue},
		{"timestamp", "00 01aa 01 01 00 00 00" + cols + "7f016b 01 7f01 7f19 78 7f00", shape.ReasonValue},
		{"unknown type", "00 01aa 01 01 00 00 00" + cols + "7f016b 01 7f01 7f1f 78 7f00", shape.ReasonValue},
		{"value length lies", "00 01aa 01 01 00 00 00" + cols + "7f016b 01 7f01 7f27 78 7f00", shape.ReasonValue},
		{"true with a byte", "00 01aa 01 01 00 00 00" + cols + "7f016b 01 7f01 7f12 78 7f00", shape.ReasonValue},
		{"padded int", "00 01aa 01 01 00 00 00 06 1503 3401 4202 5602 5702 7002 7f016b 01 7f01 7f24 8100 7f00", shape.ReasonForm},
		{"not UTF-8", "00 01aa 01 01 00 00 00" + cols + "7f016b 01 7f01 7f16 ff 7f00", shape.ReasonValue},

		{"predecessor not below", "01" + dep0 + "01aa 02 02 00 00 00" + cols2 + "7102 7302" + data2 + "01 7f00 7f02", shape.ReasonPreds},
		{"predecessor 0", "01" + dep0 + "01aa 02 02 00 00 00" + cols2 + "7102 7302" + data2 + "01 7f00 7f00", shape.ReasonPreds},
		{"predecessor negative", "01" + dep0 + "01aa 02 02 00 00 00" + cols2 + "7102 7302" + data2 + "01 7f00 7f7f", shape.ReasonPreds},
		{"predecessor of nobody", "01" + dep0 + "01aa 02 02 00 00 00" + cols2 + "7102 7302" + data2 + "01 7f01 7f01", shape.ReasonPreds},
		{"predecessor twice", "01" + dep0 + "01aa 02 02 00 00 00" + cols2 + "7102 7303" + data2 + "02 0200 7e0100", shape.ReasonPreds},
		{"literal for a run", "01" + dep0 + "01aa 01 03 00 00 00" + cols2 + "7103 7302" + data2 + "02 7e0000 0201", shape.ReasonForm},
		{"count lies", "01" + dep0 + "01aa 02 02 00 00 00" + cols2 + "7102 7302" + data2 + "02 7f00 7f01", shape.ReasonPreds},
		{"run too long", "01" + dep0 + "01aa 02 02 00 00 00" + cols2 + "7106 7302" + data2 + "01 ffffffff0f00 7f01", shape.ReasonPreds},
		{"null run", "01" + dep0 + "01aa 02 02 00 00 00" + cols2 + "7102 7302" + data2 + "01 0001 7f01", shape.ReasonPreds},
		{"own actor among others", "01" + dep0 + "01aa 01 02 00 00 01 01aa" + cols2 + "7102 7302" + data2 + "01 7f01 7f01", shape.ReasonForm},
		{"count of preds too big", "01" + dep0 + "01aa 02 02 00 00 00" + cols2 + "7102 7302" + data2 + "11 7f00 7f01", shape.ReasonPreds},
	} {
		if _, err := shape.Decode(close1(t, 1, c.body)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestDecodeRefusesFrame(t *testing.T) {
	body := "00 01aa 01 01 00 00 00" + cols + data
	good := close1(t, 1, body)
	if _, err := shape.Decode(good); err != nil {
		t.Fatal(err)
	}
	edit := func(f func([]byte) []byte) []byte { return f(slices.Clone(good)) }
	for _, c := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"nothing", nil, shape.ReasonTruncated},
		{"header only", good[:9], shape.ReasonTruncated},
		{"cut", good[:len(good)-1], shape.ReasonTruncated},
		{"magic", edit(func(b []byte) []byte { b[0]++; return b }), shape.ReasonMagic},
		{"checksum", edit(func(b []byte) []byte { b[4]++; return b }), shape.ReasonChecksum},
		{"deflated chunk", close1(t, 2, body), shape.ReasonCompressed},
		{"document chunk", close1(t, 0, body), shape.ReasonChunk},
		{"two changes", append(slices.Clone(good), good...), shape.ReasonTrailing},
		{"padded length", edit(func(b []byte) []byte { b[9] |= 0x80; return slices.Insert(b, 10, 0) }), shape.ReasonForm},
		{"too long", make([]byte, shape.MaxRaw+1), shape.ReasonSize},
	} {
		if _, err := shape.Decode(c.raw); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestKindsRefuse(t *testing.T) {
	actor := bytes.Repeat([]byte{0xab}, shape.MaxActor)
	key := shape.DayKey(actor, 1)
	first := func(key string, v shape.Value) shape.Change {
		return shape.Change{Actor: actor, Seq: 1, StartOp: 1, Key: key, Value: v}
	}
	second := first(shape.DayKey(actor, 2), shape.Bytes([]byte("e")))
	second.Seq, second.StartOp, second.Deps = 2, 2, [][32]byte{{1}}
	late, two, pred, other := second, second, second, second
	late.StartOp = 3
	two.Deps = [][32]byte{{1}, {2}}
	pred.Preds = []shape.OpID{{Ctr: 1, Actor: actor}}
	other.Key = key
	for _, c := range []struct {
		name        string
		c           shape.Change
		day, campus error
	}{
		{"event", first(key, shape.Bytes([]byte("e"))), nil, shape.ReasonKey},
		{"second event", second, nil, shape.ReasonKey},
		{"longest event", first(key, shape.Bytes(make([]byte, shape.MaxEvent))), nil, shape.ReasonValue},
		{"empty event", first(key, shape.Bytes(nil)), shape.ReasonValue, shape.ReasonKey},
		{"text event", first(key, shape.String("e")), shape.ReasonValue, shape.ReasonKey},
		{"key of another seq", other, shape.ReasonKey, shape.ReasonKey},
		{"upper-case key", first(strings.ToUpper(key), shape.Bytes([]byte("e"))), shape.ReasonKey, shape.ReasonKey},
		{"counter ahead of seq", late, shape.ReasonCounter, shape.ReasonKey},
		{"two dependencies", two, shape.ReasonDeps, shape.ReasonKey},
		{"event that replaces", pred, shape.ReasonPreds, shape.ReasonKey},
		{"setting", first("site/a_b.c@d-e", shape.String("")), shape.ReasonValue, nil},
		{"setting, longest", first("k", shape.Bytes(make([]byte, shape.MaxSetting))), shape.ReasonKey, nil},
		{"setting, too long", first("k", shape.Bytes(make([]byte, shape.MaxSetting+1))), shape.ReasonKey, shape.ReasonValue},
		{"setting, upper case", first("K", shape.Int(1)), shape.ReasonValue, shape.ReasonKey},
		{"setting, begins wrongly", first("-k", shape.Int(1)), shape.ReasonValue, shape.ReasonKey},
	} {
		raw, _, err := shape.Encode(c.c)
		if err != nil {
			t.Errorf("%s: encode: %v", c.name, err)
			continue
		}
		if _, err := shape.DecodeDay(raw); !errors.Is(err, c.day) {
			t.Errorf("%s: as day %v, want %v", c.name, err, c.day)
		}
		if _, err := shape.DecodeCampus(raw); !errors.Is(err, c.campus) {
			t.Errorf("%s: as campus %v, want %v", c.name, err, c.campus)
		}
	}
	for name, c := range map[string]shape.Change{
		"no value":       {Actor: actor, Seq: 1, StartOp: 1, Key: "k"},
		"not UTF-8":      first("k", shape.String("\xff")),
		"value too long": first("k", shape.Bytes(make([]byte, shape.MaxEvent+1))),
		"no actor":       {Seq: 1, StartOp: 1, Key: "k", Value: shape.Int(1)},
	} {
		if _, _, err := shape.Encode(c); shape.ReasonOf(err) == "" {
			t.Errorf("%s is encoded", name)
		}
	}
	if _, _, err := shape.EncodeDay(shape.Day{Actor: actor, Seq: 1, Prev: [32]byte{1}, Event: []byte("e")}); err == nil {
		t.Error("a first change with a previous one is encoded")
	}
	if _, _, err := shape.EncodeDay(shape.Day{Actor: actor, Seq: 1}); err == nil {
		t.Error("an empty event is encoded")
	}
}

func TestReason(t *testing.T) {
	if shape.ReasonOf(nil) != "" || shape.ReasonOf(errors.New("x")) != "" {
		t.Error("a reason where there is none")
	}
	err := errors.Join(errors.New("x"), shape.ReasonKey)
	if shape.ReasonOf(err) != shape.ReasonKey || shape.ReasonKey.Error() != "change refused: key" {
		t.Error("the reason is lost")
	}
}
