package pretext

// slide finds the greatest values of squares around pixels, in memory that it
// keeps.
type slide struct {
	columns            []int
	block, tails       []uint32
	head, out, up, low []uint32
}

// greatestAround visits, from the top, each row y at least half from the upper
// and lower side, with the greatest values of the squares of 2 half + 1 pixels
// around each of the columns, which lie at least half from the left and right
// side (nil: all that do). It does so for two maps of keys at a time;
// load writes a row of each. With a key and its complement, that is the greatest
// and the least value.
//
// A row takes log2 of the size comparisons a pixel, along which windows double;
// columns take three whatever the size (van Herk 1992): each window is the end
// of one block of its length and the start of the next. It works on 2 half + 1
// rows at a time, which stay in the cache.
func (s *slide) greatestAround(width, height, half int, columns []int, load func(y int, up, down []uint32), visit func(y int, up, down []uint32)) {
	size, n := 2*half+1, len(columns)
	if columns == nil {
		n = width - 2*half
	}
	if n < 1 || height < size {
		return
	}
	s.block, s.tails = atLeast(s.block, size*2*n), atLeast(s.tails, size*2*n)
	s.head, s.out = atLeast(s.head, 2*n), atLeast(s.out, 2*n)
	s.up, s.low = atLeast(s.up, width), atLeast(s.low, width)
	// block holds rows of it, tails those of the block before: [i] over rows i..
	for y0 := 0; y0 < height; y0 += size {
		rows := min(size, height-y0)
		for i := range rows {
			load(y0+i, s.up, s.low)
			line := s.block[i*2*n:][:2*n]
			alongRow(line[:n], s.up, half, columns)
			alongRow(line[n:], s.low, half, columns)
			if i == 0 {
				copy(s.head, line)
			} else {
				maxInto(s.head, s.head, line)
			}
			if y0+i+1 < size {
				continue
			}
			out := s.head // the window is this block
			if i+1 < size {
				out = s.out
				maxInto(out, s.head, s.tails[(i+1)*2*n:][:2*n])
			}
			visit(y0+i-half, out[:n], out[n:])
		}
		if rows < size {
			return
		}
		s.block, s.tails = s.tails, s.block
		for i := size - 2; i >= 0; i-- {
			tail := s.tails[i*2*n:][:2*n]
			maxInto(tail, tail, s.tails[(i+1)*2*n:][:2*n])
		}
	}
}

// alongRow is the same along one row, which it writes over.
func alongRow(dst, row []uint32, half int, columns []int) {
	size, window := 2*half+1, 1
	for ; 2*window <= size; window *= 2 {
		last := row[:len(row)-2*window+1]
		maxInto(last, last, row[window:])
	}
	// row[x] is the greatest of window values from x on.
	if columns == nil {
		maxInto(dst, row, row[size-window:])
		return
	}
	for i, x := range columns {
		dst[i] = max(row[x-half], row[x-half+size-window])
	}
}
