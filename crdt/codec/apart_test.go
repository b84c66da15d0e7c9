package codec

import (
	"reflect"
	"strings"
	"testing"
)

// What is sealed under ids of its own has keys that nothing else has, so that none
// reads as another.
func TestNoTwoPartsShareAKey(t *testing.T) {
	of := map[string]reflect.Type{}
	for _, part := range []any{invite{}, kept{}, parcel{}, slip{}, before{}, photo{}} {
		x := reflect.TypeOf(part)
		for i := range x.NumField() {
			key, _, _ := strings.Cut(x.Field(i).Tag.Get("cbor"), ",")
			if was, taken := of[key]; taken || key == "" {
				t.Errorf("%v and %v share the key %s", was, x, key)
			}
			of[key] = x
		}
	}
}
