// Between front.c and Go. The Go functions are exported as libssrl_NAME with the
// type of ssrl_NAME, so the compiler compares them with ssrl.h.
#ifndef SSRL_FRONT_H
#define SSRL_FRONT_H

#include "ssrl.h"

// cgo cannot spell const; these names can.
typedef const char         ssrl__text;
typedef const ssrl_image   ssrl__image;
typedef const ssrl_depth   ssrl__depth;
typedef const ssrl_sample  ssrl__sample;
typedef const ssrl_dataset ssrl__dataset;
typedef const ssrl_trainer ssrl__trainer;

// A handle is a cell that holds the number of a Go value; Go pointers never
// reach C.
struct ssrl_dataset { uintptr_t value; };
struct ssrl_model   { uintptr_t value; };
struct ssrl_trainer { uintptr_t value; };

#define GO(name) __typeof__(ssrl_##name) libssrl_##name;
GO(version) GO(interrupt) GO(scene) GO(generate_samples) GO(generate_dataset)
GO(dataset_open) GO(dataset_len) GO(dataset_at) GO(dataset_close)
GO(reward) GO(model_create) GO(model_open) GO(model_generate) GO(model_save) GO(model_close)
GO(sft_new) GO(grpo_new) GO(trainer_step) GO(trainer_run) GO(trainer_done) GO(trainer_metrics)
GO(trainer_save) GO(trainer_resume) GO(trainer_close)
#undef GO

// Go cannot call through a pointer to a C function.
static inline int ssrl__call_sample(ssrl_sample_fn fn, void *user, const ssrl_sample *s) { return fn(user, s); }
static inline int ssrl__call_text(ssrl_text_fn fn, void *user, const char *s, size_t n) { return fn(user, s, n); }
static inline int ssrl__call_step(ssrl_step_fn fn, void *user, const ssrl_step *s) { return fn(user, s); }
static inline int ssrl__call_progress(ssrl_progress_fn fn, void *user, int64_t done, int64_t total) { return fn(user, done, total); }
static inline int ssrl__call_skipped(ssrl_skipped_fn fn, void *user, const char *frame, const char *task, const char *why) { return fn(user, frame, task, why); }
static inline int ssrl__call_reward(ssrl_reward_fn fn, void *user, const ssrl_sample *s, const char *answer, double *reward) { return fn(user, s, answer, reward); }

#endif
