// Between front.c and Go. The Go functions are exported as libssrl_NAME with the
// type of ssrl_NAME, so the compiler compares them with ssrl.h.
#ifndef SSRL_FRONT_H
#define SSRL_FRONT_H

#include "ssrl.h"

// cgo cannot spell const; these names can.
typedef const char         ssrl__text;
typedef const double       ssrl__double;
typedef const ssrl_image   ssrl__image;
typedef const ssrl_frame   ssrl__frame;
typedef const ssrl_sample  ssrl__sample;
typedef const ssrl_task    ssrl__task;
typedef const ssrl_dataset ssrl__dataset;
typedef const ssrl_trainer ssrl__trainer;

// A handle is a number in a pointer's clothes: see handle.go.
static inline void *ssrl__pointer(uintptr_t number) { return (void *)number; }

#define GO(name) __typeof__(ssrl_##name) libssrl_##name;
GO(version) GO(set_log) GO(set_limits) GO(interrupt) GO(job_poll) GO(job_wait) GO(job_close)
GO(scene) GO(frames) GO(generate_samples) GO(generate_dataset)
GO(dataset_open) GO(dataset_len) GO(dataset_at) GO(dataset_close)
GO(writer_open) GO(writer_add) GO(writer_finish) GO(writer_close) GO(reward)
GO(model_create) GO(model_open) GO(model_generate) GO(model_score) GO(model_evaluate) GO(model_adapt) GO(model_merge)
GO(model_save) GO(model_close)
GO(sft_new) GO(grpo_new) GO(grpo_rollouts) GO(grpo_update) GO(trainer_step) GO(trainer_run) GO(trainer_done)
GO(trainer_metrics) GO(trainer_save) GO(trainer_resume) GO(trainer_close)
#undef GO

// What a task of the caller's hands its question to.
int libssrl_give(void *to, const ssrl_sample *sample);

// How many callbacks this thread is in, those of the log counted apart too.
extern _Thread_local int libssrl_depth, libssrl_logging;

// Go cannot call through a pointer to a C function.
#define CALL(name, params, args) \
    static inline int ssrl__call_##name params { libssrl_depth++; int status = fn args; libssrl_depth--; return status; }
CALL(frame, (ssrl_frame_fn fn, void *user, const ssrl_frame *f), (user, f))
CALL(sample, (ssrl_sample_fn fn, void *user, const ssrl_sample *s), (user, s))
CALL(text, (ssrl_text_fn fn, void *user, const char *s, size_t n), (user, s, n))
CALL(step, (ssrl_step_fn fn, void *user, const ssrl_step *s), (user, s))
CALL(progress, (ssrl_progress_fn fn, void *user, int64_t done, int64_t total), (user, done, total))
CALL(skipped, (ssrl_skipped_fn fn, void *user, const char *frame, const char *task, const char *why), (user, frame, task, why))
CALL(reward, (ssrl_reward_fn fn, void *user, const ssrl_sample *s, const char *answer, ssrl_score *score), (user, s, answer, score))
CALL(task, (ssrl_task_fn fn, void *user, const ssrl_frame *f, uint64_t seed, void *to, ssrl_error *why), (user, f, seed, libssrl_give, to, why))
#undef CALL
static inline void ssrl__call_log(ssrl_log_fn fn, void *user, int32_t level, const char *text) {
    libssrl_depth++, libssrl_logging++;
    fn(user, level, text);
    libssrl_depth--, libssrl_logging--;
}
static inline int ssrl__in_callback(void) { return libssrl_depth > 0; }
static inline int ssrl__in_log(void) { return libssrl_logging > 0; }

#endif
