#include "guide/perceptor.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "guide/crops.h"

enum { WARP_SIZE = 10, COLOUR_SIZE = 5, NOISE_SIZE = 6, RECTANGLE_SIZE = 5 };

struct vqc_perceptor {
    vqc_ops *ops;
    const vqc_settings *settings; /* of the render; while the network is made, those it is made for */
    vqc_perceptor_shape shape;
    uint32_t index;
    int64_t side;
    int64_t group; /* crops of one batch */
    bool recompute;
    vqc_network *network;
    vqc_value picture;    /* input f32 (1, height, width, 3) */
    vqc_value rectangles; /* input int32 (group, 5) */
    int stage_count;
    bool stage_is_colour[VQC_SETTINGS_MAX_AUGMENTATIONS];
    vqc_value stages[VQC_SETTINGS_MAX_AUGMENTATIONS]; /* inputs f32 (group, 10 or 5) */
    bool has_noise;
    vqc_value noise;     /* input int32 (group, 6) */
    vqc_value first;     /* input int32 (group): zeros, for the tower */
    vqc_value embedding; /* output f32 (group, embed_width) */
    /* The comparison with the targets of a render. */
    int64_t target_count;
    vqc_plan *distance;
    void *distance_memory; /* on the device: distances, their gradients, saved state, workspace */
    /* Host copies of what goes in and out. */
    int32_t *rectangle_values;
    float *stage_values[VQC_SETTINGS_MAX_AUGMENTATIONS];
    int32_t *noise_values;
    float *distances;
    float *distance_gradients;
};

/* An input that says what to do with each crop. */
static vqc_status parameters_add(vqc_perceptor *perceptor, vqc_dtype dtype, int64_t width, vqc_value *value,
                                 vqc_error *error)
{
    vqc_shape shape = {2, {perceptor->group, width}};
    return vqc_network_input(perceptor->network, dtype, shape, false, value, error);
}

/* The crops, cut and resampled. */
static vqc_status crops_add(vqc_perceptor *perceptor, vqc_value *output, vqc_error *error)
{
    const vqc_perceptor_shape *shape = &perceptor->shape;
    vqc_shape picture_shape = {4, {1, shape->height, shape->width, 3}};
    VQC_TRY(vqc_network_input(perceptor->network, VQC_DTYPE_F32, picture_shape, true, &perceptor->picture, error));
    VQC_TRY(parameters_add(perceptor, VQC_DTYPE_I32, RECTANGLE_SIZE, &perceptor->rectangles, error));
    vqc_operation operation = {
        .kind = VQC_OPERATION_RESAMPLE,
        .dtype = VQC_DTYPE_F32,
        .resample = {.batch = 1,
                     .height = shape->height,
                     .width = shape->width,
                     .channels = 3,
                     .crops = perceptor->group,
                     .side = perceptor->side},
    };
    vqc_value inputs[] = {perceptor->picture, perceptor->rectangles};
    vqc_shape crop_shape = {4, {perceptor->group, perceptor->side, perceptor->side, 3}};
    return vqc_network_add(perceptor->network, &operation, inputs, crop_shape, output, error);
}

/* One augmentation stage. */
static vqc_status stage_add(vqc_perceptor *perceptor, int stage, vqc_value *crops, vqc_error *error)
{
    bool colour = perceptor->stage_is_colour[stage];
    int64_t side = perceptor->side;
    VQC_TRY(
        parameters_add(perceptor, VQC_DTYPE_F32, colour ? COLOUR_SIZE : WARP_SIZE, &perceptor->stages[stage], error));
    vqc_operation operation = {
        .kind = VQC_OPERATION_WARP, .dtype = VQC_DTYPE_F32, .warp = {perceptor->group, side, side, 3}};
    if (colour)
        operation = (vqc_operation){
            .kind = VQC_OPERATION_COLOUR, .dtype = VQC_DTYPE_F32, .colour = {perceptor->group, side * side}};
    vqc_value inputs[] = {*crops, perceptor->stages[stage]};
    return vqc_network_add(perceptor->network, &operation, inputs, vqc_network_shape(perceptor->network, *crops),
                           crops, error);
}

