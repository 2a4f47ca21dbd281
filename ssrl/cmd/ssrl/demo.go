package main

import (
	"context"
	"fmt"

	"ssrl/internal/demo"
)

type demoCmd struct {
	Quick bool   `help:"Two minutes on two processors instead of fifteen."`
	Seed  uint64 `default:"1" help:"The same seed gives the same result."`
	Out   string `default:"ssrl-demo" help:"New or empty directory."`
	JSON  bool   `name:"json" help:"result.json on one line at the end."`
}

func (c *demoCmd) Run(ctx context.Context) error {
	var m *meter
	stage := ""
	say := func(now string, done, total int, about string) {
		if now != stage {
			if m != nil {
				m.end()
			}
			stage, m = now, newMeter(now)
		}
		if about != "" {
			about = ": " + about
		}
		m.at(int64(done), int64(total), about)
		if done == total && !m.visible {
			note("%s%s", now, about)
		}
	}
	res, err := demo.Run(ctx, demo.Options{Out: c.Out, Seed: c.Seed, Quick: c.Quick, Say: say})
	if m != nil {
		m.end()
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return emit(res)
	}
	text := fmt.Sprintf("%-10s %8s %8s %8s %8s\n", "task", "chance", "new", "SFT", "GRPO")
	for _, name := range []string{"shuffle", "flip", "crop", "depth", "position"} {
		t := res.Tasks[name]
		text += fmt.Sprintf("%-10s %7.1f%% %7.1f%% %7.1f%% %7.1f%%\n", name, 100*t.Chance, 100*t.New, 100*t.SFT, 100*t.GRPO)
	}
	return show("%s%.1f minutes; %s/report.html\n", text, res.Minutes, c.Out)
}
