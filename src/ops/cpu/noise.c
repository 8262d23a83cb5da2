#include <math.h>
#include <string.h>

#include "base/random.h"
#include "ops/cpu/plan.h"

enum { KEY_SIZE = 6 };

/* Two normal numbers from two words (Box and Muller). */
static void normal_pair(uint32_t first, uint32_t second, float pair[2])
{
    float radius = sqrtf(-2.0F * logf(((float)first + 0.5F) * 0x1p-32F));
    float angle = 6.28318530717958647692F * (((float)second + 0.5F) * 0x1p-32F);
    pair[0] = radius * cosf(angle);
    pair[1] = radius * sinf(angle);
}

/* Elements 4 · block to 4 · block + 3 of a crop, as many of them as there are. */
static void block_forward(const int32_t *words, int64_t block, const float *input, int64_t count, float *output)
{
    vqc_random_key key = {{(uint32_t)words[0], (uint32_t)words[1]}};
    vqc_random_block bits = vqc_random_block_at(
        key, (vqc_random_block){{(uint32_t)block, (uint32_t)words[2], (uint32_t)words[3], (uint32_t)words[4]}});
    float normal[4];
    float scale;
    memcpy(&scale, &words[5], sizeof scale);
    normal_pair(bits.word[0], bits.word[1], normal);
    normal_pair(bits.word[2], bits.word[3], normal + 2);
    for (int64_t i = 0; i < 4 && 4 * block + i < count; i++)
        output[4 * block + i] = input[4 * block + i] + scale * normal[i];
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_noise *o = &plan->operation.noise;
    const float *input = arguments->input[0];
    const int32_t *words = arguments->input[1];
    float *output = arguments->output;
    int64_t blocks = (o->count + 3) / 4;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * blocks; i++) {
        int64_t crop = i / blocks;
        block_forward(words + crop * KEY_SIZE, i % blocks, input + crop * o->count, o->count,
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

vqc_status vqc_cpu_noise_init(vqc_cpu_plan *plan, vqc_error *error)
{
    (void)error;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    return VQC_OK;
}
