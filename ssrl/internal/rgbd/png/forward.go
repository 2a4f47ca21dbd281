package png

// from0 returns how far v, as a signed number, is from zero.
func from0(v byte) int { return int(min(v, -v)) }

// forward writes what a filter leaves of row and returns how far those bytes are
// from zero.
func (e *Encoder) forward(filter byte, out, row, above []byte, size int) int {
	i, sum := min(size, len(row)), 0
	for j := range i { // what is on the left is zero
		left := byte(0)
		switch filter {
		case filterUp, filterPaeth:
			left = above[j]
		case filterAverage:
			left = above[j] / 2
		}
		out[j] = row[j] - left
		sum += from0(out[j])
	}
	if !e.portable {
		done, part := forwardFast(filter, out, row, above, size)
		i, sum = i+done, sum+part
	}
	left, corner := row[i-size:], above[i-size:]
	row, above, out = row[i:], above[i:len(above)], out[i:]
	switch filter {
	case filterSub:
		for j, v := range row {
			out[j] = v - left[j]
			sum += from0(out[j])
		}
	case filterUp:
		for j, v := range row {
			out[j] = v - above[j]
			sum += from0(out[j])
		}
	case filterAverage:
		for j, v := range row {
			out[j] = v - byte((int(left[j])+int(above[j]))/2)
			sum += from0(out[j])
		}
	case filterPaeth:
		for j, v := range row {
			out[j] = v - paeth(int(left[j]), int(above[j]), int(corner[j]))
			sum += from0(out[j])
		}
	}
	return sum
}
