package formats

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"

	"github.com/parquet-go/parquet-go"

	"ssrl/internal/outdir"
	"ssrl/internal/shard"
)

// Row groups end at the first of these. Readers hold a row group in memory, and
// every group makes the footer longer: 10,000 of them take 30 MB to describe.
const (
	groupRows  = 1000
	groupBytes = 32 << 20
	pathRows   = 10_000 // without pictures inside
)

// insideRow and pathsRow are the columns. Every level is optional: otherwise
// datasets ignores its own metadata without a word. Pictures are compressed
// already, and byte columns take no dictionary.
type insideRow struct {
	ID      string       `parquet:"id,optional,snappy"`
	Task    string       `parquet:"task,optional,snappy"`
	Problem string       `parquet:"problem,optional,snappy"`
	Answer  string       `parquet:"answer,optional,snappy"`
	Images  []*imageCell `parquet:"images,optional,list"`
}

type imageCell struct {
	Bytes []byte `parquet:"bytes,optional,plain,uncompressed"`
	Path  string `parquet:"path,optional,snappy"`
}

type pathsRow struct {
	ID      string    `parquet:"id,optional,snappy"`
	Task    string    `parquet:"task,optional,snappy"`
	Problem string    `parquet:"problem,optional,snappy"`
	Answer  string    `parquet:"answer,optional,snappy"`
	Images  []*string `parquet:"images,optional,list,snappy"`
}

// features is the value of the key huggingface: lists are bare, which datasets
// reads since before version 4 and still does.
func features(image map[string]string) string {
	text := map[string]string{"dtype": "string", "_type": "Value"}
	meta := map[string]any{"info": map[string]any{"features": map[string]any{
		"id": text, "task": text, "problem": text, "answer": text, "images": []any{image}}}}
	data, err := json.Marshal(meta)
	if err != nil {
		panic(err) // maps of strings
	}
	return string(data)
}

// parquetOutput writes one Parquet file.
type parquetOutput struct {
	name   string
	file   io.Closer
	buffer *bufio.Writer
	inside *parquet.GenericWriter[insideRow] // or
	paths  *parquet.GenericWriter[pathsRow]
	rows   int // of the row group
	bytes  int
}

func newParquetOutput(dir *outdir.Folder, name string, inside bool) (*parquetOutput, error) {
	f, err := dir.Create(name + outdir.Tmp)
	if err != nil {
		return nil, err
	}
	p := &parquetOutput{name: name, file: f, buffer: bufio.NewWriterSize(f, 1<<20)}
	options := []parquet.WriterOption{
		parquet.CreatedBy("libssrl", "1", "0"),
		parquet.SkipPageBounds("images", "list", "element", "bytes"), // no pictures among the statistics
	}
	if inside {
		options = append(options, parquet.KeyValueMetadata("huggingface", features(map[string]string{"_type": "Image"})))
		p.inside = parquet.NewGenericWriter[insideRow](p.buffer, options...)
	} else {
		options = append(options, parquet.KeyValueMetadata("huggingface", features(map[string]string{"dtype": "string", "_type": "Value"})))
		p.paths = parquet.NewGenericWriter[pathsRow](p.buffer, options...)
	}
	return p, nil
}

func (p *parquetOutput) write(s shard.Sample, images [][]byte, _ string) error {
	if p.paths != nil {
		row := pathsRow{ID: s.ID, Task: s.Task, Problem: s.Problem, Answer: s.Answer, Images: []*string{}}
		for n := range s.Images {
			row.Images = append(row.Images, &s.Images[n])
		}
		if _, err := p.paths.Write([]pathsRow{row}); err != nil {
			return err
		}
		if p.rows++; p.rows < pathRows {
			return nil
		}
		p.rows = 0
		return p.paths.Flush()
	}
	row := insideRow{ID: s.ID, Task: s.Task, Problem: s.Problem, Answer: s.Answer, Images: []*imageCell{}}
	for n, data := range images {
		row.Images = append(row.Images, &imageCell{data, s.Images[n]})
		p.bytes += len(data)
	}
	if _, err := p.inside.Write([]insideRow{row}); err != nil {
		return err
	}
	if p.rows++; p.rows < groupRows && p.bytes < groupBytes {
		return nil
	}
	p.rows, p.bytes = 0, 0
	return p.inside.Flush()
}

func (p *parquetOutput) finish() ([]string, error) {
	var err error
	if p.paths != nil {
		err = p.paths.Close()
	} else {
		err = p.inside.Close()
	}
	return []string{p.name}, cmp.Or(err, p.buffer.Flush(), p.file.Close())
}

func (p *parquetOutput) abort() { p.file.Close() }
