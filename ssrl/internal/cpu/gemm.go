package cpu

import (
	"math"
	"time"
)

// How products differ from the textbook's:
//
//  1. Every element of a result is one chain over k, in increasing order, that
//     starts from what the result holds: c = fma(a[k], b[k], c). No tile, block
//     or thread boundary changes the chain, so a row's result does not depend on
//     how many rows, columns or threads there are.
//  2. The portable kernel rounds the product before it adds (no machine needs a
//     fused instruction for it); assembly fuses. Nothing else differs.
//  3. The right matrix is packed into panels of isa.panel() columns, [k][columns],
//     with zeros beyond its last column. The left one is read where it is, at any
//     strides, or packed when many panels use it.

const (
	maxStrip = 14  // rows of the tallest kernel
	maxPanel = 128 // columns of the widest kernel

	// blockK x blockN floats of packed panels stay in a second level cache of
	// 1 MiB beside what streams through.
	blockK = 256
	blockN = 512

	// packRowsFrom is the number of columns from which packing a strip of the
	// left matrix costs less than reading it with a stride.
	packRowsFrom = 128
)

// strided is a matrix read with any strides: element (i, j) is data[i*row+j*col].
type strided struct {
	data     []float32
	row, col int
}

func (m *matrix) rowMajor() strided   { return strided{m.data, m.stride, 1} }
func (m *matrix) transposed() strided { return strided{m.data, 1, m.stride} }

// packed is a right matrix [k, n] in panels: element (p, j) is
// data[(j/panel)*stride + p*panel + j%panel].
type packed struct {
	data   []float32
	stride int // elements from one panel to the next
}

// multiply adds a[m,k] b[k,n] to c[m,n] on one thread. The panels of b begin
// with c's first column; b's row 0 goes with a's column 0.
func (s isa) multiply(w *worker, c matrix, a strided, b packed, k int) {
	if k == 0 || c.rows == 0 || c.cols == 0 {
		return
	}
	panel := s.panel()
	for k0 := 0; k0 < k; k0 += blockK {
		kc := min(blockK, k-k0)
		for i := 0; i < c.rows; {
			strip := s.strip(c.rows - i)
			rows := strided{a.data[i*a.row+k0*a.col:], a.row, a.col}
			if strip > 1 && c.cols >= packRowsFrom && a.row != 1 {
				rows = s.packStrip(w, rows, strip, kc)
			}
			s.across(w, c, i, strip, rows, packed{b.data[k0*panel:], b.stride}, kc)
			i += strip
		}
	}
}

// across adds a strip's products to rows [i, i+strip) of c.
func (s isa) across(w *worker, c matrix, i, strip int, a strided, b packed, k int) {
	panel := s.panel()
	for j := 0; j < c.cols; {
		panels := s.panels(strip, (c.cols-j)/panel)
		bp := b.data[j/panel*b.stride:]
		if panels == 0 { // the last columns, fewer than a panel
			s.edge(w, c, i, j, strip, a, bp, k)
			return
		}
		s.kernel(strip, panels, k, a, bp, b.stride, c.data[i*c.stride+j:], c.stride)
		j += panels * panel
	}
}

// edge works on columns [j, c.cols) of a strip through a tile of full width.
func (s isa) edge(w *worker, c matrix, i, j, strip int, a strided, b []float32, k int) {
	panel := s.panel()
	t := w.tile[:strip*panel]
	n := c.cols - j
	for r := range strip {
		row := t[r*panel : (r+1)*panel]
		copy(row, c.data[(i+r)*c.stride+j:][:n])
		clear(row[n:])
	}
	s.kernel(strip, 1, k, a, b, 0, t, panel)
	for r := range strip {
		copy(c.data[(i+r)*c.stride+j:][:n], t[r*panel:])
	}
}

// packStrip copies strip rows of a and k columns to [k][strip].
func (s isa) packStrip(w *worker, a strided, strip, k int) strided {
	buf := grow(&w.a, strip*k)
	s.columns(buf, strip, a.data, a.row, a.col, k, strip)
	return strided{buf, 1, strip}
}

