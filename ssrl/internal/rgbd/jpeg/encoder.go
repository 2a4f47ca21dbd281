package jpeg

import (
	"encoding/binary"
	"fmt"
)

// Sampling says how many chroma samples a file keeps.
type Sampling int

const (
	Quarter Sampling = iota // 4:2:0, one for 2x2 pixels
	Full                    // 4:4:4
)

// maxSide is the largest width and height of a file.
const maxSide = 1<<16 - 1

// Encoder writes baseline files with the typical Huffman tables, byte for byte
// those of libjpeg-turbo's default settings. The zero value is ready. It is not
// for several goroutines at a time.
type Encoder struct {
	portable bool // tests only: no assembly

	quality int // that steps and dividers are for
	steps   [2][blockSize]uint8
	divide  [2]divider
	tables  [2]codeWords   // of luma and chroma
	zigzag  [8][256]uint64 // where the bits of a row's mask go; see order

	luma, cb, cr plane
	tall         [4][]byte // two rows of each chroma at full width
	coef         [2][blockSize]int16
	last         [3]int32 // first coefficient of the block before
	out          bitWriter
}

// plane holds the samples of one MCU row.
type plane struct {
	pix    []byte
	stride int
}

func (p *plane) reserve(width, rows int) {
	p.stride = width
	p.pix = resize(p.pix, width*rows+planeEdge)
}

func (p *plane) row(y int) []byte { return p.pix[y*p.stride:][:p.stride] }

// Encode appends a file to dst. pix holds 3 bytes RGB a pixel, row by row from
// the top; quality is 1 to 100, values beyond are taken as the nearest. Sides are
// 65535 at most.
func (e *Encoder) Encode(dst, pix []byte, width, height, quality int, s Sampling) ([]byte, error) {
	if width < 1 || height < 1 || width > maxSide || height > maxSide {
		return dst, fmt.Errorf("%dx%d pixels (want sides of 1 to %d)", width, height, maxSide)
	}
	if len(pix) != 3*width*height {
		panic(fmt.Sprintf("jpeg: %d bytes for %dx%d pixels", len(pix), width, height))
	}
	e.prepare(max(1, min(100, quality)))
	dst = e.header(dst, width, height, s)
	e.last = [3]int32{}
	e.out.acc, e.out.n = 0, 0

	side := 8
	if s == Quarter {
		side = 16
	}
	unitsX := (width + side - 1) / side
	e.luma.reserve(unitsX*side, side)
	e.cb.reserve(unitsX*8, 8)
	e.cr.reserve(unitsX*8, 8)
	for i := range e.tall {
		e.tall[i] = resize(e.tall[i], unitsX*side+planeEdge)
	}
	for top := 0; top < height; top += side {
		e.out.reserve(unitsX * 6)
		if s == Quarter {
			e.convertQuarter(pix, width, height, top)
			e.quarters(width, height, top)
		} else {
			e.convertFull(pix, width, height, top)
			for x := range unitsX {
				e.block(8 * x)
				e.chroma(8 * x)
			}
		}
		dst = e.out.stuffed(dst)
	}
	e.out.pad()
	return append(e.out.stuffed(dst), 0xff, markEOI), nil
}

// prepare makes the tables that are not there yet.
func (e *Encoder) prepare(quality int) {
	if e.quality == quality {
		return
	}
	if e.quality == 0 {
		for i := range e.tables {
			e.tables[i].set(&typicalDC[i], &typicalAC[i])
		}
		for k := range blockSize {
			n := natural[k]
			for v := range 256 {
				if v>>(n&7)&1 != 0 {
					e.zigzag[n>>3][v] |= 1 << k
				}
			}
		}
	}
	e.quality = quality
	for i := range e.steps {
		for n, v := range typicalSteps[i] {
			e.steps[i][n] = scaled(int(v), quality)
		}
		e.divide[i].set(&e.steps[i])
	}
}

// order moves a bit for each coefficient of a block from row by row to zigzag
// order.
func (e *Encoder) order(mask uint64) uint64 {
	z := uint64(0)
	for y := range e.zigzag {
		z |= e.zigzag[y][mask>>(8*y)&255]
	}
	return z
}

// header appends what comes before the scan, as libjpeg orders it.
func (e *Encoder) header(dst []byte, width, height int, s Sampling) []byte {
	dst = append(dst, 0xff, markSOI)
	dst = append(dst, 0xff, markAPP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0)
	for i := range e.steps {
		dst = append(dst, 0xff, markDQT, 0, 3+blockSize, byte(i))
		for k := range blockSize {
			dst = append(dst, e.steps[i][natural[k]])
		}
	}
	luma := byte(0x11)
	if s == Quarter {
		luma = 0x22
	}
	dst = append(dst, 0xff, markSOF0, 0, 17, 8)
	dst = binary.BigEndian.AppendUint16(dst, uint16(height))
	dst = binary.BigEndian.AppendUint16(dst, uint16(width))
	dst = append(dst, 3, 1, luma, 0, 2, 0x11, 1, 3, 0x11, 1)
	for i := range e.tables {
		for class, c := range []*code{&typicalDC[i], &typicalAC[i]} {
			dst = append(dst, 0xff, markDHT, 0, byte(19+len(c.symbols)), byte(class<<4|i))
			dst = append(append(dst, c.counts[:]...), c.symbols...)
		}
	}
	return append(dst, 0xff, markSOS, 0, 12, 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, blockSize-1, 0)
}

// scaled is a step at a quality of 1 to 100 (jcparam.c, jpeg_quality_scaling).
func scaled(step, quality int) uint8 {
	percent := 200 - 2*quality
	if quality < 50 {
		percent = 5000 / quality
	}
	return uint8(max(1, min(255, (step*percent+50)/100)))
}
