// The functions of ssrl.h. In a forked child Go's threads are gone and a call
// into it would wait for them for ever, so a child is turned away here. Handles
// that a call gives are NULL until Go has made them.
#include <pthread.h>
#include <stdio.h>

#include "front.h"

_Thread_local int libssrl_depth, libssrl_logging;

static volatile int forked;

static void in_child(void) { forked = 1; }

__attribute__((constructor)) static void watch(void) { pthread_atfork(NULL, NULL, in_child); }

static ssrl_status refuse(ssrl_error *err) {
    if (err) {
        err->code = SSRL_EFORKED;
        snprintf(err->message, sizeof err->message, "the process forked after libssrl was loaded (want exec, or load it in the child)");
    }
    return SSRL_EFORKED;
}

#define BODY(name, clear, args) { clear return forked ? refuse(err) : libssrl_##name args; }
#define NO_OUT if (out) *out = NULL;
#define NO_JOB if (job) *job = NULL;
#define FRONT(name, params, args) ssrl_status ssrl_##name params BODY(name, , args)
#define FRONT_OUT(name, params, args) ssrl_status ssrl_##name params BODY(name, NO_OUT, args)
#define FRONT_JOB(name, params, args) ssrl_status ssrl_##name params BODY(name, NO_JOB, args)
#define FRONT_OUT_JOB(name, params, args) ssrl_status ssrl_##name params BODY(name, NO_OUT NO_JOB, args)
#define FRONT_VOID(name, params, args) void ssrl_##name params { if (!forked) libssrl_##name args; }

const char *ssrl_version(void) { return forked ? "" : libssrl_version(); }
int32_t ssrl_abi(void) { return SSRL_ABI; }

FRONT(set_log, (ssrl_log_fn fn, void *user, ssrl_error *err), (fn, user, err))
FRONT(set_limits, (int32_t threads, int64_t memory, ssrl_error *err), (threads, memory, err))
FRONT_VOID(interrupt, (void *handle), (handle))
FRONT(job_poll, (ssrl_job *j, int64_t *done, int64_t *total, ssrl_error *err), (j, done, total, err))
FRONT(job_wait, (ssrl_job *j, int32_t milliseconds, ssrl_error *err), (j, milliseconds, err))
FRONT_VOID(job_close, (ssrl_job *j), (j))
FRONT(scene, (uint64_t seed, int32_t index, int32_t width, int32_t height, uint8_t *rgb, float *metres, ssrl_error *err),
      (seed, index, width, height, rgb, metres, err))
FRONT_JOB(frames, (const char *images_dir, const char *options, ssrl_frame_fn fn, ssrl_skipped_fn skipped, void *user, ssrl_job **job, ssrl_error *err),
          (images_dir, options, fn, skipped, user, job, err))
FRONT(generate_samples, (const ssrl_frame *frame, const char *options, const ssrl_task *own, int32_t n, ssrl_sample_fn fn, void *user, ssrl_error *err),
      (frame, options, own, n, fn, user, err))
FRONT_JOB(generate_dataset, (const char *images_dir, const char *out_dir, const char *options, const ssrl_task *own, int32_t n, ssrl_skipped_fn skipped, ssrl_progress_fn progress, void *user, ssrl_job **job, ssrl_error *err),
          (images_dir, out_dir, options, own, n, skipped, progress, user, job, err))
