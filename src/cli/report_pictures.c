#include "cli/report_pictures.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/memory.h"
#include "image/image.h"

enum {
    MOST_FRAMES = 24,       /* of a render */
    PAGE_FRAMES = 12000,    /* of a page */
    BATCH_RENDERS = 256,    /* in memory at once, */
    BATCH_BYTES = 64 << 20, /* as long as their pixels are no more */
    THUMBNAIL_QUALITY = 80,
    VIEW_QUALITY = 88,
    LOSSLESS = 0, /* in place of a quality: PNG, */
    SMALLER = -1, /* and what is smaller, a thumbnail's JPEG or PNG */
};

/* Bytes that a pixel of a view takes in the page, about. */
static const double view_pixel_bytes = 0.7;

/* --- How large --- */

/* The size of a picture in a square of that side, which it fits into or is shrunk to. */
static void size_within(int64_t height, int64_t width, int64_t side, int64_t *height_out, int64_t *width_out)
{
    const int64_t longer = height > width ? height : width;
    *height_out = height;
    *width_out = width;
    if (longer <= side)
        return;
    *height_out = height * side / longer > 0 ? height * side / longer : 1;
    *width_out = width * side / longer > 0 ? width * side / longer : 1;
}

/* Pixels of all pictures where none is larger than that side. */
static double pixels_within(const vqc_report_archive *archives, size_t count, int64_t side)
{
    double pixels = 0.0;
    for (size_t a = 0; a < count; a++) {
        const vqc_archive_outline *outline = vqc_archive_outline_of(archives[a].archive);
        for (size_t i = 0; i < outline->render_count; i++) {
            const vqc_archive_extents *shape = &outline->shapes[outline->renders[i].shape];
            int64_t height, width;
            size_within(shape->height, shape->width, side, &height, &width);
            pixels += archives[a].done[i] ? (double)height * (double)width : 0.0;
        }
    }
    return pixels;
}

vqc_report_bounds vqc_report_bounds_find(const vqc_report_archive *archives, size_t count, uint64_t full_bytes)
{
    static const int64_t sides[] = {512, 384, 256};
    const double bytes = (double)full_bytes;
    size_t renders = 0;
    for (size_t a = 0; a < count; a++)
        renders += vqc_archive_outline_of(archives[a].archive)->render_count;
    const size_t share = PAGE_FRAMES / renders;
    vqc_report_bounds bounds = {.full = 3.0 * pixels_within(archives, count, VQC_IMAGE_MAX_SIDE) <= bytes,
                                .frames = share < 1             ? 1
                                          : share > MOST_FRAMES ? MOST_FRAMES
                                                                : (uint32_t)share};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0] && !bounds.full && bounds.view_side == 0; i++)
        if (pixels_within(archives, count, sides[i]) * view_pixel_bytes <= bytes)
            bounds.view_side = sides[i];
    return bounds;
}

/* --- A render on its way into the page --- */

typedef struct piece {
    size_t render;
    const vqc_archive_extents *shape;
    vqc_image picture; /* without pixels where it does not have its digest */
    float *losses;     /* (steps, loss_count); NULL where they do not have theirs */
    vqc_image *frames;
    uint32_t *frame_numbers; /* which snapshots they are */
    size_t frame_count;
    char *text; /* what goes into the page */
    size_t text_size;
    vqc_error error;
} piece;

static void piece_release(piece *part)
{
    vqc_image_release(&part->picture);
    for (size_t i = 0; i < part->frame_count; i++)
        vqc_image_release(&part->frames[i]);
    free(part->frames);
    free(part->frame_numbers);
    free(part->losses);
    free(part->text);
}

static vqc_status picture_read(const vqc_archive *archive, piece *part, vqc_error *error)
{
    VQC_TRY(vqc_image_create(part->shape->height, part->shape->width, &part->picture, error));
    vqc_status status = vqc_archive_picture_read(archive, part->render, part->picture.pixels, error);
    if (status != VQC_BAD_INPUT)
        return status;
    vqc_image_release(&part->picture);
    part->picture = (vqc_image){0};
    return VQC_OK;
}

