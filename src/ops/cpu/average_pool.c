#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

typedef struct pool {
    vqc_dtype dtype;
    const vqc_average_pool *shape;
    const void *source;
    void *target;
    bool accumulate;
} pool;

/* Element index of the first channel of input pixel (y, x) in a window; out_row counts the rows of all pictures. */
VQC_CPU_INLINE int64_t input_index(const vqc_average_pool *o, int64_t out_row, int64_t out_x, int64_t y, int64_t x)
{
    return ((out_row * o->window + y) * o->width + out_x * o->window + x) * o->channels;
}

/* Channels are summed in blocks that fit into registers, so that any number of channels needs no memory. */
VQC_CPU_INLINE void mean_block(vqc_dtype dtype, const pool *p, int64_t out_row, int64_t out_x, int64_t channel,
                               int64_t count)
{
    const vqc_average_pool *o = p->shape;
    float sum[64] = {0};
    for (int64_t y = 0; y < o->window; y++)
        for (int64_t x = 0; x < o->window; x++) {
            const void *restrict pixel = vqc_cpu_at(dtype, p->source, input_index(o, out_row, out_x, y, x) + channel);
            for (int64_t c = 0; c < count; c++)
                sum[c] += vqc_cpu_load(dtype, pixel, c);
        }
    int64_t target = (out_row * (o->width / o->window) + out_x) * o->channels + channel;
    float area = (float)(o->window * o->window);
    for (int64_t c = 0; c < count; c++)
        vqc_cpu_store(dtype, p->target, target + c, sum[c] / area);
}

VQC_CPU_INLINE void mean_row(vqc_dtype dtype, const pool *p, int64_t out_row)
{
    const vqc_average_pool *o = p->shape;
    for (int64_t out_x = 0; out_x < o->width / o->window; out_x++) {
        int64_t channel = 0;
        for (; channel + 64 <= o->channels; channel += 64)
            mean_block(dtype, p, out_row, out_x, channel, 64);
        if (channel < o->channels)
            mean_block(dtype, p, out_row, out_x, channel, o->channels - channel);
    }
}

VQC_CPU_KERNEL static void forward_row(const pool *p, int64_t out_row)
{
    VQC_CPU_FOR_DTYPE(mean_row, p->dtype, p, out_row);
}

VQC_CPU_INLINE void spread_row(vqc_dtype dtype, bool accumulate, const pool *p, int64_t out_row, int64_t y)
{
    const vqc_average_pool *o = p->shape;
    int64_t out_width = o->width / o->window;
    float area = (float)(o->window * o->window);
    for (int64_t out_x = 0; out_x < out_width; out_x++)
        for (int64_t x = 0; x < o->window; x++) {
            const void *restrict source = vqc_cpu_at(dtype, p->source, (out_row * out_width + out_x) * o->channels);
            void *restrict target = vqc_cpu_at_writable(dtype, p->target, input_index(o, out_row, out_x, y, x));
            for (int64_t c = 0; c < o->channels; c++)
                vqc_cpu_store_gradient(dtype, accumulate, target, c, vqc_cpu_load(dtype, source, c) / area);
        }
}

/* The gradient of one input row, row y of the windows of an output row. */
VQC_CPU_KERNEL static void backward_row(const pool *p, int64_t out_row, int64_t y)
{
    VQC_CPU_FOR_STORE(spread_row, p->dtype, p->accumulate, p, out_row, y);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_average_pool *o = &plan->operation.average_pool;
    const pool p = {
        .dtype = plan->operation.dtype, .shape = o, .source = arguments->input[0], .target = arguments->output};
    int64_t rows = o->batch * (o->height / o->window);
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; row++)
        forward_row(&p, row);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_average_pool *o = &plan->operation.average_pool;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    const pool p = {.dtype = plan->operation.dtype,
                    .shape = o,
                    .source = arguments->grad_output,
                    .target = arguments->grad_input[0],
                    .accumulate = arguments->accumulate[0]};
    int64_t rows = o->batch * o->height;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; row++)
        backward_row(&p, row / o->window, row % o->window);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_average_pool_kernel = {.forward = run_forward, .backward = run_backward};
