#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/quantise_formulas.h"

/* The codebook's row as quantise_formulas.h says; the products z·e in f32 are a matrix product. */
enum { MAX_BLOCK = 64 };

typedef struct codebook {
    int64_t block; /* rows of z that are compared at a time */
    vqc_onednn_primitive *products;
    float *entries;         /* (entries, width) */
    double *squares;        /* e², by entry; 0 for the largest product */
    float *rounded_squares; /* the same in f32 */
    float *error_by_length; /* the distance's error is at most ‖z‖ · error_by_length + error_alone */
    float *error_alone;
} codebook;

static void state_destroy(void *opaque)
{
    codebook *state = opaque;
    vqc_onednn_primitive_destroy(state->products);
    free(state->entries);
    free(state->squares);
    free(state->rounded_squares);
    free(state->error_by_length);
    free(state->error_alone);
    free(state);
}

/* Replaces one product z·e by a lower bound of the distance. Returns an upper bound. */
VQC_CPU_INLINE float distance_bound(const codebook *state, float *restrict products, float length, int64_t entry)
{
    const vqc_quantise_bound bound = {.square = state->rounded_squares[entry],
                                      .error_by_length = state->error_by_length[entry],
                                      .error_alone = state->error_alone[entry]};
    vqc_quantise_interval interval = vqc_quantise_interval_of(products[entry], length, bound);
    products[entry] = interval.lower;
    return interval.upper;
}

/* Does so for all entries. Returns the least of the upper bounds. */
VQC_CPU_KERNEL static float distances_bound(const codebook *state, float *restrict products, float length,
                                            int64_t entries)
{
    float least[VQC_CPU_LANES];
    for (int lane = 0; lane < VQC_CPU_LANES; lane++)
        least[lane] = INFINITY;
    int64_t entry = 0;
    for (; entry + VQC_CPU_LANES <= entries; entry += VQC_CPU_LANES)
        for (int lane = 0; lane < VQC_CPU_LANES; lane++) {
            float upper = distance_bound(state, products, length, entry + lane);
            least[lane] = upper < least[lane] ? upper : least[lane];
        }
    for (int lane = 0; entry + lane < entries; lane++) {
        float upper = distance_bound(state, products, length, entry + lane);
        least[lane] = upper < least[lane] ? upper : least[lane];
    }
    float result = least[0];
    for (int lane = 1; lane < VQC_CPU_LANES; lane++)
        result = least[lane] < result ? least[lane] : result;
    return result;
}

/* The code of one row, from its products with all entries, which are overwritten. */
static int64_t nearest_of(const vqc_quantise *o, const codebook *state, const float *z, float *products)
{
    float length = vqc_quantise_length(vqc_quantise_square(z, 1, o->width));
    float least = distances_bound(state, products, length, o->entries);
    int64_t best = -1;
    double best_distance = 0.0;
    for (int64_t entry = 0; entry < o->entries; entry++) {
        if (products[entry] > least) /* false where the bounds are not numbers */
            continue;
        double distance =
            vqc_quantise_distance(z, state->entries + entry * o->width, 1, state->squares[entry], o->width);
        if (best < 0 || distance < best_distance) {
            best = entry;
            best_distance = distance;
        }
    }
    return best < 0 ? 0 : best;
}

/* The workspace holds a block of z filled up with zeros, its products, and the scratchpad. */
static size_t rows_size(const vqc_quantise *o, const codebook *state)
{
    return vqc_cpu_align((size_t)(state->block * o->width) * sizeof(float));
}

static size_t products_size(const vqc_quantise *o, const codebook *state)
{
    return vqc_cpu_align((size_t)(state->block * o->entries) * sizeof(float));
}

