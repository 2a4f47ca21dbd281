package cpu

import (
	"testing"

	"ssrl/internal/devtest"
)

func TestDevice(t *testing.T) {
	for set := portable; set <= bestISA(); set++ {
		t.Run(set.String(), func(t *testing.T) { devtest.Run(t, newDevice(2, set)) })
	}
}
