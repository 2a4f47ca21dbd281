/* Two threads and one model: the second call is refused, an interrupt ends the
 * first, and so does a close. The callback holds the first call where it is. */
#include <pthread.h>
#include <semaphore.h>

#include "check.h"

static sem_t inside, go_on;

typedef struct { ssrl_model *m; int pieces; ssrl_status status; ssrl_error err; } caller;

static int hold(void *user, const char *utf8, size_t len) {
    caller *c = user;
    (void)utf8, (void)len;
    if (c->pieces++ == 0) {
        sem_post(&inside);
        sem_wait(&go_on);
    }
    return 0;
}

static int ignore(void *user, const char *utf8, size_t len) { (void)user; (void)utf8; (void)len; return 0; }

static void *call(void *arg) {
    caller *c = arg;
    c->status = ssrl_model_generate(c->m, "Where is it?", NULL, 0, "{\"max_tokens\": 100, \"temperature\": 1, \"seed\": 4}", hold, c, NULL, &c->err);
    return NULL;
}

static pthread_t start(caller *c) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, call, c) == 0);
    sem_wait(&inside);
    return thread;
}

static void finish(pthread_t thread) {
    sem_post(&go_on);
    CHECK(pthread_join(thread, NULL) == 0);
}

int main(void) {
    caller c = {0};
    ssrl_trainer *t;
    pthread_t thread;
    const ssrl_sample s = {NULL, NULL, "Q", "A", NULL, NULL, 0, NULL, NULL};
    CHECK(sem_init(&inside, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
    OK(ssrl_model_create("m", "nano", 2, &err));
    OK(ssrl_model_open(&c.m, "m", NULL, NULL, NULL, NULL, &err));
    OK(ssrl_sft_new(&t, c.m, NULL, &err));

    thread = start(&c);
    FAILS(SSRL_EBUSY, "model", ssrl_model_generate(c.m, "Q", NULL, 0, NULL, ignore, NULL, NULL, &err));
    FAILS(SSRL_EBUSY, "model", ssrl_trainer_step(t, &s, 1, NULL, NULL, &err));
    FAILS(SSRL_EBUSY, "model", ssrl_model_save(c.m, "saved", &err));
    ssrl_interrupt(t); /* the trainer's calls are the model's */
    finish(thread);
    CHECK(c.status == SSRL_ESTOPPED && c.pieces == 1 && c.err.code == SSRL_ESTOPPED);

    c.pieces = 0;
    thread = start(&c);
    ssrl_trainer_close(t);
    ssrl_model_close(c.m);
    finish(thread);
    CHECK(c.status == SSRL_EINVALID && strstr(c.err.message, "closed"));
    puts("threads: ok");
    return 0;
}
