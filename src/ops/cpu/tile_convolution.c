#include "ops/cpu/tile_convolution.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/gemm.h"
#include "ops/cpu/plan.h"

/* The tiles of all pictures are taken in groups, whose sums and products stay in the caches; a group's tiles are
 * transformed, then multiplied, then transformed back, each step by all threads. */
enum {
    MOST = 4,   /* pixels of a tile and products along one axis */
    LANES = 32, /* channels at once */
    COLUMNS = 256,
    LEAST_GROUP = 64,
    LEAST_TILES = 16,
    LEAST_CHANNELS = 32,
    MANY_CHANNELS = 64,
    GROUP_SIZE = 1 << 20 /* bytes */
};

typedef enum kind { PLAIN, DOUBLED, DOUBLED_GRADIENT, KIND_COUNT } kind;

/* Of tiles, along one axis. */
typedef struct scheme {
    int inputs, step; /* pixels of the source; from one tile's first one to the next's */
    int products, outputs;
    bool summed;      /* the products are added up */
    int64_t rows;     /* tiles in a product, which has COLUMNS columns at most */
    int turned[MOST]; /* which sums of the weights are those of the turned kernel */
} scheme;

static const scheme schemes[] = {
    [PLAIN] = {.inputs = 4, .step = 2, .products = 4, .outputs = 2, .rows = 64, .turned = {3, 1, 2, 0}},
    [DOUBLED] = {.inputs = 3, .step = 1, .products = 3, .outputs = 2, .rows = 64},
    [DOUBLED_GRADIENT] = {.inputs = 4, .step = 2, .products = 3, .outputs = 1, .summed = true, .rows = 32},
};
static_assert(sizeof schemes / sizeof schemes[0] == KIND_COUNT, "a kind without its scheme");

/* One direction: from source to target. */
typedef struct direction {
    kind kind;
    int64_t height, width, channels; /* of the source */
    int64_t out_height, out_width, out_channels;
    int64_t before_top, before_left; /* pixels of the first tile that lie outside */
    int64_t rows, columns;           /* of tiles, in a picture */
    int64_t tiles, group;            /* of all pictures; in a group */
    bool transposed;                 /* the weights */
    int order[MOST];                 /* which of the weights' sums belongs to a product */
} direction;

struct vqc_tile_convolution {
    direction forward, gradient;
    int sums; /* of the weights, along one axis */
    int64_t in_channels, out_channels;
    float *weight; /* (sums, sums, in_channels, out_channels) */
    float *bias;   /* (out_channels), zeros where there is none */
};

/* ---- Weights ---- */

/* The sums of three weights. */
static void weights_combine(kind k, const double w[3], double sums[MOST])
{
    switch (k) {
    case PLAIN:
        sums[0] = w[0];
        sums[1] = (w[0] + w[1] + w[2]) / 2.0;
        sums[2] = (w[0] - w[1] + w[2]) / 2.0;
        sums[3] = w[2];
        return;
    case DOUBLED:
    case DOUBLED_GRADIENT:
        sums[0] = w[0];
        sums[1] = w[0] + w[1] + w[2];
        sums[2] = w[2];
        return;
    case KIND_COUNT:
        return;
    }
}

/* Of one kernel: along both axes. */
static void kernel_combine(kind k, const float kernel[9], double sums[MOST][MOST])
{
    double rows[3][MOST] = {0};
    for (int y = 0; y < 3; y++) {
        const double line[3] = {(double)kernel[3 * y], (double)kernel[3 * y + 1], (double)kernel[3 * y + 2]};
        weights_combine(k, line, rows[y]);
    }
    for (int b = 0; b < schemes[k].products; b++) {
        const double line[3] = {rows[0][b], rows[1][b], rows[2][b]};
        double column[MOST] = {0};
        weights_combine(k, line, column);
        for (int a = 0; a < schemes[k].products; a++)
            sums[a][b] = column[a];
    }
}

static void weight_fill(vqc_tile_convolution *c, const float *weight)
{
#pragma omp parallel for schedule(static)
    for (int64_t in = 0; in < c->in_channels; in++) {
        for (int64_t out = 0; out < c->out_channels; out++) {
            double sums[MOST][MOST];
            kernel_combine(c->forward.kind, weight + (out * c->in_channels + in) * 9, sums);
            for (int p = 0; p < c->sums * c->sums; p++)
                c->weight[(p * c->in_channels + in) * c->out_channels + out] = (float)sums[p / c->sums][p % c->sums];
        }
    }
}

/* ---- Sums of pixels and of products ---- */