/* Noise, then the limits of a picture (reference: the public notebooks' cut-outs). */
static vqc_status noise_add(vqc_perceptor *perceptor, vqc_value *crops, vqc_error *error)
{
    int64_t count = 3 * perceptor->side * perceptor->side;
    vqc_shape shape = vqc_network_shape(perceptor->network, *crops);
    if (perceptor->has_noise) {
        VQC_TRY(parameters_add(perceptor, VQC_DTYPE_I32, NOISE_SIZE, &perceptor->noise, error));
        vqc_operation noise = {
            .kind = VQC_OPERATION_NOISE, .dtype = VQC_DTYPE_F32, .noise = {perceptor->group, count}};
        vqc_value inputs[] = {*crops, perceptor->noise};
        VQC_TRY(vqc_network_add(perceptor->network, &noise, inputs, shape, crops, error));
    }
    vqc_operation clamp = {.kind = VQC_OPERATION_CLAMP,
                           .dtype = VQC_DTYPE_F32,
                           .clamp = {.count = perceptor->group * count, .scale = 1.0F, .shift = 0.0F}};
    return vqc_network_add(perceptor->network, &clamp, crops, shape, crops, error);
}

static vqc_status network_build(vqc_perceptor *perceptor, const vqc_clip *clip, vqc_error *error)
{
    vqc_value crops;
    vqc_shape first_shape = {1, {perceptor->group}};
    VQC_TRY(crops_add(perceptor, &crops, error));
    for (int stage = 0; stage < perceptor->stage_count; stage++)
        VQC_TRY(stage_add(perceptor, stage, &crops, error));
    VQC_TRY(noise_add(perceptor, &crops, error));
    VQC_TRY(vqc_network_input(perceptor->network, VQC_DTYPE_I32, first_shape, false, &perceptor->first, error));
    VQC_TRY(vqc_clip_image_tower_add(clip, perceptor->network, perceptor->shape.precision, crops, perceptor->first,
                                     &perceptor->embedding, error));
    VQC_TRY(vqc_network_output(perceptor->network, perceptor->embedding, error));
    if (perceptor->recompute)
        VQC_TRY(vqc_network_recompute(perceptor->network, error));
    return vqc_network_plan(perceptor->network, error);
}

static vqc_status buffers_allocate(vqc_perceptor *perceptor, vqc_error *error)
{
    size_t group = (size_t)perceptor->group;
    VQC_TRY(
        vqc_memory_allocate(group, RECTANGLE_SIZE * sizeof(int32_t), "crops", &perceptor->rectangle_values, error));
    VQC_TRY(vqc_memory_allocate(group, NOISE_SIZE * sizeof(int32_t), "crops", &perceptor->noise_values, error));
    for (int stage = 0; stage < perceptor->stage_count; stage++)
        VQC_TRY(vqc_memory_allocate(group, WARP_SIZE * sizeof(float), "augmentations",
                                    &perceptor->stage_values[stage], error));
    return VQC_OK;
}

/* Crops of one batch. */
static int64_t group_size(const vqc_settings *settings)
{
    return settings->crop_group < settings->crop_count ? settings->crop_group : settings->crop_count;
}

