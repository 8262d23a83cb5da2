#include <math.h>
#include <string.h>

#include "base/random.h"
#include "ops/ref/ref.h"

static const double two_pi = 6.28318530717958647692;

/* Number `element` of a crop's normal numbers. */
static double normal_at(const int32_t *words, int64_t element)
{
    vqc_random_key key = {{(uint32_t)words[0], (uint32_t)words[1]}};
    vqc_random_block counter = {
        {(uint32_t)(element / 4), (uint32_t)words[2], (uint32_t)words[3], (uint32_t)words[4]}};
    vqc_random_block block = vqc_random_block_at(key, counter);
    int pair = element % 4 < 2 ? 0 : 2;
    double radius = sqrt(-2.0 * log(((double)block.word[pair] + 0.5) * 0x1p-32));
    double angle = two_pi * (((double)block.word[pair + 1] + 0.5) * 0x1p-32);
    return radius * (element % 2 == 0 ? cos(angle) : sin(angle));
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_noise *o = &plan->operation.noise;
    for (int64_t crop = 0; crop < o->crops; crop++) {
        const int32_t *words = arguments->index[1] + crop * VQC_NOISE_NUMBERS;
        float scale;
        memcpy(&scale, &words[5], sizeof scale);
        for (int64_t i = 0; i < o->count; i++)
            arguments->output[crop * o->count + i] =
                arguments->input[0][crop * o->count + i] + (double)scale * normal_at(words, i);
    }
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_noise *o = &plan->operation.noise;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->crops * o->count; i++)
        arguments->grad_input[0][i] += arguments->grad_output[i];
}

const ref_kernel ref_noise_kernel = {.forward = forward, .backward = backward};
