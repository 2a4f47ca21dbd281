/* libssrl: spatial questions from RGB-D images, Qwen-VL inference, SFT and GRPO training.
 *
 * Every call returns SSRL_OK or a code below zero and, when err is not NULL, fills *err. Output handles are NULL after
 * a failure. Models, trainers and writers serve one call at a time, a trainer and its model together: a second call is
 * SSRL_EBUSY. ssrl_interrupt alone may be called at any time, from any thread. Handles are closed in any order; closed
 * ones, and NULL, are SSRL_EINVALID, and nothing to close.
 *
 * Strings are UTF-8. What is handed to a call is copied; what is handed to a callback dies when it returns. A callback returns 0 to go on,
 * anything else ends the call with SSRL_ESTOPPED.
 *
 * Options are one JSON object with the names given here, those of the Go API; what is left out, or NULL for all of them, has its default.
 * An unknown name is SSRL_EINVALID.
 *
 * A call with a `job` runs to its end if job is NULL. Otherwise it checks its arguments and returns a job that goes on in threads of the
 * library, where the callbacks are called; what it fills must live until the job has ended.
 *
 * After fork() the child can only exec(): every call in it is SSRL_EFORKED. */
#ifndef SSRL_H
#define SSRL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SSRL_ABI 1 /* grows when a program built against an older header must be rebuilt */

typedef enum ssrl_status {
    SSRL_OK = 0,
    SSRL_RUNNING = 1,     /* a job has not ended */
    SSRL_ERROR = -1,      /* what no other code says; see the message */
    SSRL_EINVALID = -2,   /* an argument, an option or a closed handle */
    SSRL_EIO = -3,        /* a file that cannot be read or written */
    SSRL_EFORMAT = -4,    /* a file or picture that is not what it should be */
    SSRL_EDEVICE = -5,
    SSRL_ENOMEM = -6,     /* memory, or ssrl_set_limits', is too small for the call */
    SSRL_ESTOPPED = -7,   /* by a callback or ssrl_interrupt */
    SSRL_EINTERNAL = -8,  /* a bug in libssrl; the message is worth reporting */
    SSRL_EUNSUITABLE = -9, /* the frame cannot carry the tasks; another may */
    SSRL_EBUSY = -10,     /* the handle serves another call */
    SSRL_EFORKED = -11    /* the process forked after the library was loaded */
} ssrl_status;

typedef struct ssrl_error { int32_t code; char message[508]; } ssrl_error;
/* Pixels row by row from the top, as in ROS's sensor_msgs/Image. encoding: rgb8 (or NULL), bgr8, rgba8, bgra8, mono8 of colour; 32FC1 (or
 * NULL; metres), 16UC1 (mm) of depth, in which 0, NaN and infinity are no reading. stride: bytes from a row to the next; 0 if rows touch. */
typedef struct ssrl_image { const void *data; int32_t width, height; size_t stride; const char *encoding; int32_t big_endian; } ssrl_image;
/* name (NULL: "frame") is for ids and random numbers; depth.data is NULL without depth. */
typedef struct ssrl_frame { const char *name; ssrl_image colour, depth; } ssrl_frame;
/* problem holds one <image> for each of images. response is what SFT teaches, NULL: made of answer. source names the frame; meta is the
 * geometry behind the answer, a JSON object. A sample of your own needs problem and answer; all else may be NULL. */
typedef struct ssrl_sample {
    const char *id, *task, *problem, *answer, *response;
    const ssrl_image *images; int32_t n_images; /* handed out as rgb8 whose rows touch */
    const char *source, *meta;
} ssrl_sample;
typedef struct ssrl_score { double overall, accuracy, format; } ssrl_score; /* each 0 to 1 */

/* n counts the trainer's steps. reward is the mean over the answers (0 in SFT), kl the distance to the starting weights (0 without the
 * option), grad_norm is before clipping. */
typedef struct ssrl_step { int64_t n; double loss, reward, kl, grad_norm; int64_t tokens; } ssrl_step;

