package shape

import "unicode/utf8"

// Kind is the type of a value.
type Kind uint8

// The kinds of value that may be put. Null, float, counter, timestamp and
// unknown types of the core are refused.
const (
	KindBool Kind = iota + 1
	KindInt
	KindString
	KindBytes
)

// Value is a scalar. The zero Value is none and is refused; make one with
// Bool, Int, String or Bytes.
type Value struct {
	kind Kind
	num  int64
	data []byte
}

// Bool is a truth value.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, num: 1}
	}
	return Value{kind: KindBool}
}

// Int is a signed integer.
func Int(n int64) Value { return Value{kind: KindInt, num: n} }

// String is a text, valid UTF-8 of at most MaxSetting bytes.
func String(s string) Value { return Value{kind: KindString, data: []byte(s)} }

// Bytes is a byte string of at most MaxEvent bytes (a day change) or
// MaxSetting (a campus change). It keeps b.
func Bytes(b []byte) Value { return Value{kind: KindBytes, data: b} }

// Kind is the value's type, 0 for the zero Value.
func (v Value) Kind() Kind { return v.kind }

// Bool is the truth value; false for other kinds.
func (v Value) Bool() bool { return v.kind == KindBool && v.num == 1 }

// Int is the integer; 0 for other kinds.
func (v Value) Int() int64 {
	if v.kind != KindInt {
		return 0
	}
	return v.num
}

// String is the text; "" for other kinds, so that a byte value is never
// printed by accident.
func (v Value) String() string {
	if v.kind != KindString {
		return ""
	}
	return string(v.data)
}

// Bytes is the byte string; nil for other kinds. The caller must not modify
// it.
func (v Value) Bytes() []byte {
	if v.kind != KindBytes {
		return nil
	}
	return v.data
}

func (v Value) check() error {
	switch v.kind {
	case KindBool, KindInt:
		return nil
	case KindBytes:
		if len(v.data) <= MaxEvent {
			return nil
		}
	case KindString:
		if len(v.data) <= MaxSetting && utf8.Valid(v.data) {
			return nil
		}
	}
	return ReasonValue
}

// Type codes of the value metadata column; the length of the raw bytes sits
// above them.
const (
	codeFalse  = 1
	codeTrue   = 2
	codeInt    = 4
	codeString = 6
	codeBytes  = 7
	codeBits   = 4
)

func (v Value) code() uint64 {
	switch v.kind {
	case KindBool:
		return codeFalse + uint64(v.num)
	case KindInt:
		return codeInt
	case KindString:
		return codeString
	default:
		return codeBytes
	}
}

// appendRaw appends the value's bytes as the raw value column holds them.
func (v Value) appendRaw(dst []byte) []byte {
	if v.kind == KindInt {
		return appendSleb(dst, v.num)
	}
	return append(dst, v.data...)
}

func (v Value) rawLen() int {
	if v.kind == KindInt {
		return slebLen(v.num)
	}
	return len(v.data)
}

// readValue makes a value of its type code and raw bytes, which it keeps.
func readValue(code uint64, raw []byte) (Value, error) {
	switch code {
	case codeFalse, codeTrue:
		if len(raw) == 0 {
			return Bool(code == codeTrue), nil
		}
	case codeInt:
		r := reader{rest: raw}
		n := r.sleb()
		if r.err == nil && len(r.rest) == 0 {
			return Int(n), nil
		}
	case codeString:
		return Value{kind: KindString, data: raw}, nil
	case codeBytes:
		return Bytes(raw), nil
	}
	return Value{}, ReasonValue
}
