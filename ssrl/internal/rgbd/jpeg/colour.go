package jpeg

// The products of ITU-R BT.601, full range, in units of 2^-16 (jdcolor.c).
const (
	crToRed   = 91881  // 1.40200
	cbToBlue  = 116130 // 1.77200
	cbToGreen = 22554  // 0.34414
	crToGreen = 46802  // 0.71414
	half      = 1 << 15
)

// toRGB converts n pixels; n is len(dst)/3 at most.
func toRGB(dst, luma, cb, cr []byte, n int, portable bool) {
	for i := vectorsRGB(dst, luma, cb, cr, n, portable); i < n; i++ {
		y, b, r := int32(luma[i]), int32(cb[i])-128, int32(cr[i])-128
		d := dst[3*i : 3*i+3 : 3*i+3]
		d[0] = byte(clamp(y + (crToRed*r+half)>>16))
		d[1] = byte(clamp(y + (-cbToGreen*b-crToGreen*r+half)>>16))
		d[2] = byte(clamp(y + (cbToBlue*b+half)>>16))
	}
}

// interleave packs three planes.
func interleave(dst, a, b, c []byte, n int) {
	for i := range n {
		d := dst[3*i : 3*i+3 : 3*i+3]
		d[0], d[1], d[2] = a[i], b[i], c[i]
	}
}

// blacken multiplies ink, 255 for all of it, with the light that black leaves,
// and turns it into RGB, as Pillow's Convert.c does: rounded to the nearest.
func blacken(inks, black []byte, n int) {
	for i := range n {
		white := uint32(black[i]) // Adobe writes 255 for no ink
		for k := 3 * i; k < 3*i+3; k++ {
			v := uint32(inks[k])*white + 128
			inks[k] = byte(white - (v+v>>8)>>8)
		}
	}
}

// ToRGB converts a row of len(luma) pixels, which have a value each in cb and cr,
// to 3 bytes each in dst.
func ToRGB(dst, luma, cb, cr []byte) {
	toRGB(dst[:3*len(luma)], luma, cb[:len(luma)], cr[:len(luma)], len(luma), false)
}
