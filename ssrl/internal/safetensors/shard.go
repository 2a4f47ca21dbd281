package safetensors

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteModel stores tensors in the directory dir as transformers does: as
// model.safetensors when they fit in maxBytes, otherwise as shards of at most
// that many bytes of data, filled in the order given, with an index that is
// written last. A tensor above maxBytes gets a shard of its own; 0 stands for
// no limit. The other form, if dir holds it, is removed at the end, so that
// readers do not find an older model. Each file is whole or as it was, but
// shards that replace shards do so one by one: use a new directory then.
func WriteModel(dir string, tensors []Tensor, metadata map[string]string, maxBytes int) error {
	single, index := filepath.Join(dir, singleName), filepath.Join(dir, indexName)
	parts, total, err := split(tensors, maxBytes)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if len(parts) <= 1 {
		if err := Write(single, tensors, metadata); err != nil {
			return err
		}
		return removeIfThere(index)
	}
	where := map[string]string{}
	for i, part := range parts {
		for _, t := range part {
			if where[t.Name] != "" {
				return fmt.Errorf("%s: tensor %q: the name is taken", dir, t.Name)
			}
			where[t.Name] = shardName(i, len(parts))
		}
	}
	for i, part := range parts {
		if err := Write(filepath.Join(dir, shardName(i, len(parts))), part, metadata); err != nil {
			return err
		}
	}
	text := jsonOf(struct {
		Metadata map[string]int    `json:"metadata"`
		Map      map[string]string `json:"weight_map"`
	}{map[string]int{"total_size": total}, where})
	err = replaceFile(index, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return err
	}
	return removeIfThere(single)
}

func shardName(i, n int) string { return fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, n) }

// split cuts tensors into runs of at most maxBytes and counts all bytes.
func split(tensors []Tensor, maxBytes int) (parts [][]Tensor, total int, err error) {
	from, size := 0, 0
	for i := range tensors {
		n, err := tensors[i].bytes()
		if err != nil {
			return nil, 0, fmt.Errorf("tensor %q: %w", tensors[i].Name, err)
		}
		if maxBytes > 0 && i > from && size+n > maxBytes {
			parts = append(parts, tensors[from:i])
			from, size = i, 0
		}
		size += n
		total += n
	}
	return append(parts, tensors[from:]), total, nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}