/* Along one axis: `inputs` lines of the source to `products` lines. The steps are those from line to line. */
VQC_CPU_INLINE void pixels_combine(kind k, const float *restrict d, int step, float *restrict v, int to)
{
    switch (k) {
    case PLAIN:
        for (int l = 0; l < LANES; l++) {
            v[l] = d[l] - d[2 * step + l];
            v[to + l] = d[step + l] + d[2 * step + l];
            v[2 * to + l] = d[2 * step + l] - d[step + l];
            v[3 * to + l] = d[step + l] - d[3 * step + l];
        }
        return;
    case DOUBLED:
        for (int l = 0; l < LANES; l++) {
            v[l] = d[l] - d[step + l];
            v[to + l] = d[step + l];
            v[2 * to + l] = d[2 * step + l] - d[step + l];
        }
        return;
    case DOUBLED_GRADIENT:
        for (int l = 0; l < LANES; l++) {
            v[l] = d[3 * step + l] - d[step + l];
            v[to + l] = d[step + l] + d[2 * step + l];
            v[2 * to + l] = d[l] - d[2 * step + l];
        }
        return;
    case KIND_COUNT:
        return;
    }
}

/* From products to outputs; where they are summed, there is one already. */
VQC_CPU_INLINE void products_combine(kind k, const float *restrict m, int step, float *restrict y, int to)
{
    switch (k) {
    case PLAIN:
        for (int l = 0; l < LANES; l++) {
            y[l] = m[l] + m[step + l] + m[2 * step + l];
            y[to + l] = m[step + l] - m[2 * step + l] - m[3 * step + l];
        }
        return;
    case DOUBLED:
        for (int l = 0; l < LANES; l++) {
            y[l] = m[l] + m[step + l];
            y[to + l] = m[step + l] + m[2 * step + l];
        }
        return;
    case DOUBLED_GRADIENT:
        memcpy(y, m, LANES * sizeof *y);
        return;
    case KIND_COUNT:
        return;
    }
}

/* A tile's first pixels: of the source, which may lie outside, and of the target. */
typedef struct tile_place {
    int64_t picture, top, left, out_top, out_left;
} tile_place;

static tile_place place_of(const direction *d, int64_t tile)
{
    const scheme *s = &schemes[d->kind];
    int64_t row = tile / d->columns % d->rows;
    int64_t column = tile % d->columns;
    return (tile_place){.picture = tile / d->columns / d->rows,
                        .top = row * s->step - d->before_top,
                        .left = column * s->step - d->before_left,
                        .out_top = row * s->outputs,
                        .out_left = column * s->outputs};
}

/* So many channels of the pixel, and zeros behind them; of one outside, zeros. */
VQC_CPU_INLINE void pixel_load(const direction *d, const float *source, int64_t picture, int64_t y, int64_t x,
                               int64_t count, float *restrict lanes)
{
    if (y < 0 || y >= d->height || x < 0 || x >= d->width) {
        memset(lanes, 0, LANES * sizeof *lanes);
        return;
    }
    const float *pixel = source + ((picture * d->height + y) * d->width + x) * d->channels;
    if (count == LANES) {
        memcpy(lanes, pixel, LANES * sizeof *lanes);
        return;
    }
    memset(lanes, 0, LANES * sizeof *lanes);
    memcpy(lanes, pixel, (size_t)count * sizeof *lanes);
}

VQC_CPU_INLINE void lanes_store(const float *restrict lanes, int64_t count, float *restrict target)
{
    if (count == LANES)
        memcpy(target, lanes, LANES * sizeof *lanes);
    else
        memcpy(target, lanes, (size_t)count * sizeof *lanes);
}

/* sums (products, products, tiles of the group, channels): those of the tile, from the channel on. */
VQC_CPU_INLINE void lanes_transform(kind k, const direction *d, const float *source, tile_place at, int64_t channel,
                                    float *sums, int64_t plane)
{
    const int inputs = schemes[k].inputs;
    const int products = schemes[k].products;
    const int64_t count = d->channels - channel < LANES ? d->channels - channel : LANES;
    float pixels[MOST * MOST * LANES];
    float columns[MOST * MOST * LANES];
    float both[MOST * LANES];
    for (int y = 0; y < inputs; y++)
        for (int x = 0; x < inputs; x++)
            pixel_load(d, source + channel, at.picture, at.top + y, at.left + x, count,
                       pixels + (y * MOST + x) * LANES);
    for (int x = 0; x < inputs; x++)
        pixels_combine(k, pixels + x * LANES, MOST * LANES, columns + x * LANES, MOST * LANES);
    for (int a = 0; a < products; a++) {
        pixels_combine(k, columns + a * MOST * LANES, LANES, both, LANES);
        for (int b = 0; b < products; b++)
            lanes_store(both + b * LANES, count, sums + (a * products + b) * plane + channel);
    }
}

