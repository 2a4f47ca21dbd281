/* The whole way on a small model: a frame in memory, questions, SFT, GRPO, an
 * answer, a model saved and opened again. Prints what failed. */
#include <math.h>

#include "check.h"

enum { W = 320, H = 240, MAX = 16 };

static uint8_t rgb[3 * W * H];
static float metres[W * H];

/* samples keeps what generation hands out, pictures included. */
static struct { ssrl_sample list[MAX]; int n, stop_at; } samples;

static char *copy(const char *s) { return strcpy(malloc(strlen(s) + 1), s); }

static int keep(void *user, const ssrl_sample *s) {
    ssrl_sample *k = &samples.list[samples.n++];
    ssrl_image *images = calloc((size_t)s->n_images, sizeof *images);
    CHECK(user == &samples && samples.n <= MAX && s->n_images > 0);
    for (int i = 0; i < s->n_images; i++) {
        size_t size = 3 * (size_t)s->images[i].width * (size_t)s->images[i].height;
        CHECK(!strcmp(s->images[i].encoding, "rgb8") && s->images[i].stride == 3 * (size_t)s->images[i].width);
        images[i] = s->images[i];
        images[i].encoding = NULL;
        images[i].data = memcpy(malloc(size), s->images[i].data, size);
    }
    *k = (ssrl_sample){copy(s->id), copy(s->task), copy(s->problem), copy(s->answer), NULL, images, s->n_images, copy(s->source), copy(s->meta)};
    CHECK(!strncmp(s->id, "room", 4) && !strcmp(s->source, "room") && strstr(s->problem, "<image>") && s->meta[0] == '{');
    return samples.n == samples.stop_at;
}

static void forget(void) {
    while (samples.n) {
        ssrl_sample *s = &samples.list[--samples.n];
        for (int i = 0; i < s->n_images; i++) free((void *)s->images[i].data);
        free((void *)s->images), free((void *)s->id), free((void *)s->task), free((void *)s->problem);
        free((void *)s->answer), free((void *)s->source), free((void *)s->meta);
    }
}

typedef struct { char text[4096]; size_t len; int pieces, stop_at; } heard;

static int hear(void *user, const char *utf8, size_t len) {
    heard *h = user;
    CHECK(h->len + len < sizeof h->text && utf8[len] == 0);
    memcpy(h->text + h->len, utf8, len);
    h->text[h->len += len] = 0;
    return ++h->pieces == h->stop_at;
}

typedef struct { int calls, stop_at; double value; } judge;

/* score is worth more the longer an answer is, so that groups differ. */
static int score(void *user, const ssrl_sample *s, const char *answer, ssrl_score *reward) {
    judge *j = user;
    CHECK(s->n_images > 0 && s->answer[0] && s->meta[0] == '{');
    reward->overall = j->value ? j->value : (double)strlen(answer) / 100;
    return ++j->calls == j->stop_at;
}

typedef struct { int64_t steps; ssrl_trainer *save; ssrl_model *ask, *close; const char *dir; } watcher;

static int watch(void *user, const ssrl_step *step) {
    watcher *w = user;
    heard h = {0};
    CHECK(step->n == ++w->steps && isfinite(step->loss));
    if (w->save) OK(ssrl_trainer_save(w->save, w->dir, &err));
    if (w->ask) OK(ssrl_model_generate(w->ask, "Left or right?", NULL, 0, "{\"max_tokens\": 4}", hear, &h, NULL, &err));
    if (w->close) ssrl_model_close(w->close);
    return 0;
}

typedef struct { int64_t done; int skipped; } progress;

static int count(void *user, int64_t done, int64_t total) {
    progress *p = user;
    CHECK(total == 2 && done == ++p->done);
    return 0;
}

static int name(void *user, const char *frame, const char *task, const char *why) {
    progress *p = user;
    CHECK(!strcmp(frame, "b.png") && !*task && strstr(why, "b.png"));
    p->skipped++;
    return 0;
}

static int stop(void *user, const char *frame, const char *task, const char *why) {
    return !user && *frame && !*task && *why;
}

static void questions(void) {
    const ssrl_frame frame = {"room", RGB(rgb, W, H), METRES(metres, W, H)}, colour = {"room", RGB(rgb, W, H), {0}};
    OK(ssrl_scene(7, 0, W, H, rgb, metres, &err));
    samples.stop_at = 2;
    CHECK(ssrl_generate_samples(&frame, NULL, NULL, 0, keep, &samples, &err) == SSRL_ESTOPPED && samples.n == 2);
    forget();
    samples.stop_at = 0;
    OK(ssrl_generate_samples(&frame, "{\"tasks\": [\"shuffle\", \"flip\"], \"per_frame\": 3, \"seed\": 5}", NULL, 0, keep, &samples, &err));
    CHECK(samples.n == 6 && !strcmp(samples.list[0].task, "shuffle") && !strcmp(samples.list[samples.n - 1].task, "flip"));
    CHECK(ssrl_generate_samples(&colour, "{\"tasks\": [\"depth\"]}", NULL, 0, keep, &samples, &err) == SSRL_EUNSUITABLE);
    CHECK(strstr(err.message, "depth"));
}

static void sft(ssrl_model *m) {
    ssrl_trainer *t;
    ssrl_step first, last;
    heard h = {0};
    OK(ssrl_sft_new(&t, m, "{\"learning_rate\": 0.001}", &err));
    OK(ssrl_trainer_step(t, samples.list, 2, &first, NULL, &err));
    CHECK(first.n == 1 && first.loss > 0 && first.grad_norm > 0 && first.tokens > 0 && first.reward == 0);
    OK(ssrl_trainer_step(t, samples.list, 2, &last, NULL, &err));
    CHECK(last.n == 2 && last.loss < first.loss && ssrl_trainer_done(t) == 2);
    OK(ssrl_trainer_metrics(t, hear, &h, &err));
    CHECK(strstr(h.text, "\"train/loss\":"));
    ssrl_trainer_close(t);
}

