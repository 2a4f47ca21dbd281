package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
)

// maxHeader is the reference implementation's limit.
const maxHeader = 100_000_000

// entry is one tensor of one file; its data is data[begin:end].
type entry struct {
	Info
	begin, end int
}

// header is the checked head of one file.
type header struct {
	tensors  map[string]entry
	metadata map[string]string // nil when the file has none
	data     int               // offset of the data in the file
}

// parseHeader checks the head of a file of size bytes and every byte range in
// it. Ranges must follow each other without gaps from the end of the header to
// the end of the file, as the reference implementation demands: a file then
// has no hidden bytes and no two tensors share any.
func parseHeader(file []byte) (*header, error) {
	if len(file) < 8 {
		return nil, fmt.Errorf("%d bytes (want at least 8)", len(file))
	}
	n := binary.LittleEndian.Uint64(file)
	if n > maxHeader {
		return nil, fmt.Errorf("header of %d bytes (want at most %d)", n, maxHeader)
	}
	if n > uint64(len(file)-8) {
		return nil, fmt.Errorf("header of %d bytes in a file of %d", n, len(file))
	}
	h := &header{tensors: map[string]entry{}, data: 8 + int(n)}
	if err := h.decode(file[8:h.data]); err != nil {
		return nil, err
	}
	return h, h.checkRanges(len(file) - h.data)
}

// decode reads the JSON object token by token, because encoding/json keeps the
// last of two equal keys without a word.
func (h *header) decode(text []byte) error {
	if len(text) == 0 || text[0] != '{' {
		return errors.New("header is not a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return headerError(err)
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return headerError(err)
		}
		name := token.(string)
		if name == "__metadata__" {
			if h.metadata != nil {
				return errors.New("two __metadata__ entries")
			}
			if err := d.Decode(&h.metadata); err != nil {
				return errors.New("__metadata__ is not an object of strings")
			}
			if h.metadata == nil {
				h.metadata = map[string]string{}
			}
			continue
		}
		if _, ok := h.tensors[name]; ok {
			return fmt.Errorf("tensor %q: listed twice", name)
		}
		if h.tensors[name], err = decodeEntry(d); err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return headerError(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("header goes on after its JSON object")
	}
	return nil
}

// decodeEntry reads {"dtype", "shape", "data_offsets"} and checks it alone.
func decodeEntry(d *json.Decoder) (entry, error) {
	var raw struct {
		DType   *string `json:"dtype"`
		Shape   *[]int  `json:"shape"`
		Offsets *[]int  `json:"data_offsets"`
	}
	if err := d.Decode(&raw); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field == "" {
			return entry{}, fmt.Errorf("a JSON %s (want an object)", wrong.Value)
		}
		return entry{}, headerError(err)
	}
	switch {
	case raw.DType == nil:
		return entry{}, errors.New("no dtype")
	case raw.Shape == nil:
		return entry{}, errors.New("no shape")
	case raw.Offsets == nil || len(*raw.Offsets) != 2:
		return entry{}, errors.New("data_offsets are not two numbers")
	}
	e := entry{Info{DType(*raw.DType), *raw.Shape}, (*raw.Offsets)[0], (*raw.Offsets)[1]}
	if e.begin < 0 || e.end < e.begin {
		return entry{}, fmt.Errorf("data_offsets [%d %d] run backwards", e.begin, e.end)
	}
	if e.DType.size() == 0 {
		if _, ok := elements(e.Shape); !ok {
			return entry{}, fmt.Errorf("shape %v is out of range", e.Shape)
		}
		return e, nil
	}
	want, err := bytesOf(e.DType, e.Shape)
	if err != nil {
		return entry{}, err
	}
	if e.end-e.begin != want {
		return entry{}, fmt.Errorf("%d bytes of data (want %d for %s %v)", e.end-e.begin, want, e.DType, e.Shape)
	}
	return e, nil
}

// checkRanges makes sure that the tensors cover size bytes of data, each once.
func (h *header) checkRanges(size int) error {
	names := make([]string, 0, len(h.tensors))
	for name := range h.tensors {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := h.tensors[names[i]], h.tensors[names[j]]
		if a.begin != b.begin {
			return a.begin < b.begin
		}
		if a.end != b.end {
			return a.end < b.end
		}
		return names[i] < names[j]
	})
	at := 0
	for _, name := range names {
		e := h.tensors[name]
		if e.end > size {
			return fmt.Errorf("tensor %q: data_offsets [%d %d] in %d bytes of data", name, e.begin, e.end, size)
		}
		if e.begin != at {
			return fmt.Errorf("tensor %q: data starts at %d (want %d, where the tensor before it ends)", name, e.begin, at)
		}
		at = e.end
	}
	if at != size {
		return fmt.Errorf("%d bytes of data (want %d, where the last tensor ends)", size, at)
	}
	return nil
}

// headerError says in one line what encoding/json met.
func headerError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("header ends early")
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s holds a JSON %s (want %s)", wrong.Field, wrong.Value, wrong.Type)
	}
	return fmt.Errorf("broken JSON: %w", err)
}
