package codec

import (
	"fmt"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// MaxActs bounds the acts of one entry, MaxActVisits the visits of one act.
	MaxActs      = 64
	MaxActVisits = 1024
	// MaxActText bounds each text of an act, in bytes.
	MaxActText = 200
	// MaxActKey bounds the public key of an act, in bytes: ML-KEM-768's and
	// X25519's are 1216.
	MaxActKey = 2 << 10
	// MaxActsSize bounds an encoded entry of acts, in bytes.
	MaxActsSize = 128 << 10
)

// EncodeActs is the payload of an entry of an acts document.
func EncodeActs(a record.Acts) []byte { return marshal(a) }

// DecodeActs reads what EncodeActs wrote, also acts of kinds that this release
// does not know.
func DecodeActs(b []byte) (record.Acts, error) {
	var a record.Acts
	if err := unmarshal(b, MaxActsSize, &a, "acts"); err != nil {
		return record.Acts{}, err
	}
	if a.N == 0 || (a.N == 1) != (a.Prev == [32]byte{}) {
		return record.Acts{}, fmt.Errorf("acts out of their chain: %w", ErrFormat)
	}
	for _, one := range a.Acts {
		if one.At == 0 {
			return record.Acts{}, fmt.Errorf("act without a time: %w", ErrFormat)
		}
	}
	if err := CheckActs(a.Acts); err != nil {
		return record.Acts{}, err
	}
	return a, nil
}

// CheckActs says whether DecodeActs accepts these acts, once they have times
// and their place in the chain.
func CheckActs(acts []record.Act) error {
	if len(acts) == 0 || len(acts) > MaxActs {
		return fmt.Errorf("entry of %d acts: %w", len(acts), ErrFormat)
	}
	size := 64
	for _, a := range acts {
		if a.Kind == "" || len(a.Kind) > 64 || !utf8.ValidString(string(a.Kind)) || a.At > maxTime {
			return fmt.Errorf("act without a kind or a time: %w", ErrFormat)
		}
		for _, text := range []string{a.What, a.By, a.Note} {
			if len(text) > MaxActText || !utf8.ValidString(text) {
				return fmt.Errorf("act with an impossible text: %w", ErrFormat)
			}
		}
		if len(a.Key) > MaxActKey || len(a.Audience) > 64 || !utf8.ValidString(string(a.Audience)) || a.Epoch < 0 || a.Until < 0 {
			return fmt.Errorf("act with an impossible key: %w", ErrFormat)
		}
		if ofKey := a.Kind == record.ActKey || a.Kind == record.ActKeyGone; ofKey && (len(a.Key) == 0 || a.Audience == "" || a.Until == 0) {
			return fmt.Errorf("act of no key: %w", ErrFormat)
		}
		if len(a.Visits) > MaxActVisits {
			return fmt.Errorf("act on %d visits: %w", len(a.Visits), ErrFormat)
		}
		for _, v := range a.Visits {
			if v.IsZero() {
				return fmt.Errorf("act on no visit: %w", ErrFormat)
			}
		}
		if needs := a.Kind == record.ActShred || a.Kind == record.ActReceipt || a.Kind == record.ActLost; needs && len(a.Visits) == 0 {
			return fmt.Errorf("shred or receipt of no visit: %w", ErrFormat)
		}
		size += 128 + len(a.Kind) + len(a.What) + len(a.By) + len(a.Note) + 17*len(a.Visits) + len(a.Audience) + len(a.Key)
	}
	if size > MaxActsSize {
		return fmt.Errorf("acts of %d bytes: %w", size, ErrFormat)
	}
	return nil
}
