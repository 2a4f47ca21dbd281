package jpeg

import "encoding/binary"

// planeEdge is the room on both sides of a row of a plane: for a repeated sample
// and for vectors that reach over the end.
const planeEdge = 32

// planeRows is how many rows are kept: those of two MCU rows, because the last
// ones of the first wait for the row below to be interpolated.
func (c *component) planeRows() int { return 2 * 8 * c.v }

// line is where sample row y begins in plane.
func (c *component) line(y int) int { return y%c.planeRows()*c.stride + planeEdge }

// samples returns row y with a repeated sample beyond either end; the first
// sample has index planeEdge.
func (c *component) samples(y int) []byte {
	at := c.line(y) - planeEdge
	row := c.plane[at : at+c.stride+planeEdge]
	row[planeEdge-1] = row[planeEdge]
	row[planeEdge+c.width] = row[planeEdge+c.width-1]
	return row
}

// pixels returns a sample for each pixel of row y, valid until the next call,
// interpolated as libjpeg does (jdsample.c): triangles where a sample is two
// pixels wide or high, repetition elsewhere and in pictures that are too narrow.
// More than the row's pixels may be read of what is returned.
func (c *component) pixels(y, width int, portable bool) []byte {
	j := y / c.high
	narrow := c.width <= 2
	switch {
	case c.wide == 1 && c.high == 1:
		return c.plane[c.line(j):]
	case c.wide == 2 && c.high == 2 && !narrow:
		spread22(c.row, c.samples(j), c.samples(c.neighbour(y, j)), c.width, portable)
	case c.wide == 2 && c.high == 1 && !narrow:
		spread21(c.row, c.samples(j), c.width, portable)
	case c.wide == 1 && c.high == 2:
		spread12(c.row, c.samples(j), c.samples(c.neighbour(y, j)), c.width, y&1, portable)
	default:
		row := c.plane[c.line(j):]
		for x := range width {
			c.row[x] = row[x/c.wide]
		}
	}
	return c.row
}

// neighbour returns the second nearest row of samples to pixel row y, whose own
// is j: the one above for an even y. The outermost rows are their own.
func (c *component) neighbour(y, j int) int {
	if y&1 == 0 {
		return max(j-1, 0)
	}
	return min(j+1, c.height-1)
}

// spread22 doubles the width of a row that mixes 3 parts of near and 1 of far
// (h2v2_fancy_upsample). Rows are as samples returns them.
func spread22(dst, near, far []byte, n int, portable bool) {
	for i := vectors22(dst, near, far, n, portable); i < n; i++ {
		at := planeEdge + i
		before := 3*int32(near[at-1]) + int32(far[at-1])
		own := 3 * (3*int32(near[at]) + int32(far[at]))
		after := 3*int32(near[at+1]) + int32(far[at+1])
		dst[2*i], dst[2*i+1] = byte((own+before+8)>>4), byte((own+after+7)>>4)
	}
}

// spread21 doubles the width of a row (h2v1_fancy_upsample).
func spread21(dst, row []byte, n int, portable bool) {
	for i := vectors21(dst, row, n, portable); i < n; i++ {
		at := planeEdge + i
		own := 3 * int32(row[at])
		dst[2*i], dst[2*i+1] = byte((own+int32(row[at-1])+1)>>2), byte((own+int32(row[at+1])+2)>>2)
	}
}

// spread12 mixes 3 parts of near and 1 of far, rounding halves down in the upper
// and up in the lower of the two pixel rows of near (h1v2_fancy_upsample).
func spread12(dst, near, far []byte, n, lower int, portable bool) {
	for i := vectors12(dst, near, far, n, lower, portable); i < n; i++ {
		dst[i] = byte((3*int32(near[planeEdge+i]) + int32(far[planeEdge+i]) + int32(1+lower)) >> 2)
	}
}

func putWord(dst []byte, v uint64) { binary.LittleEndian.PutUint64(dst, v) }
