package pretext

import (
	"bytes"
	"math"
	"strconv"
)

// The writers below are json.Marshal without its allocations; a test compares
// them. Words in samples hold nothing that JSON escapes but & and the like, which
// no kind or option has.

// AppendJSON implements Meta.
func (m *ShuffleMeta) AppendJSON(b []byte) []byte {
	b = appendInts(append(b, `{"grid":`...), m.Grid[:])
	b = appendInts(append(b, `,"area":`...), m.Area[:])
	b = appendInts(append(b, `,"order":`...), m.Order)
	b = append(b, `,"masked":`...)
	if m.Masked == nil {
		return append(b, `null}`...)
	}
	return append(strconv.AppendInt(b, int64(*m.Masked), 10), '}')
}

// AppendJSON implements Meta.
func (m *FlipMeta) AppendJSON(b []byte) []byte {
	b = appendInts(append(b, `{"grid":`...), m.Grid[:])
	b = appendInts(append(b, `,"area":`...), m.Area[:])
	b = strconv.AppendInt(append(b, `,"patch":`...), int64(m.Patch), 10)
	b = strconv.AppendInt(append(b, `,"direction":`...), int64(m.Direction), 10)
	return append(b, '}')
}

// AppendJSON implements Meta.
func (m *CropMeta) AppendJSON(b []byte) []byte {
	b = appendInts(append(b, `{"hole":`...), m.Hole[:])
	b = append(b, `,"options":[`...)
	for i, o := range m.Options {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendWord(append(b, `{"kind":`...), o.Kind)
		b = append(appendInts(append(b, `,"box":`...), o.Box[:]), '}')
	}
	return append(b, `]}`...)
}

// AppendJSON implements Meta.
func (m *DepthMeta) AppendJSON(b []byte) []byte {
	b = append(b, `{"regions":[`...)
	for i, r := range m.Regions {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"label":`...), int64(r.Label), 10)
		b = appendInts(append(b, `,"center":`...), r.Center[:])
		b = strconv.AppendInt(append(b, `,"size":`...), int64(r.Size), 10)
		b = appendFloat(append(b, `,"depth":[`...), float64(r.Depth[0]), 32)
		b = appendFloat(append(b, ','), float64(r.Depth[1]), 32)
		b = appendFloat(append(b, `],"relative":[`...), r.Relative[0], 64)
		b = appendFloat(append(b, ','), r.Relative[1], 64)
		b = append(b, `]}`...)
	}
	return append(b, `]}`...)
}

// AppendJSON implements Meta.
func (m *PositionMeta) AppendJSON(b []byte) []byte {
	b = appendWord(append(b, `{"kind":`...), m.Kind)
	b = m.Camera.append(append(b, `,"camera":`...))
	b = m.Target.append(append(b, `,"target":`...))
	b = appendWord(append(b, `,"facing":`...), m.Facing)
	b = append(b, `,"options":[`...)
	for i, o := range m.Options {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendWord(b, o)
	}
	return append(b, `]}`...)
}

func (p PositionPoint) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"label":`...), int64(p.Label), 10)
	b = appendInts(append(b, `,"center":`...), p.Center[:])
	b = appendFloat(append(b, `,"depth":`...), float64(p.Depth), 32)
	return append(b, '}')
}

func appendWord(b []byte, word string) []byte {
	return append(append(append(b, '"'), word...), '"')
}

func appendInts(b []byte, numbers []int) []byte {
	b = append(b, '[')
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return append(b, ']')
}

// appendFloat writes as encoding/json does: the shortest text that reads back,
// with an exponent of one digit if that will do, outside 1e-6 to 1e21.
func appendFloat(b []byte, v float64, bits int) []byte {
	size := math.Abs(v)
	small := size < 1e-6
	if bits == 32 {
		small = float32(size) < 1e-6
	}
	if size == 0 || !small && size < 1e21 {
		return strconv.AppendFloat(b, v, 'f', -1, bits)
	}
	from := len(b)
	b = strconv.AppendFloat(b, v, 'e', -1, bits)
	if at := bytes.Index(b[from:], []byte("e-0")); at >= 0 {
		b = append(b[:from+at+2], b[from+at+3:]...)
	}
	return b
}