vqc_status vqc_perceptor_plan(const vqc_clip *clip, vqc_ops *ops, const vqc_settings *settings,
                              const vqc_perceptor_shape *shape, uint32_t index, vqc_perceptor **perceptor_out,
                              vqc_error *error)
{
    vqc_perceptor *perceptor;
    VQC_TRY(vqc_memory_allocate(1, sizeof *perceptor, "a perceptor", &perceptor, error));
    perceptor->ops = ops;
    perceptor->settings = settings;
    perceptor->shape = *shape;
    perceptor->index = index;
    perceptor->side = clip->vision.side;
    perceptor->group = group_size(settings);
    perceptor->recompute = settings->recompute;
    perceptor->has_noise = settings->noise > 0.0;
    perceptor->stage_count = vqc_augment_stages(settings, perceptor->stage_is_colour);
    vqc_status status = vqc_network_create(ops, true, &perceptor->network, error);
    if (status == VQC_OK)
        status = network_build(perceptor, clip, error);
    if (status == VQC_OK)
        status = buffers_allocate(perceptor, error);
    if (status != VQC_OK) {
        vqc_perceptor_destroy(perceptor);
        return status;
    }
    *perceptor_out = perceptor;
    return VQC_OK;
}

vqc_status vqc_perceptor_finish(vqc_perceptor *perceptor, vqc_error *error)
{
    VQC_TRY(vqc_network_finish(perceptor->network, error));
    return vqc_ops_clear(perceptor->ops, vqc_network_data(perceptor->network, perceptor->first),
                         (size_t)perceptor->group * sizeof(int32_t), error);
}

vqc_status vqc_perceptor_create(const vqc_clip *clip, vqc_ops *ops, const vqc_settings *settings,
                                const vqc_perceptor_shape *shape, uint32_t index, vqc_perceptor **perceptor_out,
                                vqc_error *error)
{
    vqc_perceptor *perceptor;
    VQC_TRY(vqc_perceptor_plan(clip, ops, settings, shape, index, &perceptor, error));
    vqc_status status = vqc_perceptor_finish(perceptor, error);
    if (status != VQC_OK) {
        vqc_perceptor_destroy(perceptor);
        return status;
    }
    *perceptor_out = perceptor;
    return VQC_OK;
}

bool vqc_perceptor_fits(const vqc_perceptor *perceptor, const vqc_settings *settings,
                        const vqc_perceptor_shape *shape)
{
    bool is_colour[VQC_SETTINGS_MAX_AUGMENTATIONS];
    if (perceptor->shape.height != shape->height || perceptor->shape.width != shape->width ||
        perceptor->shape.precision != shape->precision || perceptor->group != group_size(settings) ||
        perceptor->recompute != settings->recompute || perceptor->has_noise != (settings->noise > 0.0) ||
        perceptor->stage_count != vqc_augment_stages(settings, is_colour))
        return false;
    return memcmp(is_colour, perceptor->stage_is_colour, (size_t)perceptor->stage_count * sizeof is_colour[0]) == 0;
}

/* Lets go of the targets of the last render. */
static void targets_release(vqc_perceptor *perceptor)
{
    vqc_plan_destroy(perceptor->distance);
    if (perceptor->distance_memory != NULL)
        vqc_ops_memory_release(perceptor->ops, perceptor->distance_memory);
    free(perceptor->distances);
    free(perceptor->distance_gradients);
    perceptor->distance = NULL;
    perceptor->distance_memory = NULL;
    perceptor->distances = NULL;
    perceptor->distance_gradients = NULL;
}

/* Device memory is given out in pieces of this many bytes. */
static size_t size_aligned(size_t size)
{
    return (size + 63) / 64 * 64;
}

static size_t distances_size(const vqc_perceptor *perceptor)
{
    return size_aligned((size_t)(perceptor->group * perceptor->target_count) * sizeof(float));
}

vqc_status vqc_perceptor_aim(vqc_perceptor *perceptor, const vqc_settings *settings, const float *targets,
                             int64_t target_count, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(perceptor->network, perceptor->embedding);
    vqc_operation operation = {
        .kind = VQC_OPERATION_DISTANCE,
        .dtype = VQC_DTYPE_F32,
        .distance = {.rows = shape.size[0], .width = shape.size[1], .prompts = target_count, .targets = targets},
    };
    targets_release(perceptor);
    perceptor->settings = settings;
    perceptor->target_count = target_count;
    VQC_TRY(vqc_plan_create(perceptor->ops, &operation, true, &perceptor->distance, error));
    size_t size = 2 * distances_size(perceptor) + size_aligned(vqc_plan_saved_size(perceptor->distance)) +
                  vqc_plan_workspace_size(perceptor->distance);
    VQC_TRY(vqc_ops_memory_allocate(perceptor->ops, size, &perceptor->distance_memory, error));
    size_t count = (size_t)(perceptor->group * target_count);
    VQC_TRY(vqc_memory_allocate(count, sizeof(float), "distances", &perceptor->distances, error));
    return vqc_memory_allocate(count, sizeof(float), "distances", &perceptor->distance_gradients, error);
}

