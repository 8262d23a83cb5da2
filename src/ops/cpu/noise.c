#include "ops/cpu/plan.h"
#include "ops/noise_formulas.h"

/* Elements 4 · block to 4 · block + 3 of a crop, as many of them as there are. */
static void block_forward(const int32_t *words, int64_t block, const float *input, int64_t count, float *output)
{
    vqc_noise_block noise = vqc_noise_block_of(words, block);
    for (int64_t i = 0; i < VQC_NOISE_BLOCK && VQC_NOISE_BLOCK * block + i < count; i++)
        output[VQC_NOISE_BLOCK * block + i] = input[VQC_NOISE_BLOCK * block + i] + noise.value[i];
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_noise *o = &plan->operation.noise;
    const float *input = arguments->input[0];
    const int32_t *words = arguments->input[1];
    float *output = arguments->output;
    int64_t blocks = (o->count + VQC_NOISE_BLOCK - 1) / VQC_NOISE_BLOCK;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * blocks; i++) {
        int64_t crop = i / blocks;
        block_forward(words + crop * VQC_NOISE_NUMBERS, i % blocks, input + crop * o->count, o->count,
                      output + crop * o->count);
    }
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_noise *o = &plan->operation.noise;
    const float *grad_output = arguments->grad_output;
    float *grad_input = arguments->grad_input[0];
    (void)error;
    if (grad_input == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->count; i++)
        grad_input[i] = arguments->accumulate[0] ? grad_input[i] + grad_output[i] : grad_output[i];
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_noise_kernel = {.forward = run_forward, .backward = run_backward};
