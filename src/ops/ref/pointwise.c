#include <math.h>
#include <string.h>

#include "ops/ref/ref.h"

/* Operations that treat every element alone. In this file arguments with one input want its gradient, or there is
 * nothing to do. */

static const double sqrt_half = 0.70710678118654752440;
static const double density_at_0 = 0.39894228040143267794; /* 1 / √(2π) */
static const double quick_factor = 1.702;
static const double tanh_factor = 0.79788456080286535588; /* √(2/π) */
static const double tanh_cube = 0.044715;

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double activation_value(vqc_activation_function function, double x)
{
    switch (function) {
    case VQC_ACTIVATION_RELU:
        return x < 0.0 ? 0.0 : x;
    case VQC_ACTIVATION_QUICK_GELU:
        return x * sigmoid(quick_factor * x);
    case VQC_ACTIVATION_GELU:
        return 0.5 * x * (1.0 + erf(x * sqrt_half));
    case VQC_ACTIVATION_TANH_GELU:
        return 0.5 * x * (1.0 + tanh(tanh_factor * (x + tanh_cube * x * x * x)));
    case VQC_ACTIVATION_COUNT:
        break;
    }
    return NAN;
}

/* The derivative at x; for ReLU, x may as well be the output. */
static double activation_derivative(vqc_activation_function function, double x)
{
    switch (function) {
    case VQC_ACTIVATION_RELU:
        return x > 0.0 ? 1.0 : 0.0;
    case VQC_ACTIVATION_QUICK_GELU: {
        double s = sigmoid(quick_factor * x);
        return s + quick_factor * x * s * (1.0 - s);
    }
    case VQC_ACTIVATION_GELU:
        return 0.5 * (1.0 + erf(x * sqrt_half)) + x * density_at_0 * exp(-0.5 * x * x);
    case VQC_ACTIVATION_TANH_GELU: {
        double t = tanh(tanh_factor * (x + tanh_cube * x * x * x));
        return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * tanh_factor * (1.0 + 3.0 * tanh_cube * x * x);
    }
    case VQC_ACTIVATION_COUNT:
        break;
    }
    return NAN;
}

static void activation_forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_activation *o = &plan->operation.activation;
    for (int64_t i = 0; i < o->count; i++)
        arguments->output[i] = activation_value(o->function, arguments->input[0][i]);
}

static void activation_backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_activation *o = &plan->operation.activation;
    const double *at = o->function == VQC_ACTIVATION_RELU ? arguments->output : arguments->input[0];
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->count; i++)
        arguments->grad_input[0][i] = arguments->grad_output[i] * activation_derivative(o->function, at[i]);
}

static void add_forward(const ref_plan *plan, const ref_forward *arguments)
{
    for (int64_t i = 0; i < plan->operation.add.count; i++)
        arguments->output[i] = arguments->input[0][i] + arguments->input[1][i];
}

static void add_backward(const ref_plan *plan, const ref_backward *arguments)
{
    for (int input = 0; input < 2; input++)
        if (arguments->grad_input[input] != NULL)
            memcpy(arguments->grad_input[input], arguments->grad_output,
                   (size_t)plan->operation.add.count * sizeof(double));
}

enum { SCALE, SHIFT };

static vqc_status channel_scale_prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward,
                                        vqc_error *error)
{
    const vqc_channel_scale *o = &operation->channel_scale;
    (void)with_backward;
    VQC_TRY(ref_parameter_copy(plan, SCALE, o->scale, o->channels, error));
    return ref_parameter_copy(plan, SHIFT, o->shift, o->channels, error);
}

static void channel_scale_forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_channel_scale *o = &plan->operation.channel_scale;
    for (int64_t i = 0; i < o->rows * o->channels; i++)
        arguments->output[i] = arguments->input[0][i] * plan->parameter[SCALE][i % o->channels] +
                               plan->parameter[SHIFT][i % o->channels];
}

static void channel_scale_backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_channel_scale *o = &plan->operation.channel_scale;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->rows * o->channels; i++)
        arguments->grad_input[0][i] = arguments->grad_output[i] * plan->parameter[SCALE][i % o->channels];
}

/* Written so that NaN stays NaN. */
static double limit(double u)
{
    if (u < 0.0)
        return 0.0;
    return u > 1.0 ? 1.0 : u;
}

static void clamp_forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_clamp *o = &plan->operation.clamp;
    for (int64_t i = 0; i < o->count; i++)
        arguments->output[i] = limit(arguments->input[0][i] * (double)o->scale + (double)o->shift);
}

static void clamp_backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_clamp *o = &plan->operation.clamp;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->count; i++) {
        double u = arguments->input[0][i] * (double)o->scale + (double)o->shift;
        double g = arguments->grad_output[i];
        bool held = g * (u - limit(u)) < 0.0;
        arguments->grad_input[0][i] = held ? 0.0 : g * (double)o->scale;
    }
}

/* The conversion itself is ref.c's. */
static void cast_forward(const ref_plan *plan, const ref_forward *arguments)
{
    memcpy(arguments->output, arguments->input[0], (size_t)plan->operation.cast.count * sizeof(double));
}

static void cast_backward(const ref_plan *plan, const ref_backward *arguments)
{
    if (arguments->grad_input[0] != NULL)
        memcpy(arguments->grad_input[0], arguments->grad_output, (size_t)plan->operation.cast.count * sizeof(double));
}

const ref_kernel ref_activation_kernel = {.forward = activation_forward, .backward = activation_backward};
const ref_kernel ref_add_kernel = {.forward = add_forward, .backward = add_backward};
const ref_kernel ref_channel_scale_kernel = {
    .prepare = channel_scale_prepare, .forward = channel_scale_forward, .backward = channel_scale_backward};
const ref_kernel ref_clamp_kernel = {.forward = clamp_forward, .backward = clamp_backward};
const ref_kernel ref_cast_kernel = {.forward = cast_forward, .backward = cast_backward};
