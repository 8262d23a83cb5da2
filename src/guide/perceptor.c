#include "guide/perceptor.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "guide/crops.h"
#include "guide/draws.h"
#include "ops/replay.h"
#include "ops/step.h"

/* The comparison with the targets of a render: pieces of one block of device memory. */
typedef struct comparison {
    int64_t target_count;
    vqc_plan *distance;
    unsigned char *memory;
    float *distances;        /* (group, targets) */
    float *gradients;        /* of the loss with respect to them */
    double *weights, *stops; /* (targets) */
    double *sums;            /* (targets), over the group's crops */
    int32_t *real;           /* (1): the group's crops that count */
    void *saved;
    void *workspace;
} comparison;

struct vqc_perceptor {
    vqc_ops *ops;
    const vqc_settings *settings; /* of the render; while the network is made, those it is made for */
    vqc_perceptor_extents extents;
    uint32_t index;
    int64_t side;
    bool recompute;
    vqc_network *network;
    vqc_value picture;      /* input f32 (1, height, width, 3) */
    vqc_crop_method method; /* vqc_crop_network */
    vqc_crop_inputs crop_draws;
    int stage_count;
    vqc_augmentation_kind stages[VQC_SETTINGS_MAX_AUGMENTATIONS];
    vqc_value stage_draws[VQC_SETTINGS_MAX_AUGMENTATIONS]; /* inputs (group, numbers of the stage) */
    bool has_noise;
    vqc_value noise;     /* input int32 (group, 6) */
    vqc_value embedding; /* output f32 (group, embed_width) */
    /* Of the render. */
    vqc_draws *draws;
    comparison comparison;
    int64_t *gradient_sum;
    vqc_replay replay; /* of a group's work on the device */
};

/* An input of random numbers of each crop. */
static vqc_status draws_add(vqc_perceptor *perceptor, vqc_dtype dtype, int64_t width, vqc_value *value,
                            vqc_error *error)
{
    vqc_shape shape = {2, {perceptor->extents.group, width}};
    return vqc_network_input(perceptor->network, dtype, shape, false, value, error);
}

static vqc_status crops_add(vqc_perceptor *perceptor, vqc_value *output, vqc_error *error)
{
    const vqc_perceptor_extents *extents = &perceptor->extents;
    const vqc_shape picture_shape = {4, {1, extents->height, extents->width, 3}};
    const vqc_crop_type *type = vqc_crop_type_of(perceptor->method);
    VQC_TRY(vqc_network_input(perceptor->network, VQC_DTYPE_F32, picture_shape, true, &perceptor->picture, error));
    if (type->rectangles)
        VQC_TRY(draws_add(perceptor, VQC_DTYPE_I32, VQC_CROP_RECTANGLE, &perceptor->crop_draws.rectangles, error));
    if (type->views)
        VQC_TRY(draws_add(perceptor, VQC_DTYPE_I32, VQC_CROP_VIEW, &perceptor->crop_draws.views, error));
    const vqc_crop_site site = {.network = perceptor->network,
                                .height = extents->height,
                                .width = extents->width,
                                .crops = perceptor->extents.group,
                                .side = perceptor->side,
                                .picture = perceptor->picture};
    return type->add(&site, &perceptor->crop_draws, output, error);
}

/* One augmentation stage. */
static vqc_status stage_add(vqc_perceptor *perceptor, int stage, vqc_value *crops, vqc_error *error)
{
    const vqc_augment_type *type = vqc_augment_type_of(perceptor->stages[stage]);
    const vqc_augment_site site = {perceptor->network, perceptor->extents.group, perceptor->side};
    vqc_value *draws = &perceptor->stage_draws[stage];
    VQC_TRY(draws_add(perceptor, type->dtype, type->numbers, draws, error));
    return type->add(&site, *draws, crops, error);
}