static vqc_status run_block(const vqc_cpu_plan *plan, const vqc_forward *arguments, int64_t first, vqc_error *error)
{
    const vqc_quantise *o = &plan->operation.quantise;
    const codebook *state = plan->state;
    const float *z = (const float *)arguments->input[0] + first * o->width;
    float *output = (float *)arguments->output + first * o->width;
    int32_t *codes = (int32_t *)arguments->saved + first;
    int64_t count = o->rows - first < state->block ? o->rows - first : state->block;
    char *workspace = arguments->workspace;
    memcpy(workspace, z, (size_t)(count * o->width) * sizeof(float));
    memset(workspace + (size_t)(count * o->width) * sizeof(float), 0,
           (size_t)((state->block - count) * o->width) * sizeof(float));
    float *products = (float *)(void *)(workspace + rows_size(o, state));
    const vqc_onednn_arguments operands = {.source = workspace,
                                           .target = products,
                                           .scratchpad = workspace + rows_size(o, state) + products_size(o, state)};
    VQC_TRY(vqc_onednn_execute(state->products, &operands, error));
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < count; row++) {
        int64_t code = nearest_of(o, state, z + row * o->width, products + row * o->entries);
        codes[row] = (int32_t)code;
        memcpy(output + row * o->width, state->entries + code * o->width, (size_t)o->width * sizeof(float));
    }
    return VQC_OK;
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const codebook *state = plan->state;
    for (int64_t first = 0; first < plan->operation.quantise.rows; first += state->block)
        VQC_TRY(run_block(plan, arguments, first, error));
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_quantise *o = &plan->operation.quantise;
    if (arguments->grad_input[0] != NULL)
        vqc_cpu_gradient_pass(VQC_DTYPE_F32, arguments->accumulate[0], arguments->grad_input[0],
                              arguments->grad_output, o->rows * o->width);
    return VQC_OK;
}

static void entry_measure(codebook *state, int64_t entry, const vqc_quantise *o)
{
    double square = vqc_quantise_square(state->entries + entry * o->width, 1, o->width);
    vqc_quantise_bound bound = vqc_quantise_bound_of(square, o->width, o->largest_product);
    state->squares[entry] = o->largest_product ? 0.0 : square;
    state->rounded_squares[entry] = bound.square;
    state->error_by_length[entry] = bound.error_by_length;
    state->error_alone[entry] = bound.error_alone;
}

static vqc_status codebook_init(vqc_cpu_plan *plan, codebook *state, vqc_error *error)
{
    const vqc_quantise *o = &plan->operation.quantise;
    size_t count = (size_t)o->entries;
    VQC_TRY(vqc_cpu_parameters_copy(plan, o->codebook, o->entries * o->width, &state->entries, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof(double), "a codebook", &state->squares, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof(float), "a codebook", &state->rounded_squares, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof(float), "a codebook", &state->error_by_length, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof(float), "a codebook", &state->error_alone, error));
    plan->sizes.parameters += count * (sizeof(double) + 3 * sizeof(float));
    for (int64_t entry = 0; entry < o->entries; entry++)
        entry_measure(state, entry, o);
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_quantise *o = &plan->operation.quantise;
    codebook *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    VQC_TRY(codebook_init(plan, state, error));
    int64_t blocks = (o->rows + MAX_BLOCK - 1) / MAX_BLOCK;
    state->block = (o->rows + blocks - 1) / blocks;
    const vqc_onednn_product products = {.rows = state->block,
                                         .columns = o->entries,
                                         .depth = o->width,
                                         .dtype = VQC_DTYPE_F32,
                                         .target_dtype = VQC_DTYPE_F32,
                                         .matrix_transposed = true,
                                         .constant = o->codebook};
    VQC_TRY(vqc_onednn_product_create(plan->device->onednn, &products, &state->products, error));
    plan->sizes.parameters += vqc_onednn_primitive_parameters(state->products);
    plan->sizes.saved = (size_t)o->rows * sizeof(int32_t);
    plan->sizes.workspace =
        rows_size(o, state) + products_size(o, state) + vqc_onednn_primitive_scratchpad(state->products);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_quantise_kernel = {.prepare = prepare, .forward = run_forward, .backward = run_backward};
