package rgbd

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// decodeDepthPFM reads a Portable Float Map: "Pf", width, height and a scale
// whose sign gives the byte order, minus for little-endian, then float32 rows
// from the bottom up (P. Debevec, pfm format; netpbm pfm(5)). The size of the
// scale has no agreed meaning and is ignored, as it is by OpenCV.
func decodeDepthPFM(data []byte, unit Unit) (*Depth, error) {
	if data[1] == 'F' {
		return nil, errors.New("3 channels (want Pf, 1 channel)")
	}
	rest := data[2:]
	var words [3]string
	for i := range words {
		var err error
		if words[i], rest, err = pnmWord(rest); err != nil {
			return nil, err
		}
	}
	width, err1 := strconv.Atoi(words[0])
	height, err2 := strconv.Atoi(words[1])
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("size %q x %q in the header (want numbers)", words[0], words[1])
	}
	scale, err := strconv.ParseFloat(words[2], 64)
	if err != nil || scale == 0 || math.IsNaN(scale) || math.IsInf(scale, 0) {
		return nil, fmt.Errorf("scale %q (want a number that is not 0)", words[2])
	}
	if err := checkSize(width, height); err != nil {
		return nil, err
	}
	if want := int64(width) * int64(height) * 4; int64(len(rest)) < want {
		return nil, fmt.Errorf("%d bytes of pixels (want %d)", len(rest), want)
	}
	kind := sampleType{'f', 4, scale > 0}
	unit = unit.or(metres)
	if err := kind.checkUnit(unit); err != nil {
		return nil, err
	}
	d := &Depth{Width: width, Height: height, Metres: make([]float32, width*height), Relative: unit.kind == relative}
	for y := range height {
		kind.depths(d.Metres[(height-1-y)*width:][:width], rest[4*y*width:], unit)
	}
	return d, nil
}
