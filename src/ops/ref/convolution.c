#include <string.h>

#include "ops/ref/ref.h"

/* Convolution, and linear as a convolution with a 1×1 kernel of rows × 1 pixels. For each place of the kernel the
 * pixels of one output row that it reaches are a matrix product with the weights of that place. */

/* parameter 0: (kernel_height, kernel_width, in_channels, out_channels); 1: bias; 2: the first with the channels
 * exchanged, only for the backward pass. */
enum { FORWARD_WEIGHT, BIAS, BACKWARD_WEIGHT };

/* The pixels of an output row, and where their input begins, for one place of the kernel. */
typedef struct convolution_span {
    int64_t first;  /* first output pixel, and how many */
    int64_t count;  /* may be 0 */
    int64_t source; /* input pixel of the first */
} convolution_span;

static int64_t out_height_of(const vqc_convolution *o)
{
    return (o->height + o->pad_top + o->pad_bottom - o->kernel_height) / o->stride + 1;
}

static int64_t out_width_of(const vqc_convolution *o)
{
    return (o->width + o->pad_left + o->pad_right - o->kernel_width) / o->stride + 1;
}

/* Output pixels whose input x · stride + kernel_x − pad_left lies in the row. */
static convolution_span span_of(const vqc_convolution *o, int64_t kernel_x)
{
    int64_t offset = kernel_x - o->pad_left;
    int64_t out_width = out_width_of(o);
    int64_t first = 0;
    while (first < out_width && first * o->stride + offset < 0)
        first++;
    int64_t end = first;
    while (end < out_width && end * o->stride + offset < o->width)
        end++;
    return (convolution_span){.first = first, .count = end - first, .source = first * o->stride + offset};
}

static vqc_convolution linear_as_convolution(const vqc_linear *o)
{
    return (vqc_convolution){.batch = 1,
                             .height = 1,
                             .width = o->rows,
                             .in_channels = o->in_width,
                             .out_channels = o->out_width,
                             .kernel_height = 1,
                             .kernel_width = 1,
                             .stride = 1,
                             .residual = o->residual,
                             .weight = o->weight,
                             .bias = o->bias};
}

static void weight_arrange(const vqc_convolution *o, double *forward, double *backward)
{
    int64_t places = o->kernel_height * o->kernel_width;
    for (int64_t out = 0; out < o->out_channels; out++) {
        for (int64_t in = 0; in < o->in_channels; in++) {
            const float *weight = o->weight + (out * o->in_channels + in) * places;
            for (int64_t place = 0; place < places; place++) {
                forward[(place * o->in_channels + in) * o->out_channels + out] = (double)weight[place];
                if (backward != NULL)
                    backward[(place * o->out_channels + out) * o->in_channels + in] = (double)weight[place];
            }
        }
    }
}

static vqc_status prepare(ref_plan *plan, const vqc_convolution *o, bool backward, vqc_error *error)
{
    int64_t count = o->kernel_height * o->kernel_width * o->in_channels * o->out_channels;
    VQC_TRY(ref_parameter_allocate(plan, FORWARD_WEIGHT, count, error));
    if (backward)
        VQC_TRY(ref_parameter_allocate(plan, BACKWARD_WEIGHT, count, error));
    weight_arrange(o, plan->parameter[FORWARD_WEIGHT], plan->parameter[BACKWARD_WEIGHT]);
    return ref_parameter_copy(plan, BIAS, o->bias, o->out_channels, error);
}

/* The output before the products: bias and residual. */
static void output_start(const ref_plan *plan, const vqc_convolution *o, const double *residual, double *output)
{
    const double *bias = plan->parameter[BIAS];
    int64_t pixels = plan->layout.output_count_elements / o->out_channels;
    for (int64_t p = 0; p < pixels; p++)
        for (int64_t c = 0; c < o->out_channels; c++)
            output[p * o->out_channels + c] =
                (bias == NULL ? 0.0 : bias[c]) + (residual == NULL ? 0.0 : residual[p * o->out_channels + c]);
}

/* output row += what one row of the kernel takes from the input row. */
static void row_forward(const vqc_convolution *o, const double *in_row, const double *weight, double *out_row)
{
    for (int64_t x = 0; x < o->kernel_width; x++) {
        convolution_span span = span_of(o, x);
        if (span.count == 0)
            continue;
        ref_rows rows = {in_row + span.source * o->in_channels, span.count, o->stride * o->in_channels};
        ref_matrix_accumulate(rows, o->in_channels, weight + x * o->in_channels * o->out_channels, o->out_channels,
                              out_row + span.first * o->out_channels, o->out_channels);
    }
}

