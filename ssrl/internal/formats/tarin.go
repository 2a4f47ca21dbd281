package formats

import (
	"archive/tar"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// tarPart is a WebDataset: members KEY.EXT that follow each other are a sample.
// KEY.json holds the question; pictures are KEY.N.png, .jpg or .jpeg, in the
// order of N, or one KEY.png. KEY ends at the first dot of the file name.
type tarPart struct {
	name    string
	f       *os.File
	size    int64
	convert converter
	samples []int64 // where the headers of the first members begin
}

// tarSample is a sample as it is met.
type tarSample struct {
	start    int64
	key      string
	question member
	pictures []member
}

// member is the place of a file in a tar.
type member struct {
	name   string
	number int // of a picture
	offset int64
	size   int64
}

func openTar(name string, o Options) (part, error) {
	f, size, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	// Pictures are members: the key of the question that lists them is not read.
	p := &tarPart{name: name, f: f, size: size, convert: columnsRL{o.Problem, o.Answer, ""}.convertTar}
	if size == 0 {
		err = fmt.Errorf("%s: empty file (want tar)", name)
	} else {
		err = p.index()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

// convertTar reads a question whose pictures lie beside it; their number is
// checked where they are known.
func (c columnsRL) convertTar(keys map[string]json.RawMessage) (Row, []cell, error) {
	bare := map[string]json.RawMessage{}
	for k, v := range keys {
		bare[k] = v
	}
	problem, err := needText(keys, c.problem)
	if err != nil {
		return Row{}, nil, err
	}
	bare[c.problem] = json.RawMessage(`""`)
	row, _, err := c.convert(bare)
	row.Problem = problem
	return row, nil, err
}

// index finds and checks every sample.
func (p *tarPart) index() error {
	return p.walk(0, func(s tarSample) (bool, error) {
		if len(p.samples) == maxRows {
			return false, fmt.Errorf("%s: more than %d rows", p.name, maxRows)
		}
		i := len(p.samples)
		p.samples = append(p.samples, s.start)
		return true, p.check(i, s)
	})
}

// walk hands out the samples from a byte of the file on until told to stop.
func (p *tarPart) walk(from int64, take func(tarSample) (more bool, err error)) error {
	file := io.NewSectionReader(p.f, from, p.size-from)
	in := tar.NewReader(file)
	var s tarSample
	for end := from; ; {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: behind row %d: %w", p.name, len(p.samples)-1, err)
		}
		// The reader takes whole blocks and nothing ahead.
		at, err := file.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		start, at := end, from+at
		if end = at + padded(h.Size); h.Typeflag != tar.TypeReg {
			end = at
		}
		m, key, ext, ok := p.member(h)
		if !ok {
			continue
		}
		m.offset = at
		if key != s.key {
			if s.key != "" {
				if more, err := take(s); err != nil || !more {
					return err
				}
			}
			s = tarSample{start: start, key: key}
		}
		if err := s.take(m, ext); err != nil {
			return p.wrap(len(p.samples), key, err)
		}
	}
	if s.key == "" {
		return nil
	}
	_, err := take(s)
	return err
}

// padded is what n bytes take in a tar file.
func padded(n int64) int64 {
	const block = 512
	return (n + block - 1) / block * block
}

// member returns what a header says, and false for what is no part of a sample.
func (p *tarPart) member(h *tar.Header) (m member, key, ext string, ok bool) {
	if h.Typeflag != tar.TypeReg || h.Format == tar.FormatUnknown && h.Size < 0 {
		return m, "", "", false
	}
	dir, base := path.Split(h.Name)
	stem, ext, dotted := strings.Cut(base, ".")
	if !dotted || stem == "" {
		return m, "", "", false
	}
	return member{name: h.Name, size: h.Size}, dir + stem, strings.ToLower(ext), true
}

// take adds a member to its sample. Other files than questions and pictures are
// left alone.
func (s *tarSample) take(m member, ext string) error {
	if ext == "json" {
		if s.question.name != "" {
			return fmt.Errorf("%s twice", m.name)
		}
		s.question = m
		return nil
	}
	number, kind, hasNumber := strings.Cut(ext, ".")
	if !hasNumber {
		number, kind = "0", ext
	}
	if kind != "png" && kind != "jpg" && kind != "jpeg" {
		return nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return nil
	}
	m.number = n
	if m.size > maxImage {
		return fmt.Errorf("%s: %d bytes (want at most %d)", m.name, m.size, maxImage)
	}
	s.pictures = append(s.pictures, m)
	return nil
}

// check looks at sample i whole.
func (p *tarPart) check(i int, s tarSample) error {
	s.sort()
	if _, err := p.parse(s); err != nil {
		return p.wrap(i, s.key, err)
	}
	for n, m := range s.pictures {
		if n > 0 && s.pictures[n-1].number == m.number {
			return p.wrap(i, s.key, fmt.Errorf("two images %d", m.number))
		}
		data, err := p.read(m)
		if err == nil {
			err = checkHeader(data)
		}
		if err != nil {
			return p.wrap(i, s.key, imageError(n, err))
		}
	}
	return nil
}

// sort brings the pictures into order.
func (s tarSample) sort() {
	slices.SortStableFunc(s.pictures, func(a, b member) int { return cmp.Compare(a.number, b.number) })
}

// sample reads the headers of sample i again.
func (p *tarPart) sample(i int) (out tarSample, err error) {
	err = p.walk(p.samples[i], func(s tarSample) (bool, error) {
		out = s
		return false, nil
	})
	if err == nil && out.key == "" {
		err = fmt.Errorf("%s row %d: %w", p.name, i, errChanged)
	}
	out.sort()
	return out, err
}

func (p *tarPart) wrap(i int, key string, err error) error {
	return fmt.Errorf("%s row %d (%s): %w", p.name, i, key, err)
}

// read reads a member. The file may be shorter than the header says.
func (p *tarPart) read(m member) ([]byte, error) {
	if m.size > p.size-m.offset {
		return nil, fmt.Errorf("%s: %w", m.name, io.ErrUnexpectedEOF)
	}
	data := make([]byte, m.size)
	if _, err := p.f.ReadAt(data, m.offset); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("%s: %w", m.name, err)
	}
	return data, nil
}

func (p *tarPart) len() int { return len(p.samples) }

func (p *tarPart) row(i int) (Row, error) {
	s, err := p.sample(i)
	if err != nil {
		return Row{}, err
	}
	row, err := p.parse(s)
	if err != nil {
		return Row{}, p.wrap(i, s.key, err)
	}
	row.File, row.Number = p.name, i
	return row, nil
}

func (p *tarPart) parse(s tarSample) (Row, error) {
	if s.question.name == "" {
		return Row{}, fmt.Errorf("no %s.json", s.key)
	}
	if s.question.size > maxRecord {
		return Row{}, fmt.Errorf("%s: %d bytes (want at most %d)", s.question.name, s.question.size, maxRecord)
	}
	data, err := p.read(s.question)
	if err != nil {
		return Row{}, err
	}
	keys, err := object(data)
	if err != nil {
		return Row{}, fmt.Errorf("%s: %w", s.question.name, err)
	}
	row, _, err := p.convert(keys)
	if err != nil {
		return Row{}, err
	}
	for _, m := range s.pictures {
		row.Images = append(row.Images, Image{Path: m.name})
	}
	row.Problem, err = question(row.Problem, len(row.Images))
	return row, err
}

func (p *tarPart) image(i, n int) ([]byte, error) {
	s, err := p.sample(i)
	if err != nil {
		return nil, err
	}
	if n >= len(s.pictures) {
		return nil, p.wrap(i, s.key, errChanged)
	}
	data, err := p.read(s.pictures[n])
	if err != nil {
		return nil, p.wrap(i, s.key, imageError(n, err))
	}
	return data, nil
}

func (p *tarPart) close() error { return p.f.Close() }
