package parquet

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// codec is a compression, with parquet.thrift's numbers.
type codec int

const (
	uncompressed codec = 0
	snappyCodec  codec = 1
	gzipCodec    codec = 2
	zstdCodec    codec = 6
)

func (c codec) String() string {
	names := []string{"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"}
	if c < 0 || int(c) >= len(names) {
		return fmt.Sprintf("codec %d", int(c))
	}
	return names[c]
}

// The most that a byte can unpack to: a Snappy copy makes 64 bytes of 3, deflate
// 258 of 2 bits, a zstd block of one repeated byte 128 KiB of 4.
const (
	maxSnappy = 22
	maxGzip   = 1032
	maxZstd   = 32 << 10
)

// maxWindow bounds the memory of a zstd decoder; level 22 asks for 128 MiB.
const maxWindow = 128 << 20

// unpack returns the size bytes that data holds.
func (c codec) unpack(data []byte, size int) ([]byte, error) {
	if most := c.most(len(data)); size > most {
		return nil, fmt.Errorf("%d bytes of %s cannot hold %d", len(data), c, size)
	}
	switch c {
	case uncompressed:
		if len(data) != size {
			return nil, fmt.Errorf("%d bytes (want %d)", len(data), size)
		}
		return data, nil
	case snappyCodec:
		if n, err := snappy.DecodedLen(data); err != nil || n != size {
			return nil, fmt.Errorf("%d bytes of Snappy (want %d)", n, size)
		}
		return snappy.Decode(nil, data)
	case gzipCodec:
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return readExactly(z, size)
	case zstdCodec:
		z, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return readExactly(z, size)
	}
	return nil, fmt.Errorf("compressed with %s (want none, SNAPPY, GZIP or ZSTD)", c)
}

// most is what n packed bytes can hold.
func (c codec) most(n int) int {
	switch c {
	case snappyCodec:
		return n * maxSnappy
	case gzipCodec:
		return n * maxGzip
	case zstdCodec:
		return n * maxZstd
	}
	return maxPage
}

// readExactly reads size bytes, which must be all there is.
func readExactly(r io.Reader, size int) ([]byte, error) {
	var b bytes.Buffer
	_, err := b.ReadFrom(io.LimitReader(r, int64(size)+1))
	if err == nil && b.Len() != size {
		err = fmt.Errorf("unpacks to another size than %d", size)
	}
	return b.Bytes(), err
}
