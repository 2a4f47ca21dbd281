package formats

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// jsonPart is a file of JSON records: an array, or one record a line. Only the
// places of records are held in memory.
type jsonPart struct {
	name     string
	f        *os.File
	imageDir string
	records  []record
	convert  converter
}

// record is the place of a JSON value.
type record struct {
	offset int64
	size   int32
	row    int32 // in the file, from 0; records that were skipped count
	line   int32 // from 1; 0 in an array
}

// String names the record for errors.
func (r record) String() string {
	if r.line == 0 {
		return fmt.Sprintf("row %d", r.row)
	}
	return fmt.Sprintf("row %d (line %d)", r.row, r.line)
}

// converter makes a row of a record's keys. Its error is a skipped if the row is
// to be left out.
type converter func(keys map[string]json.RawMessage) (Row, []cell, error)

// skipped says why a row is left out.
type skipped string

func (s skipped) Error() string { return string(s) }

// openJSON reads and checks every record.
func openJSON(name string, src source, o Options, skips *[]Skip) (part, error) {
	f, _, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	p := &jsonPart{name: name, f: f, imageDir: o.ImageDir}
	if src.columns != nil {
		p.convert = src.columns.convert
	}
	if err := p.index(o, skips); err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

func (p *jsonPart) index(o Options, skips *[]Skip) error {
	for r, err := range records(p.f) {
		if err != nil {
			return fmt.Errorf("%s %s: %w", p.name, r.at, err)
		}
		_, err = p.parse(r.data, o)
		var skip skipped
		switch {
		case errors.As(err, &skip):
			*skips = append(*skips, Skip{p.name, int(r.at.row), skip.Error()})
			if len(*skips) > maxRows {
				return fmt.Errorf("%s: more than %d rows skipped", p.name, maxRows)
			}
			continue
		case err != nil:
			return fmt.Errorf("%s %s: %w", p.name, r.at, err)
		}
		if len(p.records) == maxRows {
			return fmt.Errorf("%s: more than %d rows", p.name, maxRows)
		}
		p.records = append(p.records, r.at)
	}
	return nil
}

// parse decodes a record, finding out at the first one what it is, and checks it.
func (p *jsonPart) parse(data []byte, o Options) (parsed, error) {
	keys, err := object(data)
	if err != nil {
		return parsed{}, err
	}
	if p.convert == nil {
		p.convert = guess(keys, o)
	}
	row, cells, err := p.convert(keys)
	if err == nil && o.Questions {
		err = row.question()
	}
	if err != nil {
		return parsed{}, err
	}
	for n, c := range cells {
		if err := c.check(p.imageDir); err != nil {
			return parsed{}, imageError(n, err)
		}
		row.Images = append(row.Images, c.Image)
	}
	return parsed{row, cells}, nil
}

type parsed struct {
	row   Row
	cells []cell
}

// guess tells the format of a file by the keys of its first record.
func guess(keys map[string]json.RawMessage, o Options) converter {
	if _, ok := keys[o.Problem]; ok {
		return columnsRL{o.Problem, o.Answer, o.Images}.convert
	}
	for _, name := range []string{"messages", "conversations"} {
		if raw, ok := keys[name]; ok {
			c := defaultShareGPT(name, raw)
			c.images = o.Images
			return c.convert
		}
	}
	_, instruction := keys["instruction"]
	_, output := keys["output"]
	if instruction || output {
		c := defaultAlpaca()
		c.images = o.Images
		return c.convert
	}
	return columnsRL{o.Problem, o.Answer, o.Images}.convert // whose error says what is missing
}

// object decodes the keys of a JSON object.
func object(data []byte) (map[string]json.RawMessage, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return nil, fmt.Errorf("%s (want an object)", kind.Value)
		}
		return nil, err
	}
	if keys == nil {
		return nil, errors.New("null (want an object)")
	}
	return keys, nil
}

func (p *jsonPart) len() int { return len(p.records) }

// read reads record i again.
func (p *jsonPart) read(i int) (parsed, error) {
	r := p.records[i]
	data := make([]byte, r.size)
	_, err := p.f.ReadAt(data, r.offset)
	var out parsed
	if err == nil {
		var keys map[string]json.RawMessage
		if keys, err = object(data); err == nil {
			out.row, out.cells, err = p.convert(keys)
		}
	}
	if err != nil {
		return out, fmt.Errorf("%s %s: %w (%w)", p.name, r, err, errChanged)
	}
	for _, c := range out.cells {
		out.row.Images = append(out.row.Images, c.Image)
	}
	out.row.File, out.row.Number = p.name, int(r.row)
	return out, nil
}

