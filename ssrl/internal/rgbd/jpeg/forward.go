package jpeg

import "math/bits"

// divider divides the coefficients of a block by their steps, which the forward
// transform leaves eight times too large, rounding halves away from zero. For
// every coefficient of 16 bits this equals (|x|+step/2)/step: a is the half, with
// one more where the reciprocal is rounded down, and
//
//	(|x|+a)*b>>16*c>>16
//
// after Agner Fog and libjpeg-turbo's jcdctmgr.c (compute_reciprocal).
type divider struct {
	a, b, c [blockSize]uint16 // row by row
}

// set takes the steps of a quantisation table, 1 to 255, row by row.
func (d *divider) set(steps *[blockSize]uint8) {
	for i, s := range steps {
		step := 8 * uint32(s)
		shift := 16 + bits.Len32(step) - 1
		reciprocal, rest := uint32(1<<shift)/step, uint32(1<<shift)%step
		half := step / 2
		switch {
		case rest == 0: // a power of two: 17 bits otherwise
			reciprocal >>= 1
			shift--
		case rest <= step/2:
			half++
		default:
			reciprocal++
		}
		d.a[i], d.b[i], d.c[i] = uint16(half), uint16(reciprocal), uint16(1<<(32-shift))
	}
}

// quotient divides one coefficient.
func (d *divider) quotient(i int, x int32) int16 {
	v := uint32(max(x, -x))
	v = uint32(uint16(v)+d.a[i]) * uint32(d.b[i]) >> 16
	q := int16(v * uint32(d.c[i]) >> 16)
	if x < 0 {
		return -q
	}
	return q
}

// forward8 is one pass of the forward transform on eight numbers; outputs 0 and 4
// are exact and still to be scaled by the caller.
func forward8(x [8]int32, shift uint) (y [8]int32) {
	t0, t1, t2, t3 := x[0]+x[7], x[1]+x[6], x[2]+x[5], x[3]+x[4]
	t7, t6, t5, t4 := x[0]-x[7], x[1]-x[6], x[2]-x[5], x[3]-x[4]
	round := int32(1) << (shift - 1)

	t10, t13, t11, t12 := t0+t3, t0-t3, t1+t2, t1-t2
	y[0], y[4] = t10+t11, t10-t11
	z := (t12 + t13) * c0541
	y[2], y[6] = (z+t13*c0765+round)>>shift, (z-t12*c1847+round)>>shift

	z5 := (t4 + t5 + t6 + t7) * c1175
	z1, z2 := -(t4+t7)*c0899, -(t5+t6)*c2562
	z3, z4 := z5-(t4+t6)*c1961, z5-(t5+t7)*c0390
	y[7], y[5] = (t4*c0298+z1+z3+round)>>shift, (t5*c2053+z2+z4+round)>>shift
	y[3], y[1] = (t6*c3072+z2+z3+round)>>shift, (t7*c1501+z1+z4+round)>>shift
	return y
}

// forward transforms and quantises the 8x8 samples at plane[at:], row by row into
// coef, and returns a bit for each coefficient that is not zero.
func (d *divider) forward(coef *[blockSize]int16, plane []byte, at, stride int) (mask uint64) {
	var work [blockSize]int32
	for y := range 8 {
		var in [8]int32
		for x, v := range plane[at+y*stride:][:8] {
			in[x] = int32(v) - 128
		}
		out := forward8(in, firstBits)
		out[0] <<= passBits
		out[4] <<= passBits
		copy(work[8*y:], out[:])
	}
	for x := range 8 {
		var in [8]int32
		for y := range in {
			in[y] = work[8*y+x]
		}
		out := forward8(in, constBits+passBits)
		out[0] = (out[0] + 1<<(passBits-1)) >> passBits
		out[4] = (out[4] + 1<<(passBits-1)) >> passBits
		for y, v := range out {
			q := d.quotient(8*y+x, v)
			coef[8*y+x] = q
			if q != 0 {
				mask |= 1 << (8*y + x)
			}
		}
	}
	return mask
}
