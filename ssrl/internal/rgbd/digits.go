package rgbd

import "image"

// A face is a set of bitmap digits. Digits are drawn from these bitmaps rather
// than from a font, so that the same question has the same pixels everywhere.
type face struct {
	width, height int
	digits        [10][]string // rows of '#' (ink) and '.'
}

// digits7x9 is the bold face for everything that has room for it.
var digits7x9 = face{7, 9, [10][]string{
	{".#####.", "#######", "##...##", "##...##", "##...##", "##...##", "##...##", "#######", ".#####."},
	{"...##..", "..###..", ".####..", "...##..", "...##..", "...##..", "...##..", ".######", ".######"},
	{".#####.", "#######", "##...##", "....###", "...###.", "..###..", ".###...", "#######", "#######"},
	{"######.", "#######", ".....##", ".....##", "..####.", ".....##", ".....##", "#######", "######."},
	{"....##.", "...###.", "..####.", ".##.##.", "##..##.", "#######", "#######", "....##.", "....##."},
	{"#######", "#######", "##.....", "######.", "#######", ".....##", "##...##", "#######", ".#####."},
	{".#####.", "######.", "##.....", "######.", "#######", "##...##", "##...##", "#######", ".#####."},
	{"#######", "#######", ".....##", "....##.", "...##..", "...##..", "..##...", "..##...", "..##..."},
	{".#####.", "#######", "##...##", "##...##", ".#####.", "##...##", "##...##", "#######", ".#####."},
	{".#####.", "#######", "##...##", "##...##", "#######", ".######", ".....##", ".######", ".#####."},
}}

// digits5x7 is the face for pictures of some 120 pixels.
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

// numeral is a number written in a face, one column between its digits, every
// point scale x scale pixels.
type numeral struct {
	face          *face
	value, scale  int
	width, height int // pixels
}

// number returns n (from 0) in face f.
func (f *face) number(n, scale int) numeral {
	if n < 0 || scale < 1 {
		panic("rgbd: labels count from 0, scales from 1")
	}
	digits := 1
	for v := n / 10; v > 0; v /= 10 {
		digits++
	}
	return numeral{f, n, scale, (digits*(f.width+1) - 1) * scale, f.height * scale}
}

// draw paints the points of a numeral whose top left corner is (x, y), each
// grown by grow pixels to every side.
func (n numeral) draw(m *RGB, x, y, grow int, c Colour) {
	x += n.width
	for v := n.value; ; v /= 10 { // from the last digit
		x -= n.face.width * n.scale
		for j, row := range n.face.digits[v%10] {
			for i := range row {
				if row[i] == '#' {
					px, py := x+i*n.scale, y+j*n.scale
					FillRect(m, image.Rect(px-grow, py-grow, px+n.scale+grow, py+n.scale+grow), c)
				}
			}
		}
		x -= n.scale
		if v < 10 {
			return
		}
	}
}
