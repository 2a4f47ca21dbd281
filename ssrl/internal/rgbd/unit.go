package rgbd

import (
	"fmt"
	"math"
	"strconv"
)

// Unit says what a count in a depth file means. The zero Unit is the default of
// the format: millimetres for integers, metres for .npy and .pfm, a relative
// scale for .h5.
type Unit struct {
	kind unitKind
	size float64 // metres a count, of a number
}

type unitKind int

const (
	byFormat unitKind = iota
	millimetres
	metres
	tum      // 1/5000 metre, as the TUM RGB-D files
	sunRGBD  // 16 bits rotated left by three, then millimetres
	relative // no unit
	number
)

var unitNames = [...]string{"", "mm", "m", "tum", "sunrgbd", "relative"}

// ParseUnit reads mm, m, tum (1/5000 metre), sunrgbd (SUN RGB-D's rotated bits),
// relative (larger is farther, nothing else), a number of metres a count, or ""
// for the default of the format.
func ParseUnit(s string) (Unit, error) {
	for kind, name := range unitNames {
		if s == name {
			return Unit{kind: unitKind(kind)}, nil
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return Unit{}, fmt.Errorf("depth unit %q (want mm, m, tum, sunrgbd, relative or metres a count above 0)", s)
	}
	return Unit{number, v}, nil
}

// String returns what ParseUnit reads.
func (u Unit) String() string {
	if u.kind == number {
		return strconv.FormatFloat(u.size, 'g', -1, 64)
	}
	return unitNames[u.kind]
}

// or returns u, or def where u leaves the choice to the format.
func (u Unit) or(def unitKind) Unit {
	if u.kind == byFormat {
		u.kind = def
	}
	return u
}

// metres returns count in metres, or in no unit when u is relative. Thousandths
// are divided by 1000, not multiplied by a rounded 0.001, so that the nearest
// float32 is returned.
func (u Unit) metres(count float64) float64 {
	switch u.kind {
	case millimetres, sunRGBD:
		return count / 1000
	case tum:
		return count / 5000
	case number:
		return count * u.size
	}
	return count
}
