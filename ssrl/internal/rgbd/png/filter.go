package png

import "fmt"

// Filters of a row (§9.2).
const (
	filterNone = iota
	filterSub
	filterUp
	filterAverage
	filterPaeth
)

// unfilter writes to row the bytes that raw, a filter and what it left, says,
// with the row above.
func (d *Decoder) unfilter(row, above, raw []byte) error {
	filter, raw := raw[0], raw[1:]
	if filter > filterPaeth {
		return fmt.Errorf("filter %d (want 0 to 4)", filter)
	}
	above, raw = above[:len(row)], raw[:len(row)]
	if filter == filterNone {
		copy(row, raw)
		return nil
	}
	size := max(1, d.Bits*d.Colour.channels()/8) // bytes from a sample to the one left of it
	i := 0
	if !d.portable {
		i = unfilterFast(filter, row, above, raw, size)
	}
	switch filter {
	case filterSub:
		unfilterSub(row, raw, size, i)
	case filterUp:
		unfilterUp(row, above, raw, i)
	case filterAverage:
		unfilterAverage(row, above, raw, size, i)
	case filterPaeth:
		unfilterPaeth(row, above, raw, size, i)
	}
	return nil
}

// The functions below begin at byte i. What is left of the first pixel is zero.

func unfilterSub(row, raw []byte, size, i int) {
	i += copy(row[i:max(i, size)], raw[i:])
	for ; i < len(row); i++ {
		row[i] = raw[i] + row[i-size]
	}
}

func unfilterUp(row, above, raw []byte, i int) {
	for ; i < len(row); i++ {
		row[i] = raw[i] + above[i]
	}
}

func unfilterAverage(row, above, raw []byte, size, i int) {
	for ; i < size; i++ {
		row[i] = raw[i] + above[i]/2
	}
	for ; i < len(row); i++ {
		row[i] = raw[i] + byte((int(row[i-size])+int(above[i]))/2)
	}
}

func unfilterPaeth(row, above, raw []byte, size, i int) {
	for ; i < size; i++ {
		row[i] = raw[i] + above[i] // nearest to above - 0 - 0 + 0
	}
	for ; i < len(row); i++ {
		row[i] = raw[i] + paeth(int(row[i-size]), int(above[i]), int(above[i-size]))
	}
}

// paeth returns which of a, left, b, above, and c, above a, is nearest to
// a + b - c, the first of those as near (§9.4).
//
// That is the smaller of a and b when c is far above the middle of them, the
// larger when it is far below, and c between: where 3c - a - b has passed the
// other one.
func paeth(a, b, c int) byte {
	lo, hi := min(a, b), max(a, b)
	switch t := 3*c - a - b; {
	case t >= hi:
		return byte(lo)
	case t <= lo:
		return byte(hi)
	}
	return byte(c)
}
