//go:build !noasm

package cpu

// The kernels below take a panel's rows of bfloat16, row bytes apart: 32 rows and
// whole blocks of 32 columns with AVX-512, 16 and 16 with AVX2 (half_amd64.s).
// Those with a number of rows in front add x w^T to c:
//
//	for p < k, r < rows, j < panel: c[r*ldc+j] = fma(x[r*xrow+p], w[j*row+p], c[r*ldc+j])
//
// Beside the block b the AVX-512 ones have 2 KiB from next+b*nextRow on brought to
// the second level cache: what is no memory is left alone. Strides are in bytes.

//go:noescape
func half1x32(blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int, next *uint16, nextRow int)

//go:noescape
func half2x32(blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int, next *uint16, nextRow int)

//go:noescape
func half4x32(blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int, next *uint16, nextRow int)

//go:noescape
func half1x16(blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int)

//go:noescape
func half2x16(blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int)

// halfPanel32 and halfPanel16 widen the rows to columns of a panel: dst[panel*p+j] = w[j*row+p].
//
//go:noescape
func halfPanel32(blocks int, w *uint16, row int, dst *float32)

//go:noescape
func halfPanel16(blocks int, w *uint16, row int, dst *float32)

// thin is how many rows of x are worth multiplying by rows of w where they lie:
// with more, turning w over once and multiplying by panels costs less.
func (s isa) thin() int { return [...]int{0, 6, 16, 16}[s] }

// pieceColumns is how many columns of 32 rows are multiplied while the next are
// brought near: 64 KiB, twice that stays in a second level cache. Rows of weights
// are read side by side, which memory and the fetching ahead of processors do badly;
// called for row by row they come at nine tenths of its speed.
const pieceColumns = 1024

// dots adds the products of x's first columns with w's rows from j on to c and
// returns how many columns of x and of c it did: whole blocks and panels.
func (s isa) dots(c matrix, x strided, w *halves, j, k int) (depth, width int) {
	panel := s.panel()
	if s == portable || k < panel || c.cols < panel || x.col != 1 {
		return 0, 0
	}
	depth, width = k/panel*panel, c.cols/panel*panel
	each := 1 // columns of w to an element of x
	if s == words {
		each, depth = 2, w.cols/32*16
		if depth == 0 {
			return 0, 0
		}
	}
	_ = w.data[(j+width-1)*w.stride+each*depth-1]
	at := func(jj, kk int) *uint16 { return &w.data[(j+jj)*w.stride+each*kk] }
	step := pieceColumns / each
	for jj := 0; jj < width; jj += panel {
		for kk := 0; kk < depth; kk += step {
			next := at(jj, kk)
			if kk+step < depth {
				next = at(jj, kk+step)
			} else if jj+panel < width {
				next = at(jj+panel, 0)
			}
			for i := 0; i < c.rows; {
				i += s.dotRows(c.rows-i, min(step, depth-kk)*each/panel, at(jj, kk), 2*w.stride,
					&x.data[i*x.row+kk], 4*x.row, &c.data[i*c.stride+jj], 4*c.stride, next)
			}
		}
	}
	return depth, width
}

// dotRows runs the kernel of most rows, at most m, and returns how many it has.
func (s isa) dotRows(m, blocks int, w *uint16, row int, x *float32, xrow int, c *float32, ldc int, next *uint16) int {
	switch {
	case s == words:
		return thinRows(m, blocks, w, row, x, xrow, c, ldc, next)
	case s == avx512 && m >= 4:
		half4x32(blocks, w, row, x, xrow, c, ldc, next, row)
		return 4
	case s == avx512 && m >= 2:
		half2x32(blocks, w, row, x, xrow, c, ldc, next, row)
		return 2
	case s == avx512:
		half1x32(blocks, w, row, x, xrow, c, ldc, next, row)
	case m >= 2:
		half2x16(blocks, w, row, x, xrow, c, ldc)
		return 2
	default:
		half1x16(blocks, w, row, x, xrow, c, ldc)
	}
	return 1
}

// turn fills a panel from n rows of w, columns [k0, k1), and returns how many of
// those columns it did.
func (s isa) turn(dst []float32, w *halves, j, n, k0, k1 int) int {
	panel := s.panel()
	blocks := (k1 - k0) / panel
	if s == portable || n != panel || blocks == 0 {
		return 0
	}
	_ = w.data[(j+panel-1)*w.stride+k0+blocks*panel-1]
	_ = dst[panel*blocks*panel-1]
	if s == avx512 {
		halfPanel32(blocks, &w.data[j*w.stride+k0], 2*w.stride, &dst[0])
	} else {
		halfPanel16(blocks, &w.data[j*w.stride+k0], 2*w.stride, &dst[0])
	}
	return blocks * panel
}
