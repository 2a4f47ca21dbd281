/* What the test programs share: a check that ends the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssrl.h"

static ssrl_error err;

#define CHECK(x) do { if (!(x)) { printf("%s:%d: %s: %d %s\n", __FILE__, __LINE__, #x, (int)err.code, err.message); exit(1); } } while (0)
#define OK(x) CHECK((x) == SSRL_OK && err.code == 0 && !err.message[0])
/* The call fails with a code, fills err, and its message holds a text. */
#define FAILS(code_, text, x) CHECK((x) == (code_) && err.code == (code_) && strstr(err.message, text))

/* A picture of 8-bit RGB, and a depth map in metres, whose rows touch. */
#define RGB(pixels, w, h) {pixels, w, h, 0, NULL, 0}
#define METRES(values, w, h) {values, w, h, 0, "32FC1", 0}