// columns copies n vectors of k elements to columns of dst, whose rows are row
// apart. Vectors are from apart, their elements step.
func (s isa) columns(dst []float32, row int, src []float32, from, step, k, n int) {
	if step == 1 && s.transpose(dst, row, src, from, k, n) {
		return
	}
	for c := range n {
		vector := src[c*from:]
		for p, o := 0, c; p < k; p, o = p+1, o+row {
			dst[o] = vector[p*step]
		}
	}
}

// pack copies columns [j0, j1) and rows [k0, k1) of b into panels at dst, which
// holds packedLen(k1-k0, j1-j0) elements.
func (s isa) pack(dst []float32, b strided, k0, k1, j0, j1 int) packed {
	panel := s.panel()
	p := packed{dst, (k1 - k0) * panel}
	for j := j0; j < j1; j += panel {
		out := dst[(j-j0)/panel*p.stride:][:p.stride]
		n := min(panel, j1-j)
		if b.col == 1 {
			s.packRows(out, b.data[k0*b.row+j:], b.row, k1-k0, n)
		} else {
			s.columns(out, panel, b.data[j*b.col+k0*b.row:], b.col, b.row, k1-k0, n)
			clearColumns(out, panel, k1-k0, n)
		}
	}
	return p
}

// packRows copies k rows of n elements, stride apart, to the rows of a panel.
func (s isa) packRows(dst, src []float32, stride, k, n int) {
	panel := s.panel()
	if s.copyRows(dst, panel, src, stride, k, n) {
		return
	}
	for p := range k {
		row := dst[p*panel : (p+1)*panel]
		copy(row, src[p*stride:][:n])
		clear(row[n:])
	}
}

// clearColumns zeroes the columns of a panel from n on.
func clearColumns(dst []float32, panel, k, n int) {
	if n == panel {
		return
	}
	for p := range k {
		clear(dst[p*panel+n : (p+1)*panel])
	}
}

// packedLen returns the number of elements of a packed [k, n].
func (s isa) packedLen(k, n int) int { return k * s.wide(n) }

// wide rounds n columns up to whole panels.
func (s isa) wide(n int) int {
	panel := s.panel()
	return (n + panel - 1) / panel * panel
}

// gemm is c = start + a b as a task whose parts are blocks of c.
type gemm struct {
	isa     isa
	c       matrix
	a, b    strided
	k       int
	bias    matrix     // the row that c starts from; not given: c keeps what it holds, or zero
	zero    bool       // c starts from 0
	ready   packed     // all of b packed already, or no data
	half    *rightHalf // stands for b when given
	words   bool       // elements of a are words, and k counts them
	height  int        // rows of a part
	width   int        // columns of a part, whole panels
	columns int        // parts side by side
}

// product runs g, whose c, a, b, k and start are set.
func (d *Device) product(g gemm) {
	if g.c.rows == 0 || g.c.cols == 0 {
		return
	}
	start := time.Now()
	g.isa = d.isa
	if g.words {
		g.isa = words
	}
	m, n := g.c.rows, g.c.cols
	g.cut(len(d.workers))
	parts := ceil(m, g.height) * g.columns
	d.gemm = g
	d.run(&d.gemm, parts, g.height*min(n, g.width)*max(1, g.k)/16)
	d.flops += 2 * float64(m) * float64(n) * float64(g.k)
	d.working += time.Since(start)
}

// cut chooses the size of the parts: whole panels wide and, but for the last,
// whole strips high.
func (g *gemm) cut(threads int) {
	panel, tall := g.isa.panel(), g.isa.tall()
	m, n := g.c.rows, g.c.cols
	g.width, g.height = blockN, m
	switch {
	case m <= 2*maxStrip:
		// Small parts stay in the first level cache between packing and use.
		g.width = 4 * panel
	case threads == 1:
	case g.ready.data != nil:
		// Rows share what is packed; several parts a thread even out the threads.
		g.height = max(2*tall, whole(ceil(m, ceil(4*threads, ceil(n, blockN))), tall))
	default:
		g.spread(threads)
	}
	g.columns = ceil(n, g.width)
}

