package jpeg

import (
	"errors"
	"fmt"
)

var errScanHeader = errors.New("a scan header of a wrong length")

// scan is one scan under way.
type scan struct {
	parts  []part
	all    [4]part
	ss, se int  // the band of coefficients, in zigzag order
	ah, al uint // bits known before and after (T.81 G.1.1.1)
	left   int  // MCUs before a restart marker
	next   byte // that marker
	skip   int  // blocks that an end-of-band run still covers
}

// part is a component of a scan.
type part struct {
	c      *component
	dc, ac *huffman
	pred   int32
}

// scanHeader reads a SOS segment (T.81 B.2.3).
func (d *Decoder) scanHeader(body []byte) error {
	s, f := &d.scan, &d.frame
	if len(body) < 1 {
		return errScanHeader
	}
	n := int(body[0])
	if n < 1 || n > len(f.comps) || len(body) != 4+2*n {
		return errScanHeader
	}
	s.parts = s.all[:n]
	blocks := 0
	for i := range s.parts {
		id, tables := body[1+2*i], body[2+2*i]
		p := part{}
		for k := range f.comps {
			if f.comps[k].id == id {
				p.c = &f.comps[k]
			}
		}
		if p.c == nil {
			return fmt.Errorf("a scan of component %d, which is not in the frame", id)
		}
		for _, o := range s.parts[:i] {
			if o.c == p.c {
				return fmt.Errorf("a scan of component %d twice", id)
			}
		}
		if tables>>4 > 3 || tables&15 > 3 {
			return fmt.Errorf("Huffman tables %d and %d (want 0 to 3)", tables>>4, tables&15)
		}
		p.dc, p.ac = &d.dc[tables>>4], &d.ac[tables&15]
		blocks += p.c.h * p.c.v
		if err := p.c.latch(&d.quant); err != nil {
			return err
		}
		s.parts[i] = p
	}
	if n > 1 && blocks > 10 {
		return fmt.Errorf("%d blocks in a unit (want 10 at most)", blocks)
	}
	rest := body[1+2*n:]
	s.ss, s.se, s.ah, s.al = int(rest[0]), int(rest[1]), uint(rest[2]>>4), uint(rest[2]&15)
	if !f.Progressive {
		s.ss, s.se, s.ah, s.al = 0, blockSize-1, 0, 0
	}
	return s.check(f.Progressive)
}

// check refuses scans that no decoder could follow.
func (s *scan) check(progressive bool) error {
	if progressive {
		dcOnly, band := s.ss == 0 && s.se == 0, s.ss > 0 && s.se >= s.ss && s.se < blockSize
		if !dcOnly && !(band && len(s.parts) == 1) {
			return fmt.Errorf("a progressive scan of coefficients %d to %d of %d components", s.ss, s.se, len(s.parts))
		}
		if s.al > 13 || s.ah != 0 && s.ah != s.al+1 {
			return fmt.Errorf("a progressive scan from bit %d to %d", s.ah, s.al)
		}
	}
	for _, p := range s.parts {
		if s.ss == 0 && s.ah == 0 && !p.dc.defined || s.se > 0 && !p.ac.defined {
			return errors.New("a scan without its Huffman table")
		}
		if s.ss == 0 && s.ah == 0 && p.dc.largest > 15 {
			return fmt.Errorf("a first coefficient of %d bits (want 15 at most)", p.dc.largest)
		}
	}
	return nil
}

// start loads the first segment of the scan.
func (d *Decoder) start() (err error) {
	d.scan.next = markRST0
	d.scan.left = d.interval
	d.scan.skip = 0
	d.marks.at, err = d.bits.load(d.marks.data, d.marks.at)
	return err
}

// restart goes on after a restart marker when one is due. Bytes that nobody read
// are stepped over; another marker is an error.
func (d *Decoder) restart() error {
	s := &d.scan
	if d.interval == 0 || s.left > 0 {
		s.left--
		return nil
	}
	at := d.marks.at
	for d.marks.data[at] == 0xff { // load found a byte that is not
		at++
	}
	if got := d.marks.data[at]; got != s.next {
		return fmt.Errorf("marker %#x in a scan (want restart marker %#x)", got, s.next)
	}
	var err error
	if d.marks.at, err = d.bits.load(d.marks.data, at+1); err != nil {
		return err
	}
	s.next = markRST0 + (s.next+1)&7
	s.left = d.interval - 1
	s.skip = 0
	for i := range s.parts {
		s.parts[i].pred = 0
	}
	return nil
}

// direct decodes the only scan of a sequential file into pixels.
func (d *Decoder) direct() error {
	f := &d.frame
	for my := range f.mcusY {
		for mx := range f.mcusX {
			if err := d.restart(); err != nil {
				return err
			}
			for i := range d.scan.parts {
				if err := d.unit(&d.scan.parts[i], mx, my); err != nil {
					return err
				}
			}
		}
		d.flush()
		d.emit(my)
	}
	return nil
}

// unit decodes the blocks of one component of an MCU.
func (d *Decoder) unit(p *part, mx, my int) error {
	c := p.c
	top := c.line(8 * c.v * my)
	for y := range c.v {
		for x := range c.h {
			b := &d.slots[d.queued]
			diff, flat, err := d.bits.baseline(b, p.dc, p.ac)
			if err != nil {
				return err
			}
			if d.bits.over() {
				return errShort
			}
			p.pred += diff
			b[0] = int16(p.pred)
			j := &d.jobs[d.queued]
			*j = job{b, &c.quant, c.plane, top + 8*y*c.stride + 8*(mx*c.h+x), c.stride}
			if flat {
				j.flat(b[0])
				b[0] = 0
				continue
			}
			if d.queued++; d.queued == len(d.jobs) {
				transform(&d.jobs, d.portable)
				d.queued = 0
			}
		}
	}
	return nil
}

// flush transforms the block that has no partner.
func (d *Decoder) flush() {
	if d.queued > 0 {
		d.jobs[0].inverse()
		d.queued = 0
	}
}

// sequential decodes one of several scans of a sequential file.
func (d *Decoder) sequential() error {
	return d.each(func(p *part, b *[blockSize]int16) error {
		clear(b[:])
		diff, _, err := d.bits.baseline(b, p.dc, p.ac)
		p.pred += diff
		b[0] = int16(p.pred)
		return err
	})
}

// each calls block for the stored blocks of a scan in their order. A scan of one
// component has no blocks that only fill an MCU (T.81 A.2.2).
func (d *Decoder) each(block func(p *part, b *[blockSize]int16) error) error {
	f, parts := &d.frame, d.scan.parts
	visit := func(p *part, x, y int) error {
		at := blockSize * (y*p.c.rowBlocks + x)
		if err := block(p, (*[blockSize]int16)(p.c.coef[at:])); err != nil {
			return err
		}
		if d.bits.over() {
			return errShort
		}
		return nil
	}
	unitsX, unitsY := f.mcusX, f.mcusY
	if len(parts) == 1 {
		unitsX, unitsY = parts[0].c.blocksX, parts[0].c.blocksY
	}
	for my := range unitsY {
		for mx := range unitsX {
			if err := d.restart(); err != nil {
				return err
			}
			if len(parts) == 1 {
				if err := visit(&parts[0], mx, my); err != nil {
					return err
				}
				continue
			}
			for i := range parts {
				p := &parts[i]
				for k := range p.c.h * p.c.v {
					if err := visit(p, mx*p.c.h+k%p.c.h, my*p.c.v+k/p.c.h); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
