package ssrl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ssrl/internal/checkpoint"
	"ssrl/internal/rgbd"
)

// InspectOptions configures Inspect.
type InspectOptions struct {
	// Source says where the depth of frames is and what its unit is; Images is the
	// path itself.
	Source Source `json:"source"`
	// Dataset says how datasets of other programs are read.
	Dataset DatasetOptions `json:"dataset"`
	// Progress hears how many samples or frames are read.
	Progress func(done, total int) `json:"-"`
}

// Inspection says what a path holds. String writes it for people; as JSON it has
// the same facts.
type Inspection struct {
	Path string `json:"path"`
	// Kind is model, checkpoint, dataset, frames, frame or depth.
	Kind       string           `json:"kind"`
	Model      *ModelFacts      `json:"model,omitempty"`
	Checkpoint *CheckpointFacts `json:"checkpoint,omitempty"`
	Dataset    *DatasetFacts    `json:"dataset,omitempty"`
	Frames     *FramesFacts     `json:"frames,omitempty"`
	Frame      *FrameFacts      `json:"frame,omitempty"`
}

// Inspect says what is at path: a model directory, its weights or an adapter; a
// checkpoint, whose checksums are verified; a dataset of any format; a folder of
// frames, with the tasks that each can carry; one picture or depth map.
func Inspect(ctx context.Context, path string, opts InspectOptions) (*Inspection, error) {
	if err := present("path", path); err != nil {
		return nil, err
	}
	if _, err := rgbd.ParseUnit(opts.Source.Unit); err != nil {
		return nil, err
	}
	kind, err := kindOf(path)
	if err != nil {
		return nil, err
	}
	in := &Inspection{Path: path, Kind: kind}
	switch kind {
	case "checkpoint":
		if in.Checkpoint, err = inspectCheckpoint(path); err == nil && there(filepath.Join(path, "config.json")) {
			in.Model, err = inspectModel(path)
			if in.Checkpoint.Trainer == "" {
				in.Kind = "model" // that this library saved
			}
		}
	case "model":
		in.Model, err = inspectModel(path)
	case "dataset":
		in.Dataset, err = inspectDataset(ctx, path, opts.Dataset, opts.Progress)
	case "frames":
		opts.Source.Images = path
		in.Frames, err = inspectFrames(ctx, opts.Source, opts.Progress)
	case "frame":
		in.Frame, err = inspectFrame(path, opts.Source)
	case "depth":
		in.Frame, err = inspectDepth(path, opts.Source.Unit)
	}
	if err != nil {
		return nil, err
	}
	return in, nil
}

// kindOf looks at names, and at the first bytes of a file.
func kindOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil { // PATH@SPLIT, since present found it
		return "dataset", nil
	}
	if !info.IsDir() {
		return kindOfFile(path, info)
	}
	has := func(patterns ...string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return matches(path, p) })
	}
	_, err = checkpoint.Read(path)
	switch {
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return "checkpoint", nil
	case has("run.json"), isOwn(path), has("dataset_info.json"):
		return "dataset", nil
	case has("config.json", "adapter_config.json", "*.safetensors", "*.safetensors.index.json", "tokenizer.json"):
		return "model", nil
	case has("*.parquet", "*.tar", "*.jsonl", "data/parquets/*.parquet", "data/*.parquet", "*/manifest.json"):
		return "dataset", nil
	}
	if names, err := imagesBelow(path, nil); err == nil && len(names) > 0 {
		return "frames", nil
	}
	if has("*.json") {
		return "dataset", nil
	}
	return "", fmt.Errorf("%s: nothing known in it (want a model, a checkpoint, a dataset or pictures): %w", path, ErrFormat)
}

// matches reports whether a folder holds a name of a pattern. The folder's own
// name is no pattern.
func matches(dir, pattern string) bool {
	found, err := fs.Glob(os.DirFS(dir), pattern)
	return err == nil && len(found) > 0
}

