package pretext

// extremesAround visits, from the top, each row y at least half from the upper
// and lower side, with the least and the greatest value of the square of
// 2 half + 1 pixels around each of the columns, which lie at least half from the
// left and right side. Values are sortable keys; load writes a row of them.
// missing, the greatest key of all, stands for no reading: a square that holds
// one has missing for its greatest.
//
// It takes about three comparisons a pixel and direction whatever the size of
// the square (van Herk 1992): each window is the end of one block of its length
// and the start of the next. It works on 2 half + 1 rows at a time, which stay in
// the cache, and least values are the greatest of complements.
func extremesAround(width, height, half int, columns []int, load func(y int, row []uint32), visit func(y int, least, greatest []uint32)) {
	size, n := 2*half+1, len(columns)
	row, scratch := make([]uint32, width), make([]uint32, 2*width)
	block := make([]uint32, size*2*n) // greatest and complements of a block of rows
	tails := make([]uint32, size*2*n) // [i]: over rows i.. of the block before
	head, out := make([]uint32, 2*n), make([]uint32, 2*n)
	for y0 := 0; y0 < height; y0 += size {
		rows := min(size, height-y0)
		for i := range rows {
			load(y0+i, row)
			line := block[i*2*n:][:2*n]
			alongRow(line[:n], row, scratch, half, columns)
			for x, k := range row {
				row[x] = ^k
			}
			alongRow(line[n:], row, scratch, half, columns)
			if i == 0 {
				copy(head, line)
			} else {
				maxInto(head, head, line)
			}
			if y0+i+1 < size {
				continue
			}
			if i+1 == size { // the window is this block
				copy(out, head)
			} else {
				maxInto(out, head, tails[(i+1)*2*n:][:2*n])
			}
			for x := n; x < 2*n; x++ {
				out[x] = ^out[x]
			}
			visit(y0+i-half, out[n:], out[:n])
		}
		if rows < size {
			return
		}
		block, tails = tails, block
		for i := size - 2; i >= 0; i-- {
			maxInto(tails[i*2*n:][:2*n], tails[i*2*n:][:2*n], tails[(i+1)*2*n:][:2*n])
		}
	}
}

// alongRow is the same along one row: the greatest value of 2 half + 1 around
// each column.
func alongRow(dst, row, scratch []uint32, half int, columns []int) {
	size, width := 2*half+1, len(row)
	head, tail := scratch[:width], scratch[width:2*width]
	for x0 := 0; x0 < width; x0 += size {
		x1 := min(x0+size, width)
		greatest := uint32(0)
		for x := x0; x < x1; x++ {
			greatest = max(greatest, row[x])
			head[x] = greatest
		}
		greatest = 0
		for x := x1 - 1; x >= x0; x-- {
			greatest = max(greatest, row[x])
			tail[x] = greatest
		}
	}
	for i, x := range columns {
		dst[i] = max(tail[x-half], head[x+half])
	}
}

func maxInto(dst, a, b []uint32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}
