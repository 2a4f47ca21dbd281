package pretext

// ranks is the memory of percentiles.
type ranks struct {
	high []uint32       // readings by the upper half of their key
	low  [][]uint32     // by the lower half, of the upper halves that are asked for
	slot [1 << 16]uint8 // 1 + index in low
}

// maxPercentiles is how many are found at once.
const maxPercentiles = 2

// percentiles finds the percentiles p (0 to 100, at most maxPercentiles) of the
// finite values, with NumPy's linear interpolation: the value at position
// p/100 (n-1) of the sorted values. ok is false when there is none. Two counting
// passes over the keys take the place of sorting: linear time whatever the
// values.
func (r *ranks) percentiles(values []float32, p ...float64) (out [maxPercentiles]float64, ok bool) {
	r.high = atLeast(r.high, 1<<16)
	clear(r.high)
	high := (*[1 << 16]uint32)(r.high)
	for _, v := range values {
		high[sortable(v)>>16]++
	}
	// What is not finite lies beyond the keys of finite values.
	clear(high[:leastKey>>16])
	clear(high[greatestKey>>16+1:])
	n := 0
	for _, c := range high {
		n += int(c)
	}
	if n == 0 {
		return out, false
	}
	r.count(values, n, p)
	at := func(rank int) float64 {
		h, rank := binOf(high[:], rank)
		l, _ := binOf(r.low[r.slot[h]-1], rank)
		return float64(unsortable(uint32(h)<<16 | uint32(l)))
	}
	for i, q := range p {
		position := q / 100 * float64(n-1)
		below := min(int(position), n-1)
		value := at(below)
		if part := position - float64(below); part > 0 {
			value += float64((at(below+1) - value) * part)
		}
		out[i] = value
	}
	return out, true
}

// count counts the lower halves of the keys around the percentiles of n values.
func (r *ranks) count(values []float32, n int, p []float64) {
	clear(r.slot[:])
	used := 0
	for _, q := range p {
		below := min(int(q/100*float64(n-1)), n-1)
		for _, rank := range [2]int{below, min(below+1, n-1)} {
			h, _ := binOf(r.high, rank)
			if r.slot[h] != 0 {
				continue
			}
			if used == len(r.low) {
				r.low = append(r.low, make([]uint32, 1<<16))
			}
			clear(r.low[used])
			used++
			r.slot[h] = uint8(used)
		}
	}
	for _, v := range values {
		k := sortable(v)
		if s := r.slot[k>>16]; s != 0 {
			r.low[s-1][k&0xffff]++
		}
	}
}

// binOf returns the bin that holds the value of the given rank (from 0) and the
// rank within it.
func binOf(counts []uint32, rank int) (bin, within int) {
	for bin, c := range counts {
		if rank < int(c) {
			return bin, rank
		}
		rank -= int(c)
	}
	panic("pretext: rank beyond the counted values")
}