static vqc_status losses_read(const vqc_archive *archive, piece *part, vqc_error *error)
{
    bool intact;
    VQC_TRY(vqc_archive_record_check(archive, part->render, &intact, error));
    if (!intact)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate((size_t)part->shape->steps * part->shape->loss_count, sizeof *part->losses, "losses",
                                &part->losses, error));
    return vqc_archive_losses_read(archive, part->render, part->losses, error);
}

static vqc_status frame_read(const vqc_archive *archive, piece *part, uint32_t snapshot, vqc_error *error)
{
    vqc_image *frame = &part->frames[part->frame_count];
    bool present;
    VQC_TRY(vqc_image_create(part->shape->height, part->shape->width, frame, error));
    vqc_status status = vqc_archive_snapshot_read(archive, part->render, snapshot, frame->pixels, &present, error);
    if (status == VQC_OK && present) {
        part->frame_numbers[part->frame_count++] = snapshot;
        return VQC_OK;
    }
    vqc_image_release(frame);
    return status == VQC_BAD_INPUT ? VQC_OK : status;
}

static uint32_t frame_limit(const piece *part, const vqc_report_bounds *bounds)
{
    return part->shape->snapshot_count < bounds->frames ? part->shape->snapshot_count : bounds->frames;
}

static vqc_status frames_read(const vqc_archive *archive, const vqc_report_bounds *bounds, piece *part,
                              vqc_error *error)
{
    const uint64_t limit = frame_limit(part, bounds);
    VQC_TRY(vqc_memory_allocate(limit, sizeof *part->frames, "snapshots", &part->frames, error));
    VQC_TRY(vqc_memory_allocate(limit, sizeof *part->frame_numbers, "snapshots", &part->frame_numbers, error));
    for (uint64_t i = 0; i < limit; i++)
        VQC_TRY(frame_read(archive, part, (uint32_t)((i + 1) * part->shape->snapshot_count / limit - 1), error));
    return VQC_OK;
}

static vqc_status piece_read(const vqc_archive *archive, const vqc_report_bounds *bounds, piece *part,
                             vqc_error *error)
{
    VQC_TRY(picture_read(archive, part, error));
    VQC_TRY(losses_read(archive, part, error));
    return frames_read(archive, bounds, part, error);
}

/* --- Its text, on any thread --- */

/* Whether a picture has flat areas for the most part, and may be smaller as PNG. */
static bool is_flat(const vqc_image *image)
{
    const int64_t count = image->height * image->width;
    int64_t changes = 0;
    for (int64_t i = 1; i < count; i++)
        changes += memcmp(image->pixels + 3 * i, image->pixels + 3 * (i - 1), 3) != 0;
    return 4 * changes < count;
}

/* A picture as a file in memory. */
typedef struct encoded {
    char *bytes;
    size_t size;
    const char *kind;
} encoded;

static vqc_status picture_encode(const vqc_image *image, int quality, encoded *out, vqc_error *error)
{
    *out = (encoded){.kind = quality == LOSSLESS ? "png" : "jpeg"};
    FILE *stream = open_memstream(&out->bytes, &out->size);
    if (stream == NULL)
        return vqc_error_set(error, VQC_FAILED, "out of memory for a picture");
    vqc_status status = quality == LOSSLESS ? vqc_image_print_png(stream, image, error)
                                            : vqc_image_print_jpeg(stream, image, quality, error);
    if (fclose(stream) != 0 && status == VQC_OK)
        status = vqc_error_set(error, VQC_FAILED, "out of memory for a picture");
    return status;
}

/* The smaller of both. */
static vqc_status thumbnail_encode(const vqc_image *image, encoded *out, vqc_error *error)
{
    encoded other = {0};
    vqc_status status = picture_encode(image, THUMBNAIL_QUALITY, out, error);
    if (status == VQC_OK && is_flat(image))
        status = picture_encode(image, LOSSLESS, &other, error);
    if (status == VQC_OK && other.bytes != NULL && other.size < out->size) {
        const encoded smaller = other;
        other = *out;
        *out = smaller;
    }
    free(other.bytes);
    return status;
}

