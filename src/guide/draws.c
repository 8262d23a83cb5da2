#include "guide/draws.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "guide/crops.h"

enum { STEPS_HELD = 2, NO_STEP = -1 };

/* The parts of a group's parameters, one behind the other in host memory. */
enum { CROPS, VIEWS, NOISE, REAL, FIRST_STAGE, MOST_PARTS = FIRST_STAGE + VQC_SETTINGS_MAX_AUGMENTATIONS };

typedef struct draws_part {
    void *device; /* NULL: not there */
    size_t size;  /* bytes */
    size_t offset;
} draws_part;

struct vqc_draws {
    vqc_ops *ops;
    const vqc_settings *settings;
    const vqc_crop_type *crops;
    vqc_draws_extents extents;
    vqc_augmentation_kind stages[VQC_SETTINGS_MAX_AUGMENTATIONS];
    draws_part parts[MOST_PARTS];
    size_t group_size;         /* bytes of a group's parts */
    unsigned char *memory;     /* (STEPS_HELD, groups, group_size), reached by the device */
    int64_t steps[STEPS_HELD]; /* which are there */
};

/* Bytes of a stage's parameters of one crop. */
static size_t stage_size(const vqc_draws *draws, int stage)
{
    const vqc_augment_type *type = vqc_augment_type_of(draws->stages[stage]);
    return (size_t)type->numbers * vqc_dtype_size(type->dtype);
}

/* Pieces begin at multiples of this many bytes. */
static size_t size_aligned(size_t size)
{
    return (size + 63) / 64 * 64;
}

static void part_set(vqc_draws *draws, int part, void *device, size_t size)
{
    draws->parts[part] = (draws_part){.device = device, .size = size, .offset = draws->group_size};
    draws->group_size += size_aligned(size);
}

static void parts_set(vqc_draws *draws, const vqc_draws_inputs *inputs)
{
    size_t group = (size_t)draws->extents.group;
    part_set(draws, CROPS, inputs->crops, group * VQC_CROP_RECTANGLE * sizeof(int32_t));
    part_set(draws, VIEWS, inputs->views, group * VQC_CROP_VIEW * sizeof(int32_t));
    part_set(draws, NOISE, inputs->noise, group * VQC_STREAM_NOISE_WORDS * sizeof(int32_t));
    part_set(draws, REAL, inputs->real, sizeof(int32_t));
    for (int stage = 0; stage < draws->extents.stage_count; stage++)
        part_set(draws, FIRST_STAGE + stage, inputs->stages[stage], group * stage_size(draws, stage));
}

vqc_status vqc_draws_create(vqc_ops *ops, const vqc_settings *settings, const vqc_draws_extents *extents,
                            const vqc_draws_inputs *inputs, vqc_draws **draws_out, vqc_error *error)
{
    vqc_draws *draws;
    void *memory;
    VQC_TRY(vqc_memory_allocate(1, sizeof *draws, "crops", &draws, error));
    draws->ops = ops;
    draws->settings = settings;
    draws->crops = vqc_crop_type_of(settings->crop_method);
    draws->extents = *extents;
    memcpy(draws->stages, extents->stages, (size_t)extents->stage_count * sizeof *extents->stages);
    draws->extents.stages = draws->stages;
    for (int i = 0; i < STEPS_HELD; i++)
        draws->steps[i] = NO_STEP;
    parts_set(draws, inputs);
    vqc_status status =
        vqc_ops_host_allocate(ops, STEPS_HELD * (size_t)vqc_draws_groups(draws) * draws->group_size, &memory, error);
    if (status != VQC_OK) {
        free(draws);
        return status;
    }
    draws->memory = memory;
    *draws_out = draws;
    return VQC_OK;
}

void vqc_draws_destroy(vqc_draws *draws)
{
    if (draws == NULL)
        return;
    vqc_ops_host_release(draws->ops, draws->memory);
    free(draws);
}

int64_t vqc_draws_groups(const vqc_draws *draws)
{
    const int64_t most = vqc_settings_most_crops(draws->settings, draws->extents.own_crops);
    return (most + draws->extents.group - 1) / draws->extents.group;
}

/* The memory of a part of a group of a step. */
static void *part_memory(const vqc_draws *draws, int64_t step, int64_t group, int part)
{
    size_t place = (size_t)(step % STEPS_HELD * vqc_draws_groups(draws) + group);
    return draws->memory + place * draws->group_size + draws->parts[part].offset;
}

