package pretext

// slidingMax returns, for every pixel at least half from the sides, the maximum
// over the square of 2 half + 1 pixels around it; elsewhere +Inf. It takes
// three comparisons a pixel and direction whatever the size (van Herk 1992):
// each window is the end of one block of its length and the start of the next.
// Values may be infinite, not NaN.
func slidingMax(dst, src []float32, width, height, half int) {
	size := 2*half + 1
	if width < size || height < size {
		fill(dst, inf)
		return
	}
	rows := make([]float32, width*height)
	head, tail := make([]float32, width), make([]float32, width)
	for y := range height {
		line := src[y*width:][:width]
		for x0 := 0; x0 < width; x0 += size {
			x1 := min(x0+size, width)
			block := line[x0:x1]
			running := block[0]
			for i, v := range block {
				running = greater(running, v)
				head[x0+i] = running
			}
			running = block[len(block)-1]
			for i := len(block) - 1; i >= 0; i-- {
				running = greater(running, block[i])
				tail[x0+i] = running
			}
		}
		out := rows[y*width:][:width]
		fill(out, inf)
		ends := head[size-1:]
		inner := out[half:][:len(ends)]
		for i := range inner {
			inner[i] = greater(tail[i], ends[i])
		}
	}
	slidingColumns(dst, rows, width, height, half)
}

// slidingColumns is the same down the columns, a row at a time.
func slidingColumns(dst, rows []float32, width, height, half int) {
	size := 2*half + 1
	fill(dst, inf)
	tails := make([]float32, size*width) // of the block that windows leave
	head := make([]float32, width)       // of the block that they enter
	for y0 := 0; y0 < height; y0 += size {
		last := min(y0+size, height) - 1
		// Windows that end in this block begin in the one before, whose tails
		// are still there.
		for y := y0; y <= last; y++ {
			line := rows[y*width:][:width]
			if y == y0 {
				copy(head, line)
			} else {
				maxInto(head, head, line)
			}
			if top := y - size + 1; top >= 0 {
				out := dst[(y-half)*width:][:width]
				if top == y0 { // the window is this block
					copy(out, head)
				} else {
					maxInto(out, head, tails[top%size*width:][:width])
				}
			}
		}
		copy(tails[last%size*width:][:width], rows[last*width:][:width])
		for y := last - 1; y >= y0; y-- {
			maxInto(tails[y%size*width:][:width], tails[(y+1)%size*width:][:width], rows[y*width:][:width])
		}
	}
}

func maxInto(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = greater(a[i], b[i])
	}
}

// greater is max without its care for NaN and signed zeros, which costs half
// the speed.
func greater(a, b float32) float32 {
	if a > b {
		return a
	}
	return b
}

func fill(dst []float32, v float32) {
	for i := range dst {
		dst[i] = v
	}
}