/* A picture of which no side is larger; of a small one a view of its own pixels, not to be released. */
static vqc_status shrink(const vqc_image *image, int64_t side, vqc_image *small_out, bool *made_out, vqc_error *error)
{
    int64_t height, width;
    size_within(image->height, image->width, side, &height, &width);
    *small_out = *image;
    *made_out = height != image->height || width != image->width;
    return *made_out ? vqc_image_resize(image, height, width, VQC_IMAGE_BILINEAR, small_out, error) : VQC_OK;
}

static void encoded_write(FILE *stream, const encoded *file)
{
    (void)fprintf(stream, "%s ", file->kind);
    vqc_base64_write(stream, file->bytes, file->size);
}

/* Writes "KIND BASE64" of the picture, shrunk to that side. */
static vqc_status picture_write(FILE *stream, const vqc_image *image, int64_t side, int quality, vqc_error *error)
{
    vqc_image small;
    encoded file = {0};
    bool made;
    VQC_TRY(shrink(image, side, &small, &made, error));
    vqc_status status =
        quality == SMALLER ? thumbnail_encode(&small, &file, error) : picture_encode(&small, quality, &file, error);
    if (status == VQC_OK)
        encoded_write(stream, &file);
    free(file.bytes);
    if (made)
        vqc_image_release(&small);
    return status;
}

/* Whether the thumbnail is as large as the picture. */
static bool is_small(const vqc_image *picture)
{
    return picture->height <= VQC_REPORT_THUMBNAIL_SIDE && picture->width <= VQC_REPORT_THUMBNAIL_SIDE;
}

static vqc_status thumbnail_write(FILE *stream, size_t archive, const piece *part, const vqc_report_bounds *bounds,
                                  vqc_error *error)
{
    if (part->picture.pixels == NULL)
        return VQC_OK;
    (void)fprintf(stream, "<script type=\"text/plain\" id=\"t%zu-%zu\">", archive, part->render);
    VQC_TRY(picture_write(stream, &part->picture, VQC_REPORT_THUMBNAIL_SIDE,
                          bounds->full && is_small(&part->picture) ? LOSSLESS : SMALLER, error));
    (void)fprintf(stream, "</script>\n");
    return VQC_OK;
}

static vqc_status larger_write(FILE *stream, const piece *part, const vqc_report_bounds *bounds, vqc_error *error)
{
    if (part->picture.pixels == NULL || is_small(&part->picture) || (!bounds->full && bounds->view_side == 0))
        return VQC_OK;
    (void)fprintf(stream, "picture ");
    VQC_TRY(picture_write(stream, &part->picture, bounds->full ? VQC_IMAGE_MAX_SIDE : bounds->view_side,
                          bounds->full ? LOSSLESS : VIEW_QUALITY, error));
    (void)fprintf(stream, "\n");
    return VQC_OK;
}

/* The bytes of a row stand in the page as little-endian f32, whatever this machine has. */
static void little_endian_copy(const float *row, size_t count, uint8_t *bytes)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, &row[i], sizeof word);
        for (size_t j = 0; j < sizeof word; j++)
            bytes[4 * i + j] = (uint8_t)(word >> 8 * j);
    }
}

static vqc_status losses_write(FILE *stream, const piece *part, vqc_error *error)
{
    const size_t steps = part->shape->steps;
    const size_t terms = part->shape->loss_count;
    const size_t stride = (steps + VQC_REPORT_LOSS_ROWS - 1) / VQC_REPORT_LOSS_ROWS;
    uint8_t *bytes;
    if (part->losses == NULL || steps == 0)
        return VQC_OK;
    const size_t rows = (steps - 1 + stride - 1) / stride + 1;
    VQC_TRY(vqc_memory_allocate(4 * rows, terms, "losses", &bytes, error));
    for (size_t i = 0; i < rows; i++) {
        const size_t step = i * stride < steps ? i * stride : steps - 1;
        little_endian_copy(part->losses + step * terms, terms, bytes + 4 * i * terms);
    }
    (void)fprintf(stream, "losses %zu ", stride);
    vqc_base64_write(stream, bytes, 4 * rows * terms);
    (void)fprintf(stream, "\n");
    free(bytes);
    return VQC_OK;
}

