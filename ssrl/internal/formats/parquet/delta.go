package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// deltas decodes DELTA_BINARY_PACKED (Encodings.md) and returns what follows it.
// The number of values must be count.
func deltas(data []byte, count int) (values []int64, rest []byte, err error) {
	var head [3]uint64 // values a block, miniblocks a block, values in all
	for i := range head {
		if head[i], data, err = uvarint(data); err != nil {
			return nil, nil, err
		}
	}
	block, minis, total := head[0], head[1], head[2]
	if block == 0 || block%128 != 0 || block > maxValues || minis == 0 || block%minis != 0 || block/minis%32 != 0 {
		return nil, nil, fmt.Errorf("blocks of %d values in %d parts", block, minis)
	}
	if total != uint64(count) {
		return nil, nil, fmt.Errorf("%d numbers (want %d)", total, count)
	}
	first, data, err := varint(data)
	if err != nil || count == 0 {
		return nil, data, err
	}
	values = make([]int64, 1, count)
	values[0] = first
	for len(values) < count {
		least, after, err := varint(data)
		if err != nil {
			return nil, nil, err
		}
		if uint64(len(after)) < minis {
			return nil, nil, errShort
		}
		widths := after[:minis]
		data = after[minis:]
		for _, width := range widths {
			if len(values) == count {
				break // widths of parts that are not there mean nothing
			}
			if values, data, err = miniblock(values, data, int(block/minis), int(width), least); err != nil {
				return nil, nil, err
			}
		}
	}
	return values, data, nil
}

// miniblock appends up to n values, as far as there is room.
func miniblock(values []int64, data []byte, n, width int, least int64) ([]int64, []byte, error) {
	if width > 64 {
		return nil, nil, fmt.Errorf("differences of %d bits", width)
	}
	size := n * width / 8
	if size > len(data) {
		return nil, nil, errShort
	}
	last := values[len(values)-1]
	for i := range min(n, cap(values)-len(values)) {
		last += least + int64(unpackBits(data, i*width, width)) // wraps as the writer's did
		values = append(values, last)
	}
	return values, data[size:], nil
}

// deltaLengths decodes DELTA_LENGTH_BYTE_ARRAY: lengths, then the bytes.
func deltaLengths(data []byte, count int) ([][]byte, error) {
	lengths, data, err := deltas(data, count)
	if err != nil {
		return nil, fmt.Errorf("lengths: %w", err)
	}
	out := make([][]byte, count)
	for i, n := range lengths {
		if n < 0 || n > int64(len(data)) {
			return nil, fmt.Errorf("value %d of %d bytes: %w", i, n, errShort)
		}
		out[i], data = data[:n:n], data[n:]
	}
	return out, nil
}

// deltaStrings decodes DELTA_BYTE_ARRAY: how much of the value before each one
// begins with, then the ends. Together they may take maxPage.
func deltaStrings(data []byte, count int) ([][]byte, error) {
	prefixes, data, err := deltas(data, count)
	if err != nil {
		return nil, fmt.Errorf("prefixes: %w", err)
	}
	out, err := deltaLengths(data, count)
	if err != nil {
		return nil, err
	}
	var before []byte
	total := 0
	for i, n := range prefixes {
		if n < 0 || n > int64(len(before)) {
			return nil, fmt.Errorf("value %d begins with %d bytes of the %d before it", i, n, len(before))
		}
		if n > 0 {
			if total += int(n) + len(out[i]); total > maxPage {
				return nil, fmt.Errorf("more than %d bytes of values", maxPage)
			}
			out[i] = append(before[:n:n], out[i]...)
		}
		before = out[i]
	}
	return out, nil
}

func uvarint(data []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(data)
	if n == 0 {
		return 0, nil, errShort
	}
	if n < 0 {
		return 0, nil, errors.New("a number of more than 64 bits")
	}
	return v, data[n:], nil
}

func varint(data []byte) (int64, []byte, error) {
	v, rest, err := uvarint(data)
	return int64(v>>1) ^ -int64(v&1), rest, err
}