typedef struct ssrl_dataset ssrl_dataset;
typedef struct ssrl_writer  ssrl_writer;
typedef struct ssrl_model   ssrl_model;
typedef struct ssrl_trainer ssrl_trainer;
typedef struct ssrl_job     ssrl_job;

typedef int (*ssrl_frame_fn)(void *user, const ssrl_frame *frame);
typedef int (*ssrl_sample_fn)(void *user, const ssrl_sample *sample);
typedef int (*ssrl_text_fn)(void *user, const char *utf8, size_t len);
typedef int (*ssrl_step_fn)(void *user, const ssrl_step *step);
typedef int (*ssrl_progress_fn)(void *user, int64_t done, int64_t total);
typedef int (*ssrl_skipped_fn)(void *user, const char *frame, const char *task, const char *why);
typedef int (*ssrl_reward_fn)(void *user, const ssrl_sample *sample, const char *answer, ssrl_score *score);
typedef void (*ssrl_log_fn)(void *user, int32_t level, const char *text);

/* A task of your own: draws a question about frame, by seed alone, and ends with `return give(to, &sample)`; or says in why->message what
 * the frame lacks and returns SSRL_EUNSUITABLE. Threads call it at the same time. */
typedef int (*ssrl_task_fn)(void *user, const ssrl_frame *frame, uint64_t seed, ssrl_sample_fn give, void *to, ssrl_error *why);
typedef struct ssrl_task { const char *name; ssrl_task_fn make; void *user; } ssrl_task;

const char *ssrl_version(void); /* static, as "0.1.0" */
int32_t     ssrl_abi(void);     /* compare with SSRL_ABI after dlopen */

/* fn (NULL: nobody) hears what calls notice, one text at a time, from any thread. Level 0 is a note, 1 a warning, 2 a bug in libssrl with
 * its stack. Not from a callback. */
ssrl_status ssrl_set_log(ssrl_log_fn fn, void *user, ssrl_error *err);
/* Processors that the library uses at a time, and bytes: beyond them models and trainers are SSRL_ENOMEM and the rest is cleared away
 * sooner. 0 leaves a limit as it is. */
ssrl_status ssrl_set_limits(int32_t threads, int64_t memory, ssrl_error *err);
/* Ends the call that runs on a model, trainer or writer, or a job. A step that is ended leaves the weights as they were. */
void ssrl_interrupt(void *handle);

/* SSRL_RUNNING, or how the job has ended. done and total (or NULL) count frames, weights, tokens, steps or samples. ssrl_job_wait waits so
 * long, below 0 until the end. */
ssrl_status ssrl_job_poll(ssrl_job *j, int64_t *done, int64_t *total, ssrl_error *err);
ssrl_status ssrl_job_wait(ssrl_job *j, int32_t milliseconds, ssrl_error *err);
void        ssrl_job_close(ssrl_job *j); /* interrupts it and waits for its end, but in a callback */

/* Draws a synthetic room: 3 * width * height bytes of colour and, unless metres is NULL, width * height depths. Seed, index and size alone
 * decide what is in it. */
ssrl_status ssrl_scene(uint64_t seed, int32_t index, int32_t width, int32_t height, uint8_t *rgb, float *metres, ssrl_error *err);

/* Hands over the images below a folder with their depth. A broken one goes to skipped (or NULL: ends the call). Options: depth (a folder:
 * where NAME.EXT is the depth of NAME; else NAME.depth.EXT lies beside it), unit "mm", "m", "tum", "sunrgbd", "relative" or metres a count,
 * associations, max_difference, mismatch "rescale" or "refuse", ignore_orientation. */
ssrl_status ssrl_frames(const char *images_dir, const char *options, ssrl_frame_fn fn, ssrl_skipped_fn skipped, void *user, ssrl_job **job, ssrl_error *err);

/* Asks questions about a frame in memory: those of tasks, then n of your own. A task that the frame cannot carry is left out;
 * SSRL_EUNSUITABLE means that all were. Options: tasks ["shuffle","flip","crop","depth","position"], or none beside your own, each with
 * options as "shuffle:rows=1,cols=3"; seed, per_frame 1, workers, unit and mismatch as above. */
