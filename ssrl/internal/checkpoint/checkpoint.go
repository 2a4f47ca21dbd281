// Package checkpoint keeps a trainer's state on disk so that a stop at any
// moment, of the program or of the machine, loses at most the step since the
// last save, and so that damage is noticed before anything is loaded.
//
// A checkpoint is a directory of files and a manifest, checkpoint.json, with the
// size and SHA-256 of each. Save writes it beside its place under a hidden name,
// syncs everything, and renames. The one it replaces is first moved to a second
// hidden name; Open looks there too, so that there is always one to load.
//
// **Limits.** One process saves below a root at a time. Replacing a checkpoint
// needs the space of two. A file system that reorders renames across fsync, or
// that lies about fsync, can lose more. Names of files are relative, with
// slashes. The manifest is bounded to 16 MiB.
package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"ssrl/internal/safetensors"
)

const (
	manifestName = "checkpoint.json"
	formatName   = "ssrl-checkpoint"
	formatNumber = 1
	maxManifest  = 16 << 20 // bytes; a line of it is about 150
)

// Manifest is checkpoint.json.
type Manifest struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Step    int    `json:"step"`
	Files   []File `json:"files"`
	// Sum is the SHA-256 of the manifest's own text with this field empty.
	Sum string `json:"sha256"`
}

// File is one line of the manifest.
type File struct {
	Name   string `json:"name"` // below the checkpoint, with slashes
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // lower-case hexadecimal
}

// encode seals m and returns its text.
func (m Manifest) encode() []byte {
	m.Sum = ""
	sum := sha256.Sum256(m.text())
	m.Sum = hex.EncodeToString(sum[:])
	return m.text()
}

func (m Manifest) text() []byte {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic("checkpoint: " + err.Error()) // strings and integers only
	}
	return append(b, '\n')
}

// parse reads a manifest and refuses what this version cannot know or what
// encode would not have written.
func parse(text []byte) (Manifest, error) {
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return Manifest{}, fmt.Errorf("not JSON: %w", err)
	}
	if head.Format != formatName {
		return Manifest{}, fmt.Errorf("format %q (want %q)", head.Format, formatName)
	}
	if head.Version > formatNumber {
		return Manifest{}, fmt.Errorf("version %d is newer than this program (want at most %d)", head.Version, formatNumber)
	}
	if head.Version < 1 {
		return Manifest{}, fmt.Errorf("version %d (want at least 1)", head.Version)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("not a manifest: %w", err)
	}
	if !bytes.Equal(m.encode(), text) {
		return Manifest{}, errors.New("damaged: does not match its own checksum")
	}
	if m.Step < 0 {
		return Manifest{}, fmt.Errorf("step %d (want >= 0)", m.Step)
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if err := checkName(f.Name); err != nil {
			return Manifest{}, err
		}
		if seen[f.Name] {
			return Manifest{}, fmt.Errorf("file %q is listed twice", f.Name)
		}
		seen[f.Name] = true
		if f.Bytes < 0 {
			return Manifest{}, fmt.Errorf("file %q: %d bytes", f.Name, f.Bytes)
		}
	}
	return m, nil
}

// checkName keeps names inside the checkpoint and in one spelling.
func checkName(name string) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:") || !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("file name %q (want a relative path with slashes)", name)
	}
	if name == manifestName {
		return fmt.Errorf("file name %q (is the manifest's own)", name)
	}
	return nil
}

// Checkpoint is an opened one whose every file has been verified. It is
// immutable and safe for concurrent use.
type Checkpoint struct {
	Manifest
	dir string // as asked for, for messages
	at  string // where it lies
}

// Read reads the manifest of the checkpoint at dir and nothing else.
func Read(dir string) (Manifest, error) {
	at := locate(dir)
	m, err := readManifest(at)
	if err != nil {
		return m, fmt.Errorf("checkpoint %s: %w", dir, err)
	}
	return m, nil
}

func readManifest(dir string) (Manifest, error) {
	text, err := readSmall(filepath.Join(dir, manifestName), maxManifest)
	if err != nil {
		return Manifest{}, err
	}
	m, err := parse(text)
	if err != nil {
		return m, fmt.Errorf("%s: %w", manifestName, err)
	}
	return m, nil
}

// readSmall reads a regular file of at most limit bytes.
func readSmall(name string, limit int64) ([]byte, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes, %s (want a regular file of at most %d bytes)", filepath.Base(name), st.Size(), st.Mode(), limit)
	}
	return os.ReadFile(name)
}

// Open verifies the checkpoint at dir, sizes first and then every checksum. The
// error names the file that is wrong.
func Open(dir string) (*Checkpoint, error) {
	at := locate(dir)
	m, err := readManifest(at)
	if err == nil {
		err = m.verify(at)
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", dir, err)
	}
	return &Checkpoint{m, dir, at}, nil
}

func (m Manifest) verify(at string) error {
	if err := m.verifySizes(at); err != nil {
		return err
	}
	for _, f := range m.Files {
		n, sum, err := digest(filepath.Join(at, filepath.FromSlash(f.Name)))
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if n != f.Bytes || sum != f.SHA256 {
			return fmt.Errorf("%s: damaged: SHA-256 %.12s (want %.12s)", f.Name, sum, f.SHA256)
		}
	}
	return nil
}

func (m Manifest) verifySizes(at string) error {
	for _, f := range m.Files {
		st, err := os.Stat(filepath.Join(at, filepath.FromSlash(f.Name)))
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, errors.Unwrap(err))
		}
		if !st.Mode().IsRegular() {
			return fmt.Errorf("%s: %s (want a regular file)", f.Name, st.Mode())
		}
		if st.Size() != f.Bytes {
			return fmt.Errorf("%s: %d bytes (want %d)", f.Name, st.Size(), f.Bytes)
		}
	}
	return nil
}

func digest(name string) (n int64, sum string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err = io.Copy(h, f)
	return n, hex.EncodeToString(h.Sum(nil)), err
}

// Path returns where a file of the checkpoint lies.
func (c *Checkpoint) Path(name string) string {
	return filepath.Join(c.at, filepath.FromSlash(name))
}

// Has tells whether the checkpoint holds a file.
func (c *Checkpoint) Has(name string) bool {
	for _, f := range c.Files {
		if f.Name == name {
			return true
		}
	}
	return false
}

// JSON decodes a file into v and refuses fields that v does not have, so that
// no state is dropped in silence.
func (c *Checkpoint) JSON(name string, v any) error {
	if err := c.want(name); err != nil {
		return err
	}
	text, err := os.ReadFile(c.Path(name))
	if err != nil {
		return fmt.Errorf("checkpoint %s: %w", c.dir, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("checkpoint %s: %s: %w", c.dir, name, err)
	}
	return nil
}

// Tensors opens a file of tensors. The caller closes it.
func (c *Checkpoint) Tensors(name string) (*safetensors.File, error) {
	if err := c.want(name); err != nil {
		return nil, err
	}
	f, err := safetensors.Open(c.Path(name))
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", c.dir, err)
	}
	return f, nil
}

func (c *Checkpoint) want(name string) error {
	if !c.Has(name) {
		return fmt.Errorf("checkpoint %s: has no %s: %w", c.dir, path.Clean(name), fs.ErrNotExist)
	}
	return nil
}
