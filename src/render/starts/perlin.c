#include <stdlib.h>

#include "base/memory.h"
#include "render/start.h"

/* Perlin's noise in octaves, as the diffusion notebooks draw it: the mean of two pictures, one of 12 octaves on 1 × 1
 * cells, one of 8 on 4 × 4. Each octave has half the cell of the one before and 1/1.5 of its share, and the last one
 * cells of two samples, so that the pictures have 4096 and 1024 samples along a side, between which a pixel is
 * interpolated linearly at its centre (PyTorch's bilinear, without antialiasing). Both are cut to 0 to 1 and
 * stretched until their channels have 0 and 1. The notebooks round to 8 bits before and after the stretching; here
 * nothing is rounded. A picture is grey or has three channels of their own, as `mode` says of each. */

enum { LAYERS = 2, TAPS = 2 };

typedef struct noise_layer {
    int octaves;
    int64_t cells; /* of the first octave along a side */
} noise_layer;

static const noise_layer layers[LAYERS] = {{.octaves = 12, .cells = 1}, {.octaves = 8, .cells = 4}};

/* Where a pixel of an axis looks: two neighbouring samples, and the share of each. */
typedef struct pixel_taps {
    int64_t samples[TAPS];
    double shares[TAPS];
} pixel_taps;

/* The slope at a corner of the cells of an octave. */
typedef struct slope {
    double along_y, along_x;
} slope;

/* An octave of a layer's channel. */
typedef struct octave {
    int64_t cell;    /* its side, in samples */
    int64_t corners; /* along a side */
    double share;
    slope *slopes; /* (corners, corners), of which only those are drawn that a pixel looks at */
} octave;

static void taps_place(pixel_taps *taps, int64_t pixels, int64_t samples)
{
    for (int64_t i = 0; i < pixels; i++) {
        double place = ((double)i + 0.5) * (double)samples / (double)pixels - 0.5;
        place = place < 0.0 ? 0.0 : place;
        int64_t low = (int64_t)place;
        int64_t high = low + 1 < samples ? low + 1 : low;
        double share = place - (double)low;
        taps[i] = (pixel_taps){.samples = {low, high}, .shares = {1.0 - share, share}};
    }
}

/* Marks the corners along an axis that its pixels look at. */
static void corners_mark(const octave *o, const pixel_taps *taps, int64_t pixels, bool *used)
{
    for (int64_t i = 0; i < o->corners; i++)
        used[i] = false;
    for (int64_t i = 0; i < pixels; i++)
        for (int tap = 0; tap < TAPS; tap++) {
            int64_t corner = taps[i].samples[tap] / o->cell;
            used[corner] = used[corner + 1] = true;
        }
}

/* Draws the slopes of the corners in rows and columns that are used: two normal numbers each. */
static void slopes_draw(const vqc_start_site *site, const octave *o, int number, uint32_t plane, const bool *rows,
                        const bool *columns)
{
    for (int64_t row = 0; row < o->corners; row++)
        for (int64_t column = 0; rows[row] && column < o->corners; column++) {
            int64_t corner = row * o->corners + column;
            vqc_stream stream = vqc_start_stream(site, corner);
            stream.step = (uint32_t)number;
            stream.place = plane;
            if (!columns[column])
                continue;
            o->slopes[corner].along_y = vqc_stream_normal(&stream);
            o->slopes[corner].along_x = vqc_stream_normal(&stream);
        }
}

/* Perlin's weight of a cell's upper corner: 3t² − 2t³. */
static double fade(double t)
{
    return t * t * (3.0 - 2.0 * t);
}

/* The noise at a sample: the slopes of the cell's corners, each followed to there. */
static double noise_at(const octave *o, int64_t y, int64_t x)
{
    const slope *upper = o->slopes + y / o->cell * o->corners + x / o->cell;
    const slope *lower = upper + o->corners;
    double down = (double)(y % o->cell) / (double)o->cell;
    double right = (double)(x % o->cell) / (double)o->cell;
    double above = (1.0 - fade(right)) * (upper[0].along_y * down + upper[0].along_x * right) +
                   fade(right) * (upper[1].along_y * down + upper[1].along_x * (right - 1.0));
    double below = (1.0 - fade(right)) * (lower[0].along_y * (down - 1.0) + lower[0].along_x * right) +
                   fade(right) * (lower[1].along_y * (down - 1.0) + lower[1].along_x * (right - 1.0));
    return (1.0 - fade(down)) * above + fade(down) * below;
}

/* Adds the octave to a plane of pixels. */
static void octave_add(const vqc_start_site *site, const octave *o, const pixel_taps *rows, const pixel_taps *columns,
                       double *plane)
{
    for (int64_t y = 0; y < site->height; y++)
        for (int64_t x = 0; x < site->width; x++) {
            double sum = 0.0;
            for (int tap = 0; tap < TAPS * TAPS; tap++)
                sum += rows[y].shares[tap / TAPS] * columns[x].shares[tap % TAPS] *
                       noise_at(o, rows[y].samples[tap / TAPS], columns[x].samples[tap % TAPS]);
            plane[y * site->width + x] += o->share * sum;
        }
}

