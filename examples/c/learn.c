/* From a frame in memory to questions, a step of SFT, a step of GRPO and an answer. */
#include <stdio.h>
#include <stdlib.h>
#include "ssrl.h"

enum { W = 112, H = 112 };

static ssrl_error err;
static ssrl_model *model;
static ssrl_trainer *sft, *grpo;

static void must(ssrl_status status) {
    if (status == SSRL_OK) return;
    fprintf(stderr, "%s\n", err.message);
    exit(1);
}

static int print(void *user, const char *utf8, size_t len) {
    fwrite(utf8, 1, len, user);
    return 0; /* anything else stops the answer */
}

/* learn takes a question; it is gone when the function returns. */
static int learn(void *user, const ssrl_sample *q) {
    ssrl_step taught, learned;
    (void)user;
    must(ssrl_trainer_step(sft, q, 1, &taught, NULL, &err));
    must(ssrl_trainer_step(grpo, q, 1, &learned, NULL, &err));
    printf("%s: the answer is %s; SFT loss %.3f, GRPO reward %.3f; the model says: ", q->task, q->answer, taught.loss, learned.reward);
    must(ssrl_model_generate(model, q->problem, q->images, q->n_images, "{\"max_tokens\": 16}", print, stdout, NULL, &err));
    putchar('\n');
    return 0;
}

/* Any function of question and answer is a reward; this is the exact one. */
static int judge(void *user, const ssrl_sample *q, const char *answer, ssrl_score *score) {
    (void)user;
    return ssrl_reward(answer, q->answer, score, NULL);
}

int main(void) {
    static uint8_t rgb[3 * W * H];
    static float metres[W * H];
    /* A camera's pixels go here, as rgb8, bgr8, ..., 32FC1 or 16UC1; these are a synthetic room's. */
    const ssrl_frame room = {"room", {rgb, W, H, 0, "rgb8", 0}, {metres, W, H, 0, "32FC1", 0}};
    must(ssrl_scene(1, 0, W, H, rgb, metres, &err));

    must(ssrl_model_create("nano", "nano", 1, &err));
    must(ssrl_model_open(&model, "nano", NULL, NULL, NULL, NULL, &err));
    must(ssrl_sft_new(&sft, model, "{\"learning_rate\": 1e-3}", &err));
    must(ssrl_grpo_new(&grpo, model, judge, NULL, "{\"group\": 4, \"max_tokens\": 16, \"kl\": 0.01}", &err));
    must(ssrl_generate_samples(&room, "{\"seed\": 1}", NULL, 0, learn, NULL, &err));

    ssrl_trainer_close(grpo);
    ssrl_trainer_close(sft);
    ssrl_model_close(model);
    return 0;
}
