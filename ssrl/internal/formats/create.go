package formats

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"ssrl/internal/outdir"
	"ssrl/internal/shard"
)

// runVersion is that of run.json; another one is another run.
const runVersion = 1

// Create starts a dataset in dir, which is new, empty, or an unfinished run of
// the same arguments; such a run starts over.
func Create(dir string, f Format, o WriteOptions) (*Writer, error) {
	return CreateOn(outdir.Real(), dir, f, o)
}

// CreateOn is Create on a disk, which tests let fail.
func CreateOn(d outdir.Disk, dir string, f Format, o WriteOptions) (*Writer, error) {
	if err := o.check(f); err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, format: f, opts: o, outputs: map[string]output{}, folders: map[string]bool{}, ids: shard.IDs{}}
	if f == Dir && o.Validation == nil {
		own, err := shard.CreateOn(d, dir, o.Run)
		w.own = own
		return w, err
	}
	r, err := outdir.NewRun("ssrl-"+string(f)+"-run", runVersion, o.Run.Seed, o.Run.Run)
	if err != nil {
		return nil, err
	}
	if w.folder, err = outdir.Claim(dir, r, outdir.Layout{Owns: Owns}, d); err != nil {
		return nil, err
	}
	w.skips = shard.Skips{Folder: w.folder, Name: shard.SkippedName}
	if o.Shards > 1 {
		w.skips.Name = fmt.Sprintf("skipped-%05d-of-%05d.jsonl", o.Shard, o.Shards)
	}
	if f == Dir { // both splits are there in the end, though one may be empty
		for _, split := range splitNames {
			if _, err := w.output(split); err != nil {
				return nil, w.fail(err)
			}
		}
	}
	return w, nil
}

func (o *WriteOptions) check(f Format) error {
	if _, err := ParseFormat(string(f)); err != nil {
		return err
	}
	if o.Shards == 0 {
		o.Shards = 1
	}
	if o.TarBytes == 0 {
		o.TarBytes = 1 << 30
	}
	if o.Shards < 1 || o.Shard < 0 || o.Shard >= o.Shards || o.TarBytes < 0 {
		return fmt.Errorf("shard %d of %d, tar files of %d bytes (want a shard from 0 to below their number)", o.Shard, o.Shards, o.TarBytes)
	}
	return nil
}

// oneOf lists formats in words.
func oneOf(all []Format) string {
	words := make([]string, len(all))
	for i, f := range all {
		words[i] = string(f)
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Owns reports whether a writer makes files or folders of this name in its
// directory.
func Owns(name string) bool {
	name = strings.TrimSuffix(name, outdir.Tmp)
	if slices.Contains([]string{"images", "data", infoName, manifestName, samplesName}, name) {
		return true
	}
	if isSkipped(name) {
		return true
	}
	for _, split := range splitNames {
		if rest, ok := strings.CutPrefix(name, split); ok && slices.Contains([]string{"", ".parquet", ".json", ".tar"}, filepath.Ext(rest)) {
			return rest == "" || rest[0] == '-' || rest[0] == '.'
		}
	}
	return false
}
