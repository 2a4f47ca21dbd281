//go:build !amd64 || noasm

package rgbd

type packedTaps struct{}

func (t *tapTable) pack() {}

func (t *tapTable) rowFast(_, _ []byte) int { return 0 }

func (t *tapTable) columnsFast(_, _ []byte, _, _ int) int { return 0 }
