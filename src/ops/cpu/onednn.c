#include "ops/cpu/onednn.h"

#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include "base/memory.h"
#include "ops/cpu/gemm.h"
#include "ops/cpu/onednn_piece.h"

/* How computations are cut.
 *
 * oneDNN chooses blocks, and with them the order of sums, by the number of threads: in nearly all matrix products of
 * AVX2 ("gemm:jit"), with AVX-512 in some convolutions of version 2.6, and in gradients of convolutions with a stride
 * in version 3.7. So a computation is cut into pieces whose number depends on its shape and on the implementation
 * that oneDNN has for it, and each is planned and run with one thread.
 *
 * Thus cut, an element of the target has the bits of the whole computation planned for one thread: convolutions by
 * pictures, and pictures by rows, described as smaller pictures; products of gemm:jit by columns, if they are not
 * large (gemm.h); all others, the "brg" of AVX-512, by rows. That was measured with AVX-512 in versions 2.6.3
 * and 3.7.2 at 16 convolutions and their gradients and 10 products, and with AVX2 in 2.6.3 (test_threads does it
 * again). The other ways round it is not so: gemm:jit gives other bits by rows, and brg has no target with gaps
 * between rows.
 *
 * More pieces serve more threads, but each costs its start, a product of few rows or columns packs as much as one of
 * many, and every piece of a convolution reads all weights. So there are at most 16, a power of two; the pictures of
 * a small batch are each cut so that there are 16 or more in all, unless they are small. */
enum { MAX_PIECES = 16, LEAST_ROWS = 6, LEAST_COLUMNS = 64, LEAST_PIXELS = 64, COLUMNS_AT_ONCE = 16 };
/* Many rows want wide pieces in gemm:jit: 800 x 768 x 3072 took 57 ms whole and by 4, 64 to 76 ms by 8 and 16. */
enum { MANY_ROWS = 256, WIDE_COLUMNS = 384 };
#define LEAST_WORK (1 << 17) /* multiplications of a piece */

typedef struct range {
    int64_t first, end;
} range;

/* In how many ranges a computation is divided: products rows, convolutions pictures and rows of each. */
typedef struct cut {
    int outer, inner;
} cut;

/* What is computed: a product, or a convolution or its gradient. */
typedef struct subject {
    const vqc_onednn_product *product; /* NULL: a convolution */
    const vqc_convolution *convolution;
    vqc_dtype dtype;
    bool gradient;
} subject;

/* A piece, and the elements of the arguments at which it begins. */
typedef struct part {
    vqc_onednn_computation computation;
    int64_t source, target;
} part;

typedef struct placed_piece {
    vqc_onednn_piece *piece;
    size_t source, target; /* bytes */
} placed_piece;

struct vqc_onednn_primitive {
    int threads; /* that compute */
    int count;
    vqc_gemm *gemm; /* of `columns`; NULL: `pieces` */
    int64_t columns;
    placed_piece *pieces;
    size_t scratchpad; /* bytes for a thread */
    size_t parameters;
    char name[VQC_ONEDNN_NAME_SIZE];
};

/* Range number `index` of `count` ranges of the extent, which begin at multiples of `unit`. */
static range range_of(int64_t extent, int64_t unit, int count, int index)
{
    int64_t units = (extent + unit - 1) / unit;
    int64_t end = units * (index + 1) / count * unit;
    return (range){units * index / count * unit, end < extent ? end : extent};
}

/* The largest power of two that is not above the limits; at least 1. */
static int power_of_two(int64_t limit, int64_t other_limit)
{
    int64_t power = 1;
    while (2 * power <= limit && 2 * power <= other_limit)
        power *= 2;
    return (int)power;
}

static int64_t out_height_of(const vqc_convolution *c)
{
    return (c->height + c->pad_top + c->pad_bottom - c->kernel_height) / c->stride + 1;
}

