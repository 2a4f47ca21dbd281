package shard

import "crypto/sha256"

// IDs remembers which ids were there, by half of a SHA-256 each: a million take
// 40 MB, as strings three times that.
type IDs map[[16]byte]struct{}

// Has reports whether an id was there.
func (s IDs) Has(id string) bool {
	_, ok := s[digest(id)]
	return ok
}

// Add remembers an id.
func (s IDs) Add(id string) { s[digest(id)] = struct{}{} }

func digest(id string) (half [16]byte) {
	whole := sha256.Sum256([]byte(id))
	copy(half[:], whole[:])
	return half
}