static void grpo(ssrl_model *m) {
    const char *options = "{\"group\": 2, \"max_tokens\": 6, \"learning_rate\": 0.001, \"seed\": 1}";
    ssrl_trainer *t;
    ssrl_step step = {0};
    judge j = {0};
    OK(ssrl_grpo_new(&t, m, score, &j, options, &err));
    OK(ssrl_trainer_step(t, samples.list, 2, &step, NULL, &err));
    CHECK(j.calls == 4 && step.n == 1 && step.reward > 0);
    j = (judge){.stop_at = 2};
    CHECK(ssrl_trainer_step(t, samples.list, 2, &step, NULL, &err) == SSRL_ESTOPPED && j.calls == 2 && step.n == 0);
    j = (judge){.value = NAN};
    CHECK(ssrl_trainer_step(t, samples.list, 1, NULL, NULL, &err) == SSRL_EINVALID && strstr(err.message, "NaN"));
    CHECK(ssrl_trainer_done(t) == 1);
    ssrl_trainer_close(t);
    OK(ssrl_grpo_new(&t, m, NULL, NULL, options, &err));
    OK(ssrl_trainer_step(t, samples.list, 1, NULL, NULL, &err));
    ssrl_trainer_close(t);
}

static void answers(ssrl_model *m) {
    const char *options = "{\"max_tokens\": 12, \"temperature\": 1, \"seed\": 3, \"format\": true}";
    heard one = {0}, two = {0}, cut = {.stop_at = 1};
    const ssrl_sample *s = &samples.list[0];
    ssrl_model *again;
    OK(ssrl_model_generate(m, s->problem, s->images, s->n_images, options, hear, &one, NULL, &err));
    CHECK(one.len > 0);
    CHECK(ssrl_model_generate(m, s->problem, s->images, s->n_images, options, hear, &cut, NULL, &err) == SSRL_ESTOPPED && cut.pieces == 1);
    OK(ssrl_model_save(m, "saved", &err));
    OK(ssrl_model_open(&again, "saved", "{\"device\": \"cpu\", \"threads\": 1}", NULL, NULL, NULL, &err));
    OK(ssrl_model_generate(again, s->problem, s->images, s->n_images, options, hear, &two, NULL, &err));
    CHECK(!strcmp(one.text, two.text));
    ssrl_model_close(again);
}

/* dataset asks about the files of frames/, a good one and one that is no picture,
 * trains, resumes, and closes the model under the trainer. */
static void dataset(ssrl_model *m) {
    ssrl_dataset *d;
    ssrl_trainer *t;
    progress frames = {0, 0};
    watcher w = {0};
    OK(ssrl_generate_dataset("frames", "questions", "{\"tasks\": [\"shuffle\", \"crop\"], \"per_image\": 2, \"seed\": 9}", NULL, 0, name, count, &frames, NULL, &err));
    CHECK(frames.done == 2 && frames.skipped == 1);
    CHECK(ssrl_generate_dataset("frames", "other", NULL, NULL, 0, stop, NULL, NULL, NULL, &err) == SSRL_ESTOPPED);
    CHECK(ssrl_dataset_open(&d, "frames", NULL, &err) < 0 && d == NULL && err.message[0]);
    OK(ssrl_dataset_open(&d, "questions", NULL, &err));
    CHECK(ssrl_dataset_len(d) == 4);
    CHECK(ssrl_dataset_at(d, 4, keep, &samples, &err) == SSRL_EINVALID);
    OK(ssrl_sft_new(&t, m, NULL, &err));
    w = (watcher){.save = t, .dir = "trained", .ask = m};
    OK(ssrl_trainer_run(t, d, 2, "{\"batch\": 2, \"seed\": 1}", watch, &w, NULL, &err));
    CHECK(w.steps == 2 && ssrl_trainer_done(t) == 2);
    ssrl_trainer_close(t);
    OK(ssrl_sft_new(&t, m, NULL, &err));
    OK(ssrl_trainer_resume(t, "trained", &err));
    CHECK(ssrl_trainer_done(t) == 2);
    w = (watcher){.steps = 2, .close = m};
    CHECK(ssrl_trainer_run(t, d, 4, "{\"batch\": 2}", watch, &w, NULL, &err) == SSRL_EINVALID);
    CHECK(w.steps == 3 && strstr(err.message, "closed"));
    CHECK(ssrl_trainer_step(t, samples.list, 1, NULL, NULL, &err) == SSRL_EINVALID);
    ssrl_trainer_close(t);
    ssrl_dataset_close(d);
}

int main(void) {
    ssrl_model *m;
    ssrl_score s;
    CHECK(ssrl_abi() == SSRL_ABI && strchr(ssrl_version(), '.'));
    OK(ssrl_reward("<think>so</think>\\boxed{B}", "B", &s, &err));
    CHECK(s.overall > 0.999 && s.accuracy > 0.999 && s.format > 0.999);
    questions();
    OK(ssrl_model_create("new", "nano", 1, &err));
    CHECK(ssrl_model_create("new", "nano", 1, &err) < 0);
    CHECK(ssrl_model_open(&m, "nowhere", NULL, NULL, NULL, NULL, &err) < 0 && m == NULL && strstr(err.message, "nowhere"));
    OK(ssrl_model_open(&m, "new", NULL, NULL, NULL, NULL, &err));
    sft(m);
    grpo(m);
    answers(m);
    dataset(m);
    forget();
    puts("smoke: ok");
    return 0;
}