// spread cuts a product whose parts pack their columns of b: at least two parts a
// thread, as equal as can be. Packing takes as long as packCost rows do.
func (g *gemm) spread(threads int) {
	const packCost = 2
	panel, tall := g.isa.panel(), g.isa.tall()
	least := math.MaxInt
	for across := 1; across <= 4*threads; across++ {
		width := whole(ceil(g.c.cols, across), panel)
		for down := 1; down <= 4*threads; down++ {
			height := whole(ceil(g.c.rows, down), tall)
			parts := ceil(g.c.cols, width) * ceil(g.c.rows, height)
			if cost := ceil(parts, threads) * width * (height + packCost); parts >= 2*threads && width <= blockN && cost < least {
				least, g.width, g.height = cost, width, height
			}
		}
	}
}

// ceil is a/b rounded up, whole is a rounded up to a multiple of b.
func ceil(a, b int) int  { return (a + b - 1) / b }
func whole(a, b int) int { return ceil(a, b) * b }

func (g *gemm) do(w *worker, from, to int) {
	thin := g.half != nil && g.half.transposed && g.c.rows <= g.isa.thin()
	step := 1
	if thin && g.height >= g.c.rows { // side by side: rows of weights follow one another
		step = to - from
	}
	for part := from; part < to; part += step {
		i, j := part/g.columns*g.height, part%g.columns*g.width
		i1, j1 := min(g.c.rows, i+g.height), min(g.c.cols, j+step*g.width)
		c := g.c.block(i, i1, j, j1)
		g.start(&c, j, j1)
		if g.ready.data != nil {
			b := packed{g.ready.data[j/g.isa.panel()*g.ready.stride:], g.ready.stride}
			g.isa.multiply(w, c, strided{g.a.data[i*g.a.row:], g.a.row, g.a.col}, b, g.k)
			continue
		}
		a := strided{g.a.data[i*g.a.row:], g.a.row, g.a.col}
		if thin {
			g.thin(w, c, a, j)
		} else {
			g.blocks(w, c, a, 0, j)
		}
	}
}

// thin is a product of few rows with a bfloat16 matrix, whose rows are used where
// they lie; only what is over of them is packed. Columns of c begin at j.
func (g *gemm) thin(w *worker, c matrix, a strided, j int) {
	k, n := g.isa.dots(c, a, &g.half.w, j, g.k)
	g.blocks(w, c.block(0, c.rows, 0, n), a, k, j)
	g.blocks(w, c.block(0, c.rows, n, c.cols), a, 0, j+n)
}

// blocks adds the product from column k0 of a on to c, whose columns begin at j,
// packing as much of the right matrix at a time as the caches hold.
func (g *gemm) blocks(w *worker, c matrix, a strided, k0, j int) {
	for ; k0 < g.k && c.cols > 0; k0 += blockK {
		k1 := min(g.k, k0+blockK)
		buf := grow(&w.b, g.isa.packedLen(k1-k0, c.cols))
		var b packed
		if g.words {
			b = g.half.packWords(g.isa, buf, k0, k1, j, j+c.cols)
		} else if g.half != nil {
			b = g.half.pack(g.isa, w, buf, k0, k1, j, j+c.cols)
		} else {
			b = g.isa.pack(buf, g.b, k0, k1, j, j+c.cols)
		}
		g.isa.multiply(w, c, strided{a.data[k0*a.col:], a.row, a.col}, b, k1-k0)
	}
}

// start sets the block c, which is columns [j, j1) of the result, to where the
// chains start from.
func (g *gemm) start(c *matrix, j, j1 int) {
	for i := range c.rows {
		switch {
		case g.bias.given():
			copy(c.row(i), g.bias.data[j:j1])
		case g.zero:
			clear(c.row(i))
		}
	}
}
