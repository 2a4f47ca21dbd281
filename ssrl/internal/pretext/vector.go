package pretext

import "math"

// missing is greater than the sortable key of any finite value.
const missing = math.MaxUint32

// sortable maps floats to integers of the same order.
func sortable(v float32) uint32 {
	b := math.Float32bits(v)
	return b ^ (uint32(int32(b)>>31) | 1<<31)
}

func unsortable(k uint32) float32 {
	return math.Float32frombits(k ^ (uint32(int32(^k)>>31) | 1<<31))
}

// finite reports a reading: neither NaN nor an infinity that some sensors write
// for "too far".
func finite(v float32) bool { return v-v == 0 }

// The sortable keys of the least and the greatest finite value.
var (
	leastKey    = sortable(-math.MaxFloat32)
	greatestKey = sortable(math.MaxFloat32)
)

// maxInto sets dst to the greater of a and b, which are as long or longer. dst
// may be a, and b a later part of it.
func maxInto(dst, a, b []uint32) {
	n := maxFast(dst, a, b)
	a, b = a[:len(dst)], b[:len(dst)]
	for i := n; i < len(dst); i++ {
		dst[i] = max(a[i], b[i])
	}
}

// keysInto sets up to the sortable keys of src and down to their complements.
// Where the key lies outside low to high, up is fill and down is 0.
func keysInto(up, down []uint32, src []float32, low, high, fill uint32) {
	n := keysFast(up, down, src, low, high-low, fill)
	up, down = up[:len(src)], down[:len(src)]
	for i := n; i < len(src); i++ {
		k, c := sortable(src[i]), uint32(0)
		if c = ^k; k-low > high-low {
			k, c = fill, 0
		}
		up[i], down[i] = k, c
	}
}

// distances adds up |a-b| over two lines of one length.
func distances(a, b []byte) int {
	n, sum := distancesFast(a, b)
	b = b[:len(a)]
	for i := n; i < len(a); i++ {
		d := int(a[i]) - int(b[i])
		sum += max(d, -d)
	}
	return sum
}