void vqc_perceptor_destroy(vqc_perceptor *perceptor)
{
    if (perceptor == NULL)
        return;
    targets_release(perceptor);
    vqc_network_destroy(perceptor->network);
    free(perceptor->rectangle_values);
    free(perceptor->noise_values);
    for (int stage = 0; stage < perceptor->stage_count; stage++)
        free(perceptor->stage_values[stage]);
    free(perceptor);
}

int64_t vqc_perceptor_groups(const vqc_perceptor *perceptor)
{
    return (perceptor->settings->crop_count + perceptor->group - 1) / perceptor->group;
}

vqc_status vqc_perceptor_look(vqc_perceptor *perceptor, const float *picture, vqc_error *error)
{
    return vqc_network_write(perceptor->network, perceptor->picture, picture, error);
}

/* Draws what happens to one crop: its rectangle, augmentations and noise. */
static void crop_draw(vqc_perceptor *perceptor, uint64_t seed, int64_t step, int64_t crop, int64_t place)
{
    const vqc_settings *settings = perceptor->settings;
    vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
    vqc_stream stream = {.seed = seed,
                         .purpose = VQC_STREAM_CROP,
                         .perceptor = perceptor->index,
                         .step = (uint32_t)step,
                         .item = (uint32_t)crop};
    vqc_crop_draw(settings, perceptor->shape.width, perceptor->shape.height, perceptor->side, &stream,
                  perceptor->rectangle_values + place * RECTANGLE_SIZE);
    float scale = (float)(vqc_stream_uniform(&stream) * settings->noise);
    stream.purpose = VQC_STREAM_AUGMENTATION;
    stream.draw = 0;
    vqc_augment_draw_all(settings, perceptor->side, &stream, draws);
    for (int stage = 0; stage < perceptor->stage_count; stage++) {
        bool colour = perceptor->stage_is_colour[stage];
        size_t size = colour ? COLOUR_SIZE : WARP_SIZE;
        memcpy(perceptor->stage_values[stage] + (size_t)place * size,
               colour ? draws[stage].colour : draws[stage].warp, size * sizeof(float));
    }
    stream.purpose = VQC_STREAM_NOISE;
    stream.draw = 0;
    vqc_random_key key = vqc_stream_key(&stream);
    vqc_random_block counter = vqc_stream_counter(&stream);
    int32_t *noise = perceptor->noise_values + place * NOISE_SIZE;
    memcpy(noise, key.word, sizeof key.word);
    memcpy(noise + 2, &counter.word[1], 3 * sizeof counter.word[1]);
    memcpy(noise + 5, &scale, sizeof scale);
}

/* Draws the crops of a group and hands them to the network. */
static vqc_status group_draw(vqc_perceptor *perceptor, uint64_t seed, int64_t step, int64_t group, vqc_error *error)
{
    vqc_network *network = perceptor->network;
    for (int64_t place = 0; place < perceptor->group; place++)
        crop_draw(perceptor, seed, step, group * perceptor->group + place, place);
    VQC_TRY(vqc_network_write(network, perceptor->rectangles, perceptor->rectangle_values, error));
    for (int stage = 0; stage < perceptor->stage_count; stage++)
        VQC_TRY(vqc_network_write(network, perceptor->stages[stage], perceptor->stage_values[stage], error));
    if (perceptor->has_noise)
        VQC_TRY(vqc_network_write(network, perceptor->noise, perceptor->noise_values, error));
    return VQC_OK;
}

