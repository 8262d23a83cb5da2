#include <string.h>

#include "ops/ref/ref.h"

/* Rows and columns of a window. */
typedef struct window {
    int64_t top, bottom, left, right; /* from, and up to but without */
} window;

/* The pixels of `from` that the stretch of pixel i of `to` touches: pixel p does if p + 1 > i · from / to and
 * p < (i + 1) · from / to. */
static void pixels_touched(int64_t i, int64_t from, int64_t to, int64_t *first_out, int64_t *end_out)
{
    int64_t p = 0;
    while ((p + 1) * to <= i * from)
        p++;
    *first_out = p;
    while (p * to < (i + 1) * from)
        p++;
    *end_out = p;
}

static window window_of(const vqc_adaptive_pool *o, int64_t row, int64_t column)
{
    window w;
    pixels_touched(row, o->height, o->side, &w.top, &w.bottom);
    pixels_touched(column, o->width, o->side, &w.left, &w.right);
    return w;
}

static double window_area(const window *w)
{
    return (double)((w->bottom - w->top) * (w->right - w->left));
}

static vqc_status prepare(ref_plan *plan, const vqc_operation *operation, bool backward, vqc_error *error)
{
    const vqc_adaptive_pool *o = &operation->adaptive_pool;
    (void)backward;
    (void)error;
    plan->saved_size = (size_t)(o->side * o->side * o->channels) * sizeof(int32_t);
    return VQC_OK;
}

/* One element; *largest_out is the pixel of the first largest value. */
static double element_pool(const vqc_adaptive_pool *o, const double *input, const window *w, int64_t channel,
                           int32_t *largest_out)
{
    double sum = 0.0;
    int64_t largest = w->top * o->width + w->left;
    for (int64_t y = w->top; y < w->bottom; y++) {
        for (int64_t x = w->left; x < w->right; x++) {
            int64_t pixel = y * o->width + x;
            sum += input[pixel * o->channels + channel];
            if (input[pixel * o->channels + channel] > input[largest * o->channels + channel])
                largest = pixel;
        }
    }
    *largest_out = (int32_t)largest;
    return 0.5 * (sum / window_area(w) + input[largest * o->channels + channel]);
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_adaptive_pool *o = &plan->operation.adaptive_pool;
    int32_t *largest = arguments->saved;
    int64_t size = o->side * o->side * o->channels;
    for (int64_t i = 0; i < size; i++) {
        window w = window_of(o, i / o->channels / o->side, i / o->channels % o->side);
        arguments->output[i] = element_pool(o, arguments->input[0], &w, i % o->channels, &largest[i]);
    }
    for (int64_t crop = 1; crop < o->crops; crop++)
        memcpy(arguments->output + crop * size, arguments->output, (size_t)size * sizeof(double));
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_adaptive_pool *o = &plan->operation.adaptive_pool;
    const int32_t *largest = arguments->saved;
    double *gradient = arguments->grad_input[0];
    int64_t size = o->side * o->side * o->channels;
    for (int64_t i = 0; i < o->crops * size && gradient != NULL; i++) {
        int64_t place = i % size;
        int64_t channel = place % o->channels;
        window w = window_of(o, place / o->channels / o->side, place / o->channels % o->side);
        double half = 0.5 * arguments->grad_output[i];
        gradient[largest[place] * o->channels + channel] += half;
        for (int64_t y = w.top; y < w.bottom; y++)
            for (int64_t x = w.left; x < w.right; x++)
                gradient[(y * o->width + x) * o->channels + channel] += half / window_area(&w);
    }
}

const ref_kernel ref_adaptive_pool_kernel = {.prepare = prepare, .forward = forward, .backward = backward};
