//go:build !amd64 || noasm

package zlib

func (z *Inflater) turns(p *place, buf []byte) { z.turnsPortable(p, buf) }

func adler(sum uint32, b []byte) uint32 { return adlerPortable(sum, b) }
