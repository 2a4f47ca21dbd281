package pretext

import "math"

// percentiles returns the percentiles p (0 to 100) of the finite values, with
// NumPy's linear interpolation: the value at position p/100 (n-1) of the sorted
// values. ok is false when there is none. Two counting passes over the bits of
// the values take the place of sorting: linear time whatever the values.
func percentiles(values []float32, p ...float64) (out []float64, ok bool) {
	high := make([]int, 1<<16)
	n := 0
	for _, v := range values {
		if finite(v) {
			high[sortable(v)>>16]++
			n++
		}
	}
	if n == 0 {
		return nil, false
	}
	low := make([]int, 1<<16)
	filled := -1 // the high half that low counts
	at := func(rank int) float64 {
		h, rank := binOf(high, rank)
		if h != filled {
			clear(low)
			for _, v := range values {
				if k := sortable(v); finite(v) && int(k>>16) == h {
					low[k&0xffff]++
				}
			}
			filled = h
		}
		l, _ := binOf(low, rank)
		return float64(unsortable(uint32(h)<<16 | uint32(l)))
	}
	for _, q := range p {
		position := q / 100 * float64(n-1)
		below := min(int(position), n-1)
		value := at(below)
		if part := position - float64(below); part > 0 {
			value += float64((at(below+1) - value) * part)
		}
		out = append(out, value)
	}
	return out, true
}

// binOf returns the bin that holds the value of the given rank (from 0) and the
// rank within it.
func binOf(counts []int, rank int) (bin, within int) {
	for bin, c := range counts {
		if rank < c {
			return bin, rank
		}
		rank -= c
	}
	panic("pretext: rank beyond the counted values")
}

// missing is greater than the sortable key of any finite value.
const missing = math.MaxUint32

// sortable maps floats to integers of the same order.
func sortable(v float32) uint32 {
	b := math.Float32bits(v)
	if b>>31 != 0 {
		return ^b
	}
	return b | 1<<31
}

func unsortable(k uint32) float32 {
	if k>>31 != 0 {
		return math.Float32frombits(k &^ (1 << 31))
	}
	return math.Float32frombits(^k)
}

// finite reports a reading: neither NaN nor an infinity that some sensors write
// for "too far".
func finite(v float32) bool { return v-v == 0 }
