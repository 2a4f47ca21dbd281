package rgbd

// decodeStored decodes without regard to the orientation. Alpha is dropped after
// it was divided out where the file has multiplied by it; 16-bit samples keep
// their high byte.
func (f *tiffFile) decodeStored() (m *RGB, err error) {
	defer refusePanic(&err)
	together := f.samples
	if f.apart {
		together = 1
	}
	b := f.blocks
	stride := (b.width*f.bits*together + 7) / 8
	block := make([]byte, stride*b.height)
	row := make([]byte, b.width*together)
	out := NewRGB(f.width, f.height)
	convert := f.converter()
	var planes []byte // all samples, when they lie apart
	if f.apart {
		planes = make([]byte, f.width*f.height*f.samples)
	}
	for plane := range f.samples / together {
		for i := range b.cols * b.rows {
			x0, y0 := i%b.cols*b.width, i/b.cols*b.height
			width, height := min(b.width, f.width-x0), min(b.height, f.height-y0)
			stored := height
			if b.tiles {
				stored = b.height
			}
			if err := f.unpack(block[:stride*stored], plane*b.cols*b.rows+i); err != nil {
				return nil, err
			}
			for y := range height {
				f.row(row, block[y*stride:][:stride], together)
				p := (y0+y)*f.width + x0
				if !f.apart {
					convert(out.Pix[3*p:][:3*width], row)
					continue
				}
				for x, v := range row[:width] {
					planes[(p+x)*f.samples+plane] = v
				}
			}
		}
	}
	if f.apart {
		convert(out.Pix, planes)
	}
	return out, nil
}

// row brings the samples of a row to bytes: high bytes of 16 bits, and fewer
// bits as they are. The differences of a predictor are summed first.
func (f *tiffFile) row(dst, src []byte, together int) {
	switch f.bits {
	case 8:
		copy(dst, src)
		if f.predictor {
			for i := together; i < len(dst); i++ {
				dst[i] += dst[i-together]
			}
		}
	case 16:
		if f.predictor {
			for i := 2 * together; i < len(src); i += 2 {
				f.order.PutUint16(src[i:], f.order.Uint16(src[i:])+f.order.Uint16(src[i-2*together:]))
			}
		}
		for i := range dst {
			dst[i] = byte(f.order.Uint16(src[2*i:]) >> 8)
		}
	default:
		each, mask := 8/f.bits, byte(1<<f.bits-1)
		for i := range dst {
			dst[i] = src[i/each] >> (8 - f.bits*(i%each+1)) & mask
		}
	}
}

// converter returns how to convert a row of samples. Dst may hold fewer pixels
// than the row.
func (f *tiffFile) converter() func(dst, row []byte) {
	n := f.samples
	each := func(rgb func(p []byte) (r, g, b byte)) func(dst, row []byte) {
		return func(dst, row []byte) {
			for i := 0; i < len(dst); i += 3 {
				p := row[i/3*n:][:n]
				r, g, b := rgb(p)
				if f.alpha > 0 {
					a := p[f.alpha]
					r, g, b = undo(r, a), undo(g, a), undo(b, a)
				}
				dst[i], dst[i+1], dst[i+2] = r, g, b
			}
		}
	}
	switch f.model {
	case tiffRGB:
		return each(func(p []byte) (r, g, b byte) { return p[0], p[1], p[2] })
	case tiffCMYK:
		return each(fromCMYK)
	case tiffPalette:
		var palette [256]Colour
		colours := 1 << f.bits
		for i := range colours {
			for k := range 3 {
				palette[i][k] = f.paletteLevel(k*colours + i)
			}
		}
		return each(func(p []byte) (r, g, b byte) { c := palette[p[0]]; return c[0], c[1], c[2] })
	}
	var grey [256]byte
	most := 255
	if f.bits < 8 {
		most = 1<<f.bits - 1
	}
	for v := range most + 1 {
		grey[v] = byte(v * 255 / most)
		if f.model == tiffWhiteIsZero {
			grey[v] = 255 - grey[v]
		}
	}
	return each(func(p []byte) (r, g, b byte) { v := grey[p[0]]; return v, v, v })
}

// paletteLevel is number i of the palette, of 16 bits by the specification; some
// programs write bytes in its place.
func (f *tiffFile) paletteLevel(i int) byte {
	if f.palette.size == 1 {
		return byte(f.palette.at(i))
	}
	return byte(f.palette.at(i) >> 8)
}

// undo divides by alpha, rounded down as Pillow does.
func undo(v, alpha byte) byte {
	if alpha == 0 {
		return v
	}
	return byte(min(int(v)*255/int(alpha), 255))
}
