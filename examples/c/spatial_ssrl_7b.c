/* The first program of Spatial-SSRL's README for Spatial-SSRL-7B and 3B (Qwen2.5-VL): one question about one picture, asked with
 * the prompt that the model was trained with.
 *
 *     spatial_ssrl_7b MODEL IMAGE [QUESTION]
 *
 * Without arguments it asks a small model of random weights about a synthetic room, which shows that everything is in place. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include <stdio.h>
#include <stdlib.h>
#include "ssrl.h"

/* The question and the settings of upstream's program. */
#define QUESTION "Consider the real-world 3D locations of the objects. Which object has a higher location? A. yellow bear kite B. building"
#define FORMAT_PROMPT "\n You FIRST think about the reasoning process as an internal monologue and then provide the final answer. " \
                      "The reasoning process MUST BE enclosed within <think> </think> tags. The final answer MUST BE put in \\boxed{}."

enum { W = 112, H = 112, MAX_TOKENS = 4096, MAX_TOKENS_HERE = 32 /* random weights never come to an end */ };

static ssrl_error err;

static void must(ssrl_status status) {
    if (status == SSRL_OK) return;
    fprintf(stderr, "%s\n", err.message);
    exit(1);
}

static int print(void *user, const char *utf8, size_t len) {
    fwrite(utf8, 1, len, user);
    return 0; /* anything else stops the answer */
}

/* put_json appends text as what a JSON string holds. */
static void put_json(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '"' || *text == '\\' || (unsigned char)*text < ' ') fprintf(out, "\\u%04x", (unsigned)*text);
        else fputc(*text, out);
    }
}

int main(int argc, char **argv) {
    static uint8_t rgb[3 * W * H];
    const ssrl_image room = {rgb, W, H, 0, "rgb8", 0};
    const int here = argc == 1;
    if (!here && argc != 3 && argc != 4) {
        fprintf(stderr, "%d arguments (want MODEL IMAGE [QUESTION])\n", argc - 1);
        return 2;
    }
    if (here) {
        must(ssrl_model_create("nano", "nano", 1, &err));
        must(ssrl_scene(1, 0, W, H, rgb, NULL, &err));
    }

    /* Pictures are seen as upstream's program shows them, through qwen_vl_utils. */
    ssrl_model *model;
    must(ssrl_model_open(&model, here ? "nano" : argv[1], "{\"dtype\": \"bf16\", \"pixels\": {\"profile\": \"qwen_vl_utils\"}}", NULL, NULL, NULL, &err));

    /* The most probable answer; the penalty of generation_config.json still counts. */
    char *options;
    size_t size;
    FILE *json = open_memstream(&options, &size);
    if (!json) return 1;
    fprintf(json, "{\"max_tokens\": %d, \"recommended\": true, \"temperature\": 0, ", here ? MAX_TOKENS_HERE : MAX_TOKENS);
    fputs("\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image\"", json);
    if (!here) fputs(", \"image\": \"", json), put_json(json, argv[2]), fputc('"', json);
    fputs("}, {\"type\": \"text\", \"text\": \"", json);
    put_json(json, argc == 4 ? argv[3] : QUESTION);
    put_json(json, FORMAT_PROMPT);
    fputs("\"}]}]}", json);
    if (fclose(json)) return 1;
    printf("Model Response: ");
    must(ssrl_model_generate(model, NULL, &room, here, options, print, stdout, NULL, &err));
    putchar('\n');
    free(options);
    ssrl_model_close(model);
    return 0;
}
