package png

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// chunks walks over the chunks of a file.
type chunks struct {
	data []byte
	at   int
}

// pixels reports whether the next chunk is one of the pixels'.
func (c *chunks) pixels() bool {
	return len(c.data)-c.at >= 8 && string(c.data[c.at+4:c.at+8]) == "IDAT"
}

// next returns the next chunk and compares its checksum.
func (c *chunks) next() (name, body []byte, err error) {
	left := len(c.data) - c.at
	if left < 12 {
		return nil, nil, errEarly
	}
	b := c.data[c.at:]
	size := binary.BigEndian.Uint32(b)
	if size > math.MaxInt32 || int(size) > left-12 {
		return nil, nil, errEarly
	}
	b = b[4 : 12+size]
	name, body = b[:4], b[4:4+size]
	if sum, want := crc32.ChecksumIEEE(b[:4+size]), binary.BigEndian.Uint32(b[4+size:]); sum != want {
		return nil, nil, fmt.Errorf("chunk %q at byte %d: checksum %08x (want %08x)", name, c.at, sum, want)
	}
	c.at += 12 + int(size)
	return name, body, nil
}

// begin reads the chunks before the pixels. After it the next is IDAT.
func (d *Decoder) begin(data []byte) error {
	d.chunks = chunks{data, len(signature)}
	d.palette = [256][3]byte{} // black behind the last entry, as libpng has it
	palette, key := false, false
	for first := true; ; first = false {
		if d.chunks.pixels() {
			if d.Colour == Palette && !palette {
				return errors.New("pixels before the palette")
			}
			return nil
		}
		at := d.chunks.at
		name, body, err := d.chunks.next()
		if err != nil {
			return err
		}
		switch n := string(name); {
		case n == "IHDR" && first:
		case n == "PLTE" && !palette && !key:
			palette = true
			err = d.readPalette(body)
		case n == "tRNS" && !key && (d.Colour != Palette || palette):
			key = true
			err = d.checkKey(body)
		case n == "IHDR" || n == "PLTE" || n == "tRNS" || n == "IEND":
			err = fmt.Errorf("chunk %q at byte %d is out of order", name, at)
		}
		if err != nil {
			return err
		}
	}
}

// readPalette reads PLTE (§11.2.2), which RGB may have as a suggestion.
func (d *Decoder) readPalette(body []byte) error {
	if d.Colour == Grey || d.Colour == GreyAlpha {
		return fmt.Errorf("a palette for colour type %d", d.Colour)
	}
	n := len(body) / 3
	if most := min(256, 1<<d.Bits); len(body)%3 != 0 || n < 1 || n > most {
		return fmt.Errorf("a palette of %d bytes (want 3 each for 1 to %d colours)", len(body), most)
	}
	for i := range n {
		d.palette[i] = [3]byte(body[3*i:])
	}
	return nil
}

// checkKey refuses a tRNS (§11.3.1) that does not fit. What it says is about
// alpha, which is dropped.
func (d *Decoder) checkKey(body []byte) error {
	want := 0
	switch d.Colour {
	case Grey:
		want = 2
	case RGB:
		want = 6
	case Palette:
		if len(body) > 256 {
			return fmt.Errorf("transparency of %d bytes (want 256 at most)", len(body))
		}
		return nil
	default:
		return fmt.Errorf("transparency for colour type %d, which has alpha", d.Colour)
	}
	if len(body) != want {
		return fmt.Errorf("transparency of %d bytes (want %d)", len(body), want)
	}
	return nil
}

// finish reads the chunks after the pixels. IDAT among them, which the pixels
// did not need, is passed over.
func (d *Decoder) finish() error {
	for {
		at := d.chunks.at
		name, body, err := d.chunks.next()
		if err != nil {
			return err
		}
		switch string(name) {
		case "IHDR", "PLTE", "tRNS":
			return fmt.Errorf("chunk %q at byte %d is out of order", name, at)
		case "IEND":
			if len(body) > 0 {
				return fmt.Errorf("chunk %q of %d bytes (want 0)", name, len(body))
			}
			return nil
		}
	}
}
