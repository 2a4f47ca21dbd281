package formats_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/formats"
	"ssrl/internal/outdir"
	"ssrl/internal/shard"
)

// written is a sample as it is handed to a writer.
type written struct {
	shard.Sample
	pictures [][]byte
	ext      string
}

// picture encodes a picture that differs by k.
func picture(t testing.TB, k int, ext string) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 9+k%5, 7))
	for i := range m.Bounds().Dx() {
		m.Set(i, i%7, color.RGBA{uint8(40 * k), uint8(i * 20), 200, 255})
	}
	var b bytes.Buffer
	if ext == ".png" {
		require.NoError(t, png.Encode(&b, m))
	} else {
		require.NoError(t, jpeg.Encode(&b, m, nil))
	}
	return b.Bytes()
}

// samples are n questions of three kinds about frames of five questions each.
func samples(t testing.TB, n int) []written {
	var out []written
	for k := range n {
		s := written{ext: ".png"}
		s.ID = fmt.Sprintf("kitchen.%d.png-%d", k/5, k)
		s.Source = fmt.Sprintf("rooms/kitchen %d.png", k/5)
		s.Meta = json.RawMessage(fmt.Sprintf(`{"grid":[2,%d]}`, k))
		switch k % 3 {
		case 0:
			s.Task, s.Problem, s.Answer = "shuffle", `<image>Arrange the <2x2> "patches" — 日本?`, "2-0-3-1"
			s.pictures = [][]byte{picture(t, k, s.ext)}
		case 1:
			s.ext = ".jpg"
			s.Task, s.Problem, s.Answer = "crop", "<image>\nWhich of <image><image> is missing?", "B"
			s.pictures = [][]byte{picture(t, k, s.ext), picture(t, k+1, s.ext), picture(t, k+2, s.ext)}
		case 2:
			s.Task, s.Problem, s.Answer = "word", "No picture & none \\needed?", "1/2 {x}"
		}
		out = append(out, s)
	}
	return out
}

func write(t testing.TB, dir string, f formats.Format, o formats.WriteOptions, all []written) {
	t.Helper()
	w, err := formats.Create(dir, f, o)
	require.NoError(t, err)
	for _, s := range all {
		require.NoError(t, w.Write(s.Sample, s.pictures, s.ext))
	}
	require.Equal(t, len(all), w.Len())
	require.NoError(t, w.Close())
}

// tree returns the names and hashes of all files below dir.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = hash(data)
		return err
	}))
	return files
}

func same(t *testing.T, f formats.Format, want written, d *formats.Dataset, i int) {
	t.Helper()
	row, err := d.At(i)
	require.NoError(t, err)
	assert.Equal(t, want.ID, row.ID)
	assert.Equal(t, want.Task, row.Task)
	assert.Equal(t, want.Problem, row.Problem)
	assert.Equal(t, want.Answer, row.Answer)
	if f != formats.Parquet && f != formats.ParquetPaths { // which have no such column
		assert.Equal(t, want.Source, row.Source)
	}
	require.Len(t, row.Images, len(want.pictures))
	for n, data := range want.pictures {
		got, err := d.Image(i, n)
		require.NoError(t, err)
		assert.Equal(t, hash(data), hash(got))
		p, err := d.Picture(i, n)
		require.NoError(t, err)
		assert.Positive(t, p.Width)
	}
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	all := samples(t, 230) // three row groups
	for _, f := range formats.Formats() {
		t.Run(string(f), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			write(t, dir, f, formats.WriteOptions{TarBytes: 100_000}, all)
			d, err := formats.Open(dir, formats.Options{})
			require.NoError(t, err)
			defer d.Close()
			require.Equal(t, len(all), d.Len())
			assert.Empty(t, d.Skipped())
			// Forwards, and then in leaps, which read pages again.
			for i := range all {
				same(t, f, all[i], d, i)
			}
			for k := range all {
				i := k * 97 % len(all)
				same(t, f, all[i], d, i)
			}
			for name := range tree(t, dir) {
				assert.NotContains(t, name, ".tmp")
				assert.NotEqual(t, "run.json", name)
			}
		})
	}
}