func (p *jsonPart) row(i int) (Row, error) {
	r, err := p.read(i)
	return r.row, err
}

func (p *jsonPart) image(i, n int) ([]byte, error) {
	r, err := p.read(i)
	if err != nil {
		return nil, err
	}
	data, err := r.cells[n].load(p.imageDir)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", p.name, p.records[i], imageError(n, err))
	}
	return data, nil
}

func (p *jsonPart) close() error { return p.f.Close() }

// found is a record as it is met.
type found struct {
	at   record
	data []byte // good until the next
}

// records yields the records of a file. An error is the last; its record tells
// where.
func records(in io.Reader) func(yield func(found, error) bool) {
	return func(yield func(found, error) bool) {
		b := bufio.NewReaderSize(in, 1<<16)
		start := int64(0)
		if head, _ := b.Peek(3); string(head) == "\xef\xbb\xbf" {
			b.Discard(3)
			start = 3
		}
		first, err := firstByte(b)
		if err != nil {
			if err == io.EOF {
				err = errors.New("an empty file (want JSON)")
			}
			yield(found{}, err)
			return
		}
		if first == '[' {
			arrayRecords(b, start, yield)
		} else {
			lineRecords(b, start, yield)
		}
	}
}

// firstByte returns the first byte that is not white space without taking it, if
// it is within the first 64 KiB.
func firstByte(b *bufio.Reader) (byte, error) {
	for n := 1; ; n++ {
		head, err := b.Peek(n)
		if len(head) < n {
			if err == bufio.ErrBufferFull {
				err = errors.New("begins with white space (want JSON)")
			}
			return 0, err
		}
		if c := head[n-1]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, nil
		}
	}
}

// lineRecords takes every line that is not blank as a record.
func lineRecords(b *bufio.Reader, offset int64, yield func(found, error) bool) {
	row := int32(0)
	for line := int32(1); ; line++ {
		at := record{offset: offset, row: row, line: line}
		data, err := readLine(b)
		if err != nil && err != io.EOF {
			yield(found{at: at}, err)
			return
		}
		offset += int64(len(data))
		if len(bytes.TrimSpace(data)) > 0 {
			at.size = int32(len(data))
			row++
			if !yield(found{at, data}, nil) {
				return
			}
		}
		if err == io.EOF {
			return
		}
	}
}

// readLine reads up to and with the next '\n', or to the end with io.EOF.
func readLine(b *bufio.Reader) ([]byte, error) {
	line, err := b.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	long := bytes.Clone(line)
	for err == bufio.ErrBufferFull {
		if len(long) > maxRecord {
			return nil, fmt.Errorf("more than %d bytes", maxRecord)
		}
		line, err = b.ReadSlice('\n')
		long = append(long, line...)
	}
	return long, err
}

// meter stops a decoder that has read more than maxRecord bytes ahead.
type meter struct {
	in   io.Reader
	left int64
}

var errLong = fmt.Errorf("more than %d bytes", maxRecord)

func (m *meter) Read(b []byte) (int, error) {
	if m.left <= 0 {
		return 0, errLong
	}
	n, err := m.in.Read(b[:min(int64(len(b)), m.left)])
	m.left -= int64(n)
	return n, err
}

// arrayRecords takes the elements of a JSON array; b stands at offset of the file.
func arrayRecords(b *bufio.Reader, offset int64, yield func(found, error) bool) {
	m := &meter{b, maxRecord}
	d := json.NewDecoder(m)
	_, err := d.Token()
	at := record{}
	for ; err == nil && d.More(); at.row++ {
		m.left = maxRecord
		var raw json.RawMessage
		if err = d.Decode(&raw); err != nil {
			break
		}
		at.size = int32(len(raw))
		at.offset = offset + d.InputOffset() - int64(len(raw))
		if !yield(found{at, raw}, nil) {
			return
		}
	}
	if err == nil {
		m.left = maxRecord
		_, err = d.Token() // the bracket
	}
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return
		}
		if err == nil {
			err = errors.New("goes on behind the array")
		}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errors.New("the array ends early")
	}
	yield(found{at: at}, err)
}
