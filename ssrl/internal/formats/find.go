package formats

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ssrl/internal/outdir"
)

// kind is a format of files.
type kind string

const (
	kindOwn     kind = "directory"
	kindParquet kind = "Parquet"
	kindJSON    kind = "JSON"
	kindTar     kind = "tar"
)

// Names that mean something in a folder.
const (
	infoName     = "dataset_info.json"
	manifestName = "manifest.json"
	samplesName  = "samples.jsonl"
	scenesName   = "scenes.json" // of synthetic frames, no dataset
)

// paths81k is where Spatial-SSRL-81k keeps its tables; pictures lie beside, in
// data/images, and their paths start above data.
const paths81k = "data/parquets"

// source is what a path stands for.
type source struct {
	kind     kind
	files    []string
	imageDir string   // where paths of pictures start, if nobody says
	columns  *columns // of dataset_info.json
}

// kindOf tells a file's format by its name.
func kindOf(file string) (kind, bool) {
	if filepath.Base(file) == manifestName {
		return kindOwn, true
	}
	switch strings.ToLower(filepath.Ext(file)) {
	case ".parquet":
		return kindParquet, true
	case ".json", ".jsonl", ".ndjson":
		return kindJSON, true
	case ".tar":
		return kindTar, true
	}
	return "", false
}

// skippedName matches the files of what a run, or a shard of one, left out.
var skippedName = regexp.MustCompile(`^skipped(-\d{5,}-of-\d{5,})?\.jsonl$`)

func isSkipped(name string) bool { return skippedName.MatchString(name) }

// find resolves PATH or PATH@SPLIT.
func find(path string, o Options) (source, error) {
	base, split := path, ""
	info, err := os.Stat(path)
	if at := strings.LastIndexByte(path, '@'); err != nil && at >= 0 {
		base, split = path[:at], path[at+1:]
		info, err = os.Stat(base)
	}
	if err != nil {
		return source{}, err
	}
	if !info.IsDir() {
		return findFile(base, split, o)
	}
	own := exists(base, manifestName) || exists(base, samplesName)
	switch {
	case own && o.Name == "": // an unfinished one is for its reader to refuse
		if err := onlyTrain(base, split); err != nil {
			return source{}, err
		}
		return source{kind: kindOwn, files: []string{base}}, nil
	case exists(base, outdir.RunName):
		return source{}, fmt.Errorf("%s: an unfinished run (want it run again with the same arguments)", base)
	case o.Name != "" || exists(base, infoName):
		if o.Name == "" {
			o.Name = split
		}
		return readInfo(base, o.Name)
	}
	dir := base
	if exists(base, filepath.FromSlash(paths81k)) {
		dir = filepath.Join(base, filepath.FromSlash(paths81k))
	}
	src, err := findSplit(dir, split)
	src.imageDir = base
	return src, err
}

func findFile(file, split string, o Options) (source, error) {
	if o.Name != "" {
		return readInfo(filepath.Dir(file), o.Name)
	}
	k, ok := kindOf(file)
	if !ok {
		return source{}, fmt.Errorf("%s: no dataset by its name (want .parquet, .json, .jsonl or .tar)", file)
	}
	if err := onlyTrain(file, split); err != nil {
		return source{}, err
	}
	return source{kind: k, files: []string{file}, imageDir: filepath.Dir(file)}, nil
}

func onlyTrain(path, split string) error {
	if split != "" && split != "train" {
		return fmt.Errorf("%s: no split %q (want train, the only one)", path, split)
	}
	return nil
}

// splits are the words by which datasets 5.0 tells splits in file names
// (data_files.py, SPLIT_KEYWORDS), between the ends of a name and - _ . space
// and digits.
var splits = []struct {
	name string
	word *regexp.Regexp
}{
	{"train", splitWord("train|training")},
	{"validation", splitWord("validation|valid|dev|val")},
	{"test", splitWord("test|testing|eval|evaluation")},
}