/* Noise, then the limits of a picture (reference: the public notebooks' cut-outs). */
static vqc_status noise_add(vqc_perceptor *perceptor, vqc_value *crops, vqc_error *error)
{
    int64_t count = 3 * perceptor->side * perceptor->side;
    vqc_shape shape = vqc_network_shape(perceptor->network, *crops);
    if (perceptor->has_noise) {
        VQC_TRY(draws_add(perceptor, VQC_DTYPE_I32, VQC_STREAM_NOISE_WORDS, &perceptor->noise, error));
        vqc_operation noise = {
            .kind = VQC_OPERATION_NOISE, .dtype = VQC_DTYPE_F32, .noise = {perceptor->extents.group, count}};
        vqc_value inputs[] = {*crops, perceptor->noise};
        VQC_TRY(vqc_network_add(perceptor->network, &noise, inputs, shape, crops, error));
    }
    vqc_operation clamp = {.kind = VQC_OPERATION_CLAMP,
                           .dtype = VQC_DTYPE_F32,
                           .clamp = {.count = perceptor->extents.group * count, .scale = 1.0F, .shift = 0.0F}};
    return vqc_network_add(perceptor->network, &clamp, crops, shape, crops, error);
}

static vqc_status network_build(vqc_perceptor *perceptor, const vqc_clip *clip, vqc_error *error)
{
    vqc_value crops;
    VQC_TRY(crops_add(perceptor, &crops, error));
    for (int stage = 0; stage < perceptor->stage_count; stage++)
        VQC_TRY(stage_add(perceptor, stage, &crops, error));
    VQC_TRY(noise_add(perceptor, &crops, error));
    VQC_TRY(vqc_clip_image_tower_add(clip, perceptor->network, perceptor->extents.precision, crops,
                                     &perceptor->embedding, error));
    VQC_TRY(vqc_network_output(perceptor->network, perceptor->embedding, error));
    if (perceptor->recompute)
        VQC_TRY(vqc_network_recompute(perceptor->network, error));
    return vqc_network_prepare(perceptor->network, error);
}

vqc_status vqc_perceptor_prepare(const vqc_clip *clip, vqc_ops *ops, const vqc_settings *settings,
                                 const vqc_perceptor_extents *extents, uint32_t index, vqc_perceptor **perceptor_out,
                                 vqc_error *error)
{
    vqc_perceptor *perceptor;
    VQC_TRY(vqc_memory_allocate(1, sizeof *perceptor, "a perceptor", &perceptor, error));
    perceptor->ops = ops;
    perceptor->settings = settings;
    perceptor->extents = *extents;
    perceptor->index = index;
    perceptor->side = clip->vision.side;
    perceptor->recompute = settings->recompute;
    perceptor->method = vqc_crop_network(settings->crop_method);
    perceptor->has_noise = settings->noise > 0.0;
    perceptor->stage_count = vqc_augment_stages(settings, perceptor->stages);
    vqc_status status = vqc_network_create(ops, true, &perceptor->network, error);
    if (status == VQC_OK)
        status = network_build(perceptor, clip, error);
    if (status != VQC_OK) {
        vqc_perceptor_destroy(perceptor);
        return status;
    }
    *perceptor_out = perceptor;
    return VQC_OK;
}

vqc_status vqc_perceptor_prepare_beside(const vqc_perceptor *first, vqc_ops *ops, vqc_perceptor **perceptor_out,
                                        vqc_error *error)
{
    vqc_perceptor *perceptor;
    VQC_TRY(vqc_memory_allocate(1, sizeof *perceptor, "a perceptor", &perceptor, error));
    *perceptor = *first;
    perceptor->ops = ops;
    perceptor->network = NULL;
    perceptor->draws = NULL;
    perceptor->comparison = (comparison){0};
    perceptor->gradient_sum = NULL;
    perceptor->replay = (vqc_replay){0};
    vqc_status status = vqc_network_create_beside(first->network, ops, &perceptor->network, error);
    if (status == VQC_OK)
        status = vqc_network_prepare(perceptor->network, error);
    if (status != VQC_OK) {
        vqc_perceptor_destroy(perceptor);
        return status;
    }
    *perceptor_out = perceptor;
    return VQC_OK;
}

vqc_status vqc_perceptor_finish(vqc_perceptor *perceptor, vqc_error *error)
{
    return vqc_network_finish(perceptor->network, error);
}

/* Lets go of what belongs to the last render. */
static void render_release(vqc_perceptor *perceptor)
{
    vqc_replay_reset(&perceptor->replay);
    vqc_draws_destroy(perceptor->draws);
    vqc_plan_destroy(perceptor->comparison.distance);
    if (perceptor->comparison.memory != NULL)
        vqc_ops_memory_release(perceptor->ops, perceptor->comparison.memory);
    perceptor->draws = NULL;
    perceptor->comparison = (comparison){0};
}

