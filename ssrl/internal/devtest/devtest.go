// Package devtest checks a tensor.Device against loops in float64.
//
// Every operation has one test body that runs on any device. Results are
// compared with the formula, gradients with central differences of the formula,
// both in float64; each operation states its own bound. Promises that have no
// bound are tested bit for bit: a row alone equals the row among others,
// nothing is written outside a view, gradients are added to.
//
// Limits: shapes are small, so that a run takes seconds. Speed is measured
// beside the devices.
package devtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/tensor"
)

// Run runs every test on dev.
func Run(t *testing.T, dev tensor.Device) {
	for _, test := range []struct {
		name string
		body func(*testing.T, tensor.Device)
	}{
		{"Memory", testMemory},
		{"Scratch", testScratch},
		{"Linear", testLinear},
		{"LinearRows", testLinearRows},
		{"LinearWeights", testLinearSeesNewWeights},
		{"BF16", testBF16},
		{"Add", testAdd},
		{"RMSNorm", testRMSNorm},
		{"LayerNorm", testLayerNorm},
		{"Rope", testRope},
		{"Attend", testAttend},
		{"AttendRows", testAttendRows},
		{"AttendUnseen", testAttendUnseen},
		{"SwiGLU", testSwiGLU},
		{"GELU", testGELU},
		{"GELUTanh", testGELUTanh},
		{"Embed", testEmbed},
		{"Blend", testBlend},
		{"AddRows", testAddRows},
		{"Scatter", testScatter},
		{"LogProb", testLogProb},
		{"RowsAlone", testRowsAlone},
		{"SumSquares", testSumSquares},
		{"AdamW", testAdamW},
		{"Shapes", testShapes},
	} {
		t.Run(test.name, func(t *testing.T) { test.body(t, dev) })
	}
}

// mat is a matrix on the host in float64. Its values are exact in float32 when
// it came from a generator or from the device.
type mat struct {
	rows, cols int
	v          []float64
}

func zeros(rows, cols int) mat { return mat{rows, cols, make([]float64, rows*cols)} }

func (m mat) at(i, j int) float64     { return m.v[i*m.cols+j] }
func (m mat) set(i, j int, v float64) { m.v[i*m.cols+j] = v }
func (m mat) row(i int) []float64     { return m.v[i*m.cols : (i+1)*m.cols] }

func (m mat) copy() mat { return mat{m.rows, m.cols, append([]float64(nil), m.v...)} }

// rowsOf returns rows [from, to).
func (m mat) rowsOf(from, to int) mat {
	return mat{to - from, m.cols, m.v[from*m.cols : to*m.cols]}
}

// source draws matrices.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 1))} }

// normal draws a matrix of normal deviates times scale.
func (s source) normal(rows, cols int, scale float64) mat {
	m := zeros(rows, cols)
	for i := range m.v {
		m.v[i] = float64(float32(s.NormFloat64() * scale))
	}
	return m
}

// bed puts matrices on a device and takes them off it.
type bed struct {
	t       *testing.T
	dev     tensor.Device
	strided bool // every matrix is a view into the middle of a larger one
	frames  []frame
}

// frame is a view with the tensor around it.
type frame struct{ whole, view *tensor.Tensor }

const guard = 7.25 // fills the larger tensor around a view

// layouts runs body once with contiguous matrices and once with views, and
// checks that nothing was written around the views.
func layouts(t *testing.T, dev tensor.Device, body func(b *bed)) {
	for _, strided := range []bool{false, true} {
		b := &bed{t: t, dev: dev, strided: strided}
		body(b)
		b.close()
	}
}

