/* Every pointer NULL, every size wrong, every option unknown: a code and a
 * message that names it, never a crash. */
#include <limits.h>

#include "check.h"

enum { W = 8, H = 8 };

static uint8_t rgb[3 * W * H];
static float metres[W * H] = {1, 2};

static int on_sample(void *user, const ssrl_sample *s) { (void)user; (void)s; return 0; }
static int on_text(void *user, const char *utf8, size_t len) { (void)user; (void)utf8; (void)len; return 0; }
static int on_step(void *user, const ssrl_step *s) { (void)user; (void)s; return 0; }
static int on_frame(void *user, const ssrl_frame *f) { (void)user; (void)f; return 0; }
static int on_reward(void *user, const ssrl_sample *s, const char *answer, ssrl_score *score) { (void)user; (void)s; (void)answer; score->overall = 1; return 0; }
static int on_task(void *user, const ssrl_frame *f, uint64_t seed, ssrl_sample_fn give, void *to, ssrl_error *why) {
    (void)user; (void)f; (void)seed; (void)give; (void)to; (void)why;
    return 0;
}

#define INVALID(text, x) FAILS(SSRL_EINVALID, text, x)

static void frames(void) {
    const ssrl_image image = RGB(rgb, W, H), depth = METRES(metres, W, H), no = {NULL, 0, 0, 0, NULL, 0};
    const ssrl_image wrong[] = {RGB(NULL, W, H), RGB(rgb, W, 0), RGB(rgb, -W, -H), RGB(rgb, INT_MAX, INT_MAX), {rgb, W, H, 3 * W - 1, NULL, 0},
                                {rgb, W, H, SIZE_MAX, NULL, 0}, {rgb, W, H, 0, "yuv422", 0}, {rgb, W, H, 0, "16UC1", 0}};
    const char *says[] = {"colour is NULL", "8x0", "-8x-8", "2147483647", "23 bytes", "bytes from row to row", "yuv422", "16UC1"};
    const ssrl_frame frame = {NULL, image, depth}, colour = {NULL, image, no};
    const ssrl_task nameless = {NULL, on_task, NULL}, idle = {"idle", NULL, NULL};
    ssrl_frame f;
    size_t i;
    INVALID("rgb", ssrl_scene(0, 0, W, H, NULL, metres, &err));
    INVALID("0x8", ssrl_scene(0, 0, 0, H, rgb, metres, &err));
    INVALID("-1", ssrl_scene(0, -1, W, H, rgb, metres, &err));
    INVALID("2147483647", ssrl_scene(0, 0, INT_MAX, INT_MAX, rgb, metres, &err));
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        f = frame, f.colour = wrong[i];
        CHECK(ssrl_generate_samples(&f, NULL, NULL, 0, on_sample, NULL, &err) == SSRL_EINVALID || err.code == SSRL_EFORMAT);
        CHECK(strstr(err.message, says[i]));
        f = frame, f.depth = wrong[i];
        CHECK(ssrl_generate_samples(&f, NULL, NULL, 0, on_sample, NULL, &err) < 0 && err.code != SSRL_EUNSUITABLE);
    }
    INVALID("frame", ssrl_generate_samples(NULL, NULL, NULL, 0, on_sample, NULL, &err));
    f = frame, f.depth.width = INT_MAX, f.depth.height = INT_MAX;
    INVALID("depth of 2147483647x2", ssrl_generate_samples(&f, NULL, NULL, 0, on_sample, NULL, &err));
    INVALID("fn", ssrl_generate_samples(&frame, NULL, NULL, 0, NULL, NULL, &err));
    INVALID("guess", ssrl_generate_samples(&frame, "{\"tasks\": [\"guess\"]}", NULL, 0, on_sample, NULL, &err));
    INVALID("no tasks", ssrl_generate_samples(&frame, "{\"tasks\": []}", NULL, 0, on_sample, NULL, &err));
    INVALID("sede", ssrl_generate_samples(&frame, "{\"sede\": 1}", NULL, 0, on_sample, NULL, &err));
    INVALID("-1 own tasks", ssrl_generate_samples(&frame, NULL, &idle, -1, on_sample, NULL, &err));
    INVALID("own tasks at NULL", ssrl_generate_samples(&frame, NULL, NULL, 1, on_sample, NULL, &err));
    INVALID("no name", ssrl_generate_samples(&frame, NULL, &nameless, 1, on_sample, NULL, &err));
    INVALID("no function", ssrl_generate_samples(&frame, NULL, &idle, 1, on_sample, NULL, &err));
    CHECK(ssrl_generate_samples(&frame, "{\"unit\": \"furlong\"}", NULL, 0, on_sample, NULL, &err) < 0 && strstr(err.message, "furlong"));
    FAILS(SSRL_EUNSUITABLE, "frame frame", ssrl_generate_samples(&colour, "{\"tasks\": [\"depth\"]}", NULL, 0, on_sample, NULL, &err));
    CHECK(ssrl_generate_samples(&colour, "{\"tasks\": [\"depth\"]}", NULL, 0, on_sample, NULL, NULL) == SSRL_EUNSUITABLE);
    INVALID("images_dir", ssrl_frames(NULL, NULL, on_frame, NULL, NULL, NULL, &err));
    INVALID("fn", ssrl_frames(".", NULL, NULL, NULL, NULL, NULL, &err));
    INVALID("tasks", ssrl_frames(".", "{\"tasks\": []}", on_frame, NULL, NULL, NULL, &err));
    FAILS(SSRL_EIO, "nowhere", ssrl_frames("nowhere", NULL, on_frame, NULL, NULL, NULL, &err));
    INVALID("images_dir", ssrl_generate_dataset(NULL, "out", NULL, NULL, 0, NULL, NULL, NULL, NULL, &err));
    INVALID("out_dir", ssrl_generate_dataset(".", NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, &err));
    INVALID("per_frame", ssrl_generate_dataset(".", "out", "{\"per_frame\": 1}", NULL, 0, NULL, NULL, NULL, NULL, &err));
    INVALID("images", ssrl_generate_dataset(".", "out", "{\"images\": \"frames\"}", NULL, 0, NULL, NULL, NULL, NULL, &err));
    FAILS(SSRL_EIO, "nowhere", ssrl_generate_dataset("nowhere", "out", NULL, NULL, 0, NULL, NULL, NULL, NULL, &err));
}

