#include <math.h>

#include "ops/ref/ref.h"

/* Group norm, and layer norm as a group norm of one pixel and one group per row. Saved: mean and 1 / standard
 * deviation of each group of each picture, as doubles. */
enum { WEIGHT, BIAS };

static vqc_group_norm layer_as_group(const vqc_layer_norm *o)
{
    return (vqc_group_norm){.batch = o->rows,
                            .pixels = 1,
                            .channels = o->width,
                            .groups = 1,
                            .epsilon = o->epsilon,
                            .weight = o->weight,
                            .bias = o->bias};
}

static vqc_status prepare(ref_plan *plan, const vqc_group_norm *o, vqc_error *error)
{
    plan->saved_size = (size_t)(o->batch * o->groups) * 2 * sizeof(double);
    VQC_TRY(ref_parameter_copy(plan, WEIGHT, o->weight, o->channels, error));
    return ref_parameter_copy(plan, BIAS, o->bias, o->channels, error);
}

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

/* Mean and 1 / √(variance + epsilon) of a group, its channels at the start of `input`. */
static void statistics(const vqc_group_norm *o, const double *input, double *mean, double *inverse)
{
    int64_t width = o->channels / o->groups;
    double count = (double)(o->pixels * width);
    double sum = 0.0;
    for (int64_t p = 0; p < o->pixels; p++)
        for (int64_t c = 0; c < width; c++)
            sum += input[p * o->channels + c];
    *mean = sum / count;
    double squares = 0.0;
    for (int64_t p = 0; p < o->pixels; p++)
        for (int64_t c = 0; c < width; c++)
            squares += pow(input[p * o->channels + c] - *mean, 2.0);
    *inverse = 1.0 / sqrt(squares / count + (double)o->epsilon);
}

/* Group g of picture b, and its place in the tensors. */
static void group_forward(const ref_plan *plan, const vqc_group_norm *o, int64_t b, int64_t g,
                          const ref_forward *arguments)
{
    int64_t width = o->channels / o->groups;
    const double *weight = plan->parameter[WEIGHT] + g * width;
    const double *bias = plan->parameter[BIAS] + g * width;
    int64_t start = b * o->pixels * o->channels + g * width;
    double *saved = (double *)arguments->saved + 2 * (b * o->groups + g);
    statistics(o, arguments->input[0] + start, &saved[0], &saved[1]);
    for (int64_t p = 0; p < o->pixels; p++) {
        for (int64_t c = 0; c < width; c++) {
            int64_t i = start + p * o->channels + c;
            double y = (arguments->input[0][i] - saved[0]) * saved[1] * weight[c] + bias[c];
            arguments->output[i] = o->swish ? y * sigmoid(y) : y;
        }
    }
}

/* The gradient at the normalised value x̂ of one element. */
static double grad_normalised(bool swish, double grad_output, double normalised, double weight, double bias)
{
    if (!swish)
        return grad_output * weight;
    double y = normalised * weight + bias;
    double s = sigmoid(y);
    return grad_output * s * (1.0 + y * (1.0 - s)) * weight;
}

/* With h the gradient at x̂: dx = (h − mean(h) − x̂ · mean(h x̂)) / standard deviation. */
static void group_backward(const ref_plan *plan, const vqc_group_norm *o, int64_t b, int64_t g,
                           const ref_backward *arguments)
{
    int64_t width = o->channels / o->groups;
    const double *weight = plan->parameter[WEIGHT] + g * width;
    const double *bias = plan->parameter[BIAS] + g * width;
    int64_t start = b * o->pixels * o->channels + g * width;
    const double *saved = (const double *)arguments->saved + 2 * (b * o->groups + g);
    double *grad = arguments->grad_input[0];
    double sum = 0.0;
    double product = 0.0;
    for (int64_t p = 0; p < o->pixels; p++) {
        for (int64_t c = 0; c < width; c++) {
            int64_t i = start + p * o->channels + c;
            double normalised = (arguments->input[0][i] - saved[0]) * saved[1];
            grad[i] = grad_normalised(o->swish, arguments->grad_output[i], normalised, weight[c], bias[c]);
            sum += grad[i];
            product += grad[i] * normalised;
        }
    }
    double count = (double)(o->pixels * width);
    for (int64_t p = 0; p < o->pixels; p++) {
        for (int64_t c = 0; c < width; c++) {
            int64_t i = start + p * o->channels + c;
            double normalised = (arguments->input[0][i] - saved[0]) * saved[1];
            grad[i] = saved[1] * (grad[i] - sum / count - normalised * product / count);
        }
    }
}

static void forward(const ref_plan *plan, const vqc_group_norm *o, const ref_forward *arguments)
{
    for (int64_t b = 0; b < o->batch; b++)
        for (int64_t g = 0; g < o->groups; g++)
            group_forward(plan, o, b, g, arguments);
}

static void backward(const ref_plan *plan, const vqc_group_norm *o, const ref_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t b = 0; b < o->batch; b++)
        for (int64_t g = 0; g < o->groups; g++)
            group_backward(plan, o, b, g, arguments);
}

static vqc_status group_prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    (void)with_backward;
    return prepare(plan, &operation->group_norm, error);
}

static void group_norm_forward(const ref_plan *plan, const ref_forward *arguments)
{
    forward(plan, &plan->operation.group_norm, arguments);
}

static void group_norm_backward(const ref_plan *plan, const ref_backward *arguments)
{
    backward(plan, &plan->operation.group_norm, arguments);
}

static vqc_status layer_prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    (void)with_backward;
    vqc_group_norm o = layer_as_group(&operation->layer_norm);
    return prepare(plan, &o, error);
}

static void layer_norm_forward(const ref_plan *plan, const ref_forward *arguments)
{
    vqc_group_norm o = layer_as_group(&plan->operation.layer_norm);
    forward(plan, &o, arguments);
}

static void layer_norm_backward(const ref_plan *plan, const ref_backward *arguments)
{
    vqc_group_norm o = layer_as_group(&plan->operation.layer_norm);
    backward(plan, &o, arguments);
}

const ref_kernel ref_group_norm_kernel = {
    .prepare = group_prepare, .forward = group_norm_forward, .backward = group_norm_backward};
const ref_kernel ref_layer_norm_kernel = {
    .prepare = layer_prepare, .forward = layer_norm_forward, .backward = layer_norm_backward};
