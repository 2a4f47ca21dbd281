package formats

import (
	"bufio"
	"bytes"
	"cmp"
	"io"

	"ssrl/internal/answer"
	"ssrl/internal/outdir"
	"ssrl/internal/shard"
)

// alpacaRecord and shareGPTRecord are records of LLaMA-Factory. It ignores the
// keys that it does not know.
type alpacaRecord struct {
	ID          string   `json:"id"`
	Task        string   `json:"task"`
	Source      string   `json:"source"`
	Instruction string   `json:"instruction"`
	Input       string   `json:"input"`
	Output      string   `json:"output"`
	Images      []string `json:"images"`
}

type shareGPTRecord struct {
	ID            string         `json:"id"`
	Task          string         `json:"task"`
	Source        string         `json:"source"`
	Conversations []shareGPTTurn `json:"conversations"`
	Images        []string       `json:"images"`
}

type shareGPTTurn struct {
	From  string `json:"from"`
	Value string `json:"value"`
}

// jsonOutput writes one JSON array, a record a line.
type jsonOutput struct {
	name   string
	format Format
	file   io.Closer
	buffer *bufio.Writer
	rows   int
}

func newJSONOutput(dir *outdir.Folder, name string, f Format) (*jsonOutput, error) {
	file, err := dir.Create(name + outdir.Tmp)
	if err != nil {
		return nil, err
	}
	return &jsonOutput{name: name, format: f, file: file, buffer: bufio.NewWriterSize(file, 1<<16)}, nil
}

// boxed is the answer as the reward wants it, or bare where a box would not give
// it back.
func boxed(truth string) string {
	if s := `\boxed{` + truth + `}`; answer.Boxed(s) == truth {
		return s
	}
	return truth
}

func (j *jsonOutput) write(s shard.Sample, _ [][]byte, _ string) error {
	images := s.Images
	if images == nil {
		images = []string{}
	}
	var record any
	if j.format == Alpaca {
		record = alpacaRecord{s.ID, s.Task, s.Source, s.Problem, "", boxed(s.Answer), images}
	} else {
		turns := []shareGPTTurn{{"human", s.Problem}, {"gpt", boxed(s.Answer)}}
		record = shareGPTRecord{s.ID, s.Task, s.Source, turns, images}
	}
	before := ",\n"
	if j.rows == 0 {
		before = "[\n"
	}
	if _, err := j.buffer.WriteString(before); err != nil {
		return err
	}
	data, err := outdir.Encode(record)
	if err != nil {
		return err
	}
	j.rows++
	_, err = j.buffer.Write(bytes.TrimSuffix(data, []byte("\n")))
	return err
}

func (j *jsonOutput) finish() ([]string, error) {
	_, err := j.buffer.WriteString("\n]\n")
	return []string{j.name}, cmp.Or(err, j.buffer.Flush(), j.file.Close())
}

func (j *jsonOutput) abort() { j.file.Close() }