func splitWord(words string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[-_. 0-9])(` + words + `)([-_. 0-9]|$)`)
}

// splitOf returns the split that a name speaks of, "" for none.
func splitOf(name string) string {
	for _, s := range splits {
		if s.word.MatchString(name) {
			return s.name
		}
	}
	return ""
}

// findSplit finds the files of a split in a folder and the folders in it.
func findSplit(dir, split string) (source, error) {
	want := split
	if want == "" {
		want = "train"
	} else if s := splitOf(split); s != "" {
		want = s
	}
	files, bySplit, err := filesOf(dir)
	if err != nil {
		return source{}, err
	}
	chosen := bySplit[want]
	if len(chosen) == 0 {
		return source{}, fmt.Errorf("%s: no split %q in %s", dir, want, some(files))
	}
	src := source{}
	src.kind, _ = kindOf(chosen[0])
	for _, name := range chosen {
		k, _ := kindOf(name)
		if k != src.kind {
			return source{}, fmt.Errorf("%s: %s and %s (want files of one kind)", dir, chosen[0], name)
		}
		if k == kindOwn {
			name = filepath.Dir(name)
		}
		src.files = append(src.files, filepath.Join(dir, name))
	}
	return src, nil
}

// filesOf lists the datasets in a folder, all and by split.
func filesOf(dir string) (all []string, bySplit map[string][]string, err error) {
	if all, err = dataFiles(dir); err != nil {
		return nil, nil, err
	}
	bySplit = map[string][]string{}
	for _, name := range all {
		s := splitOf(filepath.Base(name))
		if s == "" {
			s = splitOf(filepath.Dir(name))
		}
		bySplit[s] = append(bySplit[s], name)
	}
	if len(bySplit) == 1 && len(bySplit[""]) > 0 {
		bySplit["train"] = bySplit[""]
	}
	return all, bySplit, nil
}

// Splits returns the names of a folder's splits, for PATH@SPLIT, if train is one
// of several. What is no such folder has none.
func Splits(path string) []string {
	if info, err := os.Stat(path); err != nil || !info.IsDir() || exists(path, manifestName) || exists(path, samplesName) || exists(path, outdir.RunName) {
		return nil
	}
	has := func(string) bool { return false }
	if exists(path, infoName) {
		entries, err := loadInfo(filepath.Join(path, infoName))
		if err != nil {
			return nil
		}
		has = func(split string) bool { _, ok := entries[split]; return ok }
	} else {
		dir := path
		if exists(path, filepath.FromSlash(paths81k)) {
			dir = filepath.Join(path, filepath.FromSlash(paths81k))
		}
		_, bySplit, err := filesOf(dir)
		if err != nil {
			return nil
		}
		has = func(split string) bool { return len(bySplit[split]) > 0 }
	}
	var out []string
	for _, s := range splits {
		if has(s.name) {
			out = append(out, s.name)
		}
	}
	if len(out) < 2 || out[0] != "train" {
		return nil
	}
	return out
}

// SkippedFiles returns the paths of the notes of what a dataset's run left out,
// by name: none, one, or one for each shard.
func SkippedFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if isSkipped(e.Name()) && e.Type().IsRegular() {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}

// some lists the first of many names.
func some(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// dataFiles lists the datasets in a folder by name; without any, those in the
// folders in it, where one of our own is named by its manifest.
func dataFiles(dir string) ([]string, error) {
	for _, pattern := range []string{"*", "*/*"} {
		all, err := fsGlob(dir, pattern)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(name string) bool {
			_, ok := kindOf(name)
			base := filepath.Base(name)
			return !ok || strings.HasPrefix(base, ".") || base == samplesName || base == scenesName || isSkipped(base)
		})
		if len(all) > 0 {
			slices.Sort(all)
			return all, nil
		}
	}
	return nil, fmt.Errorf("%s: no %s (want a finished dataset, or .parquet, .json, .jsonl or .tar files)", dir, manifestName)
}

// fsGlob is filepath.Glob relative to a folder whose own name is no pattern.
func fsGlob(dir, pattern string) ([]string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return fs.Glob(root.FS(), pattern)
}
