// Package ssrl turns images into spatial questions with known answers, asks
// them of Qwen-VL models, and trains the models on them: the method of
// Spatial-SSRL (arXiv 2510.27606) in one library.
//
// # Questions
//
// A [Frame] is a colour image with or without depth, from memory ([NewFrame]) or
// from a folder ([Source]). A [Task] draws a question about it whose answer follows
// from the frame itself: [Shuffle], [Flip] and [Crop] need colour only,
// [DepthOrder] and [Position] depth too. A [Generator] makes samples of many
// frames at once, always the same ones for the same seed; [GenerateDataset]
// writes them to a directory that [OpenDataset] reads.
//
// # Models
//
// [OpenModel] reads a Hugging Face directory; [CreateModel] makes a small one
// from a seed, to try things without a download. [Model.Answer], [Model.Stream]
// and [Model.Generate] ask it, [Model.Score] tells how probable an answer is,
// [Model.ToPixels] where in the picture the places are that it names. Its text
// and pictures can be looked at alone: [OpenTokenizer], [OpenImageProcessor].
//
// # Training
//
// [NewSFT] teaches a model the answers of samples, [NewGRPO] teaches it by the
// scores of its own answers, by [Exact] or a [Reward] of yours. [Run] takes
// steps over a dataset; progress, saving and stopping are lines in its loop.
// Below it are Step, and in GRPO Rollouts and Update.
//
// # Conventions
//
// Depth is in metres and NaN where there is no reading. Coordinates are pixels
// from the top left. Everything random comes from a seed, and the same seed
// gives the same bits for any number of threads and workers. An error is one
// line that names the thing and what was expected; [ErrFormat],
// [ErrUnsuitable], [ErrDevice], [ErrMemory] and [ErrClosed] answer to
// errors.Is. The library prints nothing, reads no environment but PATH, for
// ffmpeg ([ReadClip]), and starts nothing that outlives a call. A [Model] and its
// trainer serve one call at a time; a [Dataset] and a [Generator] may be shared.
//
// # Security
//
// Sizes are checked before anything is decoded. Model files and datasets are
// data only. Nothing is fetched from a network. Text that looks like chat
// markup stays text.
//
// # Limits
//
// Qwen2.5-VL and dense Qwen3-VL on the CPU, with weights in float32 or bfloat16.
// Images are PNG, JPEG, WebP, BMP, TIFF and PNM,
// not HEIC; depth is 16-bit PNG and PGM, npy, PFM and MegaDepth's HDF5, not EXR.
// A depth map is not turned with an image that EXIF turns.
package ssrl
