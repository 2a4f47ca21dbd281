package png

// convert writes the pixels of an unfiltered row to dst: 3 bytes RGB each, or,
// with size 2, 16-bit samples as they are.
func (d *Decoder) convert(dst, row []byte, size int) {
	switch {
	case size == 2 || d.Colour == RGB && d.Bits == 8:
		copy(dst, row)
	case d.Colour == Palette:
		d.fromPalette(dst, row)
	case d.Bits < 8:
		fromBits(dst, row, d.Bits)
	default:
		// The high byte of each sample.
		sample := d.Bits / 8
		switch d.Colour {
		case Grey:
			fromGrey(dst, row, sample)
		case GreyAlpha:
			fromGrey(dst, row, 2*sample)
		case RGB:
			fromColour(dst, row, 3*sample, sample)
		case RGBA:
			i := 0
			if sample == 1 && !d.portable {
				i = dropAlphaFast(dst, row)
			}
			fromColour(dst[3*i:], row[4*sample*i:], 4*sample, sample)
		}
	}
}

// fromGrey takes the first of every step bytes.
func fromGrey(dst, row []byte, step int) {
	for i, j := 0, 0; i+3 <= len(dst); i, j = i+3, j+step {
		v := row[j]
		p := dst[i : i+3 : i+3]
		p[0], p[1], p[2] = v, v, v
	}
}

// fromColour takes three samples of every step bytes, sample bytes apart.
func fromColour(dst, row []byte, step, sample int) {
	for i, j := 0, 0; i+3 <= len(dst); i, j = i+3, j+step {
		p, q := dst[i:i+3:i+3], row[j:j+2*sample+1:j+2*sample+1]
		p[0], p[1], p[2] = q[0], q[sample], q[2*sample]
	}
}

// fromBits spreads grey of 1, 2 or 4 bits over 0 to 255.
func fromBits(dst, row []byte, bits int) {
	scale := byte(255 / (1<<bits - 1))
	for i, x := 0, 0; i+3 <= len(dst); i, x = i+3, x+bits {
		v := at(row, x, bits) * scale
		p := dst[i : i+3 : i+3]
		p[0], p[1], p[2] = v, v, v
	}
}

func (d *Decoder) fromPalette(dst, row []byte) {
	for i, x := 0, 0; i+3 <= len(dst); i, x = i+3, x+d.Bits {
		*(*[3]byte)(dst[i:]) = d.palette[at(row, x, d.Bits)]
	}
}

// at returns the bits of a sample from bit x on, the first being the highest of
// the first byte.
func at(row []byte, x, bits int) byte {
	return row[x>>3] << (x & 7) >> (8 - bits)
}