ssrl_status ssrl_generate_samples(const ssrl_frame *frame, const char *options, const ssrl_task *own, int32_t n,
                                  ssrl_sample_fn fn, void *user, ssrl_error *err);

/* Makes a dataset of ssrl_frames' images in a new or empty directory, or finishes an unfinished one. skipped (or NULL) hears of frames that
 * were left out, with an empty task for broken files; progress (or NULL) counts frames. Options: those of ssrl_frames, tasks, seed,
 * per_image 1, shard 0, shards 1, workers, validation 0 (part of the frames), shuffled, format "dir", "parquet", "parquet-paths", "alpaca",
 * "sharegpt" or "webdataset". */
ssrl_status ssrl_generate_dataset(const char *images_dir, const char *out_dir, const char *options, const ssrl_task *own, int32_t n,
                                  ssrl_skipped_fn skipped, ssrl_progress_fn progress, void *user, ssrl_job **job, ssrl_error *err);
/* A dataset of any format, for any number of threads. Options: prompt_key, answer_key, image_key, image_dir, dataset. */
ssrl_status ssrl_dataset_open(ssrl_dataset **out, const char *path, const char *options, ssrl_error *err);
int64_t     ssrl_dataset_len(const ssrl_dataset *d);
ssrl_status ssrl_dataset_at(const ssrl_dataset *d, int64_t i, ssrl_sample_fn fn, void *user, ssrl_error *err);
void        ssrl_dataset_close(ssrl_dataset *d);

/* Writes a dataset in a new or empty directory, or goes on with an unfinished one. It is there when finished; closed before, nothing is.
 * Options: format, seed, options (kept in its manifest). */
ssrl_status ssrl_writer_open(ssrl_writer **out, const char *dir, const char *options, ssrl_error *err);
ssrl_status ssrl_writer_add(ssrl_writer *w, const ssrl_sample *sample, ssrl_error *err);
ssrl_status ssrl_writer_finish(ssrl_writer *w, ssrl_error *err);
void        ssrl_writer_close(ssrl_writer *w);

/* The reward of Spatial-SSRL: is the last \boxed{} of answer exactly truth (0.9), and does the answer think between <think> and </think>
 * first (0.1)? */
ssrl_status ssrl_reward(const char *answer, const char *truth, ssrl_score *out, ssrl_error *err);
/* Writes a small model of random weights, a Hugging Face directory. Preset: "nano", "nano3". */
ssrl_status ssrl_model_create(const char *dir, const char *preset, uint64_t seed, ssrl_error *err);
/* Opens a Hugging Face directory; progress (or NULL) counts weights. Options: device "cpu", threads, dtype "f32" or "bf16", rounding "hf",
 * adapter (a LoRA's directory), pixels {profile, min_pixels, max_pixels, slow}. */
ssrl_status ssrl_model_open(ssrl_model **out, const char *dir, const char *options,
                            ssrl_progress_fn progress, void *user, ssrl_job **job, ssrl_error *err);

/* Answers a prompt, in which each <image> stands for one of images; without any they come first. fn hears the answer in whole characters as
 * it is made. Options: max_tokens 256, temperature 0, top_k, top_p, min_p, order, repetition_penalty, stop [..], seed; recommended false:
 * takes the others from generation_config.json; format false: asks to think and box the answer; messages [{"role","content"},..] for prompt,
 * whose items {"type":"image"} are images in turn, or files with "image"; details false: fn hears one {"text","tokens","logprobs","finish"}. */
ssrl_status ssrl_model_generate(ssrl_model *m, const char *prompt, const ssrl_image *images, int32_t n_images, const char *options,
                                ssrl_text_fn fn, void *user, ssrl_job **job, ssrl_error *err);
/* How probable is an answer? fn hears {"prompt_tokens","answer_tokens","logprobs","top1"}. Options: format and messages as above. */
ssrl_status ssrl_model_score(ssrl_model *m, const char *prompt, const ssrl_image *images, int32_t n_images, const char *answer, const char *options,
                             ssrl_text_fn fn, void *user, ssrl_error *err);

