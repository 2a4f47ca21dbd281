// The functions of ssrl.h. In a forked child Go's threads are gone and a call
// into it would wait for them for ever, so a child is turned away here.
#include <pthread.h>
#include <stdio.h>

#include "front.h"

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

#define FRONT(name, params, args) \
    ssrl_status ssrl_##name params { return forked ? refuse(err) : libssrl_##name args; }
// After a fork these leave their handle NULL, as after every failure.
#define FRONT_OPEN(name, params, args) \
    ssrl_status ssrl_##name params { if (forked && out) *out = NULL; return forked ? refuse(err) : libssrl_##name args; }
#define FRONT_VOID(name, params, args) \
    void ssrl_##name params { if (!forked) libssrl_##name args; }

const char *ssrl_version(void) { return forked ? "" : libssrl_version(); }
int32_t ssrl_abi(void) { return SSRL_ABI; }
FRONT_VOID(interrupt, (void *handle), (handle))

FRONT(scene, (uint64_t seed, int32_t index, int32_t width, int32_t height, uint8_t *rgb, float *metres, ssrl_error *err),
      (seed, index, width, height, rgb, metres, err))
FRONT(generate_samples, (const ssrl_image *rgb, const ssrl_depth *depth, const char *name, const char *options, ssrl_sample_fn fn, void *user, ssrl_error *err),
      (rgb, depth, name, options, fn, user, err))
FRONT(generate_dataset, (const char *images_dir, const char *out_dir, const char *options, ssrl_skipped_fn skipped, ssrl_progress_fn progress, void *user, ssrl_error *err),
      (images_dir, out_dir, options, skipped, progress, user, err))

FRONT_OPEN(dataset_open, (ssrl_dataset **out, const char *dir, ssrl_error *err), (out, dir, err))
int64_t ssrl_dataset_len(const ssrl_dataset *d) { return forked ? 0 : libssrl_dataset_len(d); }
FRONT(dataset_at, (const ssrl_dataset *d, int64_t i, ssrl_sample_fn fn, void *user, ssrl_error *err), (d, i, fn, user, err))
FRONT_VOID(dataset_close, (ssrl_dataset *d), (d))

FRONT(reward, (const char *answer, const char *truth, ssrl_score *out, ssrl_error *err), (answer, truth, out, err))

FRONT(model_create, (const char *dir, const char *preset, uint64_t seed, ssrl_error *err), (dir, preset, seed, err))
FRONT_OPEN(model_open, (ssrl_model **out, const char *dir, const char *options, ssrl_error *err), (out, dir, options, err))
FRONT(model_generate, (ssrl_model *m, const char *prompt, const ssrl_image *images, int32_t n_images, const char *options, ssrl_text_fn fn, void *user, ssrl_error *err),
      (m, prompt, images, n_images, options, fn, user, err))
FRONT(model_save, (ssrl_model *m, const char *dir, ssrl_error *err), (m, dir, err))
FRONT_VOID(model_close, (ssrl_model *m), (m))

FRONT_OPEN(sft_new, (ssrl_trainer **out, ssrl_model *m, const char *options, ssrl_error *err), (out, m, options, err))
FRONT_OPEN(grpo_new, (ssrl_trainer **out, ssrl_model *m, ssrl_reward_fn fn, void *user, const char *options, ssrl_error *err), (out, m, fn, user, options, err))
FRONT(trainer_step, (ssrl_trainer *t, const ssrl_sample *batch, int32_t n, ssrl_step *out, ssrl_error *err), (t, batch, n, out, err))
FRONT(trainer_run, (ssrl_trainer *t, const ssrl_dataset *d, int64_t steps, const char *options, ssrl_step_fn fn, void *user, ssrl_error *err),
      (t, d, steps, options, fn, user, err))
int64_t ssrl_trainer_done(const ssrl_trainer *t) { return forked ? 0 : libssrl_trainer_done(t); }
FRONT(trainer_metrics, (const ssrl_trainer *t, ssrl_text_fn fn, void *user, ssrl_error *err), (t, fn, user, err))
FRONT(trainer_save, (ssrl_trainer *t, const char *dir, ssrl_error *err), (t, dir, err))
FRONT(trainer_resume, (ssrl_trainer *t, const char *dir, ssrl_error *err), (t, dir, err))
FRONT_VOID(trainer_close, (ssrl_trainer *t), (t))
