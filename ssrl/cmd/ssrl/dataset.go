package main

import "ssrl"

// columnFlags say how datasets of other programs are read.
type columnFlags struct {
	PromptKey   string `help:"Column of questions, in datasets of other programs; problem by default."`
	AnswerKey   string `help:"Column of true answers; answer by default."`
	ImageKey    string `help:"Column of pictures; images by default."`
	ImageDir    string `help:"Folder that paths of pictures start in; the dataset's own by default."`
	DatasetName string `help:"Dataset of the folder's dataset_info.json."`
}

func (f columnFlags) options() ssrl.DatasetOptions {
	return ssrl.DatasetOptions{Problem: f.PromptKey, Answer: f.AnswerKey, Images: f.ImageKey, ImageDir: f.ImageDir, Name: f.DatasetName}
}

// openDataset opens a dataset and names the rows that are left out of it.
func openDataset(path string, columns columnFlags) (*ssrl.Dataset, error) {
	d, err := ssrl.OpenDatasetAs(path, columns.options())
	if err != nil {
		return nil, err
	}
	const most = 10
	skipped := d.Skipped()
	for _, why := range skipped[:min(len(skipped), most)] {
		note("left out: %v", why)
	}
	if more := len(skipped) - most; more > 0 {
		note("left out: %s more", count(more, "row"))
	}
	return d, nil
}