static int64_t out_width_of(const vqc_convolution *c)
{
    return (c->width + c->pad_left + c->pad_right - c->kernel_width) / c->stride + 1;
}

/* Of rows or columns, at least so many a piece. */
static int product_cut(const vqc_onednn_product *p, int64_t extent, int64_t least)
{
    int64_t most = p->rows * p->columns * p->depth / LEAST_WORK;
    return p->whole ? 1 : power_of_two(extent / least, most < MAX_PIECES ? most : MAX_PIECES);
}

static cut convolution_cut(const vqc_convolution *c, bool gradient)
{
    int64_t rows = gradient ? (c->height + c->stride - 1) / c->stride : out_height_of(c);
    int64_t most = c->batch * out_height_of(c) * out_width_of(c) * c->in_channels * c->out_channels *
                   c->kernel_height * c->kernel_width / LEAST_WORK;
    if (c->batch >= MAX_PIECES || most <= c->batch)
        return (cut){power_of_two(c->batch < MAX_PIECES ? c->batch : MAX_PIECES, most), 1};
    int64_t large = c->height * c->width / (gradient ? 1 : c->stride * c->stride) / LEAST_PIXELS;
    rows = rows < large ? rows : large;
    int64_t of_a_picture = (int64_t)2 * MAX_PIECES / c->batch;
    of_a_picture = of_a_picture < MAX_PIECES ? of_a_picture : MAX_PIECES;
    return (cut){(int)c->batch, power_of_two(rows < of_a_picture ? rows : of_a_picture, most / c->batch)};
}

static vqc_onednn_tensor matrix_of(vqc_dtype dtype, int64_t rows, int64_t columns, int64_t line, bool transposed)
{
    return (vqc_onednn_tensor){.axes = 2,
                               .sizes = {rows, columns},
                               .strides = {transposed ? 1 : line, transposed ? line : 1},
                               .dtype = dtype};
}

static part product_part(const vqc_onednn_product *p, range rows)
{
    int64_t count = rows.end - rows.first;
    part piece = {
        .computation = {.kind = VQC_ONEDNN_PRODUCT,
                        .source = matrix_of(p->dtype, count, p->depth, p->source_transposed ? p->rows : p->depth,
                                            p->source_transposed),
                        .matrix = matrix_of(p->dtype, p->depth, p->columns,
                                            p->matrix_transposed ? p->depth : p->columns, p->matrix_transposed),
                        .target = matrix_of(p->target_dtype, count, p->columns, p->columns, false),
                        .accumulate = p->accumulate,
                        .constant = p->constant,
                        .bias_values = p->bias},
        .source = rows.first * (p->source_transposed ? 1 : p->depth),
        .target = rows.first * p->columns,
    };
    piece.computation.matrix.packed = p->constant != NULL;
    if (p->bias != NULL)
        piece.computation.bias = matrix_of(VQC_DTYPE_F32, 1, p->columns, p->columns, false);
    return piece;
}

/* Channels last in memory. */
static vqc_onednn_tensor picture_of(vqc_dtype dtype, int64_t batch, int64_t channels, int64_t height, int64_t width)
{
    return (vqc_onednn_tensor){.axes = 4,
                               .sizes = {batch, channels, height, width},
                               .strides = {height * width * channels, 1, width * channels, channels},
                               .dtype = dtype};
}

static vqc_onednn_tensor kernel_of(vqc_dtype dtype, const vqc_convolution *c)
{
    int64_t area = c->kernel_height * c->kernel_width;
    return (vqc_onednn_tensor){.axes = 4,
                               .sizes = {c->out_channels, c->in_channels, c->kernel_height, c->kernel_width},
                               .strides = {c->in_channels * area, area, c->kernel_width, 1},
                               .dtype = dtype,
                               .packed = true};
}

