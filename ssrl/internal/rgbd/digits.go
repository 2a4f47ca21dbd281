package rgbd

// A face is a set of bitmap digits. Digits are drawn from these bitmaps rather
// than from a font, so that the same question has the same pixels everywhere.
type face struct {
	width, height int
	digits        [10][]string // rows of '#' (ink) and '.'
}

// digits5x7 is the face for everything that has room for it.
var digits5x7 = face{5, 7, [10][]string{
	{".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."},
	{"..#..", ".##..", "#.#..", "..#..", "..#..", "..#..", "#####"},
	{".###.", "#...#", "....#", "...#.", "..#..", ".#...", "#####"},
	{".###.", "#...#", "....#", "..##.", "....#", "#...#", ".###."},
	{"...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#."},
	{"#####", "#....", "####.", "....#", "....#", "#...#", ".###."},
	{".###.", "#....", "#....", "####.", "#...#", "#...#", ".###."},
	{"#####", "....#", "...#.", "...#.", "..#..", "..#..", "..#.."},
	{".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."},
	{".###.", "#...#", "#...#", ".####", "....#", "....#", ".###."},
}}

// digits3x5 is the face for pictures of some 60 pixels.
var digits3x5 = face{3, 5, [10][]string{
	{"###", "#.#", "#.#", "#.#", "###"},
	{".#.", "##.", ".#.", ".#.", "###"},
	{"###", "..#", "###", "#..", "###"},
	{"###", "..#", ".##", "..#", "###"},
	{"#.#", "#.#", "###", "..#", "..#"},
	{"###", "#..", "###", "..#", "###"},
	{"###", "#..", "###", "#.#", "###"},
	{"###", "..#", "..#", ".#.", ".#."},
	{"###", "#.#", "###", "#.#", "###"},
	{"###", "#.#", "###", "..#", "###"},
}}

// bitmap is ink on a grid, row by row.
type bitmap struct {
	width, height int
	ink           []bool
}

// number returns n (from 0) in face f, one column between digits, every point
// scale x scale pixels.
func (f *face) number(n, scale int) bitmap {
	if n < 0 || scale < 1 {
		panic("rgbd: labels count from 0, scales from 1")
	}
	var digits []int
	for {
		digits = append([]int{n % 10}, digits...)
		if n /= 10; n == 0 {
			break
		}
	}
	points := len(digits)*(f.width+1) - 1
	b := bitmap{points * scale, f.height * scale, nil}
	b.ink = make([]bool, b.width*b.height)
	for i, d := range digits {
		for y, row := range f.digits[d] {
			for x := range row {
				if row[x] != '#' {
					continue
				}
				for j := range scale {
					at := (y*scale+j)*b.width + (i*(f.width+1)+x)*scale
					for k := range scale {
						b.ink[at+k] = true
					}
				}
			}
		}
	}
	return b
}