func TestFilesAreWhereOtherProgramsLook(t *testing.T) {
	all := samples(t, 6)
	held := map[string]bool{all[5].Source: true}
	for _, tc := range []struct {
		format formats.Format
		want   []string
	}{
		{formats.Parquet, []string{"train.parquet", "validation.parquet"}},
		{formats.ParquetPaths, []string{"data/parquets/train.parquet", "data/parquets/validation.parquet", "data/images/crop/kitchen.0.png-1.0.jpg"}},
		{formats.Alpaca, []string{"train.json", "validation.json", "dataset_info.json", "images/kitchen.0.png-0.0.png"}},
		{formats.ShareGPT, []string{"train.json", "validation.json", "dataset_info.json", "images/kitchen.0.png-0.0.png"}},
		{formats.WebDataset, []string{"train-000000.tar", "validation-000000.tar"}},
	} {
		t.Run(string(tc.format), func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tc.format, formats.WriteOptions{Validation: held}, all)
			files := tree(t, dir)
			for _, name := range tc.want {
				assert.Contains(t, files, name)
			}
			for split, want := range map[string][]written{"": all[:5], "@train": all[:5], "@validation": all[5:]} {
				d, err := formats.Open(dir+split, formats.Options{})
				require.NoError(t, err)
				require.Equal(t, len(want), d.Len())
				for i := range want {
					same(t, tc.format, want[i], d, i)
				}
				require.NoError(t, d.Close())
			}
			_, err := formats.Open(dir+"@test", formats.Options{})
			assert.ErrorContains(t, err, `"test"`)
		})
	}
}

func TestShardsLieInOneFolder(t *testing.T) {
	all := samples(t, 12)
	held := map[string]bool{all[0].Source: true} // the second shard's, one of the first's
	for _, f := range formats.Formats() {
		if f == formats.Dir {
			continue // manifests would lie on each other
		}
		t.Run(string(f), func(t *testing.T) {
			together := t.TempDir()
			for k := range 3 {
				dir := t.TempDir()
				write(t, dir, f, formats.WriteOptions{Shard: k, Shards: 3, Validation: held}, all[4*k:][:4])
				for name, sum := range tree(t, dir) {
					if there, err := os.ReadFile(filepath.Join(together, name)); err == nil {
						assert.Equal(t, sum, hash(there), "%s is the same in all shards", name)
						require.NoError(t, os.Remove(filepath.Join(together, name)))
					}
				}
				require.NoError(t, os.CopyFS(together, os.DirFS(dir)))
			}
			for split, want := range map[string][]written{"@train": all[5:], "@validation": all[:5]} {
				d, err := formats.Open(together+split, formats.Options{})
				require.NoError(t, err)
				require.Equal(t, len(want), d.Len())
				for i := range want {
					same(t, f, want[i], d, i)
				}
				require.NoError(t, d.Close())
			}
		})
	}
}

// full is a disk with room for some bytes.
func full(room int) outdir.Disk {
	d := outdir.Real()
	d.Create = func(path string) (io.WriteCloser, error) {
		f, err := outdir.Real().Create(path)
		return &fullFile{f, &room}, err
	}
	return d
}

type fullFile struct {
	io.WriteCloser
	room *int
}

func (f *fullFile) Write(b []byte) (int, error) {
	n, _ := f.WriteCloser.Write(b[:min(len(b), *f.room)])
	*f.room -= n
	if n < len(b) {
		return n, &fs.PathError{Op: "write", Path: "disk", Err: syscall.ENOSPC}
	}
	return n, nil
}

func TestAFullDiskLeavesNoDataset(t *testing.T) {
	all := samples(t, 7)
	o := formats.WriteOptions{Validation: map[string]bool{all[6].Source: true}, TarBytes: 5000}
	for _, f := range formats.Formats() {
		t.Run(string(f), func(t *testing.T) {
			whole := t.TempDir()
			write(t, whole, f, o, all)
			want := tree(t, whole)
			for room := 0; ; room += 1777 {
				dir := t.TempDir()
				w, err := formats.CreateOn(full(room), dir, f, o)
				for k := 0; err == nil && k < len(all); k++ {
					err = w.Write(all[k].Sample, all[k].pictures, all[k].ext)
				}
				if err == nil {
					err = w.Close()
				}
				if err == nil {
					break
				}
				require.ErrorIs(t, err, syscall.ENOSPC)
				require.NotContains(t, err.Error(), "\n")
				_, err = formats.Open(dir, formats.Options{})
				require.Error(t, err)
				write(t, dir, f, o, all) // room again
				require.Equal(t, want, tree(t, dir))
			}
		})
	}
}

