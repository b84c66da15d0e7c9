package shape

// appendRuns appends a column of numbers in the core's run-length form: two
// or more equal numbers make a run (count, number), the numbers between runs
// a literal (minus count, numbers). put appends one number.
func appendRuns(dst []byte, col []int64, put func([]byte, int64) []byte) []byte {
	for i := 0; i < len(col); {
		if n := runAt(col, i); n > 1 {
			dst = put(appendSleb(dst, int64(n)), col[i])
			i += n
			continue
		}
		end := i + 1
		for end < len(col) && runAt(col, end) == 1 {
			end++
		}
		dst = appendSleb(dst, int64(i-end))
		for ; i < end; i++ {
			dst = put(dst, col[i])
		}
	}
	return dst
}

// runAt is how many equal numbers start at i.
func runAt(col []int64, i int) int {
	n := 1
	for i+n < len(col) && col[i+n] == col[i] {
		n++
	}
	return n
}

// readRuns reads a run-length column of exactly want numbers that fills raw.
func readRuns(raw []byte, want int, get func(*reader) int64) ([]int64, error) {
	r := reader{rest: raw}
	col := make([]int64, 0, want)
	for r.err == nil && len(r.rest) > 0 {
		n, same := r.sleb(), true
		if n < 0 {
			n, same = -n, false
		}
		if n <= 0 || n > int64(want-len(col)) {
			return nil, ReasonPreds
		}
		v := get(&r)
		for col = append(col, v); n > 1; n-- {
			if !same {
				v = get(&r)
			}
			col = append(col, v)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	if len(col) != want {
		return nil, ReasonPreds
	}
	return col, nil
}

func putUleb(dst []byte, n int64) []byte { return appendUleb(dst, uint64(n)) }

func getUleb(r *reader) int64 { return int64(r.uleb()) }
func getSleb(r *reader) int64 { return r.sleb() }