VQC_CPU_INLINE void channels_transform(kind k, const direction *d, const float *source, tile_place at, float *sums)
{
    for (int64_t c = 0; c < d->channels; c += LANES)
        lanes_transform(k, d, source, at, c, sums, d->group * d->channels);
}

VQC_CPU_KERNEL static void tile_transform(const direction *d, const float *source, tile_place at, float *sums)
{
    switch (d->kind) {
    case PLAIN:
        channels_transform(PLAIN, d, source, at, sums);
        return;
    case DOUBLED:
        channels_transform(DOUBLED, d, source, at, sums);
        return;
    case DOUBLED_GRADIENT:
        channels_transform(DOUBLED_GRADIENT, d, source, at, sums);
        return;
    case KIND_COUNT:
        return;
    }
}

/* What becomes of the products. */
typedef struct finish {
    const float *bias;  /* NULL: none */
    const float *added; /* likewise */
    float *target;
} finish;

VQC_CPU_INLINE void pixel_finish(const direction *d, const finish *f, const float *lanes, tile_place at, int64_t y,
                                 int64_t x, int64_t channel, int64_t count)
{
    if (at.out_top + y >= d->out_height || at.out_left + x >= d->out_width)
        return;
    int64_t row = at.picture * d->out_height + at.out_top + y;
    int64_t first = (row * d->out_width + at.out_left + x) * d->out_channels + channel;
    for (int64_t l = 0; l < count; l++) {
        float value = f->bias != NULL ? lanes[l] + f->bias[channel + l] : lanes[l];
        f->target[first + l] = f->added != NULL ? value + f->added[first + l] : value;
    }
}

/* products (products, products, tiles of the group, out_channels), or, where they are summed, one of them. */
VQC_CPU_INLINE void lanes_finish(kind k, const direction *d, const finish *f, tile_place at, int64_t channel,
                                 const float *products, int64_t plane)
{
    const int along = schemes[k].summed ? 1 : schemes[k].products;
    const int outputs = schemes[k].outputs;
    const int64_t count = d->out_channels - channel < LANES ? d->out_channels - channel : LANES;
    float all[MOST * MOST * LANES] = {0};
    float columns[MOST * MOST * LANES];
    float both[MOST * LANES];
    for (int p = 0; p < along * along; p++)
        lanes_store(products + p * plane + channel, count, all + (p / along * MOST + p % along) * LANES);
    for (int b = 0; b < along; b++)
        products_combine(k, all + b * LANES, MOST * LANES, columns + b * LANES, MOST * LANES);
    for (int y = 0; y < outputs; y++) {
        products_combine(k, columns + y * MOST * LANES, LANES, both, LANES);
        for (int x = 0; x < outputs; x++)
            pixel_finish(d, f, both + x * LANES, at, y, x, channel, count);
    }
}

VQC_CPU_INLINE void channels_finish(kind k, const direction *d, const finish *f, tile_place at, const float *products)
{
    for (int64_t c = 0; c < d->out_channels; c += LANES)
        lanes_finish(k, d, f, at, c, products, d->group * d->out_channels);
}

VQC_CPU_KERNEL static void tile_finish(const direction *d, const finish *f, tile_place at, const float *products)
{
    switch (d->kind) {
    case PLAIN:
        channels_finish(PLAIN, d, f, at, products);
        return;
    case DOUBLED:
        channels_finish(DOUBLED, d, f, at, products);
        return;
    case DOUBLED_GRADIENT:
        channels_finish(DOUBLED_GRADIENT, d, f, at, products);
        return;
    case KIND_COUNT:
        return;
    }
}

/* ---- Running ---- */

/* Elements of a group's sums of pixels; of its products. */
static int64_t sums_count(const direction *d)
{
    const scheme *s = &schemes[d->kind];
    return s->products * s->products * d->group * d->channels;
}

static int64_t products_count(const direction *d)
{
    const scheme *s = &schemes[d->kind];
    return (s->summed ? 1 : s->products * s->products) * d->group * d->out_channels;
}

/* One direction of a convolution at work. */
typedef struct run {
    const vqc_tile_convolution *convolution;
    const direction *direction;
    const float *source;
    finish finish;
    float *sums, *products; /* the workspace */
} run;

/* What one thread multiplies at once: tiles [from, from + rows) of a group, columns [column, column + columns) of a
 * product. */
typedef struct block {
    int64_t from, rows, column, columns;
} block;

