package checkpoint

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// Tensor is a named float32 array to store.
type Tensor struct {
	Name  string
	Shape []int
	// Read fills dst, row by row, when the tensor's turn comes. dst is used
	// again for the next one.
	Read func(dst []float32) error
}

// entry is a tensor's line in the header of a safetensors file.
type entry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// Tensors writes a safetensors file of float32 tensors, in one pass and with
// one tensor in memory at a time.
func (w *Writer) Tensors(name string, list []Tensor) error {
	return w.File(name, func(to io.Writer) error {
		head := map[string]entry{}
		at := int64(0)
		most := 0
		for _, t := range list {
			if _, taken := head[t.Name]; taken || t.Name == "__metadata__" {
				return fmt.Errorf("tensor %q: the name is taken", t.Name)
			}
			n, err := elements(t.Shape)
			if err != nil {
				return fmt.Errorf("tensor %q: %w", t.Name, err)
			}
			most = max(most, n)
			shape := append([]int{}, t.Shape...)
			head[t.Name] = entry{"F32", shape, [2]int64{at, at + 4*int64(n)}}
			at += 4 * int64(n)
		}
		text, err := json.Marshal(head)
		if err != nil {
			return err
		}
		for (8+len(text))%8 != 0 { // the data is aligned
			text = append(text, ' ')
		}
		if _, err := to.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))); err != nil {
			return err
		}
		if _, err := to.Write(text); err != nil {
			return err
		}
		values := make([]float32, most)
		for _, t := range list {
			n, _ := elements(t.Shape)
			if err := t.Read(values[:n]); err != nil {
				return fmt.Errorf("tensor %q: %w", t.Name, err)
			}
			if err := writeFloats(to, values[:n]); err != nil {
				return err
			}
		}
		return nil
	})
}

func elements(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt/8/d {
			return 0, fmt.Errorf("shape %v", shape)
		}
		n *= d
	}
	return n, nil
}

func writeFloats(to io.Writer, values []float32) error {
	var chunk [4096]byte
	for len(values) > 0 {
		n := min(len(values), len(chunk)/4)
		for i, v := range values[:n] {
			binary.LittleEndian.PutUint32(chunk[4*i:], math.Float32bits(v))
		}
		if _, err := to.Write(chunk[:4*n]); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}
