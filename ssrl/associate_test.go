package ssrl_test

import (
	"context"
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// sequence is a folder as TUM lays one out: three images, the depth of which is
// the millimetres 100, 200 and 300.
func sequence(t testing.TB, files map[string]string) {
	picture := pngOf(t, image.NewGray(image.Rect(0, 0, 2, 2)))
	inFolder(t, nil)
	for i := range 3 {
		d := uint16(100 * (i + 1))
		put(t, map[string][]byte{fmt.Sprintf("in/rgb/%d.png", i): picture, fmt.Sprintf("in/depth/%d.png", i): counts(t, 2, d, d, d, d)})
	}
	for name, text := range files {
		put(t, map[string][]byte{name: []byte(text)})
	}
}

func TestSourceAssociations(t *testing.T) {
	for _, tc := range []struct {
		name  string
		s     ssrl.Source
		files map[string]string
		want  map[string]float32 // metres by image; of its frames
	}{
		{"pairs", ssrl.Source{Associations: "in/a.txt"}, map[string]string{"in/a.txt": "# t rgb t depth\n1.00 rgb/0.png 1.01 depth/2.png\n2,rgb/1.png,2.015,depth/0.png # near\n"},
			map[string]float32{"rgb/0.png": .3, "rgb/1.png": .1}},
		{"one depth map for two images", ssrl.Source{Associations: "in/a.txt"}, map[string]string{"in/a.txt": "1 rgb/0.png 1 depth/2.png\n1.01 rgb/1.png 1 depth/2.png"},
			map[string]float32{"rgb/0.png": .3, "rgb/1.png": .3}},
		{"a pair too far apart", ssrl.Source{Associations: "in/a.txt"}, map[string]string{"in/a.txt": "1 rgb/0.png 1.03 depth/0.png\n2 rgb/1.png 2 depth/1.png"},
			map[string]float32{"rgb/1.png": .2}},
		{"a pair not too far apart", ssrl.Source{Associations: "in/a.txt", MaxDifference: .05}, map[string]string{"in/a.txt": "1 rgb/0.png 1.03 depth/0.png\r\n2 rgb/1.png 2 depth/1.png\r\n"},
			map[string]float32{"rgb/0.png": .1, "rgb/1.png": .2}},
		{"a folder for depth", ssrl.Source{Associations: "in/a.txt", Depth: "in/depth"}, map[string]string{"in/a.txt": "1 rgb/0.png 1 2.png"},
			map[string]float32{"rgb/0.png": .3}},
		{"lists", ssrl.Source{Associations: "in/rgb.txt"}, map[string]string{
			"in/rgb.txt": "1.000 rgb/0.png\n1.033 rgb/1.png\n1.066 rgb/2.png\n", "in/depth.txt": "1.065 depth/1.png\n1.005 depth/0.png\n1.5 depth/2.png\n"},
			map[string]float32{"rgb/0.png": .1, "rgb/2.png": .2}},
		{"lists of a folder", ssrl.Source{Associations: "in"}, map[string]string{"in/rgb.txt": "1 rgb/0.png\n", "in/depth.txt": "1 depth/1.png\n"},
			map[string]float32{"rgb/0.png": .2}},
		// Both images are next to the depth map at 1.01; the nearer has it, and
		// the other takes its second choice.
		{"the nearest first, each once", ssrl.Source{Associations: "in"}, map[string]string{
			"in/rgb.txt": "1.000 rgb/0.png\n1.012 rgb/1.png\n", "in/depth.txt": "1.010 depth/0.png\n0.985 depth/1.png\n"},
			map[string]float32{"rgb/0.png": .2, "rgb/1.png": .1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sequence(t, tc.files)
			tc.s.Images = "in"
			got := map[string]float32{}
			for f, err := range tc.s.Frames() {
				require.NoError(t, err)
				got[f.Name] = f.Depth.Metres[0]
				again, err := tc.s.Open(f.Name)
				require.NoError(t, err)
				assert.Equal(t, f, again)
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestSourceAssociationsRefuse(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "# nothing\n", "associations in/a.txt: no line (want time, image, time and depth)"},
		{"fields", "1 rgb/0.png 1\n", "associations in/a.txt:1: 3 fields (want time, image, time and depth, or time and file)"},
		{"mixed", "1 rgb/0.png 1 depth/0.png\n2 rgb/1.png\n", "associations in/a.txt:2: 2 fields after lines of 4"},
		{"time", "now rgb/0.png 1 depth/0.png\n", `associations in/a.txt:1: time "now" (want seconds)`},
		{"NaN", "NaN rgb/0.png 1 depth/0.png\n", `associations in/a.txt:1: time "NaN" (want seconds)`},
		{"outside", "1 ../secret.png 1 depth/0.png\n", `associations in/a.txt:1: file "../secret.png" (want one below the folder)`},
		{"absolute", "1 /etc/passwd 1 depth/0.png\n", `associations in/a.txt:1: file "/etc/passwd" (want one below the folder)`},
		{"twice", "1 rgb/0.png 1 depth/0.png\n2 rgb/0.png 2 depth/1.png\n", "associations in/a.txt:2: rgb/0.png a second time"},
		{"apart", "1 rgb/0.png 1.5 depth/0.png\n", "associations in/a.txt: no image has depth within 0.02 s (the nearest is 0.5 s off)"},
		{"no image", "1 rgb/9.png 1 depth/0.png\n", "image in/rgb/9.png: no such file or directory"},
		{"no depth", "1 rgb/0.png 1 depth/9.png\n", "depth in/depth/9.png: no such file or directory"},
		{"no list of depth", "1 rgb/0.png\n", "associations in/depth.txt: no such file or directory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sequence(t, map[string]string{"in/a.txt": tc.text})
			for _, err := range (ssrl.Source{Images: "in", Associations: "in/a.txt"}).Frames() {
				assert.EqualError(t, err, tc.want)
			}
		})
	}
	sequence(t, nil)
	for _, tc := range []struct {
		s    ssrl.Source
		want string
	}{
		{ssrl.Source{Images: "in", Associations: "none.txt"}, "associations none.txt: no such file or directory"},
		{ssrl.Source{Images: "in", Associations: "in"}, "associations in/rgb.txt: no such file or directory"},
		{ssrl.Source{Images: "in", MaxDifference: -1}, "difference of -1 seconds (want 0, for 0.02, or more)"},
		{ssrl.Source{Images: "in", MaxDifference: math.NaN()}, "difference of NaN seconds (want 0, for 0.02, or more)"},
		{ssrl.Source{Images: "in", Mismatch: "stretch"}, `depth mismatch "stretch" (want rescale or refuse)`},
	} {
		_, err := tc.s.Names()
		assert.EqualError(t, err, tc.want)
		_, err = tc.s.Open("rgb/0.png")
		assert.Error(t, err)
	}
}

// What is done to a frame is said once, whoever made it and however many
// questions are asked of it.
func TestRescaledDepthIsSaid(t *testing.T) {
	room := drawing("room.png", 160, 120, false)
	half := &ssrl.Depth{Width: 80, Height: 60}
	for y := range 60 {
		for x := range 80 {
			half.Metres = append(half.Metres, room.Depth.Metres[2*y*160+2*x])
		}
	}
	const text = "depth 80x60 rescaled to 160x120"
	var said []string
	notice := func(frame, text string) { said = append(said, frame+": "+text) }

	room.Depth = half
	collect(t, ssrl.Generator{Seed: 1, PerFrame: 7, Notice: notice}, room)
	assert.Equal(t, []string{"room.png: " + text}, said)

	millimetres := make([]uint16, len(half.Metres))
	for i, v := range half.Metres {
		millimetres[i] = uint16(1000 * v)
	}
	inFolder(t, map[string][]byte{"in/a.png": pngOf(t, room.Image), "in/a.depth.png": counts(t, 80, millimetres...)})
	said = nil
	_, err := ssrl.GenerateDataset(context.Background(), ssrl.Source{Images: "in"}, "out", ssrl.GenerateOptions{PerImage: 7, Notice: notice})
	require.NoError(t, err)
	assert.Equal(t, []string{"a.png: " + text}, said)

	f, err := ssrl.Source{Images: "in"}.Open("a.png")
	require.NoError(t, err)
	assert.Equal(t, image.Pt(80, 60), f.Depth.Rescaled)
	_, err = ssrl.Source{Images: "in", Mismatch: "refuse"}.Open("a.png")
	assert.EqualError(t, err, "depth in/a.depth.png: 80x60 pixels (want the image's 160x120)")

	said = nil
	put(t, map[string][]byte{"in/list.txt": []byte("1 a.png 1 a.depth.png\n2 b.png 3 b.depth.png\n" + strings.Repeat("\n", 9))})
	_, err = ssrl.GenerateDataset(context.Background(), ssrl.Source{Images: "in", Associations: "in/list.txt"}, "out2", ssrl.GenerateOptions{Notice: notice})
	require.NoError(t, err)
	assert.Equal(t, []string{": 1 of 2 images left out: no depth within 0.02 s", "a.png: " + text}, said)
}
