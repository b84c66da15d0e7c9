package shape

// appendUleb appends n in unsigned LEB128, in the fewest bytes.
func appendUleb(dst []byte, n uint64) []byte {
	for n >= 0x80 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(dst, byte(n))
}

// appendSleb appends n in signed LEB128, in the fewest bytes.
func appendSleb(dst []byte, n int64) []byte {
	for n < -0x40 || n >= 0x40 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(dst, byte(n)&0x7f)
}

func ulebLen(n uint64) int {
	l := 1
	for n >= 0x80 {
		n >>= 7
		l++
	}
	return l
}

func slebLen(n int64) int {
	l := 1
	for n < -0x40 || n >= 0x40 {
		n >>= 7
		l++
	}
	return l
}

// reader takes fields off the front of a byte string. After the first fault
// every call returns zero and err stays.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err, r.rest = err, nil
	}
}

// take returns the next n bytes, aliasing the input.
func (r *reader) take(n uint64) []byte {
	if r.err == nil && n > uint64(len(r.rest)) {
		r.fail(ReasonTruncated)
	}
	if r.err != nil {
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// uleb reads an unsigned number of at most 63 bits. Padded forms are read;
// the comparison with the canonical form refuses them later.
func (r *reader) uleb() uint64 {
	var n uint64
	for shift := 0; shift < 63; shift += 7 {
		b := r.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.fail(ReasonNumber)
	return 0
}

// sleb reads a signed number of 64 bits.
func (r *reader) sleb() int64 {
	var n int64
	for shift := 0; shift < 70; shift += 7 {
		b := r.byte()
		n |= int64(b&0x7f) << shift
		if b < 0x80 {
			if shift+7 < 64 && b&0x40 != 0 {
				n |= -1 << (shift + 7)
			}
			return n
		}
	}
	r.fail(ReasonNumber)
	return 0
}
