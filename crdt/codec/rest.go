package codec

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/upprop/upprop/crdt/record"
)

// fields are those of a map by key, whatever is in them.
type fields map[any]cbor.RawMessage

// restOf is what a map has beside the fields that this release knows of v, which
// is of a struct with integer keys: what a newer one has written. Empty: nothing.
func restOf(raw []byte, v any) record.Private {
	var all fields
	if dec.Unmarshal(raw, &all) != nil {
		return "" // keys that no release writes; so is what cannot be encoded again
	}
	for _, k := range known(v) {
		delete(all, k)
	}
	if len(all) == 0 {
		return ""
	}
	b, err := enc.Marshal(all)
	if err != nil {
		return ""
	}
	return record.Private(b)
}

// withRest is the encoded form of v with what a newer release has written of it.
func withRest(v any, rest record.Private) cbor.RawMessage {
	b := marshal(v)
	if rest == "" {
		return b
	}
	var all, more fields
	if dec.Unmarshal(b, &all) != nil || dec.Unmarshal([]byte(rest.Reveal()), &more) != nil {
		return b
	}
	for _, k := range known(v) {
		delete(more, k)
	}
	for k, x := range more {
		all[k] = x
	}
	if full, err := enc.Marshal(all); err == nil {
		return full
	}
	return b
}

// known are the keys of a struct's fields, as they are decoded into any.
func known(v any) (keys []any) {
	t := reflect.TypeOf(v)
	for i := range t.NumField() {
		key, _, _ := strings.Cut(t.Field(i).Tag.Get("cbor"), ",")
		if n, err := strconv.ParseUint(key, 10, 64); err == nil {
			keys = append(keys, n)
		}
	}
	return keys
}
