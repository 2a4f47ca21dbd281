package shard

import (
	"bufio"
	"cmp"
	"io"

	"ssrl/internal/outdir"
)

// SkippedName is the file of what a run left out, a Skip on each line. A run that
// left nothing out has none.
const SkippedName = "skipped.jsonl"

// Skip says why a frame carries no question of a task, or with an empty task why
// it cannot be read.
type Skip struct {
	Frame string `json:"frame"`
	Task  string `json:"task"`
	Why   string `json:"why"`
}

// Skips writes a file of Skip, which is there from the first one on.
type Skips struct {
	Folder *outdir.Folder
	Name   string // in Folder

	file  io.WriteCloser
	lines *bufio.Writer // onto file
}

// Add appends a line.
func (s *Skips) Add(k Skip) error {
	if s.file == nil {
		f, err := s.Folder.Create(s.Name)
		if err != nil {
			return err
		}
		s.file, s.lines = f, bufio.NewWriter(f)
	}
	line, err := outdir.Encode(k)
	if err != nil {
		return err
	}
	_, err = s.lines.Write(line)
	return err
}

// Finish brings the file to the medium; its name there is for the folder's Sync.
func (s *Skips) Finish() error {
	if s.file == nil {
		return nil
	}
	if err := cmp.Or(s.lines.Flush(), s.file.Close()); err != nil {
		return err
	}
	return s.Folder.Disk.Sync(s.Folder.At(s.Name))
}

// Abort leaves the file as it is. After Finish it does nothing.
func (s *Skips) Abort() {
	if s.file != nil {
		s.file.Close()
	}
}
