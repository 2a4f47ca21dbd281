//go:build !noasm

package zlib

import "golang.org/x/sys/cpu"

// adlerAVX2 adds to sums, with b of n > 0 blocks of 32 bytes, the i-th byte of
// block k being v:
//
//	sums[0] += v
//	sums[1] += v (n - 1 - k)
//	sums[2] += v (32 - i)
//
// each as eight parts. N is 2048 at most, from sums of zero.
//
//go:noescape
func adlerAVX2(sums *[3][8]uint32, b *byte, n int)

// adler is adlerPortable.
func adler(sum uint32, b []byte) uint32 {
	if !cpu.X86.HasAVX2 {
		return adlerPortable(sum, b)
	}
	s1, s2 := uint64(sum&0xffff), uint64(sum>>16)
	for len(b) >= 32 {
		n := min(len(b)/32, 2048)
		var parts [3][8]uint32
		adlerAVX2(&parts, &b[0], n)
		var sums [3]uint64
		for i, p := range parts {
			for _, v := range p {
				sums[i] += uint64(v)
			}
		}
		s2 = (s2 + 32*uint64(n)*s1 + 32*sums[1] + sums[2]) % adlerMod
		s1 = (s1 + sums[0]) % adlerMod
		b = b[32*n:]
	}
	return adlerPortable(uint32(s2)<<16|uint32(s1), b)
}
