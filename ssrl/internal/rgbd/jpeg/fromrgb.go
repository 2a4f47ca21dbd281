package jpeg

// The weights of ITU-R BT.601, full range, in units of 2^-16 (jccolor.c).
const (
	redY, greenY, blueY = 19595, 38470, 7471 // 0.29900, 0.58700, 0.11400
	redB, greenB        = 11059, 21709       // 0.16874, 0.33126
	greenR, blueR       = 27439, 5329        // 0.41869, 0.08131
	middle              = 128<<16 + half - 1 // of chroma; exact halves are rounded down
)

// fromRGB converts n pixels of 3 bytes.
func fromRGB(luma, cb, cr, src []byte, n int, portable bool) {
	for i := vectorsYCC(luma, cb, cr, src, n, portable); i < n; i++ {
		p := src[3*i : 3*i+3 : 3*i+3]
		r, g, b := int32(p[0]), int32(p[1]), int32(p[2])
		luma[i] = byte((redY*r + greenY*g + blueY*b + half) >> 16)
		cb[i] = byte((-redB*r - greenB*g + half*b + middle) >> 16)
		cr[i] = byte((half*r - greenR*g - blueR*b + middle) >> 16)
	}
}

// shrink halves two rows of 2n samples to one of n. What is left over of a
// quarter is rounded down in even and up in odd columns (jcsample.c,
// h2v2_downsample).
func shrink(dst, upper, lower []byte, n int, portable bool) {
	for i := vectorsShrink(dst, upper, lower, n, portable); i < n; i++ {
		sum := int32(upper[2*i]) + int32(upper[2*i+1]) + int32(lower[2*i]) + int32(lower[2*i+1])
		dst[i] = byte((sum + 1 + int32(i&1)) >> 2)
	}
}

// repeatLast fills a row from n on with the sample before.
func repeatLast(row []byte, n int) {
	last := row[n-1]
	for i := n; i < len(row); i++ {
		row[i] = last
	}
}
