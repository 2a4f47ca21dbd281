package pretext_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/rgbd"
)

// units are the depth units of the folders of real frames (its README); others
// take their format's default.
var units = map[string]string{"tum": "tum"}

// realFrames opens every colour image of the folder that SSRL_DATA names, with
// its depth when there is one beside it: depthX or depth_X for imgX or color_X.
func realFrames(t *testing.T) []*rgbd.Frame {
	t.Helper()
	dir := os.Getenv("SSRL_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no real frames: SSRL_DATA names no folder")
	}
	fsys := os.DirFS(dir)
	var frames []*rgbd.Frame
	require.NoError(t, fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(path.Base(name), "depth") {
			return err
		}
		switch path.Ext(name) {
		case ".png", ".jpg", ".jpeg":
			frames = append(frames, realFrame(t, fsys, name))
		}
		return nil
	}))
	return frames
}

func realFrame(t *testing.T, fsys fs.FS, name string) *rgbd.Frame {
	t.Helper()
	m, err := rgbd.ReadImage(fsys, name)
	require.NoError(t, err)
	f := &rgbd.Frame{Name: name, Image: m}
	folder, base := path.Split(name)
	stem := strings.TrimSuffix(base, path.Ext(base))
	stem = strings.TrimPrefix(strings.TrimPrefix(stem, "color"), "img")
	files, err := fs.Glob(fsys, folder+"depth"+stem+".*")
	require.NoError(t, err)
	if len(files) == 0 {
		return f
	}
	unit, err := rgbd.ParseUnit(units[path.Base(path.Clean(folder))])
	require.NoError(t, err)
	mask := folder + "depth_mask" + stem + ".npy"
	if _, err := fs.Stat(fsys, mask); err != nil {
		mask = ""
	}
	f.Depth, err = rgbd.ReadDepth(fsys, files[0], mask, unit)
	require.NoError(t, err)
	if f.Depth.Width != m.Width || f.Depth.Height != m.Height {
		f.Depth = f.Depth.Resize(m.Width, m.Height)
	}
	return f
}

// The solver confirms whatever is made of real frames at their own size, and
// each task can be made of some of them.
func TestSolverConfirmsSamplesOfRealFrames(t *testing.T) {
	made, suited := map[string]int{}, map[string]bool{}
	for _, f := range realFrames(t) {
		for _, tc := range everyTask {
			needs := strings.HasPrefix(tc.name, "depth") || strings.HasPrefix(tc.name, "position")
			n := askAll(t, tc.task, f, 1)
			if needs && f.Depth == nil {
				require.Zero(t, n, "%s of %s", tc.name, f.Name)
				continue
			}
			suited[tc.name] = true
			made[tc.name] += n
		}
	}
	for name := range suited {
		require.NotZero(t, made[name], "samples of %s", name)
	}
	t.Log(made)
}
