package rgbd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const magicNPY = "\x93NUMPY"

// npyArray is a .npy file of two dimensions
// (numpy/lib/_format_impl.py, format versions 1 to 3).
type npyArray struct {
	width, height int
	kind          sampleType
	columns       bool // Fortran order: column after column
	body          []byte
}

// at returns the bytes from element (x, y) on.
func (a *npyArray) at(x, y int) []byte {
	i := y*a.width + x
	if a.columns {
		i = x*a.height + y
	}
	return a.body[i*a.kind.size:]
}

// parseNPY reads the header and holds its shape against the length of the file.
func parseNPY(data []byte) (*npyArray, error) {
	early := errors.New("ends early")
	if len(data) < 10 {
		return nil, early
	}
	at, size := 10, int64(binary.LittleEndian.Uint16(data[8:]))
	switch data[6] {
	case 1:
	case 2, 3:
		if at = 12; len(data) < at {
			return nil, early
		}
		size = int64(binary.LittleEndian.Uint32(data[8:]))
	default:
		return nil, fmt.Errorf(".npy format version %d (want 1 to 3)", data[6])
	}
	if size > int64(len(data)-at) {
		return nil, early
	}
	const maxHeader = 1 << 16
	if size > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes (want %d at most)", size, maxHeader)
	}
	a, err := parseNPYHeader(string(data[at : at+int(size)]))
	if err != nil {
		return nil, err
	}
	a.body = data[at+int(size):]
	want := int64(a.width) * int64(a.height) * int64(a.kind.size)
	if int64(len(a.body)) < want {
		return nil, fmt.Errorf("%d bytes of %s (want %d for %dx%d pixels)", len(a.body), a.kind, want, a.width, a.height)
	}
	return a, nil
}

// parseNPYHeader reads the three entries of the header, a Python dictionary.
func parseNPYHeader(header string) (*npyArray, error) {
	entry := func(key string) (string, error) {
		for _, quote := range []string{"'", `"`} {
			if _, after, ok := strings.Cut(header, quote+key+quote); ok {
				if value, ok := strings.CutPrefix(strings.TrimLeft(after, " "), ":"); ok {
					return strings.TrimLeft(value, " "), nil
				}
			}
		}
		return "", fmt.Errorf("no %s in the header", key)
	}
	a := &npyArray{}
	descr, err := entry("descr")
	if err != nil {
		return nil, err
	}
	if a.kind, err = parseDescr(descr); err != nil {
		return nil, err
	}
	order, err := entry("fortran_order")
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(order, "True"):
		a.columns = true
	case !strings.HasPrefix(order, "False"):
		return nil, fmt.Errorf("fortran_order is %.8q (want True or False)", order)
	}
	shape, err := entry("shape")
	if err != nil {
		return nil, err
	}
	dims, err := parseShape(shape)
	if err != nil {
		return nil, err
	}
	axes, err := imageAxes(dims)
	if err != nil {
		return nil, err
	}
	a.height, a.width = int(dims[axes[0]]), int(dims[axes[1]])
	return a, nil
}

// parseDescr reads a type such as '<f4'.
func parseDescr(s string) (sampleType, error) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return sampleType{}, fmt.Errorf("elements of %.16q (want a number)", s)
	}
	s, _, ok := strings.Cut(s[1:], s[:1])
	refuse := fmt.Errorf("elements of %.16q (want f2, f4, f8, u1 to u8, i1 to i8 or b1)", s)
	if !ok || len(s) < 3 || !strings.Contains("<>|=", s[:1]) {
		return sampleType{}, refuse
	}
	size, err := strconv.Atoi(s[2:])
	t := sampleType{s[1], size, s[0] == '>'}
	if err != nil || !t.known() {
		return sampleType{}, refuse
	}
	return t, nil
}

// parseShape reads a tuple such as (768, 1024, 1); Python 2 wrote 768L.
func parseShape(s string) ([]int64, error) {
	s, found := strings.CutPrefix(s, "(")
	body, _, closed := strings.Cut(s, ")")
	if !found || !closed {
		return nil, fmt.Errorf("shape is %.16q (want a tuple)", s)
	}
	var dims []int64
	for _, word := range strings.Split(body, ",") {
		word = strings.TrimSuffix(strings.TrimSpace(word), "L")
		if word == "" {
			continue
		}
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("shape of %.32q (want numbers)", body)
		}
		if dims = append(dims, n); len(dims) > 8 {
			return nil, errors.New("more than 8 dimensions (want 2)")
		}
	}
	return dims, nil
}

// imageAxes returns which axes of dims are height and width: of more than two,
// axes of length one are left out, the last first.
func imageAxes(dims []int64) ([]int, error) {
	var axes []int
	for i := range dims {
		axes = append(axes, i)
	}
	for len(axes) > 2 && dims[axes[len(axes)-1]] == 1 {
		axes = axes[:len(axes)-1]
	}
	for len(axes) > 2 && dims[axes[0]] == 1 {
		axes = axes[1:]
	}
	if len(axes) != 2 {
		return nil, fmt.Errorf("shape %v (want height and width)", dims)
	}
	// Beyond 32 bits the product below could not be formed.
	h, w := dims[axes[0]], dims[axes[1]]
	if h > 1<<31-1 || w > 1<<31-1 {
		return nil, fmt.Errorf("%dx%d pixels (want sides up to %d)", w, h, maxSide)
	}
	return axes, checkSize(int(w), int(h))
}

func decodeDepthNPY(data []byte, unit Unit) (*Depth, error) {
	a, err := parseNPY(data)
	if err != nil {
		return nil, err
	}
	if a.kind.kind == 'b' {
		return nil, errors.New("a mask of bool (want depths)")
	}
	byDefault := millimetres
	if a.kind.kind == 'f' {
		byDefault = metres
	}
	unit = unit.or(byDefault)
	if err := a.kind.checkUnit(unit); err != nil {
		return nil, err
	}
	d := &Depth{Width: a.width, Height: a.height, Metres: make([]float32, a.width*a.height), Relative: unit.kind == relative}
	if !a.columns {
		a.kind.depths(d.Metres, a.body, unit)
		return d, nil
	}
	column := make([]float32, a.height)
	for x := range a.width {
		a.kind.depths(column, a.at(x, 0), unit)
		for y, v := range column {
			d.Metres[y*a.width+x] = v
		}
	}
	return d, nil
}
