package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// hybrid decodes count numbers of width bits from Parquet's mix of run lengths
// and bit packing (Encodings.md, RLE = 3). Numbers above limit are refused.
func hybrid[T uint8 | uint32](data []byte, width, count int, limit uint64) ([]T, error) {
	if width < 0 || width > 32 {
		return nil, fmt.Errorf("numbers of %d bits", width)
	}
	out := make([]T, 0, count)
	for len(out) < count {
		head, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, fmt.Errorf("%d numbers (want %d)", len(out), count)
		}
		data = data[n:]
		if head&1 == 0 { // a run
			size := (width + 7) / 8
			if size > len(data) {
				return nil, errShort
			}
			var v uint64
			for i, b := range data[:size] {
				v |= uint64(b) << (8 * i)
			}
			if v > limit {
				return nil, fmt.Errorf("number %d (want 0 to %d)", v, limit)
			}
			data = data[size:]
			for range min(head>>1, uint64(count-len(out))) {
				out = append(out, T(v))
			}
			continue
		}
		// Groups of eight. The last may be padded, and is cut short by some writers.
		total := min((head>>1), uint64(count)) * 8 // more is never read
		packed := data[:min(uint64(len(data)), (total*uint64(width)+7)/8)]
		take := min(total, uint64(count-len(out)))
		if (take*uint64(width)+7)/8 > uint64(len(packed)) {
			return nil, errShort
		}
		for i := range take {
			v := unpackBits(packed, int(i)*width, width)
			if v > limit {
				return nil, fmt.Errorf("number %d (want 0 to %d)", v, limit)
			}
			out = append(out, T(v))
		}
		data = data[len(packed):]
	}
	return out, nil
}

// unpackBits reads width bits, at most 64, that begin at bit at, lowest first.
func unpackBits(data []byte, at, width int) uint64 {
	var v uint64
	for got := 0; got < width; {
		shift := (at + got) % 8
		v |= uint64(data[(at+got)/8]>>shift) << got
		got += 8 - shift
	}
	if width < 64 {
		v &= 1<<width - 1
	}
	return v
}

// levelsV1 decodes levels with their length before them and returns what follows.
func levelsV1(data []byte, count, most int) (levels []uint8, rest []byte, err error) {
	if most == 0 {
		return nil, data, nil
	}
	if len(data) < 4 {
		return nil, nil, errShort
	}
	size := uint64(binary.LittleEndian.Uint32(data))
	data = data[4:]
	if size > uint64(len(data)) {
		return nil, nil, errShort
	}
	levels, err = decodeLevels(data[:size], count, most)
	return levels, data[size:], err
}

func decodeLevels(data []byte, count, most int) ([]uint8, error) {
	if most == 0 {
		return nil, nil
	}
	levels, err := hybrid[uint8](data, bits.Len(uint(most)), count, uint64(most))
	if err != nil {
		return nil, fmt.Errorf("levels: %w", err)
	}
	return levels, nil
}

// dictionaryIndexes decodes the places of a page's values in a dictionary.
func dictionaryIndexes(data []byte, count, size int) ([]uint32, error) {
	if count == 0 {
		return nil, nil
	}
	if len(data) == 0 {
		return nil, errShort
	}
	if size == 0 {
		return nil, errors.New("values of an empty dictionary")
	}
	return hybrid[uint32](data[1:], int(data[0]), count, uint64(size-1))
}
