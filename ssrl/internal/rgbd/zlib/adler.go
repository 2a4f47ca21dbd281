package zlib

const adlerMod = 65521

// adlerPortable adds b to an Adler-32 checksum (RFC 1950 §9).
func adlerPortable(sum uint32, b []byte) uint32 {
	// The sums of so many bytes stay below 1 << 32 before they are reduced.
	const most = 5552
	s1, s2 := sum&0xffff, sum>>16
	for len(b) > 0 {
		n := min(len(b), most)
		for _, v := range b[:n] {
			s1 += uint32(v)
			s2 += s1
		}
		s1 %= adlerMod
		s2 %= adlerMod
		b = b[n:]
	}
	return s2<<16 | s1
}