/* Product number `index`. */
static vqc_status product_multiply(const run *r, int index, const block *b, vqc_error *error)
{
    const direction *d = r->direction;
    const scheme *s = &schemes[d->kind];
    const vqc_tile_convolution *c = r->convolution;
    int sum = d->order[index / s->products] * c->sums + d->order[index % s->products];
    int64_t plane = s->summed ? 0 : index * d->group;
    const vqc_gemm_operands operands = {.rows = b->rows,
                                        .columns = b->columns,
                                        .depth = d->channels,
                                        .source = r->sums + (index * d->group + b->from) * d->channels,
                                        .matrix = c->weight + sum * c->in_channels * c->out_channels +
                                                  b->column * (d->transposed ? d->channels : 1),
                                        .matrix_line = c->out_channels,
                                        .matrix_transposed = d->transposed,
                                        .target = r->products + (plane + b->from) * d->out_channels + b->column,
                                        .target_line = d->out_channels,
                                        .accumulate = s->summed && index > 0};
    return vqc_gemm_multiply(&operands, error);
}

static int64_t parts_of(int64_t count, int64_t size)
{
    return (count + size - 1) / size;
}

/* Item number `item` of those that the products of a group of `count` tiles are divided into. */
static vqc_status item_multiply(const run *r, int64_t item, int64_t count, vqc_error *error)
{
    const direction *d = r->direction;
    const scheme *s = &schemes[d->kind];
    int64_t parts = parts_of(d->out_channels, COLUMNS);
    int64_t heights = parts_of(count, s->rows);
    block b = {.from = item / parts % heights * s->rows, .column = item % parts * COLUMNS};
    b.rows = count - b.from < s->rows ? count - b.from : s->rows;
    b.columns = d->out_channels - b.column < COLUMNS ? d->out_channels - b.column : COLUMNS;
    if (!s->summed)
        return product_multiply(r, (int)(item / parts / heights), &b, error);
    for (int i = 0; i < s->products * s->products; i++)
        VQC_TRY(product_multiply(r, i, &b, error));
    return VQC_OK;
}

static int64_t items_of(const direction *d, int64_t count)
{
    const scheme *s = &schemes[d->kind];
    int64_t blocks = parts_of(count, s->rows) * parts_of(d->out_channels, COLUMNS);
    return s->summed ? blocks : blocks * s->products * s->products;
}

/* By every thread of a team together. Of several failures, any is reported. */
static void group_run(const run *r, int64_t first, vqc_status *failure, vqc_error *error)
{
    const direction *d = r->direction;
    const int64_t count = d->tiles - first < d->group ? d->tiles - first : d->group;
    const int64_t items = items_of(d, count);
#pragma omp for schedule(static)
    for (int64_t i = 0; i < count; i++)
        tile_transform(d, r->source, place_of(d, first + i), r->sums + i * d->channels);
#pragma omp for schedule(static)
    for (int64_t i = 0; i < items; i++) {
        vqc_error own = {0};
        vqc_status status = item_multiply(r, i, count, &own);
        if (status == VQC_OK)
            continue;
#pragma omp critical(vqc_tile_failure)
        {
            *failure = status;
            *error = own;
        }
    }
#pragma omp for schedule(static)
    for (int64_t i = 0; i < count; i++)
        tile_finish(d, &r->finish, place_of(d, first + i), r->products + i * d->out_channels);
}

static vqc_status direction_run(const vqc_tile_convolution *c, const direction *d, const float *source, finish f,
                                void *workspace, vqc_error *error)
{
    const run r = {.convolution = c,
                   .direction = d,
                   .source = source,
                   .finish = f,
                   .sums = workspace,
                   .products = (float *)workspace + sums_count(d)};
    vqc_status failure = VQC_OK;
#pragma omp parallel
    for (int64_t first = 0; first < d->tiles; first += d->group)
        group_run(&r, first, &failure, error);
    return failure;
}

vqc_status vqc_tile_convolution_forward(const vqc_tile_convolution *convolution, const float *input,
                                        const float *added, float *output, void *workspace, vqc_error *error)
{
    const finish f = {.bias = convolution->bias, .added = added, .target = output};
    return direction_run(convolution, &convolution->forward, input, f, workspace, error);
}

vqc_status vqc_tile_convolution_gradient(const vqc_tile_convolution *convolution, const float *grad_output,
                                         const float *added, float *grad_input, void *workspace, vqc_error *error)
{
    const finish f = {.added = added, .target = grad_input};
    return direction_run(convolution, &convolution->gradient, grad_output, f, workspace, error);
}

/* ---- Making ---- */

