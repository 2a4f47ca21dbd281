package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// tmp ends the names of files that are not whole yet.
const tmp = ".tmp"

// run is what run.json holds while a run is unfinished: what tells one run from
// another.
type run struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	Seed    uint64          `json:"seed"`
	Options json.RawMessage `json:"options"`
	Test    []string        `json:"test,omitempty"`
	Shard   int             `json:"shard"`
	Shards  int             `json:"shards"`
	Tar     int64           `json:"tar_bytes,omitempty"`
}

// Create starts a dataset in dir, which is new, empty, or an unfinished run of
// the same arguments; such a run starts over.
func Create(dir string, f Format, o WriteOptions) (*Writer, error) {
	if !slices.Contains(Formats(), f) {
		return nil, fmt.Errorf("format %q (want one of %v)", f, Formats())
	}
	if o.Shards == 0 {
		o.Shards = 1
	}
	if o.TarBytes == 0 {
		o.TarBytes = 1 << 30
	}
	if o.Shards < 1 || o.Shard < 0 || o.Shard >= o.Shards || o.TarBytes < 0 {
		return nil, fmt.Errorf("shard %d of %d, tar files of %d bytes (want a shard from 0 to below their number)", o.Shard, o.Shards, o.TarBytes)
	}
	mark, err := o.mark(f)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: a file (want a new or empty directory)", dir)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	held, err := lock(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if err := claim(dir, mark); err != nil {
		held.Close()
		return nil, err
	}
	return &Writer{dir: dir, format: f, opts: o, held: held,
		ids: map[string]bool{}, outputs: map[string]output{}, folders: map[string]bool{}}, nil
}

// mark returns the content of run.json: equal arguments give equal bytes.
func (o WriteOptions) mark(f Format) ([]byte, error) {
	r := run{Format: "ssrl-" + string(f) + "-run", Version: 1, Seed: o.Run.Seed, Shard: o.Shard, Shards: o.Shards}
	if f == WebDataset {
		r.Tar = o.TarBytes
	}
	for name, in := range o.Test {
		if in {
			r.Test = append(r.Test, name)
		}
	}
	slices.Sort(r.Test)
	var options any
	if o.Run.Run != nil {
		d := json.NewDecoder(bytes.NewReader(o.Run.Run))
		d.UseNumber()
		if err := d.Decode(&options); err != nil {
			return nil, fmt.Errorf("options of the run: %w", err)
		}
		if _, err := d.Token(); err != io.EOF {
			return nil, errors.New("options of the run: more than one JSON value")
		}
	}
	var err error
	if r.Options, err = json.Marshal(options); err != nil { // sorts keys
		return nil, err
	}
	data, err := json.Marshal(r)
	return append(data, '\n'), err
}

// claim takes the directory over for a run: it is empty, or holds nothing but
// the unfinished run of the same mark, which is cleared away.
func claim(dir string, mark []byte) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	begun := false
	var ours []string
	for _, e := range entries {
		switch name := e.Name(); {
		case name == runName:
			begun = true
		case name == runName+tmp: // a run that ended before it began
		case isOurs(name):
			ours = append(ours, name)
		default:
			return notEmpty(dir, name)
		}
	}
	path := filepath.Join(dir, runName)
	if !begun {
		if len(ours) > 0 {
			return notEmpty(dir, ours[0])
		}
		return replace(path, mark)
	}
	old, err := readMark(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(old, mark) {
		return fmt.Errorf("%s: an unfinished run of other arguments: %.500s (want %.500s)", dir, bytes.TrimSpace(old), bytes.TrimSpace(mark))
	}
	for _, name := range ours {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func notEmpty(dir, name string) error {
	return fmt.Errorf("%s: not empty, holds %s (want a new or empty directory)", dir, name)
}

// isOurs reports whether a writer makes files or folders of this name.
func isOurs(name string) bool {
	name = strings.TrimSuffix(name, tmp)
	if name == "images" || name == "data" || name == infoName {
		return true
	}
	ext := filepath.Ext(name)
	return (strings.HasPrefix(name, "train") || strings.HasPrefix(name, "test")) && slices.Contains([]string{".parquet", ".json", ".tar"}, ext)
}

// readMark reads run.json.
func readMark(path string) ([]byte, error) {
	f, _, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxInfo+1))
	if err == nil && len(data) > maxInfo {
		err = fmt.Errorf("%s: more than %d bytes", path, maxInfo)
	}
	return data, err
}

// replace gives path these contents in one step.
func replace(path string, data []byte) error {
	if err := os.WriteFile(path+tmp, data, 0o666); err != nil {
		return err
	}
	if err := syncPath(path + tmp); err != nil {
		return err
	}
	if err := os.Rename(path+tmp, path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

// syncPath brings a file or directory to the medium.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) { // a file system that cannot sync directories
		err = nil
	}
	return errors.Join(err, f.Close())
}

// syncAll brings every file of a directory, and the directory, to the medium.
func syncAll(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	const atOnce = 8 // they share journal commits
	errs := make([]error, atOnce)
	var wg sync.WaitGroup
	for k := range atOnce {
		wg.Go(func() {
			for i := k; i < len(entries) && errs[k] == nil; i += atOnce {
				errs[k] = syncPath(filepath.Join(dir, entries[i].Name()))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return syncPath(dir)
}

// createNew opens a file that must not exist, with the folders above it.
func createNew(dir, name string) (*os.File, error) {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}