func kindOfFile(path string, info fs.FileInfo) (string, error) {
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s: not a regular file", path)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".safetensors":
		return "model", nil
	case ".parquet", ".json", ".jsonl", ".ndjson", ".tar":
		if strings.HasSuffix(path, ".safetensors.index.json") {
			return "model", nil
		}
		return "dataset", nil
	}
	head, err := headOf(path)
	if err != nil {
		return "", err
	}
	switch f := fileFormat(head); f {
	case "":
		return "", fmt.Errorf("%s: begins with %q (want a picture, a depth map, .safetensors, .parquet, .json, .jsonl or .tar): %w", path, head[:min(4, len(head))], ErrFormat)
	case "NPY", "HDF5", "PFM":
		return "depth", nil
	case "PNG", "PNM":
		if isGrey16(head) {
			return "depth", nil
		}
	}
	return "frame", nil
}

// headOf reads the first bytes of a file.
func headOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := f.Read(head)
	if n > 0 {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: empty file: %w", path, ErrFormat)
	}
	return head[:n], nil
}

// fileFormat names the format of a picture or depth map by its first bytes.
func fileFormat(head []byte) string {
	text := string(head)
	switch {
	case strings.HasPrefix(text, "\x89PNG"):
		return "PNG"
	case strings.HasPrefix(text, "\xff\xd8\xff"):
		return "JPEG"
	case strings.HasPrefix(text, "\x93NUMPY"):
		return "NPY"
	case strings.HasPrefix(text, "\x89HDF"):
		return "HDF5"
	case strings.HasPrefix(text, "RIFF") && len(text) >= 12 && text[8:12] == "WEBP":
		return "WebP"
	case strings.HasPrefix(text, "BM"):
		return "BMP"
	case strings.HasPrefix(text, "II*\x00"), strings.HasPrefix(text, "MM\x00*"):
		return "TIFF"
	case len(text) < 3 || !strings.ContainsRune(" \t\r\n#", rune(text[2])):
		return ""
	case text[:2] == "Pf" || text[:2] == "PF":
		return "PFM"
	case text[0] == 'P' && text[1] >= '1' && text[1] <= '7':
		return "PNM"
	}
	return ""
}

// isGrey16 reports whether a PNG or PGM holds 16 bits of grey, as depth does.
func isGrey16(head []byte) bool {
	if strings.HasPrefix(string(head), "\x89PNG") {
		return len(head) > 25 && head[24] == 16 && head[25] == 0
	}
	if !strings.HasPrefix(string(head), "P5") {
		return false
	}
	var width, height, most int
	_, err := fmt.Sscan(string(head[2:]), &width, &height, &most)
	return err == nil && most > 255
}

// CheckpointFacts say what a trainer saved.
type CheckpointFacts struct {
	Step      int    `json:"step"`
	Trainer   string `json:"trainer,omitempty"` // sft or grpo; empty: a model without one
	Done      int    `json:"done"`              // steps of the trainer
	Updates   int    `json:"updates"`           // steps of the optimiser
	Optimiser string `json:"optimiser,omitempty"`
	Moments   int    `json:"moments"`   // weights that have moments
	Reference bool   `json:"reference"` // the weights that KL is measured from are there
	Files     int    `json:"files"`
	Bytes     int64  `json:"bytes"`
	Verified  bool   `json:"verified"` // every file has the size and SHA-256 of the manifest
}

// inspectCheckpoint verifies a checkpoint. What is wrong is an error.
func inspectCheckpoint(dir string) (*CheckpointFacts, error) {
	c, err := checkpoint.Open(dir)
	if err != nil {
		return nil, formatError{err}
	}
	facts := &CheckpointFacts{Step: c.Step, Files: len(c.Files), Verified: true}
	for _, f := range c.Files {
		facts.Bytes += f.Bytes
	}
	if c.Has(stateFile) {
		var st state
		if err := c.JSON(stateFile, &st); err != nil {
			return nil, formatError{err}
		}
		facts.Trainer, facts.Done, facts.Updates = st.Trainer, st.Done, st.Updates
	}
	facts.Reference = c.Has(referenceFile)
	if !c.Has(momentsFile) {
		return facts, nil
	}
	moments, err := c.Tensors(momentsFile)
	if err != nil {
		return nil, formatError{err}
	}
	defer moments.Close()
	facts.Optimiser = "AdamW"
	for _, name := range moments.Names() {
		if info, err := moments.Info(name); err == nil && strings.HasSuffix(name, ".m") {
			facts.Moments += info.Len()
		}
	}
	return facts, nil
}