/* The gradient's way back through the same. */
static void row_backward(const vqc_convolution *o, const double *grad_out_row, const double *weight,
                         double *grad_in_row)
{
    for (int64_t x = 0; x < o->kernel_width; x++) {
        convolution_span span = span_of(o, x);
        if (span.count == 0)
            continue;
        ref_rows rows = {grad_out_row + span.first * o->out_channels, span.count, o->out_channels};
        ref_matrix_accumulate(rows, o->out_channels, weight + x * o->in_channels * o->out_channels, o->in_channels,
                              grad_in_row + span.source * o->in_channels, o->stride * o->in_channels);
    }
}

static void forward(const ref_plan *plan, const vqc_convolution *o, const ref_forward *arguments)
{
    output_start(plan, o, arguments->input[1], arguments->output);
    int64_t out_height = out_height_of(o);
    int64_t in_row_size = o->width * o->in_channels;
    int64_t out_row_size = out_width_of(o) * o->out_channels;
    int64_t weight_row_size = o->kernel_width * o->in_channels * o->out_channels;
    for (int64_t out_y = 0; out_y < o->batch * out_height; out_y++) {
        for (int64_t y = 0; y < o->kernel_height; y++) {
            int64_t in_y = out_y % out_height * o->stride + y - o->pad_top;
            if (in_y >= 0 && in_y < o->height)
                row_forward(o, arguments->input[0] + (out_y / out_height * o->height + in_y) * in_row_size,
                            plan->parameter[FORWARD_WEIGHT] + y * weight_row_size,
                            arguments->output + out_y * out_row_size);
        }
    }
}

static void backward(const ref_plan *plan, const vqc_convolution *o, const ref_backward *arguments)
{
    if (arguments->grad_input[1] != NULL)
        memcpy(arguments->grad_input[1], arguments->grad_output,
               (size_t)plan->layout.output_count_elements * sizeof(double));
    if (arguments->grad_input[0] == NULL)
        return;
    int64_t out_height = out_height_of(o);
    int64_t in_row_size = o->width * o->in_channels;
    int64_t out_row_size = out_width_of(o) * o->out_channels;
    int64_t weight_row_size = o->kernel_width * o->in_channels * o->out_channels;
    for (int64_t out_y = 0; out_y < o->batch * out_height; out_y++) {
        for (int64_t y = 0; y < o->kernel_height; y++) {
            int64_t in_y = out_y % out_height * o->stride + y - o->pad_top;
            if (in_y >= 0 && in_y < o->height)
                row_backward(o, arguments->grad_output + out_y * out_row_size,
                             plan->parameter[BACKWARD_WEIGHT] + y * weight_row_size,
                             arguments->grad_input[0] + (out_y / out_height * o->height + in_y) * in_row_size);
        }
    }
}

static vqc_status convolution_prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward,
                                      vqc_error *error)
{
    return prepare(plan, &operation->convolution, with_backward, error);
}

static void convolution_forward(const ref_plan *plan, const ref_forward *arguments)
{
    forward(plan, &plan->operation.convolution, arguments);
}

static void convolution_backward(const ref_plan *plan, const ref_backward *arguments)
{
    backward(plan, &plan->operation.convolution, arguments);
}

static vqc_status linear_prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    vqc_convolution o = linear_as_convolution(&operation->linear);
    return prepare(plan, &o, with_backward, error);
}

static void linear_forward(const ref_plan *plan, const ref_forward *arguments)
{
    vqc_convolution o = linear_as_convolution(&plan->operation.linear);
    forward(plan, &o, arguments);
}

static void linear_backward(const ref_plan *plan, const ref_backward *arguments)
{
    vqc_convolution o = linear_as_convolution(&plan->operation.linear);
    backward(plan, &o, arguments);
}

const ref_kernel ref_convolution_kernel = {
    .prepare = convolution_prepare, .forward = convolution_forward, .backward = convolution_backward};
const ref_kernel ref_linear_kernel = {
    .prepare = linear_prepare, .forward = linear_forward, .backward = linear_backward};