// A run that is killed leaves the folder as it was before one of its steps.
// Every such state is refused and taken over by the same run.
func TestAKilledRunNeverLooksWhole(t *testing.T) {
	all := samples(t, 4)
	o := formats.WriteOptions{Validation: map[string]bool{"none": true}, TarBytes: 3000}
	all[3].Source = "none"
	for _, f := range formats.Formats() {
		t.Run(string(f), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			var states []string
			var one sync.Mutex // pictures are synced several at once
			keep := func() {
				one.Lock()
				defer one.Unlock()
				state := t.TempDir()
				require.NoError(t, os.CopyFS(state, os.DirFS(dir)))
				states = append(states, state)
			}
			real := outdir.Real()
			w, err := formats.CreateOn(outdir.Disk{
				Create: func(path string) (io.WriteCloser, error) { keep(); return real.Create(path) },
				Sync:   func(path string) error { keep(); return nil },
				Rename: func(from, to string) error { keep(); return real.Rename(from, to) },
			}, dir, f, o)
			require.NoError(t, err)
			for _, s := range all {
				require.NoError(t, w.Write(s.Sample, s.pictures, s.ext))
			}
			require.NoError(t, w.Close())
			want := tree(t, dir)
			assert.Greater(t, len(states), 8)
			for _, state := range states {
				d, err := formats.Open(state, formats.Options{})
				if !assert.Error(t, err) {
					d.Close()
				}
				write(t, state, f, o, all)
				require.Equal(t, want, tree(t, state))
			}
		})
	}
}

func TestEqualSamplesAreEqualBytes(t *testing.T) {
	all := samples(t, 120)
	for _, f := range formats.Formats() {
		a, b := t.TempDir(), t.TempDir()
		write(t, a, f, formats.WriteOptions{}, all)
		write(t, b, f, formats.WriteOptions{}, all)
		assert.Equal(t, tree(t, a), tree(t, b), f)
	}
}

func TestAnUnfinishedRunIsFinishedByItsOwnArguments(t *testing.T) {
	all := samples(t, 7)
	options := func(run string) formats.WriteOptions {
		return formats.WriteOptions{Run: shard.Options{Seed: 3, Run: json.RawMessage(run)}}
	}
	for _, f := range formats.Formats() {
		t.Run(string(f), func(t *testing.T) {
			dir, whole := t.TempDir(), t.TempDir()
			w, err := formats.Create(dir, f, options(`{"a":1, "b":[2]}`))
			require.NoError(t, err)
			_, err = formats.Create(dir, f, options(`{"a":1, "b":[2]}`))
			assert.ErrorContains(t, err, "another writer")
			for _, s := range all[2:] {
				require.NoError(t, w.Write(s.Sample, s.pictures, s.ext))
			}
			w.Abort()
			assert.ErrorContains(t, w.Close(), "closed")
			_, err = formats.Open(dir, formats.Options{})
			assert.ErrorContains(t, err, "unfinished")
			for name := range tree(t, dir) {
				whole := name != "run.json" && !strings.HasSuffix(name, ".tmp") && !strings.Contains(name, "images/")
				assert.Equal(t, whole, name == "samples.jsonl", name) // which is none without its manifest
			}

			_, err = formats.Create(dir, f, options(`{"a":2}`))
			assert.ErrorContains(t, err, "other arguments")
			write(t, dir, f, options(`{"b":[2],"a":1}`), all)
			write(t, whole, f, options(`{"a":1,"b":[2]}`), all)
			assert.Equal(t, tree(t, whole), tree(t, dir))

			_, err = formats.Create(dir, f, options(`{"b":[2],"a":1}`))
			assert.ErrorContains(t, err, "want a new or empty directory")
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	for _, tc := range []struct {
		name, dir string
		format    formats.Format
		opts      formats.WriteOptions
		want      string
	}{
		{"unknown format", t.TempDir(), "csv", formats.WriteOptions{}, `format "csv"`},
		{"a file", file, formats.Parquet, formats.WriteOptions{}, "a file"},
		{"a folder with something", dir, formats.Parquet, formats.WriteOptions{}, "holds file"},
		{"shard out of range", t.TempDir(), formats.Parquet, formats.WriteOptions{Shard: 2, Shards: 2}, "shard 2 of 2"},
		{"options that are no JSON", t.TempDir(), formats.Parquet, formats.WriteOptions{Run: shard.Options{Run: []byte("{")}}, "options of the run"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := formats.Create(tc.dir, tc.format, tc.opts)
			assert.ErrorContains(t, err, tc.want)
		})
	}
	w, err := formats.Create(t.TempDir(), formats.Alpaca, formats.WriteOptions{})
	require.NoError(t, err)
	assert.ErrorContains(t, w.Close(), "not one sample")
}

func TestWriteRefusesBadSamplesAndGoesOn(t *testing.T) {
	good := samples(t, 2)
	for _, f := range formats.Formats() {
		dir := t.TempDir()
		w, err := formats.Create(dir, f, formats.WriteOptions{})
		require.NoError(t, err)
		for _, tc := range []struct {
			name   string
			change func(*written)
			want   string
		}{
			{"id that leads out", func(s *written) { s.ID = "../x" }, "id"},
			{"id in two parts of a name", func(s *written) { s.ID = "a/b" }, "id"},
			{"no id", func(s *written) { s.ID = "" }, "id"},
			{"task that leads out", func(s *written) { s.Task = ".." }, "task"},
			{"no answer", func(s *written) { s.Answer = "" }, `"answer" is empty`},
			{"no UTF-8", func(s *written) { s.Problem = "<image>\xff" }, "UTF-8"},
			{"too few pictures", func(s *written) { s.pictures = nil }, "1 <image>"},
			{"other kind of picture", func(s *written) { s.ext = ".jpg" }, "image 0"},
			{"no kind of picture", func(s *written) { s.ext = ".gif" }, ".gif"},
			{"meta is a list", func(s *written) { s.Meta = []byte("[]") }, "meta"},
		} {
			if f == formats.Dir && tc.name == "task that leads out" {
				continue // no name of a file there
			}
			s := good[0]
			tc.change(&s)
			err := w.Write(s.Sample, s.pictures, s.ext)
			assert.ErrorContains(t, err, tc.want, tc.name)
			assert.NotContains(t, fmt.Sprint(err), "\n")
		}
		require.NoError(t, w.Write(good[0].Sample, good[0].pictures, good[0].ext))
		assert.ErrorContains(t, w.Write(good[0].Sample, good[0].pictures, good[0].ext), "written before")
		require.NoError(t, w.Close())
		d, err := formats.Open(dir, formats.Options{})
		require.NoError(t, err)
		assert.Equal(t, 1, d.Len())
		require.NoError(t, d.Close())
	}
}

func TestADiskThatFailsEndsTheWriter(t *testing.T) {
	if os.Getuid() == 0 {
		// Root writes where it may not, so the folder of pictures is a file instead.
		t.Log("as root")
	}
	dir := t.TempDir()
	w, err := formats.Create(dir, formats.Alpaca, formats.WriteOptions{})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "images"), nil, 0o666))
	s := samples(t, 1)[0]
	err = w.Write(s.Sample, s.pictures, s.ext)
	assert.ErrorContains(t, err, "stays unfinished")
	assert.Equal(t, err, w.Write(s.Sample, s.pictures, s.ext))
	assert.Equal(t, err, w.Close())
	_, err = formats.Open(dir, formats.Options{})
	assert.ErrorContains(t, err, "unfinished")
}

