#include "ops/ref/ref.h"

/* As it is defined: every output pixel looks at nine pixels of the enlarged picture. */

/* parameter 0: (3, 3, in_channels, out_channels); 1: bias; 2: the first with the channels exchanged, only for the
 * backward pass. */
enum { FORWARD_WEIGHT, BIAS, BACKWARD_WEIGHT };
enum { SIDE = 3, PLACES = SIDE * SIDE };

static vqc_status prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    const vqc_upsample_convolution *o = &operation->upsample_convolution;
    const int64_t count = o->in_channels * o->out_channels;
    VQC_TRY(ref_parameter_allocate(plan, FORWARD_WEIGHT, PLACES * count, error));
    if (with_backward)
        VQC_TRY(ref_parameter_allocate(plan, BACKWARD_WEIGHT, PLACES * count, error));
    for (int64_t i = 0; i < PLACES * count; i++) {
        int64_t place = i % PLACES;
        int64_t in = i / PLACES % o->in_channels;
        int64_t out = i / PLACES / o->in_channels;
        plan->parameter[FORWARD_WEIGHT][place * count + in * o->out_channels + out] = (double)o->weight[i];
        if (with_backward)
            plan->parameter[BACKWARD_WEIGHT][place * count + out * o->in_channels + in] = (double)o->weight[i];
    }
    return ref_parameter_copy(plan, BIAS, o->bias, o->out_channels, error);
}

/* The pixel of the input that output pixel (y, x) of a picture sees at a place of the kernel; -1: none. */
static int64_t pixel_seen(const vqc_upsample_convolution *o, int64_t picture, int64_t y, int64_t x, int64_t place)
{
    int64_t above = y + place / SIDE - 1;
    int64_t left = x + place % SIDE - 1;
    if (above < 0 || above >= 2 * o->height || left < 0 || left >= 2 * o->width)
        return -1;
    return (picture * o->height + above / 2) * o->width + left / 2;
}

/* What is done with a pixel of the output and the pixel of the input that it sees. */
typedef void pair_function(const ref_plan *plan, const void *arguments, int64_t output, int64_t input, int64_t place);

static void pairs_visit(const ref_plan *plan, const void *arguments, pair_function *visit)
{
    const vqc_upsample_convolution *o = &plan->operation.upsample_convolution;
    for (int64_t i = 0; i < 4 * o->batch * o->height * o->width; i++) {
        int64_t x = i % (2 * o->width);
        int64_t y = i / (2 * o->width) % (2 * o->height);
        int64_t picture = i / (4 * o->width * o->height);
        for (int64_t place = 0; place < PLACES; place++) {
            int64_t seen = pixel_seen(o, picture, y, x, place);
            if (seen >= 0)
                visit(plan, arguments, i, seen, place);
        }
    }
}

static void pair_forward(const ref_plan *plan, const void *opaque, int64_t output, int64_t input, int64_t place)
{
    const vqc_upsample_convolution *o = &plan->operation.upsample_convolution;
    const ref_forward *arguments = opaque;
    const ref_rows pixel = {arguments->input[0] + input * o->in_channels, 1, o->in_channels};
    ref_matrix_accumulate(pixel, o->in_channels,
                          plan->parameter[FORWARD_WEIGHT] + place * o->in_channels * o->out_channels, o->out_channels,
                          arguments->output + output * o->out_channels, o->out_channels);
}

static void pair_backward(const ref_plan *plan, const void *opaque, int64_t output, int64_t input, int64_t place)
{
    const vqc_upsample_convolution *o = &plan->operation.upsample_convolution;
    const ref_backward *arguments = opaque;
    const ref_rows pixel = {arguments->grad_output + output * o->out_channels, 1, o->out_channels};
    ref_matrix_accumulate(pixel, o->out_channels,
                          plan->parameter[BACKWARD_WEIGHT] + place * o->in_channels * o->out_channels, o->in_channels,
                          arguments->grad_input[0] + input * o->in_channels, o->in_channels);
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const double *bias = plan->parameter[BIAS];
    const int64_t channels = plan->operation.upsample_convolution.out_channels;
    for (int64_t i = 0; i < plan->layout.output_count_elements; i++)
        arguments->output[i] = bias == NULL ? 0.0 : bias[i % channels];
    pairs_visit(plan, arguments, pair_forward);
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    if (arguments->grad_input[0] != NULL)
        pairs_visit(plan, arguments, pair_backward);
}

const ref_kernel ref_upsample_convolution_kernel = {.prepare = prepare, .forward = forward, .backward = backward};