static void datasets(void) {
    ssrl_dataset *d = (ssrl_dataset *)rgb;
    ssrl_writer *w = (ssrl_writer *)rgb;
    const ssrl_sample empty = {0};
    INVALID("out", ssrl_dataset_open(NULL, "dir", NULL, &err));
    INVALID("path", ssrl_dataset_open(&d, NULL, NULL, &err));
    CHECK(d == NULL);
    INVALID("key", ssrl_dataset_open(&d, "nowhere", "{\"key\": 1}", &err));
    CHECK(ssrl_dataset_open(&d, "nowhere", NULL, &err) < 0 && d == NULL && strstr(err.message, "nowhere"));
    INVALID("dataset", ssrl_dataset_at(NULL, 0, on_sample, NULL, &err));
    INVALID("fn", ssrl_dataset_at(NULL, 0, NULL, NULL, &err));
    CHECK(ssrl_dataset_len(NULL) == 0);
    ssrl_dataset_close(NULL);
    INVALID("out", ssrl_writer_open(NULL, "w", NULL, &err));
    INVALID("dir", ssrl_writer_open(&w, NULL, NULL, &err));
    CHECK(w == NULL);
    INVALID("floppy", ssrl_writer_open(&w, "w", "{\"format\": \"floppy\"}", &err));
    CHECK(ssrl_writer_open(&w, "", NULL, &err) < 0);
    INVALID("writer", ssrl_writer_finish(NULL, &err));
    INVALID("sample", ssrl_writer_add(NULL, NULL, &err));
    INVALID("problem", ssrl_writer_add(NULL, &empty, &err));
    OK(ssrl_writer_open(&w, "w", NULL, &err));
    INVALID("problem", ssrl_writer_add(w, &empty, &err));
    ssrl_writer_close(w);
    INVALID("closed", ssrl_writer_finish(w, &err));
    ssrl_writer_close(w);
    ssrl_writer_close(NULL);
}

