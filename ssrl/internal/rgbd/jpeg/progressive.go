package jpeg

import "errors"

// maxVisits is how often the scans of a file may visit each block on average,
// beside the visits that their length pays for: an end-of-band run lets a few
// bytes visit a whole picture. Encoders visit six to ten times.
const maxVisits = 32

// pay counts the blocks that a scan visits.
func (f *frame) pay(parts []part, length int) error {
	for _, p := range parts {
		f.visited += int64(p.c.blocksX) * int64(p.c.blocksY)
	}
	if f.visited > maxVisits*f.blocks+8*int64(length) {
		return errors.New("scans that visit each block too often")
	}
	return nil
}

// progressive decodes one scan of a progressive file (T.81 G.1.2).
func (d *Decoder) progressive() error {
	s := &d.scan
	switch {
	case s.ss == 0 && s.ah == 0:
		return d.each(func(p *part, b *[blockSize]int16) error {
			size, err := d.bits.symbol(p.dc)
			if size > 0 && err == nil {
				p.pred += d.bits.signed(uint(size))
			}
			b[0] = int16(p.pred << s.al)
			return err
		})
	case s.ss == 0:
		return d.each(func(_ *part, b *[blockSize]int16) error {
			b[0] |= int16(d.bits.take(1) << s.al)
			return nil
		})
	case s.ah == 0:
		return d.each(d.firstBand)
	}
	return d.each(d.refineBand)
}

// firstBand decodes the leading bits of a band.
func (d *Decoder) firstBand(p *part, b *[blockSize]int16) error {
	s, r := &d.scan, &d.bits
	if s.skip > 0 {
		s.skip--
		return nil
	}
	for k := s.ss; k <= s.se; k++ {
		symbol, err := r.symbol(p.ac)
		if err != nil {
			return err
		}
		run, size := int(symbol>>4), uint(symbol&15)
		if size == 0 {
			if run < 15 {
				s.skip = r.run(run) - 1
				return nil
			}
			k += 15
			continue
		}
		if k += run; k > s.se {
			return errRun
		}
		b[natural[k]] = int16(r.signed(size) << s.al)
	}
	return nil
}

// run returns the length of an end-of-band run of the given size.
func (r *bitReader) run(size int) int {
	if size == 0 {
		return 1
	}
	return 1<<size + int(r.take(uint(size)))
}

// refineBand decodes one more bit of the coefficients of a band: one for each
// that is known, between those that become known.
func (d *Decoder) refineBand(p *part, b *[blockSize]int16) error {
	s, r := &d.scan, &d.bits
	bit := int16(1) << s.al
	k := s.ss
	for s.skip == 0 && k <= s.se {
		symbol, err := r.symbol(p.ac)
		if err != nil {
			return err
		}
		run, size, fresh := int(symbol>>4), symbol&15, int16(0)
		switch {
		case size > 1:
			return errors.New("a refined coefficient of more than one bit")
		case size == 1:
			if fresh = bit; r.take(1) == 0 {
				fresh = -bit
			}
		case run < 15:
			s.skip = r.run(run)
			continue // the rest of the block belongs to the run
		}
		k = r.refine(b, k, s.se, run, bit)
		if k > s.se {
			return errRun
		}
		if fresh != 0 {
			b[natural[k]] = fresh
		}
		k++
	}
	if s.skip > 0 {
		s.skip--
		r.refine(b, k, s.se, -1, bit)
	}
	return nil
}

// refine reads a bit for every known coefficient from k on and returns the place
// of the unknown one after zeros of them, or one beyond end.
func (r *bitReader) refine(b *[blockSize]int16, k, end, zeros int, bit int16) int {
	for ; k <= end; k++ {
		v := &b[natural[k]]
		switch {
		case *v == 0:
			if zeros == 0 {
				return k
			}
			zeros--
		case r.take(1) == 0 || *v&bit != 0: // a bit that is set was read before
		case *v > 0:
			*v += bit
		default:
			*v -= bit
		}
	}
	return k
}
