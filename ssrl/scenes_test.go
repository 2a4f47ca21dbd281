package ssrl_test

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io/fs"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

func smallScenes(count int) ssrl.SceneOptions {
	return ssrl.SceneOptions{Count: count, Seed: 4, Width: 48, Height: 36}
}

func TestWriteScenes(t *testing.T) {
	inFolder(t, nil)
	opts := smallScenes(3)
	var progress []int
	opts.Progress = func(done, total int) { progress = append(progress, done, total) }
	require.NoError(t, ssrl.WriteScenes(t.Context(), "a/b", opts))
	assert.Equal(t, []int{1, 3, 2, 3, 3, 3}, progress)
	assert.Equal(t, []string{"scene-000000.depth.png", "scene-000000.png", "scene-000001.depth.png", "scene-000001.png",
		"scene-000002.depth.png", "scene-000002.png", "scenes.json"}, listing(t, "a/b"))
	assert.Equal(t, []string{"b"}, listing(t, "a"), "nothing is left beside it")

	i := 0
	for f, err := range (ssrl.Source{Images: "a/b"}).Frames() {
		require.NoError(t, err)
		made, err := ssrl.Scene(4, i, 48, 36)
		require.NoError(t, err)
		assert.Equal(t, digest(&ssrl.Sample{Images: []image.Image{made.Image}}), digest(&ssrl.Sample{Images: []image.Image{f.Image}}))
		assert.Equal(t, made.Name+".png", f.Name)
		for k, v := range f.Depth.Metres {
			require.Equal(t, float32(math.Round(float64(made.Depth.Metres[k])*1000)/1000), v, "the nearest millimetre")
		}
		i++
	}
	assert.Equal(t, 3, i)
}

func TestScenesJSON(t *testing.T) {
	inFolder(t, nil)
	require.NoError(t, ssrl.WriteScenes(t.Context(), "s", smallScenes(2)))
	data, err := os.ReadFile("s/scenes.json")
	require.NoError(t, err)
	var about struct {
		Seed          uint64
		Width, Height int
		Scenes        []struct{ Name string }
	}
	keysOf(t, json.RawMessage(data), &struct {
		Seed, Width, Height, Scenes any
	}{}, "seed", "width", "height", "scenes")
	require.NoError(t, json.Unmarshal(data, &about))
	assert.Equal(t, []any{uint64(4), 48, 36, 2}, []any{about.Seed, about.Width, about.Height, len(about.Scenes)})
	for i, s := range about.Scenes {
		assert.Equal(t, []string{"scene-000000", "scene-000001"}[i], s.Name)
	}
}

// Depth files are what sensors write: 16 bits, millimetres.
func TestSceneDepthFile(t *testing.T) {
	inFolder(t, nil)
	require.NoError(t, ssrl.WriteScenes(t.Context(), "s", smallScenes(1)))
	f, err := os.Open("s/scene-000000.depth.png")
	require.NoError(t, err)
	defer f.Close()
	m, err := png.Decode(f)
	require.NoError(t, err)
	grey, ok := m.(*image.Gray16)
	require.True(t, ok)
	made, err := ssrl.Scene(4, 0, 48, 36)
	require.NoError(t, err)
	for i, metres := range made.Depth.Metres {
		require.InDelta(t, float64(metres)*1000, float64(grey.Gray16At(i%48, i/48).Y), .5)
	}
}

func TestScenesDoNotDependOnTheFolder(t *testing.T) {
	inFolder(t, nil)
	require.NoError(t, ssrl.WriteScenes(t.Context(), "new", smallScenes(2)))
	require.NoError(t, os.Mkdir("there", 0o700))
	require.NoError(t, ssrl.WriteScenes(t.Context(), "there", smallScenes(2)))
	assert.Equal(t, tree(t, "new"), tree(t, "there"))
	more := tree(t, "new")
	require.NoError(t, ssrl.WriteScenes(t.Context(), "more", smallScenes(5)))
	for name, data := range tree(t, "more") {
		if want, ok := more[name]; ok && name != "scenes.json" {
			assert.Equal(t, want, data, "%s does not depend on how many there are", name)
		}
	}
	require.NoError(t, os.Mkdir("here", 0o700))
	t.Chdir("here")
	require.NoError(t, ssrl.WriteScenes(t.Context(), ".", smallScenes(2)))
	assert.Equal(t, more, tree(t, "../here"), "the working directory stays one")
}

func TestWriteScenesRefuses(t *testing.T) {
	with := func(change func(*ssrl.SceneOptions)) ssrl.SceneOptions {
		o := smallScenes(1)
		change(&o)
		return o
	}
	for _, tc := range []struct {
		name, out string
		opts      ssrl.SceneOptions
		want      string
	}{
		{"no frames", "out", smallScenes(0), "scenes: 0 frames (want 1 to 1000000)"},
		{"fewer than none", "out", smallScenes(-5), "scenes: -5 frames (want 1 to 1000000)"},
		{"more than names", "out", smallScenes(1_000_001), "scenes: 1000001 frames (want 1 to 1000000)"},
		{"no width", "out", with(func(o *ssrl.SceneOptions) { o.Width = 0 }), "scenes: 0x36 pixels (want sides of 1 to 8192)"},
		{"an absurd height", "out", with(func(o *ssrl.SceneOptions) { o.Height = 1 << 40 }), "scenes: 48x1099511627776 pixels (want sides of 1 to 8192)"},
		{"no folder", "", smallScenes(1), "no output directory"},
		{"a full folder", "full", smallScenes(1), "full: not empty (want a new or empty directory)"},
		{"a file", "full/file", smallScenes(1), "full/file: not a directory (want a new or empty one)"},
		{"below a file", "full/file/out", smallScenes(1), "full/file/out: not a directory (want a new or empty one)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inFolder(t, map[string][]byte{"full/file": nil})
			assert.EqualError(t, ssrl.WriteScenes(t.Context(), tc.out, tc.opts), tc.want)
			assert.Equal(t, []string{"full"}, listing(t, "."))
			assert.Equal(t, []string{"file"}, listing(t, "full"))
		})
	}
}

func TestCancelledScenesLeaveNothing(t *testing.T) {
	why := errors.New("enough")
	for _, there := range []bool{false, true} {
		inFolder(t, nil)
		if there {
			require.NoError(t, os.Mkdir("out", 0o777))
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		opts := smallScenes(1000)
		opts.Progress = func(int, int) { cancel(why) }
		assert.Equal(t, why, ssrl.WriteScenes(ctx, "out", opts))
		if there {
			assert.Empty(t, listing(t, "out"))
		} else {
			assert.Empty(t, listing(t, "."))
		}
	}
}

func TestSceneRefuses(t *testing.T) {
	for _, size := range [][3]int{{-1, 8, 8}, {0, 0, 8}, {0, 8, -1}, {0, 8193, 8}} {
		_, err := ssrl.Scene(1, size[0], size[1], size[2])
		assert.ErrorContains(t, err, "(want an index from 0, sides of 1 to 8192)")
	}
	f, err := ssrl.Scene(1, 0, 1, 1)
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 0, 1, 1), f.Image.Bounds())
}

// listing is the names in a folder, nil when there is none.
func listing(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// tree is every file below a folder with its contents.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(dir + "/" + path)
		files[path] = string(data)
		return err
	}))
	return files
}
