/* A forked child is turned away at once, before and after the first call. */
#define _POSIX_C_SOURCE 200809L
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static int on_text(void *user, const char *utf8, size_t len) { (void)user; (void)utf8; (void)len; return 0; }

static void in_child(ssrl_model *open) {
    uint8_t rgb[3];
    ssrl_score score;
    ssrl_model *m = (ssrl_model *)rgb;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20); /* a call that hangs ends the test */
        FAILS(SSRL_EFORKED, "forked", ssrl_scene(1, 0, 1, 1, rgb, NULL, &err));
        FAILS(SSRL_EFORKED, "forked", ssrl_reward("A", "A", &score, &err));
        FAILS(SSRL_EFORKED, "forked", ssrl_model_open(&m, "m", NULL, NULL, NULL, NULL, &err));
        CHECK(m == NULL);
        CHECK(ssrl_model_generate(open, "Q", NULL, 0, NULL, on_text, NULL, NULL, NULL) == SSRL_EFORKED);
        CHECK(ssrl_dataset_len(NULL) == 0 && ssrl_abi() == SSRL_ABI && ssrl_version() != NULL);
        ssrl_interrupt(open);
        ssrl_model_close(open);
        exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    ssrl_model *m = NULL;
    in_child(m);
    OK(ssrl_model_create("m", "nano", 0, &err));
    OK(ssrl_model_open(&m, "m", NULL, NULL, NULL, NULL, &err));
    in_child(m);
    OK(ssrl_model_generate(m, "Q", NULL, 0, "{\"max_tokens\": 2}", on_text, NULL, NULL, &err)); /* the parent goes on */
    ssrl_model_close(m);
    puts("fork: ok");
    return 0;
}