/* Answers a dataset. reward NULL means ssrl_reward. fn hears, at the end, {"n","overall","accuracy", "format","tasks":{..},"cases":[..]}.
 * Options: those of answers, and plain false (no format asked). */
ssrl_status ssrl_model_evaluate(ssrl_model *m, const ssrl_dataset *d, ssrl_reward_fn reward, const char *options,
                                ssrl_text_fn fn, void *user, ssrl_job **job, ssrl_error *err);

/* Adds a fresh LoRA adapter, which trainers from then on change alone (options: rank 16, alpha, seed), or merges the one that is there.
 * Saving puts an adapter into adapter/. */
ssrl_status ssrl_model_adapt(ssrl_model *m, const char *options, ssrl_error *err);
ssrl_status ssrl_model_merge(ssrl_model *m, ssrl_error *err);
ssrl_status ssrl_model_save(ssrl_model *m, const char *dir, ssrl_error *err); /* new, empty or saved to before */
void        ssrl_model_close(ssrl_model *m); /* its trainers return SSRL_EINVALID from now on */

/* Options: learning_rate 1e-5, weight_decay, max_grad_norm 1, micro_tokens, plain false, schedule {kind "constant", "linear" or "cosine",
 * warmup, steps}. */
ssrl_status ssrl_sft_new(ssrl_trainer **out, ssrl_model *m, const char *options, ssrl_error *err);

/* reward scores answers; NULL means ssrl_reward. It is called with user while the trainer takes steps. Options: those of SFT with
 * learning_rate 1e-6, and group 8, max_tokens 2048, temperature 1, kl 0, kl_penalty, updates 1, clip_low 0.2, clip_high 0.3, clip_dual 3,
 * loss_type, average "token", "seq" or "length", adv_estimator, centre_only, mask_truncated, seed, recompute_old_logprob. */
ssrl_status ssrl_grpo_new(ssrl_trainer **out, ssrl_model *m, ssrl_reward_fn reward, void *user, const char *options, ssrl_error *err);
/* The halves of a step of GRPO: fn (or NULL) hears {"sample" (of the batch),"answer","finish", "overall","accuracy","format","advantage"}
 * of each answer; n advantages, in that order, or NULL for those, are learned from. */
ssrl_status ssrl_grpo_rollouts(ssrl_trainer *t, const ssrl_sample *batch, int32_t n, ssrl_text_fn fn, void *user, ssrl_job **job, ssrl_error *err);
ssrl_status ssrl_grpo_update(ssrl_trainer *t, const double *advantages, int32_t n, ssrl_step *out, ssrl_job **job, ssrl_error *err);
/* Learns from n samples. out may be NULL. */
ssrl_status ssrl_trainer_step(ssrl_trainer *t, const ssrl_sample *batch, int32_t n, ssrl_step *out, ssrl_job **job, ssrl_error *err);

/* Takes steps over a dataset until `steps` are done, those before a resume included. fn may be NULL, and may call everything: model and
 * trainer are free while it runs. Options: batch 8, seed (of the order of samples). */
ssrl_status ssrl_trainer_run(ssrl_trainer *t, const ssrl_dataset *d, int64_t steps, const char *options,
                             ssrl_step_fn fn, void *user, ssrl_job **job, ssrl_error *err);
int64_t     ssrl_trainer_done(const ssrl_trainer *t); /* steps taken */
/* Hands fn one JSON object of what the last step did, under EasyR1's names. */
ssrl_status ssrl_trainer_metrics(const ssrl_trainer *t, ssrl_text_fn fn, void *user, ssrl_error *err);
ssrl_status ssrl_trainer_save(ssrl_trainer *t, const char *dir, ssrl_error *err); /* model and state, whole or not at all */
ssrl_status ssrl_trainer_resume(ssrl_trainer *t, const char *dir, ssrl_error *err);
void        ssrl_trainer_close(ssrl_trainer *t);

#ifdef __cplusplus
}
#endif

#endif
