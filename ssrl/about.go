package ssrl

import (
	"fmt"
	"runtime"

	"ssrl/internal/cpu"
)

// Info is what a build can do on this machine.
type Info struct {
	Version string       `json:"version"`
	Devices []DeviceInfo `json:"devices"`
}

// DeviceInfo is a device that models can run on, or why they cannot.
type DeviceInfo struct {
	Name      string `json:"name"`
	Available bool   `json:"available"`
	About     string `json:"about"`
}

// About tells version and devices.
func About() Info {
	return Info{Version, []DeviceInfo{
		{"cpu", true, fmt.Sprintf("%d threads, %s", runtime.GOMAXPROCS(0), cpu.New(0).Instructions())},
		{"cuda", false, "this build has no CUDA device"},
	}}
}