func (b *bed) put(m mat) *tensor.Tensor {
	x := make([]float32, len(m.v))
	for i, v := range m.v {
		x[i] = float32(v)
	}
	if !b.strided {
		t := b.dev.New(m.rows, m.cols)
		b.dev.Upload(t, x)
		b.frames = append(b.frames, frame{t, t})
		return t
	}
	whole := b.dev.New(m.rows+2, m.cols+3)
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

// filled puts a matrix whose old contents must not matter.
func (b *bed) filled(rows, cols int) *tensor.Tensor {
	m := zeros(rows, cols)
	for i := range m.v {
		m.v[i] = math.NaN()
	}
	return b.put(m)
}

func (b *bed) get(t *tensor.Tensor) mat { return download(b.dev, t) }

func download(dev tensor.Device, t *tensor.Tensor) mat {
	x := make([]float32, t.Len())
	dev.Download(x, t)
	m := zeros(t.Rows, t.Cols)
	for i, v := range x {
		m.v[i] = float64(v)
	}
	return m
}

// close checks the surroundings of the views and frees everything.
func (b *bed) close() {
	for _, f := range b.frames {
		if b.strided {
			whole := b.get(f.whole)
			for i := range whole.rows {
				for j := range whole.cols {
					inside := i >= 1 && i <= f.view.Rows && j >= 2 && j < f.view.Cols+2
					if !inside && whole.at(i, j) != guard {
						require.Failf(b.t, "written outside a view", "%v at (%d, %d) around %v", whole.at(i, j), i, j, f.view)
					}
				}
			}
		}
		b.dev.Free(f.whole)
	}
	b.frames = nil
}

// near requires |got - want| <= bound * (1 + |want|) everywhere.
func near(t *testing.T, want, got mat, bound float64, what string, args ...any) {
	t.Helper()
	require.Equal(t, [2]int{want.rows, want.cols}, [2]int{got.rows, got.cols}, what)
	for i, w := range want.v {
		if g := got.v[i]; !(math.Abs(g-w) <= bound*(1+math.Abs(w))) && !(g == w) {
			require.Failf(t, "not near", "%s: (%d, %d) of %dx%d is %v, want %v within %g",
				fmt.Sprintf(what, args...), i/want.cols, i%want.cols, want.rows, want.cols, g, w, bound)
		}
	}
}

// equal requires the same bits everywhere.
func equal(t *testing.T, want, got mat, what string, args ...any) {
	t.Helper()
	require.Equal(t, [2]int{want.rows, want.cols}, [2]int{got.rows, got.cols}, what)
	for i, w := range want.v {
		if math.Float64bits(got.v[i]) != math.Float64bits(w) {
			require.Failf(t, "not equal", "%s: (%d, %d) of %dx%d is %v, want %v bit for bit",
				fmt.Sprintf(what, args...), i/want.cols, i%want.cols, want.rows, want.cols, got.v[i], w)
		}
	}
}

// differences is the gradient of sum(dy * f()) by central differences in x,
// whose elements f reads. Of a large x only about 40 elements are asked for; the
// others are NaN.
func differences(s source, x mat, dy mat, f func() mat) mat { return someDifferences(s, 40, x, dy, f) }

// someDifferences asks for about n elements of a large x.
func someDifferences(s source, n int, x mat, dy mat, f func() mat) mat {
	const h = 1e-5 // error h^2 times the third derivative, rounding 1e-16/h
	loss := func() float64 {
		y := f()
		sum := 0.0
		for i, v := range y.v {
			sum += v * dy.v[i]
		}
		return sum
	}
	g := zeros(x.rows, x.cols)
	for i := range x.v {
		if last := len(x.v) - 1; len(x.v) > 60 && i != 0 && i != last && s.IntN(last) >= n {
			g.v[i] = math.NaN()
			continue
		}
		was := x.v[i]
		x.v[i] = was + h
		up := loss()
		x.v[i] = was - h
		down := loss()
		x.v[i] = was
		g.v[i] = (up - down) / (2 * h)
	}
	return g
}

// gradient requires that the device's gradient less start, what it was added
// to, is near want where want is known.
func gradient(t *testing.T, want, got, start mat, bound float64, what string, args ...any) {
	t.Helper()
	w := want.copy()
	for i := range w.v {
		if math.IsNaN(w.v[i]) {
			w.v[i] = got.v[i]
		} else {
			w.v[i] += start.v[i]
		}
	}
	near(t, w, got, bound, what, args...)
}
