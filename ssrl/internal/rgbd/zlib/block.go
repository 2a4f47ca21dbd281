package zlib

import "encoding/binary"

// bitWriter appends bits to b, the first lowest.
type bitWriter struct {
	b    []byte
	bits uint64
	n    uint // 31 at most between calls
}

// add writes the n bits of v, 32 at most.
func (w *bitWriter) add(v uint64, n uint) {
	w.bits |= v << w.n
	if w.n += n; w.n >= 32 {
		w.b = binary.LittleEndian.AppendUint32(w.b, uint32(w.bits))
		w.bits >>= 32
		w.n -= 32
	}
}

// align goes on with the next whole byte.
func (w *bitWriter) align() {
	for ; w.n > 0; w.n -= min(w.n, 8) {
		w.b = append(w.b, byte(w.bits))
		w.bits >>= 8
	}
	w.bits = 0
}

// block writes the runs of data with codes of their own, or data as it is if that
// is shorter.
func (d *Deflater) block(data []byte, final bool) {
	d.literals, d.distances = [maxSymbols]int{256: 1}, [maxSymbols]int{}
	at := 0
	for _, r := range d.runs {
		for _, v := range data[at : at+int(r.plain)] {
			d.literals[v]++
		}
		at += int(r.plain) + int(r.length)
		if r.length > 0 {
			s, _, _ := lengthSymbol(int(r.length))
			d.literals[257+s]++
			s, _, _ = distanceSymbol(int(r.dist))
			d.distances[s]++
		}
	}
	huffman(d.literalCodes[:litCodes], d.literals[:litCodes], maxBits)
	huffman(d.farCodes[:distCodes], d.distances[:distCodes], maxBits)
	last := uint64(0)
	if final {
		last = 1
	}
	w := &d.out
	begin, bits, n := len(w.b), w.bits, w.n
	w.add(last|2<<1, 3)
	d.codes()
	d.body(data)
	if stored := len(data) + 5; len(w.b)-begin > stored {
		w.b, w.bits, w.n = w.b[:begin], bits, n
		w.add(last, 3)
		w.align()
		w.b = binary.LittleEndian.AppendUint16(w.b, uint16(len(data)))
		w.b = binary.LittleEndian.AppendUint16(w.b, ^uint16(len(data)))
		w.b = append(w.b, data...)
	}
}

// body writes the runs of data and the end of the block.
func (d *Deflater) body(data []byte) {
	w, at := &d.out, 0
	for _, r := range d.runs {
		d.plain(data[at : at+int(r.plain)])
		at += int(r.plain) + int(r.length)
		if r.length == 0 {
			continue
		}
		s, extra, n := lengthSymbol(int(r.length))
		c := d.literalCodes[257+s]
		w.add(uint64(c.bits)|extra<<c.n, uint(c.n)+n)
		s, extra, n = distanceSymbol(int(r.dist))
		c = d.farCodes[s]
		w.add(uint64(c.bits)|extra<<c.n, uint(c.n)+n)
	}
	w.add(uint64(d.literalCodes[256].bits), uint(d.literalCodes[256].n))
}

// plain writes literals.
func (d *Deflater) plain(data []byte) {
	w := &d.out
	b, bits, n := w.b, w.bits, w.n
	for len(data) >= 2 { // of 15 bits each, behind 31
		c, e := d.literalCodes[data[0]], d.literalCodes[data[1]]
		bits |= uint64(c.bits)<<n | uint64(e.bits)<<(n+uint(c.n))
		if n += uint(c.n) + uint(e.n); n >= 32 {
			b = binary.LittleEndian.AppendUint32(b, uint32(bits))
			bits >>= 32
			n -= 32
		}
		data = data[2:]
	}
	w.b, w.bits, w.n = b, bits, n
	if len(data) > 0 {
		c := d.literalCodes[data[0]]
		w.add(uint64(c.bits), uint(c.n))
	}
}

// codes writes the lengths of both codes (RFC 1951 §3.2.7).
func (d *Deflater) codes() {
	literals, distances := used(d.literalCodes[:litCodes], 257), used(d.farCodes[:distCodes], 1)
	var lens [maxCodes]uint8
	for s, c := range d.literalCodes[:literals] {
		lens[s] = c.n
	}
	for s, c := range d.farCodes[:distances] {
		lens[literals+s] = c.n
	}
	type step struct {
		symbol uint8
		extra  uint8
	}
	var steps [maxCodes]step
	var often [19]int
	n := 0
	for i, end := 0, literals+distances; i < end; n++ {
		v, repeat := lens[i], 1
		for i+repeat < end && lens[i+repeat] == v {
			repeat++
		}
		switch {
		case v == 0 && repeat >= 11:
			repeat = min(repeat, 138)
			steps[n] = step{18, uint8(repeat - 11)}
		case v == 0 && repeat >= 3:
			steps[n] = step{17, uint8(repeat - 3)}
		case i > 0 && lens[i-1] == v && repeat >= 3:
			repeat = min(repeat, 6)
			steps[n] = step{16, uint8(repeat - 3)}
		default:
			repeat = 1
			steps[n] = step{symbol: v}
		}
		often[steps[n].symbol]++
		i += repeat
	}
	var codes [19]code
	huffman(codes[:], often[:], 7)
	last := len(codeOrder)
	for last > 4 && codes[codeOrder[last-1]].n == 0 {
		last--
	}
	w := &d.out
	w.add(uint64(literals-257)|uint64(distances-1)<<5|uint64(last-4)<<10, 14)
	for _, s := range codeOrder[:last] {
		w.add(uint64(codes[s].n), 3)
	}
	for _, s := range steps[:n] {
		c := codes[s.symbol]
		w.add(uint64(c.bits), uint(c.n))
		if s.symbol >= 16 {
			w.add(uint64(s.extra), runs[s.symbol-16].bits)
		}
	}
}

// used returns how many codes come before the last that is used, least at least.
func used(codes []code, least int) int {
	n := len(codes)
	for n > least && codes[n-1].n == 0 {
		n--
	}
	return n
}