static vqc_status piece_write(FILE *stream, size_t archive, const piece *part, const vqc_report_bounds *bounds,
                              vqc_error *error)
{
    VQC_TRY(thumbnail_write(stream, archive, part, bounds, error));
    (void)fprintf(stream, "<script type=\"text/plain\" id=\"d%zu-%zu\">\n", archive, part->render);
    VQC_TRY(larger_write(stream, part, bounds, error));
    VQC_TRY(losses_write(stream, part, error));
    for (size_t i = 0; i < part->frame_count; i++) {
        (void)fprintf(stream, "frame %u ", part->frame_numbers[i]);
        VQC_TRY(picture_write(stream, &part->frames[i], VQC_REPORT_FRAME_SIDE, SMALLER, error));
        (void)fprintf(stream, "\n");
    }
    (void)fprintf(stream, "</script>\n");
    return VQC_OK;
}

static vqc_status piece_encode(size_t archive, piece *part, const vqc_report_bounds *bounds)
{
    FILE *stream = open_memstream(&part->text, &part->text_size);
    if (stream == NULL)
        return vqc_error_set(&part->error, VQC_FAILED, "out of memory for a report");
    vqc_status status = piece_write(stream, archive, part, bounds, &part->error);
    if (fclose(stream) != 0 && status == VQC_OK)
        status = vqc_error_set(&part->error, VQC_FAILED, "out of memory for a report");
    return status;
}

/* --- All of them, in batches --- */

typedef struct batch {
    piece pieces[BATCH_RENDERS];
    size_t count;
} batch;

/* Bytes of a render's pixels in memory. */
static size_t piece_bytes(const piece *part, const vqc_report_bounds *bounds)
{
    return 3 * (size_t)part->shape->height * part->shape->width * (1 + frame_limit(part, bounds));
}

/* Reads done renders from *next on, until the batch is full. */
static vqc_status batch_read(batch *full, const vqc_report_archive *source, const vqc_report_bounds *bounds,
                             size_t *next, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(source->archive);
    size_t bytes = 0;
    for (; *next < outline->render_count && full->count < BATCH_RENDERS && bytes < BATCH_BYTES; ++*next) {
        if (!source->done[*next])
            continue;
        piece *part = &full->pieces[full->count++];
        *part = (piece){.render = *next, .shape = &outline->shapes[outline->renders[*next].shape]};
        VQC_TRY(piece_read(source->archive, bounds, part, error));
        bytes += piece_bytes(part, bounds);
    }
    return VQC_OK;
}

static vqc_status batch_write(batch *full, FILE *stream, size_t number, const vqc_report_bounds *bounds,
                              vqc_error *error)
{
    bool failed = false;
#pragma omp parallel for schedule(dynamic) reduction(|| : failed)
    for (size_t i = 0; i < full->count; i++)
        failed = piece_encode(number, &full->pieces[i], bounds) != VQC_OK || failed;
    for (size_t i = 0; i < full->count; i++) {
        if (failed && full->pieces[i].error.message[0] != '\0')
            return vqc_error_set(error, full->pieces[i].error.status, "%s", full->pieces[i].error.message);
        (void)fwrite(full->pieces[i].text, 1, full->pieces[i].text_size, stream);
    }
    return VQC_OK;
}

vqc_status vqc_report_pictures_write(FILE *stream, const vqc_report_archive *archive, size_t number,
                                     const vqc_report_bounds *bounds, vqc_error *error)
{
    const size_t count = vqc_archive_outline_of(archive->archive)->render_count;
    batch *full;
    VQC_TRY(vqc_memory_allocate(1, sizeof *full, "a report", &full, error));
    vqc_status status = VQC_OK;
    for (size_t next = 0; next < count && status == VQC_OK;) {
        status = batch_read(full, archive, bounds, &next, error);
        if (status == VQC_OK)
            status = batch_write(full, stream, number, bounds, error);
        for (size_t i = 0; i < full->count; i++)
            piece_release(&full->pieces[i]);
        full->count = 0;
    }
    free(full);
    return status;
}
