package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// TestPicturesOfEveryTypeArePacked compares with image/draw.
func TestPicturesOfEveryTypeArePacked(t *testing.T) {
	scene, err := ssrl.Scene(1, 0, 31, 17)
	require.NoError(t, err)
	at := image.Rect(5, -3, 36, 14) // no picture need begin at 0
	nrgba, gray := image.NewNRGBA(at), image.NewGray(at)
	paletted := image.NewPaletted(at, color.Palette{color.Black, color.White})
	for _, dst := range []draw.Image{nrgba, gray, paletted} {
		draw.Draw(dst, dst.Bounds(), scene.Image, image.Point{}, draw.Src)
	}
	for name, m := range map[string]image.Image{"scene": scene.Image, "nrgba": nrgba, "gray": gray, "palette": paletted, "part": nrgba.SubImage(image.Rect(6, 0, 9, 2))} {
		t.Run(name, func(t *testing.T) {
			size := m.Bounds().Size()
			want := image.NewNRGBA(image.Rectangle{Max: size})
			draw.Draw(want, want.Rect, m, m.Bounds().Min, draw.Src)
			got := make([]byte, 3*size.X*size.Y)
			pack(got, m)
			for i := range size.X * size.Y {
				if !bytes.Equal(want.Pix[4*i:4*i+3], got[3*i:3*i+3]) {
					t.Fatalf("pixel %d: %v, want %v", i, got[3*i:3*i+3], want.Pix[4*i:4*i+3])
				}
			}
		})
	}
	assert.Len(t, packed(scene.Image), 3*31*17, "the fast path is taken")
}

func BenchmarkPack(b *testing.B) {
	scene, err := ssrl.Scene(7, 1, 640, 480)
	require.NoError(b, err)
	dst := make([]byte, 3*640*480)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		pack(dst, scene.Image)
	}
}
