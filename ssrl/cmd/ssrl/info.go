package main

import (
	"fmt"
	"runtime"

	"ssrl"
)

type infoCmd struct {
	JSON bool `name:"json" help:"One JSON object."`
}

// Help is an example.
func (c *infoCmd) Help() string {
	return `Example:
  ssrl info --json`
}

func (c *infoCmd) Run() error {
	info := ssrl.About()
	if c.JSON {
		return emit(info)
	}
	text := fmt.Sprintf("ssrl %s, %s %s/%s\n", info.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, d := range info.Devices {
		if d.Available {
			text += fmt.Sprintf("%-5s %s\n", d.Name, d.About)
		} else {
			text += fmt.Sprintf("%-5s not available: %s\n", d.Name, d.About)
		}
	}
	return show("%s", text)
}
