// Package seed derives named random streams from one seed.
//
// A stream depends only on its seed and labels, never on other streams, so the
// number of workers, the split into shards and the order of work cannot change
// what is drawn.
package seed

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// Rand returns the stream named by labels under seed. Labels are separated
// before hashing, so ("a", "bc") and ("ab", "c") are different streams.
func Rand(seed uint64, labels ...string) *rand.Rand {
	return rand.New(rand.NewPCG(seed, Key(seed, labels...)))
}

// Key returns 64 bits that depend on seed and every label.
func Key(seed uint64, labels ...string) uint64 {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	for _, l := range labels {
		binary.LittleEndian.PutUint64(b[:], uint64(len(l)))
		h.Write(b[:])
		h.Write([]byte(l))
	}
	return h.Sum64()
}
