package shard

import (
	"encoding/json"
	"fmt"

	"ssrl/internal/outdir"
)

const (
	datasetFormat = "ssrl-dataset"
	runFormat     = "ssrl-dataset-run"
	version       = 1 // the newest that is read, and the one written
)

// Options are the arguments of a run.
type Options struct {
	Seed uint64
	// Run is what else changes the samples, as one JSON value; nil and null are
	// {}. It tells one run from another and is the manifest's "options".
	Run json.RawMessage
}

// Manifest says what a finished dataset holds.
type Manifest struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	Samples int             `json:"samples"`
	Seed    uint64          `json:"seed"`
	Tasks   map[string]int  `json:"tasks"` // samples of each task
	Options json.RawMessage `json:"options"`
}

// readManifest reads and checks a manifest. Errors name the file.
func readManifest(path string) (Manifest, error) {
	var m Manifest
	data, err := outdir.ReadSmall(path)
	if err != nil {
		return m, err
	}
	// The version decides how the rest is read, so it is read first.
	if err = json.Unmarshal(data, &struct {
		Format  *string `json:"format"`
		Version *int    `json:"version"`
	}{&m.Format, &m.Version}); err == nil {
		err = m.check()
	}
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err == nil && m.Samples < 0 {
		err = fmt.Errorf("%d samples", m.Samples)
	}
	if err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// check refuses what this program does not read.
func (m Manifest) check() error {
	switch {
	case m.Format != datasetFormat:
		return fmt.Errorf("format %q (want %q)", m.Format, datasetFormat)
	case m.Version > version:
		return fmt.Errorf("version %d is newer than this program (want at most %d)", m.Version, version)
	case m.Version < 1:
		return fmt.Errorf("version %d (want 1 to %d)", m.Version, version)
	}
	return nil
}
