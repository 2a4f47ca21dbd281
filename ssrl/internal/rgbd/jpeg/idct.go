package jpeg

// The accurate integer transforms of libjpeg (jidctint.c, jfdctint.c, after
// Loeffler, Ligtenberg and Moschytz, ICASSP 1989): constants of 13 fraction
// bits, and 2 more bits than samples between the two passes.
const (
	constBits = 13
	passBits  = 2
	firstBits = constBits - passBits     // dropped after the first pass
	lastBits  = constBits + passBits + 3 // dropped after the second

	c0298 = 2446  // 0.298631336
	c0390 = 3196  // 0.390180644
	c0541 = 4433  // 0.541196100
	c0765 = 6270  // 0.765366865
	c0899 = 7373  // 0.899976223
	c1175 = 9633  // 1.175875602
	c1501 = 12299 // 1.501321110
	c1847 = 15137 // 1.847759065
	c1961 = 16069 // 1.961570560
	c2053 = 16819 // 2.053119869
	c2562 = 20995 // 2.562915447
	c3072 = 25172 // 3.072711026
)

// job is a block to be transformed: coef to 8x8 samples at plane[at:].
type job struct {
	coef   *[blockSize]int16 // zero afterwards
	quant  *[blockSize]int16
	plane  []byte
	at     int
	stride int
}

// inverse8 is one pass on eight numbers.
func inverse8(x [8]int16, shift uint) (y [8]int32) {
	even, odd := int32(x[2]), int32(x[6])
	z := (even + odd) * c0541
	t2, t3 := z-odd*c1847, z+even*c0765
	t0, t1 := (int32(x[0])+int32(x[4]))<<constBits, (int32(x[0])-int32(x[4]))<<constBits
	round := int32(1) << (shift - 1)
	e := [4]int32{t0 + t3 + round, t1 + t2 + round, t1 - t2 + round, t0 - t3 + round}

	z3, z4 := int32(x[7])+int32(x[3]), int32(x[5])+int32(x[1])
	z3, z4 = z3*(c1175-c1961)+z4*c1175, z3*c1175+z4*(c1175-c0390)
	a, b, c, d := int32(x[1]), int32(x[3]), int32(x[5]), int32(x[7])
	o := [4]int32{
		a*(c1501-c0899) - d*c0899 + z4,
		b*(c3072-c2562) - c*c2562 + z3,
		c*(c2053-c2562) - b*c2562 + z4,
		d*(c0298-c0899) - a*c0899 + z3,
	}
	for i := range 4 {
		y[i], y[7-i] = (e[i]+o[i])>>shift, (e[i]-o[i])>>shift
	}
	return y
}

// inverse transforms one block. Products, and what the first pass leaves, have
// 16 bits as in the vector code of libjpeg-turbo; no picture needs more.
func (j *job) inverse() {
	var work [blockSize]int16
	for x := range 8 {
		var in [8]int16
		for i := range in {
			in[i] = j.coef[8*i+x] * j.quant[8*i+x]
		}
		for i, v := range inverse8(in, firstBits) {
			work[8*i+x] = saturate(v)
		}
	}
	for y := range 8 {
		out := j.plane[j.at+y*j.stride:][:8]
		for i, v := range inverse8([8]int16(work[8*y:]), lastBits) {
			out[i] = byte(clamp(v + 128))
		}
	}
	*j.coef = [blockSize]int16{}
}

// flat transforms a block of which only the first coefficient, dc, is not zero.
func (j *job) flat(dc int16) {
	v := int32(dc * j.quant[0])
	word := uint64(clamp((v+4)>>3+128)) * 0x0101010101010101
	for y := range 8 {
		putWord(j.plane[j.at+y*j.stride:], word)
	}
}

func saturate(v int32) int16 { return int16(max(-1<<15, min(1<<15-1, v))) }

func clamp(v int32) int32 { return max(0, min(255, v)) }

// transform does two jobs.
func transform(jobs *[2]job, portable bool) {
	if !portable && inversePair(jobs) {
		return
	}
	jobs[0].inverse()
	jobs[1].inverse()
}