/* Cuts a plane to 0 to 1, and stretches it so that it reaches both; one that is flat stays. */
static void plane_stretch(double *plane, int64_t count)
{
    double lowest = 1.0;
    double highest = 0.0;
    for (int64_t i = 0; i < count; i++) {
        plane[i] = plane[i] < 0.0 ? 0.0 : plane[i] > 1.0 ? 1.0 : plane[i];
        lowest = plane[i] < lowest ? plane[i] : lowest;
        highest = plane[i] > highest ? plane[i] : highest;
    }
    for (int64_t i = 0; i < count && highest > lowest; i++)
        plane[i] = (plane[i] - lowest) / (highest - lowest);
}

/* What a picture's planes are made in. */
typedef struct workspace {
    pixel_taps *rows, *columns;
    bool *used_rows, *used_columns;
    slope *slopes;
    double *plane;
} workspace;

static void workspace_release(workspace *space)
{
    free(space->rows);
    free(space->columns);
    free(space->used_rows);
    free(space->used_columns);
    free(space->slopes);
    free(space->plane);
}

/* The corners along a side of a layer's last octave, which has the most. */
static size_t corners_most(const noise_layer *layer)
{
    return (size_t)(layer->cells << (layer->octaves - 1)) + 1;
}

static vqc_status workspace_init(const vqc_start_site *site, const noise_layer *layer, workspace *space,
                                 vqc_error *error)
{
    const size_t corners = corners_most(layer);
    const int64_t samples = layer->cells << layer->octaves;
    VQC_TRY(vqc_memory_allocate((size_t)site->height, sizeof *space->rows, "rows", &space->rows, error));
    VQC_TRY(vqc_memory_allocate((size_t)site->width, sizeof *space->columns, "columns", &space->columns, error));
    VQC_TRY(vqc_memory_allocate(corners, sizeof(bool), "rows", &space->used_rows, error));
    VQC_TRY(vqc_memory_allocate(corners, sizeof(bool), "columns", &space->used_columns, error));
    VQC_TRY(vqc_memory_allocate(corners * corners, sizeof(slope), "slopes", &space->slopes, error));
    VQC_TRY(vqc_memory_allocate((size_t)(site->height * site->width), sizeof(double), "noise", &space->plane, error));
    taps_place(space->rows, site->height, samples);
    taps_place(space->columns, site->width, samples);
    return VQC_OK;
}

/* One channel of a layer into the plane; `plane` numbers it among all of the render. */
static void plane_make(const vqc_start_site *site, const noise_layer *layer, uint32_t plane, workspace *space)
{
    int64_t cells = layer->cells;
    double share = 0.5;
    for (int64_t i = 0; i < site->height * site->width; i++)
        space->plane[i] = 0.5;
    for (int i = 0; i < layer->octaves; i++) {
        const octave one = {.cell = (int64_t)1 << (layer->octaves - i),
                            .corners = cells + 1,
                            .share = share,
                            .slopes = space->slopes};
        corners_mark(&one, space->rows, site->height, space->used_rows);
        corners_mark(&one, space->columns, site->width, space->used_columns);
        slopes_draw(site, &one, i, plane, space->used_rows, space->used_columns);
        octave_add(site, &one, space->rows, space->columns, space->plane);
        cells *= 2;
        share /= 1.5;
    }
    plane_stretch(space->plane, site->height * site->width);
}

/* Adds its share of a layer to the picture. */
static vqc_status layer_add(const vqc_start_site *site, int number, bool grey, float *pixels, vqc_error *error)
{
    workspace space = {0};
    vqc_status status = workspace_init(site, &layers[number], &space, error);
    for (int channel = 0; status == VQC_OK && channel < 3; channel++) {
        if (channel == 0 || !grey)
            plane_make(site, &layers[number], (uint32_t)(3 * number + channel), &space);
        for (int64_t i = 0; i < site->height * site->width; i++)
            pixels[3 * i + channel] += (float)(space.plane[i] / LAYERS);
    }
    workspace_release(&space);
    return status;
}

static vqc_status picture_draw(const vqc_start_site *site, float *pixels, vqc_error *error)
{
    static const bool grey[][LAYERS] = {
        [VQC_PERLIN_MIXED] = {false, true},
        [VQC_PERLIN_COLOR] = {false, false},
        [VQC_PERLIN_GRAY] = {true, true},
    };
    for (int64_t i = 0; i < 3 * site->height * site->width; i++)
        pixels[i] = 0.0F;
    for (int i = 0; i < LAYERS; i++)
        VQC_TRY(layer_add(site, i, grey[site->render->settings->init.perlin][i], pixels, error));
    return VQC_OK;
}

const vqc_start_type vqc_start_perlin = {.picture = picture_draw};
