package rgbd_test

import (
	"fmt"
	"strings"

	"ssrl/internal/rgbd"
)

// A PGM of two counts, in millimetres unless a unit is given.
func ExampleDecodeDepth() {
	pgm := []byte("P5 2 1 65535\n\x04\xd2\x00\x00")
	d, _ := rgbd.DecodeDepth(pgm, "a.pgm", rgbd.Unit{})
	fmt.Println(d.Metres)

	tum, _ := rgbd.ParseUnit("tum")
	d, _ = rgbd.DecodeDepth(pgm, "a.pgm", tum)
	fmt.Println(d.Metres)

	_, err := rgbd.DecodeDepth([]byte("P5 2 1 255\n\x04\xd2"), "b.pgm", rgbd.Unit{})
	fmt.Println(err)
	// Output:
	// [1.234 NaN]
	// [0.2468 NaN]
	// depth b.pgm: 8 bits a pixel (want 16)
}

func ExampleDrawMarker() {
	m := rgbd.NewRGB(11, 11)
	rgbd.FillRect(m, m.Bounds(), rgbd.Colour{90, 140, 200})
	rgbd.DrawMarker(m, 3, 5, 5)
	for y := range m.Height {
		var row strings.Builder
		for x := range m.Width {
			row.WriteString(map[byte]string{90: "·", 16: "#", 255: " "}[m.Pix[3*(y*m.Width+x)]])
		}
		fmt.Println(row.String())
	}
	// Output:
	// ···········
	// ···#####···
	// ··##   ##··
	// ·## ### ##·
	// ·#    #  #·
	// ·#   ##  #·
	// ·#    #  #·
	// ·## ### ##·
	// ··##   ##··
	// ···#####···
	// ···········
}
