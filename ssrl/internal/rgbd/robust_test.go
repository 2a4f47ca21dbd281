package rgbd

import (
	"encoding/binary"
	"hash/crc32"
)

// pngChunk returns a chunk with its length and checksum.
func pngChunk(name string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, name...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}
