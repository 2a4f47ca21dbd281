//go:build !noasm

package patch

import "golang.org/x/sys/cpu"

//go:noescape
func rowsTorchvision256(out *byte, outStride int, row *byte, rowStride int, first *int32, words *uint32, groups, n, shift int)

//go:noescape
func rowsPillow256(out *byte, outStride int, row *byte, rowStride int, first *int32, words *uint32, groups, n int)

//go:noescape
func columnsTorchvision256(out, rows *byte, stride, pairs int, words *uint32, n, shift int)

//go:noescape
func columnsPillow256(out, rows *byte, stride, pairs int, words *uint32, n int)

const (
	groupTaps  = 4  // pixels that the row kernels take at a time
	groupBytes = 12 // of them, where 16 are read
	lowerBits  = 11 // of a weight of Pillow's
	lowerMask  = 1<<lowerBits - 1
)

// word is two neighbouring weights, parts of at most 16 bits.
func word(a, b int32) uint32 { return uint32(uint16(a)) | uint32(uint16(b))<<16 }

// parts are the halves of a weight: all of it, and nothing, in torchvision's 16
// bits; the bits above the lower 11, with the sign, and these, in Pillow's.
func (a *axis) parts(weight uint64) (upper, lower int32) {
	w := int32(uint32(weight))
	if a.kernel == Torchvision {
		return w, 0
	}
	return w >> lowerBits, w & lowerMask
}

// alongRowsFast is alongRows for three bands, four rows at a time; it reports
// whether it did the work.
func (a *axis) alongRowsFast(dst, src []byte, w, h, width int) bool {
	if !cpu.X86.HasAVX2 || h < 4 || width < 2 {
		return false
	}
	groups := 0
	for i := range a.first {
		groups = max(groups, (a.start[i+1]-a.start[i]+groupTaps-1)/groupTaps)
	}
	if groups == 0 {
		return false
	}
	first := make([]int32, width)
	words := make([]uint32, 0, width*groups*4)
	for i, f := range a.first {
		first[i] = int32(3 * f)
		weights := a.weights[a.start[i]:a.start[i+1]]
		at := func(k int) (upper, lower int32) {
			if k >= len(weights) {
				return 0, 0
			}
			return a.parts(weights[k])
		}
		for g := range groups {
			u0, l0 := at(groupTaps * g)
			u1, l1 := at(groupTaps*g + 1)
			u2, l2 := at(groupTaps*g + 2)
			u3, l3 := at(groupTaps*g + 3)
			words = append(words, word(u0, u1), word(u2, u3))
			if a.kernel == Pillow {
				words = append(words, word(l0, l1), word(l2, l3))
			}
		}
	}
	in, out := 3*w, 3*width
	for y := 0; y < h; y += 4 {
		y := min(y, h-4)
		// A pixel is stored as four bytes, and reading ends with the picture.
		n := width - 1
		for n > 0 && (y+3)*in+int(first[n-1])+groupBytes*(groups-1)+16 > len(src) {
			n--
		}
		switch {
		case n == 0:
		case a.kernel == Pillow:
			rowsPillow256(&dst[y*out], out, &src[y*in], in, &first[0], &words[0], groups, n)
		default:
			rowsTorchvision256(&dst[y*out], out, &src[y*in], in, &first[0], &words[0], groups, n, a.shift)
		}
		for r := y; r < y+4; r++ {
			for i := n; i < width; i++ {
				a.pixel3(dst[r*out+3*i:], src[r*in:], i)
			}
		}
	}
	return true
}

// pixel3 is one pixel of row3, in one row.
func (a *axis) pixel3(dst, row []byte, i int) {
	for c := range 3 {
		sum, at := a.half(), 3*a.first[i]+c
		for _, k := range a.weights[a.start[i]:a.start[i+1]] {
			sum += uint64(row[at]) * k
			at += 3
		}
		v, _ := unpack(sum, a.shift)
		dst[c] = byte(v)
	}
}

// alongColumnsFast is a row of alongColumns; it reports whether it did the work.
func (a *axis) alongColumnsFast(out, src []byte, stride, y int) bool {
	weights, first := a.weights[a.start[y]:a.start[y+1]], a.first[y]
	if !cpu.X86.HasAVX2 || stride < 16 || len(weights) == 0 {
		return false
	}
	rows := len(src) / stride
	var room [64]uint32
	words := room[:0]
	before := false // a row that weighs nothing comes before the others
	if len(weights)%2 == 1 && first+len(weights) == rows {
		if first == 0 {
			return false
		}
		before = true
		first--
	}
	at := func(k int) (upper, lower int32) {
		if before {
			k--
		}
		if k < 0 || k >= len(weights) {
			return 0, 0
		}
		return a.parts(weights[k])
	}
	pairs := (len(weights) + 1) / 2
	for p := range pairs {
		u0, l0 := at(2 * p)
		u1, l1 := at(2*p + 1)
		words = append(words, word(u0, u1))
		if a.kernel == Pillow {
			words = append(words, word(l0, l1))
		}
	}
	_ = src[(first+2*pairs)*stride-1]
	columns := func(x, n int) {
		if a.kernel == Pillow {
			columnsPillow256(&out[x], &src[first*stride+x], stride, pairs, &words[0], n)
		} else {
			columnsTorchvision256(&out[x], &src[first*stride+x], stride, pairs, &words[0], n, a.shift)
		}
	}
	columns(0, stride&^15)
	if stride%16 != 0 {
		columns(stride-16, 16) // some of them once more
	}
	return true
}
