package jpeg

// convertFull fills the planes of a row of 8x8 blocks from pixel row top on.
// Beyond the picture its last pixels are repeated.
func (e *Encoder) convertFull(pix []byte, width, height, top int) {
	for y := range 8 {
		row := pix[3*width*min(top+y, height-1):][:3*width]
		luma, cb, cr := e.luma.row(y), e.cb.row(y), e.cr.row(y)
		fromRGB(luma, cb, cr, row, width, e.portable)
		repeatLast(luma, width)
		repeatLast(cb, width)
		repeatLast(cr, width)
	}
}

// convertQuarter fills the planes of a row of 16x16 pixels. Below the picture the
// last rows of the planes are repeated: of chroma the one that is made of the
// last two rows of pixels, or of the last one twice (jcprepct.c).
func (e *Encoder) convertQuarter(pix []byte, width, height, top int) {
	full := e.luma.stride
	for y := range 8 {
		for k := range 2 {
			row := pix[3*width*min(top+2*y+k, height-1):][:3*width]
			luma, cb, cr := e.luma.row(2*y+k), e.tall[k][:full], e.tall[2+k][:full]
			fromRGB(luma, cb, cr, row, width, e.portable)
			repeatLast(luma, width)
			repeatLast(cb, width)
			repeatLast(cr, width)
		}
		if top+2*y >= height {
			copy(e.cb.row(y), e.cb.row(y-1))
			copy(e.cr.row(y), e.cr.row(y-1))
			continue
		}
		shrink(e.cb.row(y), e.tall[0], e.tall[1], full/2, e.portable)
		shrink(e.cr.row(y), e.tall[2], e.tall[3], full/2, e.portable)
	}
}

// quarters writes a row of MCUs of four luma blocks and two of chroma. Luma
// blocks without a pixel of the picture repeat the first coefficient of the block
// before (jccoefct.c).
func (e *Encoder) quarters(width, height, top int) {
	blocksX, lower := (width+7)/8, top+8 < height
	for x := 0; 2*x < blocksX; x++ {
		for y := range 2 {
			at := 8*y*e.luma.stride + 16*x
			switch {
			case y == 1 && !lower:
				e.empty()
				e.empty()
			case 2*x+1 == blocksX:
				e.block(at)
				e.empty()
			default:
				e.pair(at)
			}
		}
		e.chroma(8 * x)
	}
}

// empty writes a luma block that only repeats the one before.
func (e *Encoder) empty() {
	t := &e.tables[0]
	e.out.put(t.dc[0], 0)
	e.out.put(t.ac[0], 0)
}

// block writes the luma block at sample at alone.
func (e *Encoder) block(at int) {
	mask := e.divide[0].forward(&e.coef[0], e.luma.pix, at, e.luma.stride)
	e.write(0, 0, mask)
}

// pair writes two luma blocks side by side.
func (e *Encoder) pair(at int) {
	a, b := e.forward(&e.divide[0], e.luma.pix[at:], e.luma.pix[at+8:], e.luma.stride)
	e.write(0, 0, a)
	e.write(0, 1, b)
}

// chroma writes the two blocks of chroma at sample column x.
func (e *Encoder) chroma(x int) {
	a, b := e.forward(&e.divide[1], e.cb.pix[x:], e.cr.pix[x:], e.cb.stride)
	e.write(1, 0, a)
	e.write(2, 1, b)
}

// forward transforms and quantises two blocks into coef.
func (e *Encoder) forward(d *divider, a, b []byte, stride int) (maskA, maskB uint64) {
	if !e.portable {
		if maskA, maskB, ok := d.forwardPair(&e.coef, a, b, stride); ok {
			return maskA, maskB
		}
	}
	return d.forward(&e.coef[0], a, 0, stride), d.forward(&e.coef[1], b, 0, stride)
}

// write writes coef[i] as the next block of a component.
func (e *Encoder) write(component, i int, mask uint64) {
	e.out.block(&e.coef[i], e.last[component], e.order(mask), &e.tables[min(component, 1)], e.portable)
	e.last[component] = int32(e.coef[i][0])
}
