/* Links against every function of ssrl.h, as C and as C++, and asks for two. */
#include <stdio.h>
#include <string.h>

#include "ssrl.h"

typedef void (*function)(void);

static const function all[] = {
    (function)ssrl_version, (function)ssrl_abi, (function)ssrl_set_log, (function)ssrl_set_limits, (function)ssrl_interrupt,
    (function)ssrl_job_poll, (function)ssrl_job_wait, (function)ssrl_job_close, (function)ssrl_scene, (function)ssrl_frames,
    (function)ssrl_generate_samples, (function)ssrl_generate_dataset, (function)ssrl_dataset_open, (function)ssrl_dataset_len,
    (function)ssrl_dataset_at, (function)ssrl_dataset_close, (function)ssrl_writer_open, (function)ssrl_writer_add,
    (function)ssrl_writer_finish, (function)ssrl_writer_close, (function)ssrl_reward, (function)ssrl_model_create,
    (function)ssrl_model_open, (function)ssrl_model_generate, (function)ssrl_model_score, (function)ssrl_model_evaluate,
    (function)ssrl_model_adapt, (function)ssrl_model_merge, (function)ssrl_model_save, (function)ssrl_model_close,
    (function)ssrl_sft_new, (function)ssrl_grpo_new, (function)ssrl_grpo_rollouts, (function)ssrl_grpo_update,
    (function)ssrl_trainer_step, (function)ssrl_trainer_run, (function)ssrl_trainer_done, (function)ssrl_trainer_metrics,
    (function)ssrl_trainer_save, (function)ssrl_trainer_resume, (function)ssrl_trainer_close,
};

int main(void) {
    size_t i;
    for (i = 0; i < sizeof all / sizeof *all; i++) {
        if (!all[i]) return 1;
    }
    if (ssrl_abi() != SSRL_ABI || strlen(ssrl_version()) < 5) return 2;
    puts("every symbol: ok");
    return 0;
}
