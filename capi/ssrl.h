/* libssrl: spatial questions from RGB-D images, Qwen-VL inference, SFT and GRPO
 * training.
 *
 * Every call returns SSRL_OK or a code below zero and, when err is not NULL,
 * fills *err. Output handles are NULL after a failure. Handles of models and
 * trainers serve one call at a time, a trainer and its model together: a second
 * call is SSRL_EBUSY. ssrl_interrupt alone may be called at any time, from any
 * thread, as long as the handle is open. A handle is closed once.
 *
 * Strings are UTF-8. What is handed to a call is copied; what is handed to a
 * callback dies when it returns. A callback returns 0 to go on, anything else
 * ends the call with SSRL_ESTOPPED.
 *
 * Options are one JSON object with the names given here; what is left out, or
 * NULL for all of them, has its default. An unknown name is SSRL_EINVALID.
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
    SSRL_ERROR = -1,      /* what no other code says; see the message */
    SSRL_EINVALID = -2,   /* an argument, an option or a closed handle */
    SSRL_EIO = -3,        /* a file that cannot be read or written */
    SSRL_EFORMAT = -4,    /* a file or picture that is not what it should be */
    SSRL_EDEVICE = -5,
    SSRL_ENOMEM = -6,     /* the device's memory is too small for the call */
    SSRL_ESTOPPED = -7,   /* by a callback or ssrl_interrupt */
    SSRL_EINTERNAL = -8,  /* a bug in libssrl; the message is worth reporting */
    SSRL_EUNSUITABLE = -9, /* the frame cannot carry the tasks; another may */
    SSRL_EBUSY = -10,     /* the handle serves another call */
    SSRL_EFORKED = -11    /* the process forked after the library was loaded */
} ssrl_status;

typedef struct ssrl_error { int32_t code; char message[508]; } ssrl_error;

/* Row by row from the top. A picture has 3 bytes a pixel and no padding. */
typedef struct ssrl_image { const uint8_t *rgb; int32_t width, height; } ssrl_image;
typedef struct ssrl_depth { const float *metres; int32_t width, height; } ssrl_depth; /* NaN: no reading */

/* problem holds one <image> for each of images. source names the frame; meta is
 * the geometry behind the answer, a JSON object. A sample of your own needs
 * problem and answer; all else may be NULL. */
typedef struct ssrl_sample {
    const char *id, *task, *problem, *answer;
    const ssrl_image *images;
    int32_t n_images;
    const char *source, *meta;
} ssrl_sample;

typedef struct ssrl_score { double overall, accuracy, format; } ssrl_score; /* each 0 to 1 */

/* n counts the trainer's steps. reward is the mean over the answers (0 in SFT), kl the
 * distance to the starting weights (0 without the option), grad_norm is before clipping. */
typedef struct ssrl_step { int64_t n; double loss, reward, kl, grad_norm; int64_t tokens; } ssrl_step;

typedef struct ssrl_dataset ssrl_dataset;
typedef struct ssrl_model   ssrl_model;
typedef struct ssrl_trainer ssrl_trainer;

typedef int (*ssrl_sample_fn)(void *user, const ssrl_sample *sample);
typedef int (*ssrl_text_fn)(void *user, const char *utf8, size_t len);
typedef int (*ssrl_step_fn)(void *user, const ssrl_step *step);
typedef int (*ssrl_progress_fn)(void *user, int64_t done, int64_t total);
typedef int (*ssrl_skipped_fn)(void *user, const char *frame, const char *task, const char *why);
typedef int (*ssrl_reward_fn)(void *user, const ssrl_sample *sample, const char *answer, double *reward);

const char *ssrl_version(void); /* static, as "0.1.0" */
int32_t     ssrl_abi(void);     /* compare with SSRL_ABI after dlopen */

/* Ends the call that runs on a model or trainer, if there is one. A step that is
 * ended leaves the weights as they were. */
void ssrl_interrupt(void *handle);

/* Draws a synthetic room: 3 * width * height bytes of colour and, unless metres is
 * NULL, width * height depths. Seed, index and size alone decide what is in it. */
ssrl_status ssrl_scene(uint64_t seed, int32_t index, int32_t width, int32_t height, uint8_t *rgb, float *metres, ssrl_error *err);