static void rewards(void) {
    ssrl_score s;
    INVALID("answer", ssrl_reward(NULL, "A", &s, &err));
    INVALID("truth", ssrl_reward("A", NULL, &s, &err));
    INVALID("out", ssrl_reward("A", "A", NULL, &err));
}

static void models(void) {
    const ssrl_image image = RGB(rgb, W, H), none = RGB(NULL, W, H);
    const char *wrong[] = {"", "3", "[]", "{", "{} {}", "{\"max_tokens\": \"many\"}", "{\"max_tokens\": 1.5}", "{\"seed\": -1}", "max_tokens: 3"};
    ssrl_model *m = (ssrl_model *)rgb;
    size_t i;
    INVALID("dir", ssrl_model_create(NULL, "nano", 0, &err));
    INVALID("preset", ssrl_model_create("m", NULL, 0, &err));
    CHECK(ssrl_model_create("m", "giga", 0, &err) < 0 && strstr(err.message, "giga"));
    INVALID("out", ssrl_model_open(NULL, "m", NULL, NULL, NULL, NULL, &err));
    INVALID("dir", ssrl_model_open(&m, NULL, NULL, NULL, NULL, NULL, &err));
    CHECK(m == NULL);
    INVALID("thread", ssrl_model_open(&m, "m", "{\"thread\": 1}", NULL, NULL, NULL, &err));
    FAILS(SSRL_EDEVICE, "abacus", ssrl_model_open(&m, "m", "{\"device\": \"abacus\"}", NULL, NULL, NULL, &err));
    FAILS(SSRL_EIO, "nowhere", ssrl_model_open(&m, "nowhere", NULL, NULL, NULL, NULL, &err));
    INVALID("model", ssrl_model_generate(NULL, "Q", NULL, 0, NULL, on_text, NULL, NULL, &err));
    INVALID("model", ssrl_model_save(NULL, "m", &err));
    ssrl_model_close(NULL);
    OK(ssrl_model_create("m", "nano", 0, &err));
    OK(ssrl_model_open(&m, "m", NULL, NULL, NULL, NULL, &err));
    INVALID("prompt", ssrl_model_generate(m, NULL, NULL, 0, NULL, on_text, NULL, NULL, &err));
    INVALID("fn", ssrl_model_generate(m, "Q", NULL, 0, NULL, NULL, NULL, NULL, &err));
    INVALID("1 images", ssrl_model_generate(m, "Q", NULL, 1, NULL, on_text, NULL, NULL, &err));
    INVALID("-1 images", ssrl_model_generate(m, "Q", &image, -1, NULL, on_text, NULL, NULL, &err));
    INVALID("image", ssrl_model_generate(m, "Q", &none, 1, NULL, on_text, NULL, NULL, &err));
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) INVALID("options", ssrl_model_generate(m, "Q", NULL, 0, wrong[i], on_text, NULL, NULL, &err));
    CHECK(ssrl_model_generate(m, "<image> <image>", &image, 1, NULL, on_text, NULL, NULL, &err) < 0);
    CHECK(ssrl_model_generate(m, "Q", NULL, 0, "{\"temperature\": -1}", on_text, NULL, NULL, &err) < 0 && strstr(err.message, "-1"));
    INVALID("dir", ssrl_model_save(m, NULL, &err));
    CHECK(ssrl_model_save(m, "m/config.json", &err) < 0);
    ssrl_interrupt(NULL);
    ssrl_interrupt(m);
    ssrl_model_close(m);
}

