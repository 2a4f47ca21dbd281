package formats

import (
	"archive/tar"
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"ssrl/internal/outdir"
	"ssrl/internal/shard"
)

// tarOutput writes tar files, the next one when one has its size.
type tarOutput struct {
	folder *outdir.Folder
	name   string
	most   int64
	files  []string // finished, and the one that is open

	file   io.Closer // nil: none is open
	buffer *bufio.Writer
	tar    *tar.Writer
	bytes  int64
}

// tarKey is the id without dots: WebDataset ends a key at the first one. No id
// holds a ~.
func tarKey(id string) string { return strings.ReplaceAll(id, ".", "~") }

func (t *tarOutput) write(s shard.Sample, images [][]byte, ext string) error {
	key := tarKey(s.ID)
	s.Images = make([]string, len(images))
	for n := range images {
		s.Images[n] = fmt.Sprintf("%s.%d%s", key, n, ext)
	}
	if s.Meta == nil {
		s.Meta = json.RawMessage("{}")
	}
	question, err := outdir.Encode(s)
	if err != nil {
		return err
	}
	size := memberSize(len(question))
	for _, data := range images {
		size += memberSize(len(data))
	}
	if t.file != nil && t.bytes+size > t.most {
		if err := t.end(); err != nil {
			return err
		}
	}
	if t.file == nil {
		if err := t.begin(); err != nil {
			return err
		}
	}
	t.bytes += size
	if err := t.member(key+".json", question); err != nil {
		return err
	}
	for n, data := range images {
		if err := t.member(s.Images[n], data); err != nil {
			return err
		}
	}
	return nil
}

// memberSize is what a member takes in a tar file: a header and whole blocks.
func memberSize(n int) int64 {
	const header = 512
	return header + padded(int64(n))
}

func (t *tarOutput) begin() error {
	name := fmt.Sprintf("%s-%06d.tar", t.name, len(t.files))
	f, err := t.folder.Create(name + outdir.Tmp)
	if err != nil {
		return err
	}
	t.files = append(t.files, name)
	t.file, t.buffer, t.bytes = f, bufio.NewWriterSize(f, 1<<20), 0
	t.tar = tar.NewWriter(t.buffer)
	return nil
}

// member writes a file without owner or time, so that equal samples are equal bytes.
func (t *tarOutput) member(name string, data []byte) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: 0o644, ModTime: time.Unix(0, 0)}
	if err := t.tar.WriteHeader(h); err != nil {
		return err
	}
	_, err := t.tar.Write(data)
	return err
}

func (t *tarOutput) end() error {
	err := cmp.Or(t.tar.Close(), t.buffer.Flush(), t.file.Close())
	t.file = nil
	return err
}

func (t *tarOutput) finish() ([]string, error) { return t.files, t.end() }

func (t *tarOutput) abort() {
	if t.file != nil {
		t.file.Close()
	}
}
