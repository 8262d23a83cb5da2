#include "ops/ref/ref.h"

/* Each pixel of a coarse picture is tied to window × window pixels of a fine one. */
typedef struct pooling {
    int64_t batch, height, width, channels; /* of the fine picture */
    int64_t window;
} pooling;

/* coarse += scale · sums of the fine pixels. */
static void gather(const pooling *p, double scale, const double *fine, double *coarse)
{
    for (int64_t y = 0; y < p->batch * p->height; y++)
        for (int64_t x = 0; x < p->width; x++)
            for (int64_t c = 0; c < p->channels; c++)
                coarse[(y / p->window * (p->width / p->window) + x / p->window) * p->channels + c] +=
                    scale * fine[(y * p->width + x) * p->channels + c];
}

/* fine = scale · the coarse pixel above. */
static void spread(const pooling *p, double scale, const double *coarse, double *fine)
{
    for (int64_t y = 0; y < p->batch * p->height; y++)
        for (int64_t x = 0; x < p->width; x++)
            for (int64_t c = 0; c < p->channels; c++)
                fine[(y * p->width + x) * p->channels + c] =
                    scale * coarse[(y / p->window * (p->width / p->window) + x / p->window) * p->channels + c];
}

static pooling pooling_of_average(const vqc_average_pool *o)
{
    return (pooling){o->batch, o->height, o->width, o->channels, o->window};
}

static double average_scale(const pooling *p)
{
    return 1.0 / (double)(p->window * p->window);
}

static void average_pool_forward(const ref_plan *plan, const ref_forward *arguments)
{
    pooling p = pooling_of_average(&plan->operation.average_pool);
    for (int64_t i = 0; i < plan->layout.output_count_elements; i++)
        arguments->output[i] = 0.0;
    gather(&p, average_scale(&p), arguments->input[0], arguments->output);
}

static void average_pool_backward(const ref_plan *plan, const ref_backward *arguments)
{
    pooling p = pooling_of_average(&plan->operation.average_pool);
    if (arguments->grad_input[0] != NULL)
        spread(&p, average_scale(&p), arguments->grad_output, arguments->grad_input[0]);
}

const ref_kernel ref_average_pool_kernel = {.forward = average_pool_forward, .backward = average_pool_backward};