/* Asks questions about a frame in memory. depth may be NULL; name (NULL: "frame")
 * identifies the frame in ids and random numbers. A task that the frame cannot
 * carry is left out; SSRL_EUNSUITABLE means that all were.
 * Options: tasks ["shuffle","flip","crop","depth","position"], seed, per_frame 1,
 * workers, relative false (depth in no unit; larger is farther). */
ssrl_status ssrl_generate_samples(const ssrl_image *rgb, const ssrl_depth *depth, const char *name, const char *options,
                                  ssrl_sample_fn fn, void *user, ssrl_error *err);

/* Makes a dataset of the images below a folder in a new or empty directory, or
 * finishes an unfinished one. skipped (or NULL) hears of frames that were left out,
 * with an empty task for broken files; progress (or NULL) counts frames.
 * Options: tasks, seed, per_image 1, shard 0, shards 1, workers, depth (a folder:
 * where NAME.EXT is the depth of NAME; else NAME.depth.EXT lies beside it), unit. */
ssrl_status ssrl_generate_dataset(const char *images_dir, const char *out_dir, const char *options,
                                  ssrl_skipped_fn skipped, ssrl_progress_fn progress, void *user, ssrl_error *err);

/* A dataset may be used by any number of threads. */
ssrl_status ssrl_dataset_open(ssrl_dataset **out, const char *dir, ssrl_error *err);
int64_t     ssrl_dataset_len(const ssrl_dataset *d);
ssrl_status ssrl_dataset_at(const ssrl_dataset *d, int64_t i, ssrl_sample_fn fn, void *user, ssrl_error *err);
void        ssrl_dataset_close(ssrl_dataset *d); /* NULL is fine, as in every close */

/* The reward of Spatial-SSRL: is the last \boxed{} of answer exactly truth (0.9),
 * and does the answer think between <think> and </think> first (0.1)? */
ssrl_status ssrl_reward(const char *answer, const char *truth, ssrl_score *out, ssrl_error *err);

/* Writes a small model of random weights, a Hugging Face directory. Preset: "nano". */
ssrl_status ssrl_model_create(const char *dir, const char *preset, uint64_t seed, ssrl_error *err);

/* Opens a Hugging Face directory. Options: device "cpu", threads. */
ssrl_status ssrl_model_open(ssrl_model **out, const char *dir, const char *options, ssrl_error *err);

/* Answers a prompt, in which each <image> stands for one of images; without any they
 * come first. fn hears the answer in whole characters as it is made. Options: max_tokens
 * 256, temperature 0, top_k, top_p, repetition_penalty, seed, and format false: asks to
 * think and to box the answer, as training does. */
ssrl_status ssrl_model_generate(ssrl_model *m, const char *prompt, const ssrl_image *images, int32_t n_images, const char *options,
                                ssrl_text_fn fn, void *user, ssrl_error *err);
ssrl_status ssrl_model_save(ssrl_model *m, const char *dir, ssrl_error *err); /* new, empty or saved to before */
void        ssrl_model_close(ssrl_model *m); /* its trainers return SSRL_EINVALID from now on */

/* Options: learning_rate 1e-5, weight_decay, max_grad_norm 1, micro_tokens, plain
 * false, schedule {kind "constant", "linear" or "cosine", warmup, steps}. */
ssrl_status ssrl_sft_new(ssrl_trainer **out, ssrl_model *m, const char *options, ssrl_error *err);

/* fn scores answers; NULL means ssrl_reward's overall. It is called with user while
 * the trainer takes steps. Options: those of SFT with learning_rate 1e-6, and group 8,
 * max_tokens 2048, temperature 1, kl 0, updates 1, clip_low 0.2, clip_high 0.3,
 * clip_dual 3, average "token" or "seq", seed, recompute_old_logprob. */
ssrl_status ssrl_grpo_new(ssrl_trainer **out, ssrl_model *m, ssrl_reward_fn fn, void *user, const char *options, ssrl_error *err);

/* Learns from n samples. out may be NULL. */
ssrl_status ssrl_trainer_step(ssrl_trainer *t, const ssrl_sample *batch, int32_t n, ssrl_step *out, ssrl_error *err);

/* Takes steps over a dataset until `steps` are done, those before a resume included.
 * fn may be NULL, and may call everything: model and trainer are free while it runs.
 * Options: batch 8, seed (of the order of samples). */
ssrl_status ssrl_trainer_run(ssrl_trainer *t, const ssrl_dataset *d, int64_t steps, const char *options,
                             ssrl_step_fn fn, void *user, ssrl_error *err);
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