static int64_t crops_at(const vqc_draws *draws, int64_t step)
{
    return vqc_settings_crops(draws->settings, draws->extents.own_crops, step);
}

/* Where it is and how it is seen. */
static void place_draw(vqc_draws *draws, int64_t step, int64_t group, int64_t place, vqc_stream *stream)
{
    const vqc_draws_extents *extents = &draws->extents;
    const vqc_crop_place crop = {.settings = draws->settings,
                                 .step = step,
                                 .index = group * extents->group + place,
                                 .crops = crops_at(draws, step),
                                 .width = extents->width,
                                 .height = extents->height,
                                 .side = extents->side};
    vqc_crop_numbers numbers = {0};
    draws->crops->draw(&crop, stream, &numbers);
    memcpy((int32_t *)part_memory(draws, step, group, CROPS) + place * VQC_CROP_RECTANGLE, numbers.rectangle,
           sizeof numbers.rectangle);
    memcpy((int32_t *)part_memory(draws, step, group, VIEWS) + place * VQC_CROP_VIEW, numbers.view,
           sizeof numbers.view);
}

static bool is_overview(const vqc_draws *draws, int64_t step, int64_t crop)
{
    return crop < vqc_settings_overview(draws->settings, crops_at(draws, step), step);
}

/* One crop: where it is, its augmentations and noise. */
static void crop_draw(vqc_draws *draws, int64_t step, int64_t group, int64_t place)
{
    const vqc_settings *settings = draws->settings;
    const vqc_draws_extents *extents = &draws->extents;
    vqc_augment_draw augmentations[VQC_SETTINGS_MAX_AUGMENTATIONS];
    vqc_stream stream = {.seed = extents->seed,
                         .purpose = VQC_STREAM_CROP,
                         .perceptor = extents->perceptor,
                         .step = (uint32_t)step,
                         .item = (uint32_t)(group * extents->group + place)};
    place_draw(draws, step, group, place, &stream);
    float scale = (float)(vqc_stream_uniform(&stream) * vqc_settings_noise(settings, step));
    stream.purpose = VQC_STREAM_AUGMENTATION;
    stream.draw = 0;
    vqc_augment_draw_all(settings, extents->side, is_overview(draws, step, group * extents->group + place), &stream,
                         augmentations);
    for (int stage = 0; stage < extents->stage_count; stage++) {
        size_t size = stage_size(draws, stage);
        memcpy((unsigned char *)part_memory(draws, step, group, FIRST_STAGE + stage) + (size_t)place * size,
               &augmentations[stage], size);
    }
    stream.purpose = VQC_STREAM_NOISE;
    stream.draw = 0;
    vqc_stream_noise(&stream, scale,
                     (int32_t *)part_memory(draws, step, group, NOISE) + place * VQC_STREAM_NOISE_WORDS);
}

int64_t vqc_draws_real(const vqc_draws *draws, int64_t step, int64_t group)
{
    const int64_t left = crops_at(draws, step) - group * draws->extents.group;
    return left < 0 ? 0 : left < draws->extents.group ? left : draws->extents.group;
}

static void group_draw(vqc_draws *draws, int64_t step, int64_t group)
{
    *(int32_t *)part_memory(draws, step, group, REAL) = (int32_t)vqc_draws_real(draws, step, group);
    for (int64_t place = 0; place < draws->extents.group; place++)
        crop_draw(draws, step, group, place);
}

void vqc_draws_make(vqc_draws *draws, int64_t step)
{
    if (draws->steps[step % STEPS_HELD] == step)
        return;
    for (int64_t group = 0; group < vqc_draws_groups(draws); group++)
        group_draw(draws, step, group);
    draws->steps[step % STEPS_HELD] = step;
}

vqc_status vqc_draws_upload(vqc_draws *draws, int64_t step, int64_t group, vqc_error *error)
{
    vqc_draws_make(draws, step);
    for (int part = 0; part < MOST_PARTS; part++)
        if (draws->parts[part].device != NULL)
            VQC_TRY(vqc_ops_copy(draws->ops, draws->parts[part].device, part_memory(draws, step, group, part),
                                 draws->parts[part].size, error));
    return VQC_OK;
}
