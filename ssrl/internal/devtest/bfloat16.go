package devtest

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/tensor"
)

// half rounds m to bfloat16 and puts it on the device as such.
func (b *bed) half(m mat) *tensor.Tensor {
	x := make([]float32, len(m.v))
	for i, v := range m.v {
		x[i] = float32(v)
		m.v[i] = float64(tensor.Widen16(tensor.Round16(x[i])))
	}
	if !b.strided {
		t := b.dev.NewBF16(m.rows, m.cols)
		b.dev.Upload(t, x)
		b.frames = append(b.frames, frame{t, t})
		return t
	}
	whole := b.dev.NewBF16(m.rows+2, m.cols+3)
	fill := make([]float32, whole.Len())
	for i := range fill {
		fill[i] = guard
	}
	b.dev.Upload(whole, fill)
	view := whole.Slice(1, m.rows+1).Columns(2, m.cols+2)
	b.dev.Upload(view, x)
	b.frames = append(b.frames, frame{whole, view})
	return view
}

// testBF16: with weights in bfloat16 every operation gives the bits that it
// gives with the same values in float32.
func testBF16(t *testing.T, dev tensor.Device) {
	s := newSource(24)
	layouts(t, dev, func(b *bed) {
		for _, c := range linearShapes {
			x, w, bias := s.normal(c.m, c.k, 1), s.normal(c.n, c.k, .3), s.normal(1, c.n, 1)
			th := b.half(w)
			tx, tw, tb, y := b.put(x), b.put(w), b.put(bias), b.filled(c.m, c.n)
			dev.Linear(y, tx, tw, tb)
			want := b.get(y)
			dev.Linear(y, tx, th, tb)
			equal(t, want, b.get(y), "linear, %s", c.name)

			dy, start := b.put(s.normal(c.m, c.n, 1)), s.normal(c.m, c.k, 1)
			dx, dh := b.put(start), b.put(start)
			dev.LinearBack(dx, nil, nil, dy, tx, tw)
			dev.LinearBack(dh, nil, nil, dy, tx, th)
			equal(t, b.get(dx), b.get(dh), "dx, %s", c.name)
		}
		for _, cols := range []int{1, 7, 96} {
			table := s.normal(6, cols, 1)
			th := b.half(table)
			tt, extra, y := b.put(table), b.put(s.normal(2, cols, 1)), b.filled(5, cols)
			ids := []int32{5, 0, ^1, 3, 3}
			weights := []float32{1, .5, -2, 3, 4}
			for _, run := range []func(table *tensor.Tensor){
				func(table *tensor.Tensor) { dev.Embed(y, table, extra, ids) },
				func(table *tensor.Tensor) { dev.Blend(y, table, []int32{5, 4, 3, 2, 0}, weights) },
			} {
				run(tt)
				want := b.get(y)
				run(th)
				equal(t, want, b.get(y), "table of %d columns", cols)
			}
			equal(t, table, b.get(th), "download")
			other := dev.NewBF16(6, cols)
			dev.Copy(other, th)
			equal(t, table, b.get(other), "copy")
			dev.Zero(other)
			equal(t, zeros(6, cols), b.get(other), "zero")
			dev.Free(other)
		}
	})
	testMapped(t, dev, s)
}

// testMapped: a device that computes with weights where they lie only reads them.
func testMapped(t *testing.T, dev tensor.Device, s source) {
	mapper, ok := dev.(tensor.Mapper)
	if !ok {
		return
	}
	b := &bed{t: t, dev: dev}
	defer b.close()
	w := s.normal(9, 40, 1)
	th := b.half(w)
	raw := make([]byte, 2*len(w.v)+1)
	for i, v := range w.v {
		binary.LittleEndian.PutUint16(raw[2*i:], tensor.Round16(float32(v)))
	}
	mapped := mapper.MapBF16(9, 40, raw[:2*len(w.v)])
	require.NotNil(t, mapped)
	defer dev.Free(mapped)
	x, y := b.put(s.normal(3, 40, 1)), b.filled(3, 9)
	dev.Linear(y, x, th, nil)
	want := b.get(y)
	dev.Linear(y, x, mapped, nil)
	equal(t, want, b.get(y), "mapped weights")
	require.Panics(t, func() { dev.Zero(mapped) }, "a write to mapped weights")
	require.Nil(t, mapper.MapBF16(9, 40, raw[1:]), "weights at an odd address")
}
