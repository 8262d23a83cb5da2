/* The parts that score.py measures, each alone.
 *
 *     score_parts archive JOB OUT       an archive of the job whose renders are all done, with pictures that are
 * drawn and not rendered: soft waves of colour with a little noise score_parts png FOLDER OUT        writes the
 * folder's NUMBER.png again by libpng alone, with the program's settings and their texts, and prints the seconds of
 * that score_parts tower FILE N THREADS  the picture tower of a CLIP model on N pictures that are there already, in
 *                                       batches as `score` has them, and prints the seconds of that */

#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/embeddings.h"
#include "cli/exported.h"
#include "cli/picture_batches.h"
#include "record/study_archive.h"
#include "render/study_inputs.h"

/* Of all threads of this process: on a machine that others use too, the other seconds count what they do. */
static double processor_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void result_print(size_t count, double seconds, double busy)
{
    (void)printf("{\"pictures\": %zu, \"seconds\": %.6f, \"processor_seconds\": %.6f}\n", count, seconds, busy);
}

/* ---- archive ---- */

/* Four waves for each channel, of lengths and directions that follow from the render's number. */
static void picture_draw(size_t number, const vqc_archive_extents *shape, uint8_t *pixels)
{
    enum { WAVES = 4 };
    uint32_t noise = (uint32_t)number * 2654435761U + 1;
    for (uint32_t y = 0; y < shape->height; y++)
        for (uint32_t x = 0; x < shape->width; x++)
            for (uint32_t channel = 0; channel < 3; channel++) {
                double value = 128.0;
                for (uint32_t wave = 0; wave < WAVES; wave++) {
                    const double angle = (double)(number * 7 + channel * 3 + wave * 5);
                    const double steps = 0.02 + 0.03 * (double)wave;
                    value += 25.0 * sin(steps * (cos(angle) * x + sin(angle) * y) + angle);
                }
                noise = noise * 1664525U + 1013904223U;
                value += (double)(noise >> 30);
                *pixels++ = (uint8_t)fmin(fmax(value, 0.0), 255.0);
            }
}

/* Room for the parts of a result. */
typedef struct parts {
    uint8_t *picture;
    float *latent, *losses;
    int32_t *codes;
} parts;

static void parts_release(parts *p)
{
    free(p->picture);
    free(p->latent);
    free(p->losses);
    free(p->codes);
}

static vqc_status parts_make(const vqc_archive_extents *shape, parts *p, vqc_error *error)
{
    const size_t cells = (size_t)shape->latent_rows * shape->latent_columns;
    VQC_TRY(vqc_memory_allocate((size_t)3 * shape->height * shape->width, 1, "a picture", &p->picture, error));
    VQC_TRY(vqc_memory_allocate(cells * shape->latent_width, sizeof(float), "a latent", &p->latent, error));
    VQC_TRY(vqc_memory_allocate(cells, sizeof(int32_t), "codes", &p->codes, error));
    return vqc_memory_allocate((size_t)shape->steps * shape->loss_count, sizeof(float), "losses", &p->losses, error);
}

static vqc_status render_write(vqc_archive *archive, size_t number, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[number].shape];
    parts p = {0};
    vqc_status status = parts_make(shape, &p, error);
    if (status == VQC_OK) {
        picture_draw(number, shape, p.picture);
        const vqc_archive_result result = {.picture = p.picture,
                                           .latent = p.latent,
                                           .codes = p.codes,
                                           .losses = p.losses,
                                           .device = "drawn",
                                           .host = "-"};
        status = vqc_archive_result_write(archive, number, &result, error);
    }
    parts_release(&p);
    return status;
}

static vqc_status outline_write(const vqc_archive_outline *outline, const char *path, vqc_error *error)
{
    vqc_comm *comm;
    vqc_archive *archive;
    bool created;
    VQC_TRY(vqc_comm_start(NULL, NULL, &comm, error));
    vqc_status status = vqc_archive_start(comm, path, outline, VQC_ARCHIVE_UNLOCKED, &archive, &created, error);
    for (size_t i = 0; i < outline->render_count && status == VQC_OK; i++)
        status = render_write(archive, i, error);
    vqc_archive_close(archive);
    vqc_comm_stop(comm);
    return status;
}

static vqc_status archive_make(const char *job, const char *path, vqc_error *error)
{
    vqc_ops *ops;
    vqc_study *study;
    vqc_renderer *renderer;
    vqc_environment environment;
    vqc_study_archive *archive;
    VQC_TRY(vqc_ops_create("cpu", &(vqc_ops_options){.threads = 1}, &ops, error));
    VQC_TRY(vqc_study_open(job, &study, error));
    VQC_TRY(vqc_study_inputs_digest(study, error));
    VQC_TRY(vqc_renderer_create(study, ops, VQC_DTYPE_F32, &renderer, error));
    VQC_TRY(vqc_environment_find(ops, VQC_DTYPE_F32, "0", &environment, error));
    VQC_TRY(vqc_study_archive_create(study, renderer, &environment, &archive, error));
    VQC_TRY(outline_write(vqc_study_archive_outline(archive), path, error));
    vqc_study_archive_destroy(archive);
    vqc_renderer_destroy(renderer);
    vqc_study_close(study);
    vqc_ops_destroy(ops);
    return VQC_OK;
}

