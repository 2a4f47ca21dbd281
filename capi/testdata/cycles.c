/* Opening and closing again and again does not fill memory: a model with a
 * trainer's gradients and moments takes some 25 MB. */
#include "check.h"

enum { WARM = 20, CYCLES = 60, KEPT_MB = 25, ALLOWED_MB = CYCLES * KEPT_MB / 5 };

static long resident_mb(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    CHECK(f && fscanf(f, "%*d %ld", &pages) == 1);
    fclose(f);
    return pages * 4096 / 1000000;
}

static void cycle(void) {
    ssrl_model *m;
    ssrl_trainer *t;
    OK(ssrl_model_open(&m, "m", NULL, NULL, NULL, NULL, &err));
    OK(ssrl_sft_new(&t, m, NULL, &err));
    ssrl_trainer_close(t);
    ssrl_model_close(m);
}

int main(void) {
    OK(ssrl_model_create("m", "nano", 0, &err));
    for (int i = 0; i < WARM; i++) cycle();
    long before = resident_mb();
    for (int i = 0; i < CYCLES; i++) cycle();
    long grown = resident_mb() - before;
    if (grown > ALLOWED_MB) {
        printf("cycles: %d of them took %ld MB (want at most %d)\n", CYCLES, grown, ALLOWED_MB);
        return 1;
    }
    puts("cycles: ok");
    return 0;
}
