package scene

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"testing"
)

func sheet(name string, seed uint64, w, h, cols, rows, zoom int, depth bool) {
	m := image.NewRGBA(image.Rect(0, 0, cols*(w*zoom+4), rows*(h*zoom+4)))
	draw.Draw(m, m.Bounds(), image.White, image.Point{}, draw.Src)
	for i := range cols * rows {
		k := i
		if depth {
			k = i / 2
		}
		f := Render(seed, k, w, h)
		for y := range h * zoom {
			for x := range w * zoom {
				c := f.Image.At(x/zoom, y/zoom)
				if depth && i%2 == 1 {
					z := float64(f.Depth.Metres[(y/zoom)*w+x/zoom])
					v := uint8(max(0, min(255, 255-z/9*255)))
					c = color.RGBA{v, v, v, 255}
				}
				m.Set(i%cols*(w*zoom+4)+x, i/cols*(h*zoom+4)+y, c)
			}
		}
	}
	f, _ := os.Create(name)
	png.Encode(f, m)
	f.Close()
}
func TestTmp(t *testing.T) {
	sheet("/tmp/s112.png", 1, 112, 112, 8, 5, 2, false)
	sheet("/tmp/s56.png", 1, 56, 56, 8, 5, 3, false)
	sheet("/tmp/s640.png", 1, 640, 480, 2, 2, 1, true)
	lo, hi := float32(100), float32(0)
	for i := range 300 {
		for _, z := range Render(1, i, 56, 56).Depth.Metres {
			lo = min(lo, z)
			hi = max(hi, z)
		}
	}
	fmt.Println(lo, hi)
}
func BenchmarkTmp(b *testing.B) {
	for _, s := range [][2]int{{56, 56}, {112, 112}, {640, 480}} {
		b.Run(fmt.Sprint(s), func(b *testing.B) {
			i := 0
			for b.Loop() {
				Render(1, i%50, s[0], s[1])
				i++
			}
		})
	}
}