static vqc_onednn_computation convolution_computation(vqc_dtype dtype, const vqc_convolution *c, bool gradient)
{
    vqc_onednn_computation computation = {
        .kind = gradient ? VQC_ONEDNN_CONVOLUTION_GRADIENT : VQC_ONEDNN_CONVOLUTION,
        .matrix = kernel_of(dtype, c),
        .window = {.strides = {c->stride, c->stride},
                   .padding_before = {c->pad_top, c->pad_left},
                   .padding_after = {c->pad_bottom, c->pad_right}},
        .constant = c->weight,
    };
    vqc_onednn_tensor input = picture_of(dtype, c->batch, c->in_channels, c->height, c->width);
    vqc_onednn_tensor output = picture_of(dtype, c->batch, c->out_channels, out_height_of(c), out_width_of(c));
    computation.source = gradient ? output : input;
    computation.target = gradient ? input : output;
    if (gradient)
        return computation;
    computation.accumulate = c->residual;
    computation.bias_values = c->bias;
    if (c->bias != NULL)
        computation.bias =
            (vqc_onednn_tensor){.axes = 1, .sizes = {c->out_channels}, .strides = {1}, .dtype = VQC_DTYPE_F32};
    return computation;
}

/* The rows of the input that output rows are made of, as a picture of their own. Returns its first row. */
static int64_t forward_rows(vqc_convolution *c, range rows)
{
    int64_t above = rows.first * c->stride - c->pad_top;
    int64_t below = (rows.end - 1) * c->stride - c->pad_top + c->kernel_height - c->height;
    int64_t first = above > 0 ? above : 0;
    c->height += (below < 0 ? below : 0) - first;
    c->pad_top = above < 0 ? -above : 0;
    c->pad_bottom = below > 0 ? below : 0;
    return first;
}

/* The picture that consists of input rows alone, and the rows of the output that they play a part in. Returns the
 * first of these. `rows` begins at a multiple of the stride. */
static int64_t gradient_rows(vqc_convolution *c, range rows)
{
    int64_t last = (rows.end - 1 + c->pad_top) / c->stride;
    int64_t before = rows.first + c->pad_top - c->kernel_height;
    int64_t first = before < 0 ? 0 : before / c->stride + 1;
    if (last >= out_height_of(c))
        last = out_height_of(c) - 1;
    int64_t reach = (last - first) * c->stride + c->kernel_height; /* rows that these windows cover together */
    c->height = rows.end - rows.first;
    c->pad_top += rows.first - first * c->stride;
    c->pad_bottom = reach > c->height + c->pad_top ? reach - c->height - c->pad_top : 0;
    return first;
}

static part convolution_part(const subject *s, range pictures, range rows)
{
    const vqc_convolution *whole = s->convolution;
    int64_t all = s->gradient ? whole->height : out_height_of(whole);
    vqc_convolution c = *whole;
    int64_t first = 0; /* row of the source */
    c.batch = pictures.end - pictures.first;
    if (rows.end - rows.first < all)
        first = s->gradient ? gradient_rows(&c, rows) : forward_rows(&c, rows);
    int64_t input_line = whole->width * whole->in_channels;
    int64_t output_line = out_width_of(whole) * whole->out_channels;
    int64_t input_row = pictures.first * whole->height + (s->gradient ? rows.first : first);
    int64_t output_row = pictures.first * out_height_of(whole) + (s->gradient ? first : rows.first);
    return (part){.computation = convolution_computation(s->dtype, &c, s->gradient),
                  .source = s->gradient ? output_row * output_line : input_row * input_line,
                  .target = s->gradient ? input_row * input_line : output_row * output_line};
}

static part part_of(const subject *s, cut c, int index)
{
    int outer = index / c.inner;
    int inner = index % c.inner;
    if (s->product != NULL)
        return product_part(s->product, range_of(s->product->rows, 1, c.outer, outer));
    const vqc_convolution *o = s->convolution;
    int64_t rows = s->gradient ? o->height : out_height_of(o);
    return convolution_part(s, range_of(o->batch, 1, c.outer, outer),
                            range_of(rows, s->gradient ? o->stride : 1, c.inner, inner));
}