func TestOurOwnDirectoryOpensToo(t *testing.T) {
	dir := t.TempDir()
	all := samples(t, 5)
	w, err := shard.Create(dir, shard.Options{})
	require.NoError(t, err)
	for _, s := range all {
		require.NoError(t, w.Write(s.Sample, s.pictures, s.ext))
	}
	require.NoError(t, w.Close())
	d, err := formats.Open(dir, formats.Options{})
	require.NoError(t, err)
	defer d.Close()
	for i := range all {
		same(t, formats.Alpaca, all[i], d, i)
	}
	_, err = formats.Open(dir+"@test", formats.Options{})
	assert.ErrorContains(t, err, "test")
}

func TestSplitKeepsFramesTogether(t *testing.T) {
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("frame%02d.png", i), fmt.Sprintf("frame%02d.png", i))
	}
	test, err := formats.Split(names, 0.25, 7)
	require.NoError(t, err)
	assert.Len(t, test, 10)

	backwards := slices.Clone(names)
	slices.Reverse(backwards)
	again, err := formats.Split(backwards, 0.25, 7)
	require.NoError(t, err)
	assert.Equal(t, test, again)

	other, err := formats.Split(names, 0.25, 8)
	require.NoError(t, err)
	assert.NotEqual(t, test, other)

	more, err := formats.Split(append(names, "new.png"), 0.25, 7)
	require.NoError(t, err)
	moved := 0
	for name := range test {
		if !more[name] {
			moved++
		}
	}
	assert.LessOrEqual(t, moved, 1)
	for _, tc := range []struct {
		frames   int
		fraction float64
		want     int
	}{{2, 0.01, 1}, {2, 0.99, 1}, {1, 0.5, 1}, {1, 0.4, 0}, {5, 0, 0}, {5, 1, 5}, {0, 0.5, 0}} {
		got, err := formats.Split(names[:min(2*tc.frames, len(names))], tc.fraction, 1)
		require.NoError(t, err)
		assert.Len(t, got, tc.want, tc)
	}
	for _, bad := range []float64{-0.1, 1.1} {
		_, err := formats.Split(names, bad, 1)
		assert.Error(t, err)
	}
}