/* A piece of device memory of `size` bytes; where there is no memory yet, only counts it. */
static void *piece_take(unsigned char *memory, size_t *used, size_t size)
{
    void *piece = memory == NULL ? NULL : memory + *used;
    *used += (size + 63) / 64 * 64;
    return piece;
}

/* Lays the pieces out; returns their size. */
static size_t pieces_set(comparison *c, int64_t group)
{
    size_t targets = (size_t)c->target_count;
    size_t distances = (size_t)group * targets * sizeof(float);
    size_t used = 0;
    c->distances = piece_take(c->memory, &used, distances);
    c->gradients = piece_take(c->memory, &used, distances);
    c->weights = piece_take(c->memory, &used, targets * sizeof(double));
    c->stops = piece_take(c->memory, &used, targets * sizeof(double));
    c->sums = piece_take(c->memory, &used, targets * sizeof(double));
    c->real = piece_take(c->memory, &used, sizeof(int32_t));
    c->saved = piece_take(c->memory, &used, vqc_plan_saved_size(c->distance));
    c->workspace = piece_take(c->memory, &used, vqc_plan_workspace_size(c->distance));
    return used;
}

vqc_status vqc_perceptor_weigh(vqc_perceptor *perceptor, const double *weights, vqc_error *error)
{
    const comparison *c = &perceptor->comparison;
    return vqc_ops_upload(perceptor->ops, c->weights, weights, (size_t)c->target_count * sizeof(double), error);
}

static vqc_status comparison_create(vqc_perceptor *perceptor, const vqc_perceptor_aim *aim, vqc_error *error)
{
    comparison *c = &perceptor->comparison;
    vqc_shape shape = vqc_network_shape(perceptor->network, perceptor->embedding);
    void *memory;
    vqc_operation operation = {
        .kind = VQC_OPERATION_DISTANCE,
        .dtype = VQC_DTYPE_F32,
        .distance = {.rows = shape.size[0],
                     .width = shape.size[1],
                     .prompts = aim->target_count,
                     .targets = aim->targets},
    };
    c->target_count = aim->target_count;
    VQC_TRY(vqc_plan_create(perceptor->ops, &operation, true, &c->distance, error));
    VQC_TRY(vqc_ops_memory_allocate(perceptor->ops, pieces_set(c, perceptor->extents.group), &memory, error));
    c->memory = memory;
    (void)pieces_set(c, perceptor->extents.group);
    VQC_TRY(vqc_perceptor_weigh(perceptor, aim->weights, error));
    return vqc_ops_upload(perceptor->ops, c->stops, aim->stops, (size_t)aim->target_count * sizeof(double), error);
}

static vqc_status draws_create(vqc_perceptor *perceptor, const vqc_perceptor_aim *aim, vqc_error *error)
{
    vqc_network *network = perceptor->network;
    const vqc_draws_extents extents = {.seed = aim->seed,
                                       .perceptor = perceptor->index,
                                       .height = perceptor->extents.height,
                                       .width = perceptor->extents.width,
                                       .side = perceptor->side,
                                       .own_crops = aim->own_crops,
                                       .group = perceptor->extents.group,
                                       .stage_count = perceptor->stage_count,
                                       .stages = perceptor->stages};
    vqc_draws_inputs inputs = {.real = perceptor->comparison.real};
    if (vqc_crop_type_of(perceptor->method)->rectangles)
        inputs.crops = vqc_network_data(network, perceptor->crop_draws.rectangles);
    if (vqc_crop_type_of(perceptor->method)->views)
        inputs.views = vqc_network_data(network, perceptor->crop_draws.views);
    for (int stage = 0; stage < perceptor->stage_count; stage++)
        inputs.stages[stage] = vqc_network_data(network, perceptor->stage_draws[stage]);
    if (perceptor->has_noise)
        inputs.noise = vqc_network_data(network, perceptor->noise);
    return vqc_draws_create(perceptor->ops, perceptor->settings, &extents, &inputs, &perceptor->draws, error);
}