static vqc_status piece_add(const vqc_onednn *onednn, vqc_onednn_primitive *p, const part *piece, vqc_error *error)
{
    placed_piece *added = &p->pieces[p->count];
    const vqc_onednn_piece *like = p->count > 0 ? p->pieces[0].piece : NULL;
    VQC_TRY(vqc_onednn_piece_create(onednn, &piece->computation, like, &added->piece, error));
    p->count++;
    added->source = (size_t)piece->source * vqc_dtype_size(piece->computation.source.dtype);
    added->target = (size_t)piece->target * vqc_dtype_size(piece->computation.target.dtype);
    size_t scratchpad = vqc_onednn_piece_scratchpad(added->piece);
    p->scratchpad = scratchpad > p->scratchpad ? scratchpad : p->scratchpad;
    p->parameters += vqc_onednn_piece_parameters(added->piece);
    return VQC_OK;
}

static vqc_status pieces_create(const vqc_onednn *onednn, const subject *s, cut c, vqc_onednn_primitive *p,
                                vqc_error *error)
{
    int count = c.outer * c.inner;
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof *p->pieces, "primitives", &p->pieces, error));
    for (int i = 0; i < count; i++) {
        const part piece = part_of(s, c, i);
        VQC_TRY(piece_add(onednn, p, &piece, error));
    }
    return VQC_OK;
}

static void pieces_destroy(vqc_onednn_primitive *p)
{
    for (int i = 0; p->pieces != NULL && i < p->count; i++)
        vqc_onednn_piece_destroy(p->pieces[i].piece);
    free(p->pieces);
    p->pieces = NULL;
    p->count = 0;
    p->parameters = 0;
}

static bool has_name(const vqc_onednn_primitive *p, const char *name)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(vqc_onednn_piece_name(p->pieces[i].piece), name) != 0)
            return false;
    return true;
}

static vqc_status gemm_create(const vqc_onednn_product *product, vqc_onednn_primitive *p, vqc_error *error)
{
    p->columns = product->columns;
    p->count = product_cut(product, product->columns, product->rows > MANY_ROWS ? WIDE_COLUMNS : LEAST_COLUMNS);
    VQC_TRY(vqc_gemm_create(product, &p->gemm, error));
    p->parameters = vqc_gemm_parameters(p->gemm);
    for (int i = 0; i < p->count; i++) {
        range columns = range_of(p->columns, COLUMNS_AT_ONCE, p->count, i);
        vqc_gemm_take(p->gemm, product, columns.first, columns.end);
        size_t scratchpad = vqc_gemm_scratchpad(p->gemm, columns.end - columns.first);
        p->scratchpad = scratchpad > p->scratchpad ? scratchpad : p->scratchpad;
    }
    return VQC_OK;
}

/* A shape whose pieces would be computed by another implementation than the whole, oneDNN's reference loops at worst,
 * is left whole. */
static vqc_status primitive_fill(const vqc_onednn *onednn, const subject *s, vqc_onednn_primitive *p,
                                 vqc_error *error)
{
    const cut whole = {1, 1};
    const part all = part_of(s, whole, 0);
    VQC_TRY(vqc_onednn_name(onednn, &all.computation, p->name, error));
    bool f32 = s->dtype == VQC_DTYPE_F32;
    if (s->product != NULL && f32 && s->product->target_dtype == s->dtype && strcmp(p->name, "gemm:jit") == 0)
        return gemm_create(s->product, p, error);
    cut c = s->product != NULL ? (cut){product_cut(s->product, s->product->rows, LEAST_ROWS), 1}
                               : convolution_cut(s->convolution, s->gradient);
    VQC_TRY(pieces_create(onednn, s, c, p, error));
    if (has_name(p, p->name))
        return VQC_OK;
    pieces_destroy(p);
    return pieces_create(onednn, s, whole, p, error);
}

