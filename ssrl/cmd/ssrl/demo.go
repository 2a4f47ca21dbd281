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
	Base  bool   `help:"Make the base that the demo starts from again, in ten minutes, into --out, and nothing else."`
	JSON  bool   `name:"json" help:"result.json on one line at the end."`
}

// Help is an example.
func (c *demoCmd) Help() string {
	return `Example:
  ssrl demo --quick --out ssrl-demo`
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
	if c.Base {
		err := demo.Base(ctx, c.Out, say)
		if m != nil {
			m.end()
		}
		return err
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
	text := fmt.Sprintf("%-10s %8s %8s %8s %8s %8s %8s\n", "task", "chance", "new", "base", "SFT", "GRPO", "control")
	for _, name := range []string{"shuffle", "flip", "crop", "depth", "position"} {
		t := res.Tasks[name]
		text += fmt.Sprintf("%-10s %7.1f%% %7.1f%% %7.1f%% %7.1f%% %7.1f%% %7.1f%%\n", name, 100*t.Chance, 100*t.New, 100*t.Base, 100*t.SFT, 100*t.GRPO, 100*t.Control)
	}
	return show("%s%.1f minutes; %s/report.html\n", text, res.Minutes, c.Out)
}