vqc_status vqc_perceptor_turn(vqc_perceptor *perceptor, const vqc_perceptor_aim *aim, vqc_error *error)
{
    render_release(perceptor);
    perceptor->settings = aim->settings;
    perceptor->gradient_sum = aim->gradient_sum;
    VQC_TRY(comparison_create(perceptor, aim, error));
    return draws_create(perceptor, aim, error);
}

void vqc_perceptor_destroy(vqc_perceptor *perceptor)
{
    if (perceptor == NULL)
        return;
    render_release(perceptor);
    vqc_network_destroy(perceptor->network);
    free(perceptor);
}

int64_t vqc_perceptor_groups(const vqc_perceptor *perceptor)
{
    return vqc_draws_groups(perceptor->draws);
}

float *vqc_perceptor_picture(vqc_perceptor *perceptor)
{
    return vqc_network_data(perceptor->network, perceptor->picture);
}

void vqc_perceptor_draw(vqc_perceptor *perceptor, int64_t step)
{
    vqc_draws_make(perceptor->draws, step);
}

/* Embeddings to distances, and what the loss makes of them. */
static vqc_status distances_compute(const vqc_perceptor *perceptor, vqc_error *error)
{
    const comparison *c = &perceptor->comparison;
    const vqc_forward arguments = {
        .input = {vqc_network_data(perceptor->network, perceptor->embedding)},
        .output = c->distances,
        .saved = c->saved,
        .workspace = c->workspace,
    };
    const vqc_weighing weighing = {
        .crops = perceptor->extents.group,
        .targets = c->target_count,
        .distances = c->distances,
        .weights = c->weights,
        .stops = c->stops,
        .real = c->real,
        .gradients = c->gradients,
        .sums = c->sums,
    };
    VQC_TRY(vqc_plan_forward(c->distance, &arguments, error));
    return vqc_ops_distances_weigh(perceptor->ops, &weighing, error);
}

/* The gradients of the distances to that of the embeddings. */
static vqc_status distances_backward(const vqc_perceptor *perceptor, vqc_error *error)
{
    const comparison *c = &perceptor->comparison;
    const vqc_backward arguments = {
        .grad_output = c->gradients,
        .input = {vqc_network_data(perceptor->network, perceptor->embedding)},
        .output = c->distances,
        .saved = c->saved,
        .grad_input = {vqc_network_gradient(perceptor->network, perceptor->embedding)},
        .workspace = c->workspace,
    };
    return vqc_plan_backward(c->distance, &arguments, error);
}

/* A group's work on the device, the same for every group. */
static vqc_status group_work(void *context, vqc_error *error)
{
    vqc_perceptor *perceptor = context;
    size_t pixels = (size_t)(3 * perceptor->extents.height * perceptor->extents.width);
    VQC_TRY(vqc_network_forward(perceptor->network, error));
    VQC_TRY(distances_compute(perceptor, error));
    VQC_TRY(distances_backward(perceptor, error));
    VQC_TRY(vqc_network_backward(perceptor->network, error));
    return vqc_ops_gradient_sum_add(perceptor->ops, perceptor->gradient_sum,
                                    vqc_network_gradient(perceptor->network, perceptor->picture), pixels, error);
}

vqc_status vqc_perceptor_run(vqc_perceptor *perceptor, int64_t step, int64_t group, double *distance_sum,
                             vqc_error *error)
{
    const comparison *c = &perceptor->comparison;
    const size_t size = (size_t)c->target_count * sizeof *distance_sum;
    if (vqc_draws_real(perceptor->draws, step, group) == 0) {
        memset(distance_sum, 0, size);
        return VQC_OK;
    }
    VQC_TRY(vqc_draws_upload(perceptor->draws, step, group, error));
    VQC_TRY(vqc_replay_run(&perceptor->replay, perceptor->ops, group_work, perceptor, error));
    return vqc_ops_copy(perceptor->ops, distance_sum, c->sums, size, error);
}

const vqc_network *vqc_perceptor_network(const vqc_perceptor *perceptor)
{
    return perceptor->network;
}

size_t vqc_perceptor_activation_size(const vqc_perceptor *perceptor)
{
    return vqc_network_activation_size(perceptor->network);
}

size_t vqc_perceptor_parameter_size(const vqc_perceptor *perceptor)
{
    return vqc_network_parameter_size(perceptor->network);
}
