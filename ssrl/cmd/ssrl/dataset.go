package main

import "ssrl"

// openDataset opens a dataset and names the rows that are left out of it.
func openDataset(path string) (*ssrl.Dataset, error) {
	d, err := ssrl.OpenDataset(path)
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
