// Command ssrl is libssrl on a command line: it makes spatial questions from
// images, asks and trains models, and scores answers. Results go to standard
// output, progress and complaints to standard error. It exits with 0, with 1
// when something went wrong, and with 2 when it was called wrongly.
package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"ssrl"
	"ssrl/internal/config"
)

// commands is the whole command line; every field is a command in its file.
type commands struct {
	Scenes   scenesCmd   `cmd:"" help:"Render synthetic RGB-D frames."`
	Generate generateCmd `cmd:"" help:"Make a dataset of questions from a folder of images."`
	Show     showCmd     `cmd:"" help:"Write a gallery of a dataset: one HTML page."`
	Inspect  inspectCmd  `cmd:"" help:"Say what is in a model, checkpoint, dataset or frame."`
	Reward   rewardCmd   `cmd:"" help:"Score answers to a dataset's questions."`
	New      newCmd      `cmd:"" help:"Make a fresh small model."`
	Ask      askCmd      `cmd:"" help:"Ask a model about images."`
	Score    scoreCmd    `cmd:"" help:"Log-probabilities of an answer."`
	Tokens   tokensCmd   `cmd:"" help:"Text and conversations to token ids, and back."`
	Pixels   pixelsCmd   `cmd:"" help:"What a model sees of pictures."`
	Export   exportCmd   `cmd:"" help:"Write a plain model directory, a LoRA adapter merged."`
	SFT      sftCmd      `cmd:"" name:"sft" help:"Teach a model the answers of a dataset."`
	GRPO     grpoCmd     `cmd:"" name:"grpo" help:"Teach a model by the scores of its own answers."`
	Eval     evalCmd     `cmd:"" help:"Ask a model every question of a dataset and score its answers."`
	Demo     demoCmd     `cmd:"" help:"Scenes, questions, SFT, GRPO and a report, on a small model."`
	Bench    benchCmd    `cmd:"" help:"Measure this machine."`
	Info     infoCmd     `cmd:"" help:"Version, processor and devices."`

	Completion completionCmd `cmd:"" help:"A script that completes words in a shell."`
	Complete   completeCmd   `cmd:"" hidden:"" help:"Answers that script."`

	Version kong.VersionFlag `help:"Print the version."`
}

// usageError is a call that makes no sense: exit code 2.
type usageError struct{ error }

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) (code int) {
	// A reader that went away is an error of the write, not the end of the process.
	signal.Ignore(syscall.SIGPIPE)
	parser := newParser()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exit:
			code = int(r)
		default:
			panic(r)
		}
	}()
	call, err := parser.Parse(joinNegatives(args))
	if err != nil {
		return complain(misuse(err, args), 2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	call.BindTo(ctx, (*context.Context)(nil))
	err = call.Run()
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return complain(err, 2)
	case errors.Is(err, context.Canceled):
		return complain(errors.New("interrupted"), 1)
	}
	return complain(err, 1)
}

func newParser() *kong.Kong {
	parser, err := kong.New(&commands{}, kong.Name("ssrl"), kong.Description("Spatial questions from images, answers from Qwen-VL, training on both."),
		kong.Vars{"version": ssrl.Version}, kong.Exit(func(n int) { panic(exit(n)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err)
	}
	return parser
}

// exit carries kong's wish to end, after help or version, out of the parser.
type exit int

// joinNegatives writes --flag -1 as --flag=-1, so that the flag refuses the
// number by its own range instead of the parser by its look.
func joinNegatives(args []string) []string {
	var out []string
	for i, a := range args {
		if a == "--" {
			return append(out, args[i:]...)
		}
		if i > 0 && negative.MatchString(a) && bareFlag.MatchString(args[i-1]) {
			out[len(out)-1] += "=" + a
			continue
		}
		out = append(out, a)
	}
	return out
}

var (
	negative    = regexp.MustCompile(`^-([0-9.]|(?i:inf|nan)$)`)
	bareFlag    = regexp.MustCompile(`^--[a-z-]+$`)
	unknownFlag = regexp.MustCompile(`^unknown flag --([a-z_-]+)$`)
	noValue     = regexp.MustCompile(`^(--[a-z-]+): expected \w+ value but got .*$`)
)

// meant is a hint what an unknown flag is that the parser sees nothing like: an
// option of a trainer, whose options are words, or the nearest flag.
func meant(err error) string {
	var parse *kong.ParseError
	name := unknownFlag.FindStringSubmatch(err.Error())
	if name == nil || !errors.As(err, &parse) || parse.Context.Selected() == nil {
		return ""
	}
	meant := map[string]string{} // as one would write it, by name
	for _, group := range parse.Context.Selected().AllFlags(true) {
		for _, f := range group {
			meant[f.Name] = `"--` + f.Name + `"`
		}
	}
	if c, ok := parse.Context.Selected().Target.Addr().Interface().(valued); ok {
		for _, option := range c.values("key=value") {
			meant[strings.ReplaceAll(strings.TrimSuffix(option, "="), "_", "-")] = option + "VALUE"
		}
	}
	word := strings.ReplaceAll(name[1], "_", "-")
	nearest := config.Nearest(word, slices.Sorted(maps.Keys(meant)))
	if !config.Close(word, nearest) {
		return ""
	}
	return ", did you mean " + meant[nearest] + "?"
}

// misuse words what the parser says.
func misuse(err error, args []string) error {
	if len(args) == 0 {
		return errors.New("no command (see ssrl --help)")
	}
	text := noValue.ReplaceAllString(err.Error(), "$1 has no value")
	if strings.HasPrefix(text, "expected one of") {
		text = "no command"
	}
	return errors.New(text + meant(err) + " (see ssrl --help)")
}
