package jpeg

import "errors"

// Decoder decodes pictures one after another. The zero value is ready. It is not
// for several goroutines at a time.
type Decoder struct {
	portable bool // tests only: no assembly

	frame    frame
	quant    [4]quantTable
	dc, ac   [4]huffman
	typical  bool // tables 0 and 1 are the typical ones
	interval int  // MCUs between restart markers, 0: none
	jfif     bool
	adobe    int // transform of an APP14 segment, -1: none

	marks  segments
	bits   bitReader
	scan   scan
	slots  [2][blockSize]int16 // zero but for the block under way
	jobs   [2]job
	queued int
	middle []byte // a row of chroma without colour
	kind   colours
	dst    []byte
	rows   int // that are in dst
}

// Decode returns the pixels of a file, 3 bytes RGB each, row by row from the top
// without padding. They lie in dst when it has room. CMYK is converted to RGB;
// EXIF orientation is left to the caller. data must end with the end marker;
// what follows that is not read. On an error dst may have been written.
func (d *Decoder) Decode(dst, data []byte) ([]byte, Header, error) {
	d.reset()
	d.dst = dst
	err := d.decode(data)
	pix, h := d.dst, d.frame.Header
	d.dst, d.marks, d.frame.EXIF = nil, segments{}, nil // nothing of the caller's is held on to
	if err != nil {
		return nil, Header{}, err
	}
	return pix, h, nil
}

// reset forgets the last picture.
func (d *Decoder) reset() {
	for i := range d.quant {
		d.quant[i].defined = false
	}
	for i := range d.dc {
		d.dc[i].defined, d.ac[i].defined = false, false
	}
	d.frame.Header, d.frame.comps = Header{}, nil
	d.interval, d.jfif, d.adobe = 0, false, -1
	d.slots = [2][blockSize]int16{}
	d.queued, d.rows = 0, 0
}

func (d *Decoder) decode(data []byte) error {
	h, err := ReadHeader(data) // refuses sizes before anything is kept
	if err != nil {
		return err
	}
	if d.marks, err = newSegments(data); err != nil {
		return err
	}
	begun := false
	for {
		mark, body, err := d.marks.next()
		switch {
		case err != nil:
			return err
		case mark == markEOI && !begun:
			return errors.New("no picture before the end marker")
		case mark == markEOI:
			d.frame.EXIF = h.EXIF
			d.finish()
			return nil
		case mark == markSOS:
			done := begun && !d.frame.stored // as libjpeg, which looks no further
			if !done {
				err = d.readScan(body, !begun)
			}
			begun = true
		default:
			err = d.segment(mark, body)
		}
		if err != nil {
			return err
		}
	}
}

// segment reads any segment but that of a scan.
func (d *Decoder) segment(mark byte, body []byte) error {
	switch {
	case mark == markDQT:
		return quantTables(&d.quant, body)
	case mark == markDHT:
		return d.huffmanTables(body)
	case mark == markDRI:
		if len(body) != 2 {
			return errors.New("a restart interval of a wrong length")
		}
		d.interval = int(body[0])<<8 | int(body[1])
	case mark == markAPP0 && len(body) >= 5 && string(body[:5]) == "JFIF\x00":
		d.jfif = true
	case mark == markAPP14 && len(body) >= 12 && string(body[:5]) == "Adobe":
		d.adobe = int(body[11])
	case isFrame(mark):
		return d.frame.begin(mark, body)
	}
	return nil
}

// huffmanTables reads a DHT segment (T.81 B.2.4.2).
func (d *Decoder) huffmanTables(body []byte) error {
	for len(body) > 0 {
		if len(body) < 17 {
			return errors.New("a Huffman table that ends early")
		}
		class, t := body[0]>>4, body[0]&15
		if class > 1 || t > 3 {
			return errors.New("a Huffman table of no class or number")
		}
		var c code
		total := 0
		for i, n := range body[1:17] {
			c.counts[i] = n
			total += int(n)
		}
		if len(body) < 17+total {
			return errors.New("a Huffman table that ends early")
		}
		c.symbols = body[17 : 17+total]
		table := &d.dc[t]
		if class == 1 {
			table = &d.ac[t]
		}
		if err := table.set(&c); err != nil {
			return err
		}
		body = body[17+total:]
	}
	return nil
}

// readScan reads a SOS segment and the scan after it.
func (d *Decoder) readScan(body []byte, first bool) error {
	f := &d.frame
	if !f.Progressive {
		if err := d.assumeTables(); err != nil {
			return err
		}
	}
	if err := d.scanHeader(body); err != nil {
		return err
	}
	if first {
		f.stored = f.Progressive || len(d.scan.parts) < len(f.comps)
		if err := f.reserve(); err != nil {
			return err
		}
		d.kind = f.colours(d.jfif, d.adobe)
		d.dst = resize(d.dst, 3*f.Width*f.Height)
		d.rows = 0
	}
	if f.stored {
		if err := f.pay(d.scan.parts, len(d.marks.data)); err != nil {
			return err
		}
	}
	if err := d.start(); err != nil {
		return err
	}
	switch {
	case f.Progressive:
		return d.progressive()
	case f.stored:
		return d.sequential()
	}
	return d.direct()
}

// assumeTables fills in the typical tables where a sequential file has none:
// cameras that send JPEG as video leave them out.
func (d *Decoder) assumeTables() error {
	for i := range typicalDC {
		if !d.dc[i].defined {
			if err := d.dc[i].set(&typicalDC[i]); err != nil {
				return err
			}
		}
		if !d.ac[i].defined {
			if err := d.ac[i].set(&typicalAC[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
