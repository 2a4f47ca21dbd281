package jpeg

// emit writes the pixel rows that MCU row my completes. The last rows wait for
// the samples below them.
func (d *Decoder) emit(my int) {
	f := &d.frame
	ready := 8*f.maxV*(my+1) - f.maxV
	if my == f.mcusY-1 {
		ready = f.Height
	}
	for ; d.rows < min(ready, f.Height); d.rows++ {
		d.writeRow(d.rows)
	}
}

// writeRow writes one row of pixels.
func (d *Decoder) writeRow(y int) {
	f := &d.frame
	w := f.Width
	dst := d.dst[3*w*y:][:3*w]
	var of [4][]byte
	for i := range f.comps {
		of[i] = f.comps[i].pixels(y, w, d.portable)
	}
	switch d.kind {
	case grey:
		if len(d.middle) < w+planeEdge {
			d.middle = make([]byte, w+planeEdge)
			for i := range d.middle {
				d.middle[i] = 128
			}
		}
		toRGB(dst, of[0], d.middle, d.middle, w, d.portable)
	case ycc:
		toRGB(dst, of[0], of[1], of[2], w, d.portable)
	case rgb:
		interleave(dst, of[0], of[1], of[2], w)
	case cmyk:
		interleave(dst, of[0], of[1], of[2], w)
		for i := range dst {
			dst[i] = 255 - dst[i]
		}
		blacken(dst, of[3], w)
	case ycck:
		toRGB(dst, of[0], of[1], of[2], w, d.portable)
		blacken(dst, of[3], w)
	}
}

// finish transforms and writes a picture whose coefficients were kept.
func (d *Decoder) finish() {
	f := &d.frame
	if !f.stored {
		return
	}
	for my := range f.mcusY {
		for i := range f.comps {
			d.transformRow(&f.comps[i], my)
		}
		d.flush()
		d.emit(my)
	}
}

// transformRow transforms the stored blocks of an MCU row.
func (d *Decoder) transformRow(c *component, my int) {
	top := c.line(8 * c.v * my)
	for y := range c.v {
		row := c.coef[blockSize*(my*c.v+y)*c.rowBlocks:][:blockSize*c.rowBlocks]
		for x := range c.rowBlocks {
			b := (*[blockSize]int16)(row[blockSize*x:])
			j := &d.jobs[d.queued]
			*j = job{b, &c.quant, c.plane, top + 8*y*c.stride + 8*x, c.stride}
			if flat(b) {
				j.flat(b[0])
				continue
			}
			if d.queued++; d.queued == len(d.jobs) {
				transform(&d.jobs, d.portable)
				d.queued = 0
			}
		}
	}
}

// flat reports whether only the first coefficient may be other than zero.
func flat(b *[blockSize]int16) bool {
	any := int16(0)
	for _, v := range b[1:] {
		any |= v
	}
	return any == 0
}