/* ---- png ---- */

/* What is done a million times is written down once: the rows and texts of a picture to a file, as `export` has
 * them (image/png_write.c). */
static vqc_status png_put(const char *path, const vqc_image *image, const vqc_image_texts *texts, vqc_error *error)
{
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png == NULL ? NULL : png_create_info_struct(png);
    if (file == NULL || info == NULL || setjmp(png_jmpbuf(png)) != 0)
        return vqc_error_set(error, VQC_FAILED, "%s: cannot be written", path);
    png_text list[VQC_IMAGE_MAX_TEXTS] = {0};
    for (size_t i = 0; i < texts->count; i++)
        list[i] = (png_text){.compression = PNG_ITXT_COMPRESSION_NONE,
                             .key = (png_charp)texts->items[i].key,
                             .text = (png_charp)texts->items[i].value};
    png_init_io(png, file);
    png_set_compression_level(png, 6);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
    png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_text(png, info, list, (int)texts->count);
    png_write_info(png, info);
    for (int64_t y = 0; y < image->height; y++)
        png_write_row(png, image->pixels + 3 * y * image->width);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return fclose(file) == 0 ? VQC_OK : vqc_error_set(error, VQC_FAILED, "%s: cannot be written", path);
}

static vqc_status pngs_write(const char *folder, const char *target, vqc_error *error)
{
    double seconds = 0.0;
    double busy = 0.0;
    size_t count = 0;
    for (;; count++) {
        char name[VQC_EXPORTED_NAME_SIZE];
        char path[4096];
        vqc_image image;
        vqc_image_texts texts;
        vqc_exported_name(count, name);
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        if (vqc_image_read(path, &image, error) != VQC_OK)
            break;
        VQC_TRY(vqc_image_texts_read(path, &texts, error));
        (void)snprintf(path, sizeof path, "%s/%s", target, name);
        const double started = vqc_clock_seconds();
        const double busy_before = processor_seconds();
        VQC_TRY(png_put(path, &image, &texts, error));
        seconds += vqc_clock_seconds() - started;
        busy += processor_seconds() - busy_before;
        vqc_image_texts_release(&texts);
        vqc_image_release(&image);
    }
    result_print(count, seconds, busy);
    return VQC_OK;
}

/* ---- tower ---- */

static vqc_status tower_run(const char *path, size_t count, int threads, vqc_error *error)
{
    vqc_compute compute = {.threads = threads};
    vqc_clip *clip;
    vqc_clip_image_tower tower;
    float *pixels;
    float *rows;
    VQC_TRY(vqc_compute_open(&compute, error));
    VQC_TRY(vqc_clip_open(path, &(vqc_clip_options){0}, &clip, error));
    VQC_TRY(vqc_embeddings_image_tower(&compute, clip, VQC_PICTURE_BATCH, false, &tower, error));
    const size_t size = (size_t)(VQC_PICTURE_BATCH * 3 * clip->vision.side * clip->vision.side);
    VQC_TRY(vqc_memory_allocate(size, sizeof *pixels, "pictures", &pixels, error));
    VQC_TRY(vqc_memory_allocate(VQC_PICTURE_BATCH * (size_t)clip->embed_width, sizeof *rows, "rows", &rows, error));
    for (size_t i = 0; i < size; i++)
        pixels[i] = (float)(i % 251) / 250.0F;
    const double started = vqc_clock_seconds();
    const double busy = processor_seconds();
    for (size_t done = 0; done < count; done += VQC_PICTURE_BATCH) {
        VQC_TRY(vqc_network_write(tower.network, tower.pixels, pixels, error));
        VQC_TRY(vqc_network_forward(tower.network, error));
        VQC_TRY(vqc_network_read(tower.network, tower.embedding, rows, error));
    }
    result_print(count, vqc_clock_seconds() - started, processor_seconds() - busy);
    free(rows);
    free(pixels);
    vqc_clip_image_tower_destroy(&tower);
    vqc_clip_close(clip);
    vqc_compute_close(&compute);
    return VQC_OK;
}

int main(int argc, char **argv)
{
    vqc_error error = {0};
    vqc_status status = VQC_BAD_INPUT;
    if (argc == 4 && strcmp(argv[1], "archive") == 0)
        status = archive_make(argv[2], argv[3], &error);
    else if (argc == 4 && strcmp(argv[1], "png") == 0)
        status = pngs_write(argv[2], argv[3], &error);
    else if (argc == 5 && strcmp(argv[1], "tower") == 0)
        status = tower_run(argv[2], strtoul(argv[3], NULL, 10), atoi(argv[4]), &error);
    if (status != VQC_OK)
        (void)fprintf(stderr, "score_parts: %s\n", error.message);
    return status;
}
