/* Prints size and offsets of every struct of ssrl.h, a line each. */
#include <stddef.h>
#include <stdio.h>

#include "ssrl.h"

#define STRUCT(type) printf("\n" #type " %zu", sizeof(type))
#define FIELD(type, name) printf(" " #name ":%zu", offsetof(type, name))

int main(void) {
    STRUCT(ssrl_error); FIELD(ssrl_error, code); FIELD(ssrl_error, message);
    STRUCT(ssrl_image); FIELD(ssrl_image, data); FIELD(ssrl_image, width); FIELD(ssrl_image, height); FIELD(ssrl_image, stride);
    FIELD(ssrl_image, encoding); FIELD(ssrl_image, big_endian);
    STRUCT(ssrl_frame); FIELD(ssrl_frame, name); FIELD(ssrl_frame, colour); FIELD(ssrl_frame, depth);
    STRUCT(ssrl_sample); FIELD(ssrl_sample, id); FIELD(ssrl_sample, task); FIELD(ssrl_sample, problem); FIELD(ssrl_sample, answer);
    FIELD(ssrl_sample, response); FIELD(ssrl_sample, images); FIELD(ssrl_sample, n_images); FIELD(ssrl_sample, source); FIELD(ssrl_sample, meta);
    STRUCT(ssrl_score); FIELD(ssrl_score, overall); FIELD(ssrl_score, accuracy); FIELD(ssrl_score, format);
    STRUCT(ssrl_step); FIELD(ssrl_step, n); FIELD(ssrl_step, loss); FIELD(ssrl_step, reward); FIELD(ssrl_step, kl); FIELD(ssrl_step, grad_norm);
    FIELD(ssrl_step, tokens);
    STRUCT(ssrl_task); FIELD(ssrl_task, name); FIELD(ssrl_task, make); FIELD(ssrl_task, user);
    puts("");
    return 0;
}