/* Sets what follows from the rest. */
static void tiles_set(direction *d, int64_t batch)
{
    const scheme *s = &schemes[d->kind];
    int64_t area = (int64_t)s->products * s->products;
    int64_t tile = area * (d->channels + d->out_channels) * (int64_t)sizeof(float);
    int64_t most = GROUP_SIZE / tile / s->rows * s->rows;
    d->rows = (d->out_height + s->outputs - 1) / s->outputs;
    d->columns = (d->out_width + s->outputs - 1) / s->outputs;
    d->tiles = batch * d->rows * d->columns;
    d->group = most < LEAST_GROUP ? LEAST_GROUP : most;
    d->group = d->tiles < d->group ? d->tiles : d->group;
}

static direction forward_of(const vqc_tile_shape *shape)
{
    direction d = {.kind = shape->doubled ? DOUBLED : PLAIN,
                   .height = shape->height,
                   .width = shape->width,
                   .channels = shape->in_channels,
                   .out_height = shape->out_height,
                   .out_width = shape->out_width,
                   .out_channels = shape->out_channels,
                   .before_top = shape->pad_top,
                   .before_left = shape->pad_left,
                   .order = {0, 1, 2, 3}};
    tiles_set(&d, shape->batch);
    return d;
}

/* Of the plain kind a turned kernel, whose sums change places. */
static direction gradient_of(const vqc_tile_shape *shape)
{
    direction d = {.kind = shape->doubled ? DOUBLED_GRADIENT : PLAIN,
                   .height = shape->out_height,
                   .width = shape->out_width,
                   .channels = shape->out_channels,
                   .out_height = shape->height,
                   .out_width = shape->width,
                   .out_channels = shape->in_channels,
                   .before_top = 2 - shape->pad_top,
                   .before_left = 2 - shape->pad_left,
                   .transposed = true,
                   .order = {0, 1, 2}};
    if (!shape->doubled)
        memcpy(d.order, schemes[PLAIN].turned, sizeof d.order);
    tiles_set(&d, shape->batch);
    return d;
}

bool vqc_tile_convolution_pays(const vqc_tile_shape *shape)
{
    const int64_t fewer = shape->in_channels < shape->out_channels ? shape->in_channels : shape->out_channels;
    const int64_t more = shape->in_channels + shape->out_channels - fewer;
    return fewer >= LEAST_CHANNELS && more >= MANY_CHANNELS && forward_of(shape).tiles >= LEAST_TILES;
}

vqc_status vqc_tile_convolution_create(const vqc_tile_shape *shape, const float *weight, const float *bias,
                                       vqc_tile_convolution **convolution_out, vqc_error *error)
{
    vqc_tile_convolution *c;
    VQC_TRY(vqc_memory_allocate(1, sizeof *c, "a convolution", &c, error));
    c->forward = forward_of(shape);
    c->gradient = gradient_of(shape);
    c->sums = schemes[c->forward.kind].products;
    c->in_channels = shape->in_channels;
    c->out_channels = shape->out_channels;
    size_t count = (size_t)(c->sums * c->sums * c->in_channels * c->out_channels);
    vqc_status status = vqc_memory_allocate(count, sizeof *c->weight, "weights", &c->weight, error);
    if (status == VQC_OK && bias != NULL)
        status = vqc_memory_allocate((size_t)c->out_channels, sizeof *c->bias, "a bias", &c->bias, error);
    if (status != VQC_OK) {
        vqc_tile_convolution_destroy(c);
        return status;
    }
    weight_fill(c, weight);
    if (bias != NULL)
        memcpy(c->bias, bias, (size_t)c->out_channels * sizeof *bias);
    *convolution_out = c;
    return VQC_OK;
}

void vqc_tile_convolution_destroy(vqc_tile_convolution *convolution)
{
    if (convolution == NULL)
        return;
    free(convolution->weight);
    free(convolution->bias);
    free(convolution);
}

size_t vqc_tile_convolution_parameters(const vqc_tile_convolution *convolution)
{
    size_t weights = (size_t)(convolution->sums * convolution->sums * convolution->in_channels);
    return (weights + (convolution->bias != NULL ? 1 : 0)) * (size_t)convolution->out_channels * sizeof(float);
}

size_t vqc_tile_convolution_workspace(const vqc_tile_convolution *convolution, bool backward)
{
    const direction *d = &convolution->forward;
    const direction *g = &convolution->gradient;
    int64_t forward = sums_count(d) + products_count(d);
    int64_t gradient = backward ? sums_count(g) + products_count(g) : 0;
    return vqc_cpu_align((size_t)(forward > gradient ? forward : gradient) * sizeof(float));
}
