// Writes a JPEG that Pillow cannot ask for: cc odd.c -o odd -ljpeg
//
//	odd FILE WIDTH HEIGHT scans|arithmetic|H1V1H2V2H3V3 [quality]
//
// scans: one sequential scan a component, 4:2:0; six digits: sampling factors.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>

int main(int n, char **v) {
	int w = atoi(v[2]), h = atoi(v[3]);
	FILE *f = fopen(v[1], "wb");
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr e;
	c.err = jpeg_std_error(&e);
	jpeg_create_compress(&c);
	jpeg_stdio_dest(&c, f);
	c.image_width = w, c.image_height = h, c.input_components = 3, c.in_color_space = JCS_RGB;
	jpeg_set_defaults(&c);
	jpeg_set_quality(&c, n > 5 ? atoi(v[5]) : 90, TRUE);
	static const jpeg_scan_info scans[3] = {{1, {0}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}};
	if (!strcmp(v[4], "scans"))
		c.scan_info = scans, c.num_scans = 3;
	else if (!strcmp(v[4], "arithmetic"))
		c.arith_code = TRUE;
	else
		for (int i = 0; i < 3; i++)
			c.comp_info[i].h_samp_factor = v[4][2 * i] - '0', c.comp_info[i].v_samp_factor = v[4][2 * i + 1] - '0';
	jpeg_start_compress(&c, TRUE);
	unsigned char *row = malloc(3 * w);
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++)
			row[3 * x] = 255 * x / w, row[3 * x + 1] = 255 * y / h, row[3 * x + 2] = 40 * (x / 5 + y / 3) % 256;
		jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	fclose(f);
}
