/*
 * Decodes by libjpeg. An error or a warning ends a decoding by `longjmp`, the way that libjpeg is made for, which passes
 * C frames alone: every call here returns to Rust by `return`.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

/* As in ts/data/decode/decode-image.ts: a small progressive file may ask for any number of passes over a large image. */
#define MOST_SCANS 100

/* The same layout as `Header` in libjpeg.rs. */
struct header {
	unsigned int width;
	unsigned int height;
	unsigned int channels; /* 1 grey, 3 red, green and blue */
};

struct decoder {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf stopped;
};

static void stop(j_common_ptr common)
{
	longjmp(((struct decoder *)common->client_data)->stopped, 1);
}

static void stop_at_warning(j_common_ptr common, int level)
{
	if (level < 0) {
		stop(common);
	}
}

static void print_nothing(j_common_ptr common)
{
	(void)common;
}

static void limit_scans(j_common_ptr common)
{
	if (((j_decompress_ptr)common)->input_scan_number > MOST_SCANS) {
		stop(common);
	}
}

void stepladder_jpeg_close(struct decoder *decoder)
{
	jpeg_destroy_decompress(&decoder->jpeg);
	free(decoder);
}

/* Returns the channels of the decoded image, 0 for other colours or depths. */
static unsigned int channels_of(const struct jpeg_decompress_struct *jpeg)
{
	if (jpeg->data_precision != 8) {
		return 0;
	}

	if (jpeg->num_components == 1 && jpeg->jpeg_color_space == JCS_GRAYSCALE) {
		return 1;
	}

	return jpeg->num_components == 3 && (jpeg->jpeg_color_space == JCS_YCbCr || jpeg->jpeg_color_space == JCS_RGB) ? 3 : 0;
}

static int read_header(struct decoder *decoder, const unsigned char *file, unsigned long length, struct header *header)
{
	struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
	if (setjmp(decoder->stopped)) {
		return 0;
	}

	jpeg_create_decompress(jpeg);
	decoder->progress.progress_monitor = limit_scans;
	jpeg->progress = &decoder->progress;
	jpeg_mem_src(jpeg, file, length);
	jpeg_read_header(jpeg, TRUE);
	header->width = jpeg->image_width;
	header->height = jpeg->image_height;
	header->channels = channels_of(jpeg);
	return header->channels > 0;
}

/*
 * Reads the header of a file, which has to stay until the decoder is closed. Returns NULL after an error or a warning, and
 * for other colours or depths.
 */
struct decoder *stepladder_jpeg_open(const unsigned char *file, unsigned long length, struct header *header)
{
	struct decoder *decoder = calloc(1, sizeof *decoder);
	if (decoder == NULL) {
		return NULL;
	}

	decoder->jpeg.err = jpeg_std_error(&decoder->errors);
	decoder->errors.error_exit = stop;
	decoder->errors.emit_message = stop_at_warning;
	decoder->errors.output_message = print_nothing;
	decoder->jpeg.client_data = decoder;
	if (!read_header(decoder, file, length, header)) {
		stepladder_jpeg_close(decoder);
		return NULL;
	}

	return decoder;
}

/* Decodes all rows into `[height, width, channels]` bytes, once. Returns 0 after an error or a warning. */
int stepladder_jpeg_read(struct decoder *decoder, unsigned char *pixels)
{
	struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
	if (setjmp(decoder->stopped)) {
		return 0;
	}

	jpeg->out_color_space = jpeg->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_start_decompress(jpeg);
	while (jpeg->output_scanline < jpeg->output_height) {
		unsigned char *rows[16];
		unsigned int count = 0;
		for (; count < 16 && jpeg->output_scanline + count < jpeg->output_height; count += 1) {
			size_t row = jpeg->output_scanline + count;
			rows[count] = pixels + row * jpeg->output_width * (size_t)jpeg->output_components;
		}

		if (jpeg_read_scanlines(jpeg, rows, count) == 0) {
			return 0;
		}
	}

	return jpeg_finish_decompress(jpeg);
}