static void trainers(void) {
    const ssrl_image image = RGB(rgb, W, H);
    const ssrl_sample good = {NULL, NULL, "<image>Q", "A", NULL, &image, 1, NULL, NULL};
    ssrl_sample s;
    ssrl_model *m;
    ssrl_trainer *t = (ssrl_trainer *)rgb;
    INVALID("out", ssrl_sft_new(NULL, NULL, NULL, &err));
    INVALID("model", ssrl_sft_new(&t, NULL, NULL, &err));
    CHECK(t == NULL);
    INVALID("out", ssrl_grpo_new(NULL, NULL, NULL, NULL, NULL, &err));
    INVALID("model", ssrl_grpo_new(&t, NULL, on_reward, NULL, NULL, &err));
    OK(ssrl_model_open(&m, "m", NULL, NULL, NULL, NULL, &err));
    INVALID("group", ssrl_sft_new(&t, m, "{\"group\": 4}", &err));
    INVALID("learning rate", ssrl_sft_new(&t, m, "{\"learning_rate\": -1}", &err));
    INVALID("group of 1", ssrl_grpo_new(&t, m, on_reward, NULL, "{\"group\": 1}", &err));
    INVALID("shape", ssrl_grpo_new(&t, m, on_reward, NULL, "{\"schedule\": {\"shape\": \"flat\"}}", &err));
    CHECK(t == NULL);
    INVALID("trainer", ssrl_trainer_step(NULL, &good, 1, NULL, NULL, &err));
    INVALID("dataset", ssrl_trainer_run(NULL, NULL, 1, NULL, on_step, NULL, NULL, &err));
    INVALID("steps", ssrl_trainer_run(NULL, NULL, 1, "{\"steps\": 2}", on_step, NULL, NULL, &err));
    INVALID("-1 steps", ssrl_trainer_run(NULL, NULL, -1, NULL, on_step, NULL, NULL, &err));
    INVALID("trainer", ssrl_trainer_metrics(NULL, on_text, NULL, &err));
    INVALID("trainer", ssrl_trainer_save(NULL, "t", &err));
    INVALID("trainer", ssrl_trainer_resume(NULL, "t", &err));
    CHECK(ssrl_trainer_done(NULL) == 0);
    ssrl_trainer_close(NULL);
    OK(ssrl_sft_new(&t, m, NULL, &err));
    INVALID("batch", ssrl_trainer_step(t, NULL, 1, NULL, NULL, &err));
    INVALID("batch of 0", ssrl_trainer_step(t, &good, 0, NULL, NULL, &err));
    INVALID("batch of -1", ssrl_trainer_step(t, &good, -1, NULL, NULL, &err));
    s = good, s.problem = NULL;
    INVALID("problem", ssrl_trainer_step(t, &s, 1, NULL, NULL, &err));
    s = good, s.answer = NULL;
    INVALID("answer", ssrl_trainer_step(t, &s, 1, NULL, NULL, &err));
    s = good, s.images = NULL;
    INVALID("images", ssrl_trainer_step(t, &s, 1, NULL, NULL, &err));
    INVALID("fn", ssrl_trainer_metrics(t, NULL, NULL, &err));
    INVALID("dir", ssrl_trainer_save(t, NULL, &err));
    INVALID("dir", ssrl_trainer_resume(t, NULL, &err));
    CHECK(ssrl_trainer_resume(t, "m", &err) < 0);
    OK(ssrl_trainer_step(t, &good, 1, NULL, NULL, &err));
    ssrl_model_close(m);
    INVALID("closed", ssrl_trainer_step(t, &good, 1, NULL, NULL, &err));
    INVALID("closed", ssrl_trainer_save(t, "t", &err));
    ssrl_interrupt(t);
    ssrl_trainer_close(t);
}

int main(void) {
    frames();
    datasets();
    rewards();
    models();
    trainers();
    puts("refuse: ok");
    return 0;
}