/* Adds the distances of the group's real crops up and sets the gradient that flows back from each. */
static void distances_weigh(vqc_perceptor *perceptor, int64_t group, const double *weight, const double *stop,
                            double *distance_sum)
{
    int64_t targets = perceptor->target_count;
    for (int64_t place = 0; place < perceptor->group; place++) {
        bool real = group * perceptor->group + place < perceptor->settings->crop_count;
        for (int64_t t = 0; t < targets; t++) {
            double distance = (double)perceptor->distances[place * targets + t];
            double signed_distance = weight[t] < 0.0 ? -distance : distance;
            bool flows = real && signed_distance > stop[t];
            perceptor->distance_gradients[place * targets + t] = flows ? (float)weight[t] : 0.0F;
            if (real)
                distance_sum[t] += distance;
        }
    }
}

/* The pieces of the distance's memory. */
static unsigned char *distance_piece(const vqc_perceptor *perceptor, int number)
{
    unsigned char *memory = perceptor->distance_memory;
    size_t size = distances_size(perceptor);
    size_t saved = size_aligned(vqc_plan_saved_size(perceptor->distance));
    const size_t offsets[] = {0, size, 2 * size, 2 * size + saved};
    return memory + offsets[number];
}

enum { PIECE_DISTANCES, PIECE_GRADIENTS, PIECE_SAVED, PIECE_WORKSPACE };

/* Embeddings to distances, on the host. */
static vqc_status distances_compute(vqc_perceptor *perceptor, vqc_error *error)
{
    vqc_forward arguments = {
        .input = {vqc_network_data(perceptor->network, perceptor->embedding)},
        .output = distance_piece(perceptor, PIECE_DISTANCES),
        .saved = distance_piece(perceptor, PIECE_SAVED),
        .workspace = distance_piece(perceptor, PIECE_WORKSPACE),
    };
    VQC_TRY(vqc_plan_forward(perceptor->distance, &arguments, error));
    return vqc_ops_download(perceptor->ops, perceptor->distances, arguments.output,
                            (size_t)(perceptor->group * perceptor->target_count) * sizeof(float), error);
}

/* The gradients of the distances to that of the embeddings. */
static vqc_status distances_backward(vqc_perceptor *perceptor, vqc_error *error)
{
    vqc_backward arguments = {
        .grad_output = distance_piece(perceptor, PIECE_GRADIENTS),
        .input = {vqc_network_data(perceptor->network, perceptor->embedding)},
        .output = distance_piece(perceptor, PIECE_DISTANCES),
        .saved = distance_piece(perceptor, PIECE_SAVED),
        .grad_input = {vqc_network_gradient(perceptor->network, perceptor->embedding)},
        .workspace = distance_piece(perceptor, PIECE_WORKSPACE),
    };
    VQC_TRY(vqc_ops_upload(perceptor->ops, distance_piece(perceptor, PIECE_GRADIENTS), perceptor->distance_gradients,
                           (size_t)(perceptor->group * perceptor->target_count) * sizeof(float), error));
    return vqc_plan_backward(perceptor->distance, &arguments, error);
}

vqc_status vqc_perceptor_run(vqc_perceptor *perceptor, uint64_t seed, int64_t step, int64_t group,
                             const double *weight, const double *stop, double *distance_sum, float *gradient,
                             vqc_error *error)
{
    vqc_network *network = perceptor->network;
    VQC_TRY(group_draw(perceptor, seed, step, group, error));
    VQC_TRY(vqc_network_forward(network, error));
    VQC_TRY(distances_compute(perceptor, error));
    distances_weigh(perceptor, group, weight, stop, distance_sum);
    VQC_TRY(distances_backward(perceptor, error));
    VQC_TRY(vqc_network_backward(network, error));
    return vqc_network_gradient_read(network, perceptor->picture, gradient, error);
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