FRONT_OUT(dataset_open, (ssrl_dataset **out, const char *path, const char *options, ssrl_error *err), (out, path, options, err))
int64_t ssrl_dataset_len(const ssrl_dataset *d) { return forked ? 0 : libssrl_dataset_len(d); }
FRONT(dataset_at, (const ssrl_dataset *d, int64_t i, ssrl_sample_fn fn, void *user, ssrl_error *err), (d, i, fn, user, err))
FRONT_VOID(dataset_close, (ssrl_dataset *d), (d))
FRONT_OUT(writer_open, (ssrl_writer **out, const char *dir, const char *options, ssrl_error *err), (out, dir, options, err))
FRONT(writer_add, (ssrl_writer *w, const ssrl_sample *sample, ssrl_error *err), (w, sample, err))
FRONT(writer_finish, (ssrl_writer *w, ssrl_error *err), (w, err))
FRONT_VOID(writer_close, (ssrl_writer *w), (w))
FRONT(reward, (const char *answer, const char *truth, ssrl_score *out, ssrl_error *err), (answer, truth, out, err))
FRONT(model_create, (const char *dir, const char *preset, uint64_t seed, ssrl_error *err), (dir, preset, seed, err))
FRONT_OUT_JOB(model_open, (ssrl_model **out, const char *dir, const char *options, ssrl_progress_fn progress, void *user, ssrl_job **job, ssrl_error *err),
              (out, dir, options, progress, user, job, err))
FRONT_JOB(model_generate, (ssrl_model *m, const char *prompt, const ssrl_image *images, int32_t n_images, const char *options, ssrl_text_fn fn, void *user, ssrl_job **job, ssrl_error *err),
          (m, prompt, images, n_images, options, fn, user, job, err))
FRONT(model_score, (ssrl_model *m, const char *prompt, const ssrl_image *images, int32_t n_images, const char *answer, const char *options, ssrl_text_fn fn, void *user, ssrl_error *err),
      (m, prompt, images, n_images, answer, options, fn, user, err))
FRONT_JOB(model_evaluate, (ssrl_model *m, const ssrl_dataset *d, ssrl_reward_fn reward, const char *options, ssrl_text_fn fn, void *user, ssrl_job **job, ssrl_error *err),
          (m, d, reward, options, fn, user, job, err))
FRONT(model_adapt, (ssrl_model *m, const char *options, ssrl_error *err), (m, options, err))
FRONT(model_merge, (ssrl_model *m, ssrl_error *err), (m, err))
FRONT(model_save, (ssrl_model *m, const char *dir, ssrl_error *err), (m, dir, err))
FRONT_VOID(model_close, (ssrl_model *m), (m))
FRONT_OUT(sft_new, (ssrl_trainer **out, ssrl_model *m, const char *options, ssrl_error *err), (out, m, options, err))
FRONT_OUT(grpo_new, (ssrl_trainer **out, ssrl_model *m, ssrl_reward_fn reward, void *user, const char *options, ssrl_error *err),
          (out, m, reward, user, options, err))
FRONT_JOB(grpo_rollouts, (ssrl_trainer *t, const ssrl_sample *batch, int32_t n, ssrl_text_fn fn, void *user, ssrl_job **job, ssrl_error *err),
          (t, batch, n, fn, user, job, err))
FRONT_JOB(grpo_update, (ssrl_trainer *t, const double *advantages, int32_t n, ssrl_step *out, ssrl_job **job, ssrl_error *err),
          (t, advantages, n, out, job, err))
FRONT_JOB(trainer_step, (ssrl_trainer *t, const ssrl_sample *batch, int32_t n, ssrl_step *out, ssrl_job **job, ssrl_error *err),
          (t, batch, n, out, job, err))
FRONT_JOB(trainer_run, (ssrl_trainer *t, const ssrl_dataset *d, int64_t steps, const char *options, ssrl_step_fn fn, void *user, ssrl_job **job, ssrl_error *err),
          (t, d, steps, options, fn, user, job, err))
int64_t ssrl_trainer_done(const ssrl_trainer *t) { return forked ? 0 : libssrl_trainer_done(t); }
FRONT(trainer_metrics, (const ssrl_trainer *t, ssrl_text_fn fn, void *user, ssrl_error *err), (t, fn, user, err))
FRONT(trainer_save, (ssrl_trainer *t, const char *dir, ssrl_error *err), (t, dir, err))
FRONT(trainer_resume, (ssrl_trainer *t, const char *dir, ssrl_error *err), (t, dir, err))
FRONT_VOID(trainer_close, (ssrl_trainer *t), (t))
