#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/formulas.h"

/* What a piece of work reads and writes. `at` is the input, for ReLU's gradient the output. */
typedef struct piece {
    vqc_dtype dtype;
    vqc_activation_function function;
    const void *at;
    const void *grad_output;
    void *target;
    bool accumulate;
} piece;

VQC_CPU_INLINE float value(vqc_activation_function function, float x)
{
    switch (function) {
#define VALUE_OF(KIND, name)                                                                                         \
    case VQC_ACTIVATION_##KIND:                                                                                      \
        return vqc_formula_##name(x);
        VQC_ACTIVATIONS(VALUE_OF)
    case VQC_ACTIVATION_COUNT:
        break;
    }
    return x;
}

VQC_CPU_INLINE float gradient(vqc_activation_function function, float x, float grad)
{
    switch (function) {
    case VQC_ACTIVATION_RELU:
        return vqc_formula_relu_gradient(x, grad);
    case VQC_ACTIVATION_QUICK_GELU:
        return grad * vqc_formula_quick_gelu_derivative(x);
    case VQC_ACTIVATION_GELU:
        return grad * vqc_formula_gelu_derivative(x);
    case VQC_ACTIVATION_TANH_GELU:
        return grad * vqc_formula_tanh_gelu_derivative(x);
    case VQC_ACTIVATION_COUNT:
        break;
    }
    return grad;
}

VQC_CPU_INLINE void forward(vqc_dtype dtype, vqc_activation_function function, const piece *p, int64_t first,
                            int64_t end)
{
    const void *restrict input = p->at;
    void *restrict output = p->target;
    for (int64_t i = first; i < end; i++)
        vqc_cpu_store(dtype, output, i, value(function, vqc_cpu_load(dtype, input, i)));
}

VQC_CPU_KERNEL static void forward_piece(const void *context, int64_t first, int64_t end)
{
    const piece *p = context;
    switch (p->function) {
#define FORWARD_OF(KIND, name)                                                                                       \
    case VQC_ACTIVATION_##KIND:                                                                                      \
        VQC_CPU_FOR_DTYPE(forward, p->dtype, VQC_ACTIVATION_##KIND, p, first, end);                                  \
        break;
        VQC_ACTIVATIONS(FORWARD_OF)
    case VQC_ACTIVATION_COUNT:
        break;
    }
}

VQC_CPU_INLINE void backward(vqc_dtype dtype, bool accumulate, vqc_activation_function function, const piece *p,
                             int64_t first, int64_t end)
{
    const void *restrict at = p->at;
    const void *restrict grad_output = p->grad_output;
    void *restrict grad_input = p->target;
    for (int64_t i = first; i < end; i++) {
        float grad = gradient(function, vqc_cpu_load(dtype, at, i), vqc_cpu_load(dtype, grad_output, i));
        vqc_cpu_store_gradient(dtype, accumulate, grad_input, i, grad);
    }
}

VQC_CPU_KERNEL static void backward_piece(const void *context, int64_t first, int64_t end)
{
    const piece *p = context;
    switch (p->function) {
#define BACKWARD_OF(KIND, name)                                                                                      \
    case VQC_ACTIVATION_##KIND:                                                                                      \
        VQC_CPU_FOR_STORE(backward, p->dtype, p->accumulate, VQC_ACTIVATION_##KIND, p, first, end);                  \
        break;
        VQC_ACTIVATIONS(BACKWARD_OF)
    case VQC_ACTIVATION_COUNT:
        break;
    }
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_activation *o = &plan->operation.activation;
    const piece p = {.dtype = plan->operation.dtype,
                     .function = o->function,
                     .at = arguments->input[0],
                     .target = arguments->output};
    vqc_cpu_pieces_run(o->count, forward_piece, &p);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_activation *o = &plan->operation.activation;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    const piece p = {.dtype = plan->operation.dtype,
                     .function = o->function,
                     .at = o->function == VQC_ACTIVATION_RELU ? arguments->output : arguments->input[0],
                     .grad_output = arguments->grad_output,
                     .target = arguments->grad_input[0],
                     .accumulate = arguments->accumulate[0]};
    vqc_cpu_pieces_run(o->count, backward_piece, &p);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_activation_kernel = {.forward = run_forward, .backward = run_backward};
