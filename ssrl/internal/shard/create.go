package shard

import (
	"os"
	"slices"

	"ssrl/internal/outdir"
)

// layout is what a writer makes: without the manifest there is no dataset.
var layout = outdir.Layout{Last: manifestName, Owns: func(name string) bool {
	return slices.Contains([]string{samplesName, SkippedName, imagesName, manifestName + outdir.Tmp}, name)
}}

// Create starts a dataset in dir, which is new, empty, or an unfinished run of
// the same arguments. Such a run starts over: what it wrote is made again, byte
// for byte, by a caller whose samples depend on the arguments alone.
func Create(dir string, opts Options) (*Writer, error) { return CreateOn(outdir.Real(), dir, opts) }

// CreateOn is Create on a disk, which tests let fail.
func CreateOn(d outdir.Disk, dir string, opts Options) (*Writer, error) {
	r, err := outdir.NewRun(runFormat, version, opts.Seed, opts.Run)
	if err != nil {
		return nil, err
	}
	f, err := outdir.Claim(dir, r, layout, d)
	if err != nil {
		return nil, err
	}
	w := &Writer{folder: f, dir: dir, run: r, ids: IDs{}, tasks: map[string]int{}, skips: Skips{Folder: f, Name: SkippedName}}
	if err := w.start(); err != nil {
		f.Release()
		return nil, err
	}
	return w, nil
}

// start opens the files.
func (w *Writer) start() error {
	if err := os.Mkdir(w.folder.At(imagesName), 0o777); err != nil {
		return err
	}
	f, err := w.folder.Create(samplesName)
	if err != nil {
		return err
	}
	w.open(f)
	return nil
}
