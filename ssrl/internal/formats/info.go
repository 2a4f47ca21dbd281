package formats

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// infoEntry is a dataset of dataset_info.json (LLaMA-Factory 0.9.4,
// data/README.md), as far as supervised training from local files needs it.
type infoEntry struct {
	FileName   *string            `json:"file_name,omitempty"`
	Formatting string             `json:"formatting,omitempty"`
	Ranking    bool               `json:"ranking,omitempty"`
	Columns    map[string]*string `json:"columns,omitempty"`
	Tags       map[string]*string `json:"tags,omitempty"`
}

// readInfo finds a dataset by name in a folder's dataset_info.json. Without a
// name it is train, or the only one.
func readInfo(dir, name string) (source, error) {
	path := filepath.Join(dir, infoName)
	entries, err := loadInfo(path)
	if err != nil {
		return source{}, err
	}
	var names []string
	for n := range entries {
		names = append(names, n)
	}
	slices.Sort(names)
	if name == "" {
		name = "train"
		if len(names) == 1 {
			name = names[0]
		}
	}
	e, ok := entries[name]
	if !ok {
		return source{}, fmt.Errorf("%s: no dataset %q (want one of %s)", path, name, strings.Join(names, ", "))
	}
	src, err := e.source(dir)
	if err != nil {
		return source{}, fmt.Errorf("%s: dataset %q: %w", path, name, err)
	}
	return src, nil
}

func loadInfo(path string) (map[string]infoEntry, error) {
	f, _, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxInfo+1))
	if err == nil && len(data) > maxInfo {
		err = fmt.Errorf("more than %d bytes", maxInfo)
	}
	var entries map[string]infoEntry
	if err == nil {
		err = json.Unmarshal(data, &entries)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return entries, nil
}

func (e infoEntry) source(dir string) (source, error) {
	switch {
	case e.FileName == nil:
		return source{}, errors.New("no file_name (want a local file)")
	case e.Ranking:
		return source{}, errors.New("ranked answers (want supervised data)")
	case e.Formatting != "" && e.Formatting != "alpaca" && e.Formatting != "sharegpt":
		return source{}, fmt.Errorf("formatting %q (want alpaca or sharegpt)", e.Formatting)
	}
	name := filepath.FromSlash(*e.FileName)
	if !filepath.IsLocal(name) {
		return source{}, fmt.Errorf("file_name %q leads out of the folder", *e.FileName)
	}
	src := source{kind: kindJSON, files: []string{filepath.Join(dir, name)}, imageDir: dir, columns: e.columns()}
	// A folder's files are one dataset (data/loader.py).
	if info, err := os.Stat(src.files[0]); err == nil && info.IsDir() {
		below, err := fsGlob(src.files[0], "*")
		if err != nil {
			return source{}, err
		}
		src.files = nil
		for _, file := range below {
			src.files = append(src.files, filepath.Join(dir, name, file))
		}
		slices.Sort(src.files)
	}
	for _, file := range src.files {
		if k, _ := kindOf(file); k != kindJSON {
			return source{}, fmt.Errorf("file_name %q (want .json or .jsonl)", *e.FileName)
		}
	}
	return src, nil
}

// columns returns the keys and tags of a dataset. As upstream, a table of columns
// that is there names all of them: what it leaves out is not read. A table of
// tags does the same for observation, function and system.
func (e infoEntry) columns() *columns {
	c := &columns{shareGPT: e.Formatting == "sharegpt"}
	if e.Columns == nil {
		c.prompt, c.query, c.response, c.messages = "instruction", "input", "output", "conversations"
	} else {
		for name, to := range map[string]*string{"prompt": &c.prompt, "query": &c.query, "response": &c.response,
			"history": &c.history, "messages": &c.messages, "system": &c.system, "images": &c.images} {
			if v := e.Columns[name]; v != nil {
				*to = *v
			}
		}
	}
	tag := func(name, otherwise string) string {
		if v := e.Tags[name]; v != nil {
			return *v
		}
		return otherwise
	}
	rest := map[string]string{"observation_tag": "observation", "function_tag": "function_call", "system_tag": "system"}
	if e.Tags != nil {
		clear(rest)
	}
	c.roleTag, c.contentTag = tag("role_tag", "from"), tag("content_tag", "value")
	c.users, c.assistants = []string{tag("user_tag", "human")}, []string{tag("assistant_tag", "gpt")}
	c.systems = []string{tag("system_tag", rest["system_tag"])}
	c.others = []string{tag("observation_tag", rest["observation_tag"]), tag("function_tag", rest["function_tag"])}
	return c
}