static vqc_status primitive_create(const vqc_onednn *onednn, const subject *s, vqc_onednn_primitive **primitive_out,
                                   vqc_error *error)
{
    vqc_onednn_primitive *p;
    VQC_TRY(vqc_memory_allocate(1, sizeof *p, "a primitive", &p, error));
    vqc_status status = primitive_fill(onednn, s, p, error);
    if (status != VQC_OK) {
        vqc_onednn_primitive_destroy(p);
        return status;
    }
    int threads = omp_get_max_threads();
    p->threads = threads < p->count ? threads : p->count;
    *primitive_out = p;
    return VQC_OK;
}

vqc_status vqc_onednn_product_create(const vqc_onednn *onednn, const vqc_onednn_product *product,
                                     vqc_onednn_primitive **primitive_out, vqc_error *error)
{
    const subject s = {.product = product, .dtype = product->dtype};
    return primitive_create(onednn, &s, primitive_out, error);
}

vqc_status vqc_onednn_convolution_create(const vqc_onednn *onednn, vqc_dtype dtype,
                                         const vqc_convolution *convolution, vqc_onednn_primitive **primitive_out,
                                         vqc_error *error)
{
    const subject s = {.convolution = convolution, .dtype = dtype};
    return primitive_create(onednn, &s, primitive_out, error);
}

vqc_status vqc_onednn_convolution_gradient_create(const vqc_onednn *onednn, vqc_dtype dtype,
                                                  const vqc_convolution *convolution,
                                                  vqc_onednn_primitive **primitive_out, vqc_error *error)
{
    const subject s = {.convolution = convolution, .dtype = dtype, .gradient = true};
    return primitive_create(onednn, &s, primitive_out, error);
}

void vqc_onednn_primitive_destroy(vqc_onednn_primitive *primitive)
{
    if (primitive == NULL)
        return;
    pieces_destroy(primitive);
    vqc_gemm_destroy(primitive->gemm);
    free(primitive);
}

size_t vqc_onednn_primitive_scratchpad(const vqc_onednn_primitive *primitive)
{
    return (size_t)primitive->threads * primitive->scratchpad;
}

size_t vqc_onednn_primitive_parameters(const vqc_onednn_primitive *primitive)
{
    return primitive->parameters;
}

int vqc_onednn_primitive_pieces(const vqc_onednn_primitive *primitive)
{
    return primitive->count;
}

const char *vqc_onednn_primitive_name(const vqc_onednn_primitive *primitive)
{
    return primitive->name;
}

static vqc_status piece_execute(const vqc_onednn_primitive *p, int index, const vqc_onednn_arguments *arguments,
                                vqc_error *error)
{
    vqc_onednn_arguments operands = *arguments;
    operands.scratchpad = (char *)arguments->scratchpad + (size_t)omp_get_thread_num() * p->scratchpad;
    if (p->gemm != NULL) {
        range columns = range_of(p->columns, COLUMNS_AT_ONCE, p->count, index);
        return vqc_gemm_execute(p->gemm, &operands, columns.first, columns.end, error);
    }
    const placed_piece *placed = &p->pieces[index];
    operands.source = (const char *)arguments->source + placed->source;
    operands.target = (char *)arguments->target + placed->target;
    return vqc_onednn_piece_execute(placed->piece, &operands, error);
}

/* Of several failures, any is reported. */
vqc_status vqc_onednn_execute(vqc_onednn_primitive *primitive, const vqc_onednn_arguments *arguments,
                              vqc_error *error)
{
    vqc_status failure = VQC_OK;
#pragma omp parallel for schedule(static) num_threads(primitive->threads)
    for (int i = 0; i < primitive->count; i++) {
        vqc_error own = {0};
        vqc_status status = piece_execute(primitive, i, arguments, &own);
        if (status == VQC_OK)
            continue;
#pragma omp critical(vqc_onednn_failure)
        {
            failure = status;
            *error = own;
        }
    }
    return failure;
}
