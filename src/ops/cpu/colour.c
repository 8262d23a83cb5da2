#include "ops/colour_formulas.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

/* Pixels are taken in blocks of one crop, channel by channel: a stage is a loop over a block's pixels without
 * branches, which becomes vector code. */
enum { BLOCK_PIXELS = 256 };

typedef struct pixel_block {
    float channel[3][BLOCK_PIXELS];
} pixel_block;

VQC_CPU_INLINE vqc_rgb block_pixel(const pixel_block *block, int64_t i)
{
    return (vqc_rgb){{block->channel[0][i], block->channel[1][i], block->channel[2][i]}};
}

VQC_CPU_INLINE void block_pixel_set(pixel_block *block, int64_t i, vqc_rgb pixel)
{
    for (int c = 0; c < 3; c++)
        block->channel[c][i] = pixel.channel[c];
}

/* pixels (count, 3) to a block and back. */
VQC_CPU_KERNEL static void block_load(const float *restrict pixels, int64_t count, pixel_block *restrict block)
{
    for (int64_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            block->channel[c][i] = pixels[3 * i + c];
}

VQC_CPU_KERNEL static void block_store(const pixel_block *restrict block, int64_t count, float *restrict pixels)
{
    for (int64_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            pixels[3 * i + c] = block->channel[c][i];
}

VQC_CPU_KERNEL static void block_add(const pixel_block *restrict block, int64_t count, float *restrict pixels)
{
    for (int64_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            pixels[3 * i + c] += block->channel[c][i];
}

VQC_CPU_INLINE void pixels_forward(vqc_colour_stage stage, float parameter, int64_t count,
                                   const pixel_block *restrict in, pixel_block *restrict out)
{
    for (int64_t i = 0; i < count; i++)
        block_pixel_set(out, i, vqc_colour_stage_forward(stage, parameter, block_pixel(in, i)));
}

/* Turns the gradient at the stage's output into that at its input, in place. */
VQC_CPU_INLINE void pixels_backward(vqc_colour_stage stage, float parameter, int64_t count,
                                    const pixel_block *restrict in, pixel_block *restrict gradient)
{
    for (int64_t i = 0; i < count; i++)
        block_pixel_set(gradient, i,
                        vqc_colour_stage_backward(stage, parameter, block_pixel(in, i), block_pixel(gradient, i)));
}

/* Calls one of the two with the stage a constant, so that each stage has a loop of its own. */
#define FOR_STAGE(function, stage, ...)                                                                              \
    do {                                                                                                             \
        if ((stage) == VQC_COLOUR_BRIGHTNESS)                                                                        \
            function(VQC_COLOUR_BRIGHTNESS, __VA_ARGS__);                                                            \
        else if ((stage) == VQC_COLOUR_CONTRAST)                                                                     \
            function(VQC_COLOUR_CONTRAST, __VA_ARGS__);                                                              \
        else if ((stage) == VQC_COLOUR_SATURATION)                                                                   \
            function(VQC_COLOUR_SATURATION, __VA_ARGS__);                                                            \
        else                                                                                                         \
            function(VQC_COLOUR_HUE, __VA_ARGS__);                                                                   \
    } while (0)

VQC_CPU_KERNEL static void stage_forward(vqc_colour_stage stage, float parameter, int64_t count,
                                         const pixel_block *in, pixel_block *out)
{
    FOR_STAGE(pixels_forward, stage, parameter, count, in, out);
}

VQC_CPU_KERNEL static void stage_backward(vqc_colour_stage stage, float parameter, int64_t count,
                                          const pixel_block *in, pixel_block *gradient)
{
    FOR_STAGE(pixels_backward, stage, parameter, count, in, gradient);
}

/* A block's place: pixels first to first + count, counted over all crops. */
typedef struct block_place {
    int64_t first, count;
    vqc_colour_stages stages; /* of its crop */
} block_place;

static int64_t blocks_of(const vqc_colour *o)
{
    return (o->pixels + BLOCK_PIXELS - 1) / BLOCK_PIXELS;
}

/* Block number i, counted over all crops. */
static block_place block_at(const vqc_colour *o, const float *parameters, int64_t i)
{
    int64_t crop = i / blocks_of(o);
    int64_t first = i % blocks_of(o) * BLOCK_PIXELS;
    return (block_place){
        .first = crop * o->pixels + first,
        .count = o->pixels - first < BLOCK_PIXELS ? o->pixels - first : BLOCK_PIXELS,
        .stages = vqc_colour_stages_of(parameters + crop * VQC_COLOUR_NUMBERS),
    };
}

static void block_forward(const block_place *place, const float *input, float *output)
{
    pixel_block blocks[2];
    block_load(input + 3 * place->first, place->count, &blocks[0]);
    for (int i = 0; i < VQC_COLOUR_STAGES; i++) {
        vqc_colour_stage stage = place->stages.stage[i];
        stage_forward(stage, place->stages.parameter[stage], place->count, &blocks[i % 2], &blocks[(i + 1) % 2]);
    }
    block_store(&blocks[VQC_COLOUR_STAGES % 2], place->count, output + 3 * place->first);
}

static void block_backward(const block_place *place, const float *input, const float *grad_output, bool accumulate,
                           float *grad_input)
{
    pixel_block before[VQC_COLOUR_STAGES];
    pixel_block gradient;
    block_load(input + 3 * place->first, place->count, &before[0]);
    block_load(grad_output + 3 * place->first, place->count, &gradient);
    for (int i = 0; i + 1 < VQC_COLOUR_STAGES; i++) {
        vqc_colour_stage stage = place->stages.stage[i];
        stage_forward(stage, place->stages.parameter[stage], place->count, &before[i], &before[i + 1]);
    }
    for (int i = VQC_COLOUR_STAGES - 1; i >= 0; i--) {
        vqc_colour_stage stage = place->stages.stage[i];
        stage_backward(stage, place->stages.parameter[stage], place->count, &before[i], &gradient);
    }
    if (accumulate)
        block_add(&gradient, place->count, grad_input + 3 * place->first);
    else
        block_store(&gradient, place->count, grad_input + 3 * place->first);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_colour *o = &plan->operation.colour;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * blocks_of(o); i++) {
        block_place place = block_at(o, arguments->input[1], i);
        block_forward(&place, arguments->input[0], arguments->output);
    }
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_colour *o = &plan->operation.colour;
    (void)error;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * blocks_of(o); i++) {
        block_place place = block_at(o, arguments->input[1], i);
        block_backward(&place, arguments->input[0], arguments->grad_output, arguments->accumulate[0],
                       arguments->grad_input[0]);
    }
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_colour_kernel = {.forward = run_forward, .backward = run_backward};
