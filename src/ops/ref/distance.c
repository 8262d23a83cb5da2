#include <math.h>

#include "ops/ref/ref.h"

enum { TARGETS };

static double norm(const double *vector, int64_t width)
{
    double sum = 0.0;
    for (int64_t i = 0; i < width; i++)
        sum += vector[i] * vector[i];
    return sqrt(sum);
}

/* The targets are kept as unit vectors. */
static vqc_status prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    const vqc_distance *o = &operation->distance;
    (void)with_backward;
    VQC_TRY(ref_parameter_copy(plan, TARGETS, o->targets, o->prompts * o->width, error));
    for (int64_t p = 0; p < o->prompts; p++) {
        double *target = plan->parameter[TARGETS] + p * o->width;
        double length = norm(target, o->width);
        for (int64_t i = 0; i < o->width; i++)
            target[i] /= length;
    }
    return VQC_OK;
}

/* ‖x / length − target‖, at most 2; NaN stays NaN. */
static double chord(const double *x, double length, const double *target, int64_t width)
{
    double sum = 0.0;
    for (int64_t i = 0; i < width; i++) {
        double difference = x[i] / length - target[i];
        sum += difference * difference;
    }
    double length_of_difference = sqrt(sum);
    return length_of_difference > 2.0 ? 2.0 : length_of_difference;
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_distance *o = &plan->operation.distance;
    for (int64_t r = 0; r < o->rows; r++) {
        const double *x = arguments->input[0] + r * o->width;
        double length = norm(x, o->width);
        for (int64_t p = 0; p < o->prompts; p++) {
            double half_angle = asin(chord(x, length, plan->parameter[TARGETS] + p * o->width, o->width) / 2.0);
            arguments->output[r * o->prompts + p] = 2.0 * half_angle * half_angle;
        }
    }
}

/* d(2 asin²(c / 2)) / dx by the chain rule through c and x̂: with s = (dd/dc) / c = 2 asin(c / 2) / (c √(1 − c²/4)),
 * the gradient at x̂ is s (x̂ − ŷ), and at x its part at right angles to x̂, divided by ‖x‖. Equal and opposite
 * vectors have none. */
static void row_backward(const vqc_distance *o, const double *x, const double *target, double grad_output,
                         double *grad_input)
{
    double length = norm(x, o->width);
    double c = chord(x, length, target, o->width);
    double cosine_squared = 1.0 - c * c / 4.0;
    if (c == 0.0 || cosine_squared <= 0.0)
        return;
    double s = 2.0 * asin(c / 2.0) / (c * sqrt(cosine_squared));
    double along = 0.0; /* (x̂ − ŷ) · x̂ */
    for (int64_t i = 0; i < o->width; i++)
        along += (x[i] / length - target[i]) * x[i] / length;
    for (int64_t i = 0; i < o->width; i++)
        grad_input[i] += grad_output * s * (x[i] / length - target[i] - along * x[i] / length) / length;
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_distance *o = &plan->operation.distance;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t r = 0; r < o->rows; r++)
        for (int64_t p = 0; p < o->prompts; p++)
            row_backward(o, arguments->input[0] + r * o->width, plan->parameter[TARGETS] + p * o->width,
                         arguments->grad_output[r * o->prompts + p], arguments->grad_input[0] + r * o->width);
}

const ref_kernel ref_distance_kernel = {.prepare = prepare, .forward = forward, .backward = backward};
