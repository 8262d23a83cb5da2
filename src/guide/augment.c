#include "guide/augment.h"

/* One for every row of augmentations.def: a row without its file in guide/augmentations/ does not link. */
static const vqc_augment_type *const types[VQC_AUGMENTATION_COUNT] = {
#define VQC_AUGMENTATION(kind, identifier, ...) [VQC_AUGMENTATION_##kind] = &vqc_augment_##identifier,
#include "study/augmentations.def"
};

const vqc_augment_type *vqc_augment_type_of(vqc_augmentation_kind kind)
{
    return types[kind];
}

static vqc_augmentation_kind stage_of(vqc_augmentation_kind kind)
{
    int first = 0;
    while (types[first]->add != types[kind]->add)
        first++;
    return (vqc_augmentation_kind)first;
}

/* Whether augmentation number `index` ends a stage. */
static bool ends_stage(const vqc_settings *settings, int index)
{
    const vqc_augmentation *augmentation = &settings->augmentations[index];
    return !types[augmentation->kind]->joins || index + 1 == settings->augmentation_count ||
           types[augmentation[1].kind]->warp == NULL;
}

int vqc_augment_stages(const vqc_settings *settings, vqc_augmentation_kind stages[VQC_SETTINGS_MAX_AUGMENTATIONS])
{
    int count = 0;
    for (int i = 0; i < settings->augmentation_count; i++)
        if (ends_stage(settings, i))
            stages[count++] = stage_of(settings->augmentations[i].kind);
    return count;
}

/* The stream of what all crops of the step have in common in an augmentation. */
static vqc_stream batch_stream(uint32_t index, const vqc_stream *stream)
{
    return (vqc_stream){.seed = stream->seed,
                        .purpose = VQC_STREAM_BATCH,
                        .place = index,
                        .perceptor = stream->perceptor,
                        .step = stream->step};
}

/* Joins a warp, which is drawn whether or not it is used, to those that wait for it. */
static void warp_join(const vqc_augment_warp *drawn, bool used, vqc_augment_warp *pending)
{
    if (used)
        pending->matrix = vqc_augment_matrix_product(&pending->matrix, &drawn->matrix);
    pending->border = drawn->border;
}

static bool is_for(vqc_augmented_crops crops, bool is_overview)
{
    return crops == VQC_AUGMENTED_ALL || (crops == VQC_AUGMENTED_OVERVIEW) == is_overview;
}

/* Draws an augmentation's numbers; of a warp, those of it and the ones that it joins. */
static void stage_draw(const vqc_augment_place *place, vqc_augment_warp *pending, vqc_augment_draw *draw)
{
    const vqc_augment_type *type = types[place->augmentation->kind];
    const bool chosen =
        vqc_stream_uniform(type->together ? place->batch : place->crop) < place->augmentation->probability;
    const bool used = chosen && is_for(place->augmentation->crops, place->is_overview);
    *draw = (vqc_augment_draw){0};
    if (type->warp != NULL) {
        const vqc_augment_warp drawn = type->warp(place);
        warp_join(&drawn, used, pending);
        vqc_augment_warp_store(pending, draw->real);
        return;
    }
    type->draw(place, draw);
    if (!used)
        *draw = type->neutral;
}

void vqc_augment_draw_all(const vqc_settings *settings, int64_t side, bool is_overview, vqc_stream *stream,
                          vqc_augment_draw *draws)
{
    int stage = 0;
    vqc_augment_warp pending = {.matrix = vqc_augment_identity}; /* flips that wait for the next warp */
    for (int i = 0; i < settings->augmentation_count; i++) {
        vqc_stream batch = batch_stream((uint32_t)i, stream);
        const vqc_augment_place place = {&settings->augmentations[i], (uint32_t)i, side, stream, &batch, is_overview};
        stage_draw(&place, &pending, &draws[stage]);
        if (!ends_stage(settings, i))
            continue;
        pending.matrix = vqc_augment_identity;
        stage++;
    }
}
