#include "guide/augment.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "guide/augment_spline.h"
#include "guide/augment_warps.h"

/* The parameters of each stage. */
static const struct {
    int64_t numbers;
    vqc_dtype dtype;
} parameters[VQC_AUGMENT_STAGE_COUNT] = {
    [VQC_AUGMENT_STAGE_WARP] = {10, VQC_DTYPE_F32},
    [VQC_AUGMENT_STAGE_COLOUR] = {5, VQC_DTYPE_F32},
    [VQC_AUGMENT_STAGE_NOISE] = {VQC_STREAM_NOISE_WORDS, VQC_DTYPE_I32},
    [VQC_AUGMENT_STAGE_ERASE] = {4, VQC_DTYPE_I32},
    [VQC_AUGMENT_STAGE_SHARPEN] = {1, VQC_DTYPE_F32},
    [VQC_AUGMENT_STAGE_SPLINE] = {VQC_AUGMENT_SPLINE_NUMBERS, VQC_DTYPE_F32},
    [VQC_AUGMENT_STAGE_ELASTIC] = {VQC_STREAM_NOISE_WORDS, VQC_DTYPE_I32},
};

int64_t vqc_augment_stage_numbers(vqc_augment_stage stage)
{
    return parameters[stage].numbers;
}

vqc_dtype vqc_augment_stage_dtype(vqc_augment_stage stage)
{
    return parameters[stage].dtype;
}

static vqc_augment_stage stage_of(vqc_augmentation_kind kind)
{
    switch (kind) {
    case VQC_AUGMENTATION_JITTER:
        return VQC_AUGMENT_STAGE_COLOUR;
    case VQC_AUGMENTATION_NOISE:
        return VQC_AUGMENT_STAGE_NOISE;
    case VQC_AUGMENTATION_ERASE:
        return VQC_AUGMENT_STAGE_ERASE;
    case VQC_AUGMENTATION_SHARPNESS:
        return VQC_AUGMENT_STAGE_SHARPEN;
    case VQC_AUGMENTATION_SPLINE:
        return VQC_AUGMENT_STAGE_SPLINE;
    case VQC_AUGMENTATION_ELASTIC:
        return VQC_AUGMENT_STAGE_ELASTIC;
    default:
        return VQC_AUGMENT_STAGE_WARP;
    }
}

/* Whether a flip in the list has no warp right behind it that it could join. */
static bool flip_stands_alone(const vqc_settings *settings, int index)
{
    for (int i = index + 1; i < settings->augmentation_count; i++) {
        vqc_augmentation_kind kind = settings->augmentations[i].kind;
        if (kind != VQC_AUGMENTATION_FLIP)
            return !vqc_augment_is_warp(kind);
    }
    return true;
}

/* Whether augmentation number `index` ends a stage. */
static bool ends_stage(const vqc_settings *settings, int index)
{
    if (settings->augmentations[index].kind != VQC_AUGMENTATION_FLIP)
        return true;
    bool last = index + 1 == settings->augmentation_count;
    return last ||
           (flip_stands_alone(settings, index) && settings->augmentations[index + 1].kind != VQC_AUGMENTATION_FLIP);
}

int vqc_augment_stages(const vqc_settings *settings, vqc_augment_stage stages[VQC_SETTINGS_MAX_AUGMENTATIONS])
{
    int count = 0;
    for (int i = 0; i < settings->augmentation_count; i++)
        if (ends_stage(settings, i))
            stages[count++] = stage_of(settings->augmentations[i].kind);
    return count;
}

static void colour_draw(const vqc_augmentation *augmentation, vqc_stream *stream, float colour[5])
{
    colour[0] = (float)vqc_stream_symmetric(stream, augmentation->brightness);
    colour[1] = (float)(1.0 + vqc_stream_symmetric(stream, augmentation->contrast));
    colour[2] = (float)(1.0 + vqc_stream_symmetric(stream, augmentation->saturation));
    colour[3] = (float)vqc_stream_symmetric(stream, augmentation->hue);
    colour[4] = (float)vqc_stream_integer(stream, 24);
}

static void colour_neutral(float colour[5])
{
    static const float neutral[5] = {0.0F, 1.0F, 1.0F, 0.0F, 0.0F};
    memcpy(colour, neutral, sizeof neutral);
}

/* An aspect: where the range has 1 inside, as often below as above it. */
static double aspect_draw(vqc_stream *stream, const double ratio[2])
{
    if (!(ratio[0] < 1.0 && ratio[1] > 1.0))
        return vqc_stream_between(stream, ratio[0], ratio[1]);
    double below = vqc_stream_between(stream, ratio[0], 1.0);
    double above = vqc_stream_between(stream, 1.0, ratio[1]);
    return vqc_stream_uniform(stream) > 0.5 ? below : above;
}

/* A side of a rectangle with that square, in whole pixels. */
static int64_t rectangle_side(double square, int64_t side)
{
    return (int64_t)fmin(fmax(rint(sqrt(square)), 1.0), (double)side);
}

/* A rectangle of that share of the area and that aspect, height / width, somewhere in the crop. */
static void erase_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream, int32_t rectangle[4])
{
    double area =
        vqc_stream_between(stream, augmentation->scale[0], augmentation->scale[1]) * (double)side * (double)side;
    double aspect = aspect_draw(stream, augmentation->ratio);
    int64_t height = rectangle_side(area * aspect, side);
    int64_t width = rectangle_side(area / aspect, side);
    int64_t left = vqc_stream_integer(stream, side - width + 1);
    int64_t top = vqc_stream_integer(stream, side - height + 1);
    rectangle[0] = (int32_t)top;
    rectangle[1] = (int32_t)left;
    rectangle[2] = (int32_t)height;
    rectangle[3] = (int32_t)width;
}

/* The augmentation in its list. */
typedef struct list_place {
    const vqc_augmentation *augmentation;
    uint32_t index;
    int64_t side; /* of the crop */
} list_place;

/* The stream of what all crops of the step have in common in this augmentation. */
static vqc_stream batch_stream(const list_place *place, const vqc_stream *stream)
{
    return (vqc_stream){.seed = stream->seed,
                        .purpose = VQC_STREAM_BATCH,
                        .place = place->index,
                        .perceptor = stream->perceptor,
                        .step = stream->step};
}

/* Whether kornia decides for all crops of a batch together if the augmentation is used: where it may give pictures
 * another size, and where the public notebooks want the same for all. */
static bool is_used_together(vqc_augmentation_kind kind)
{
    return kind == VQC_AUGMENTATION_RESIZED_CROP || kind == VQC_AUGMENTATION_CROP || kind == VQC_AUGMENTATION_ERASE ||
           kind == VQC_AUGMENTATION_SPLINE;
}

/* Whether the augmentation is used; takes a number from one of the streams, the crop's or the batch's. */
static bool use_draw(const list_place *place, vqc_stream *stream, vqc_stream *batch)
{
    vqc_stream *asked = is_used_together(place->augmentation->kind) ? batch : stream;
    return vqc_stream_uniform(asked) < place->augmentation->probability;
}

/* What tells an operation to draw a number for every element of the crop. */
static void noise_draw(const list_place *place, const vqc_stream *stream, double scale,
                       int32_t words[VQC_STREAM_NOISE_WORDS])
{
    vqc_stream noise = *stream;
    noise.purpose = VQC_STREAM_STAGE_NOISE;
    noise.place = place->index;
    noise.draw = 0;
    vqc_stream_noise(&noise, (float)scale, words);
}

/* The parameters of a stage that is no warp. */
static void stage_draw(const list_place *place, vqc_stream *stream, vqc_augment_draw *draw)
{
    const vqc_augmentation *augmentation = place->augmentation;
    vqc_stream batch = batch_stream(place, stream);
    bool used = use_draw(place, stream, &batch);
    switch (stage_of(augmentation->kind)) {
    case VQC_AUGMENT_STAGE_COLOUR:
        colour_draw(augmentation, stream, draw->colour);
        if (!used)
            colour_neutral(draw->colour);
        break;
    case VQC_AUGMENT_STAGE_NOISE:
        noise_draw(place, stream, used ? augmentation->deviation : 0.0, draw->noise);
        break;
    case VQC_AUGMENT_STAGE_ERASE: /* the same for all crops */
        erase_draw(augmentation, place->side, &batch, draw->erase);
        if (!used)
            memset(draw->erase, 0, sizeof draw->erase);
        break;
    case VQC_AUGMENT_STAGE_SHARPEN:
        draw->sharpen[0] = (float)vqc_stream_between(stream, 0.0, augmentation->sharpness);
        if (!used)
            draw->sharpen[0] = 1.0F;
        break;
    case VQC_AUGMENT_STAGE_SPLINE:
        vqc_augment_spline_draw(augmentation->reach, stream, draw->spline);
        if (!used)
            draw->spline[0] = 0.0F;
        break;
    case VQC_AUGMENT_STAGE_ELASTIC:
        noise_draw(place, stream, used ? augmentation->strength : 0.0, draw->elastic);
        break;
    case VQC_AUGMENT_STAGE_WARP:
    case VQC_AUGMENT_STAGE_COUNT:
        break;
    }
}

/* Joins the augmentation's matrix to those that wait for it; drawn whether or not it is used. */
static void matrix_join(const list_place *place, vqc_stream *stream, vqc_augment_matrix *pending)
{
    vqc_stream batch = batch_stream(place, stream);
    bool used = use_draw(place, stream, &batch);
    vqc_augment_matrix drawn = vqc_augment_matrix_draw(place->augmentation, place->side, stream);
    if (used)
        *pending = vqc_augment_matrix_product(pending, &drawn);
}

static void warp_store(const vqc_augment_matrix *m, const vqc_augmentation *last, float warp[10])
{
    bool border = last->kind == VQC_AUGMENTATION_FLIP || (last->kind == VQC_AUGMENTATION_AFFINE && last->border);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            warp[3 * i + j] = (float)m->at[i][j];
    warp[9] = border ? 1.0F : 0.0F;
}

void vqc_augment_draw_all(const vqc_settings *settings, int64_t side, vqc_stream *stream, vqc_augment_draw *draws)
{
    int stage = 0;
    vqc_augment_matrix pending = vqc_augment_identity; /* flips that wait for the next warp */
    for (int i = 0; i < settings->augmentation_count; i++) {
        const list_place place = {&settings->augmentations[i], (uint32_t)i, side};
        bool warps = vqc_augment_is_warp(place.augmentation->kind);
        if (warps)
            matrix_join(&place, stream, &pending);
        else
            stage_draw(&place, stream, &draws[stage]);
        if (!ends_stage(settings, i))
            continue;
        if (warps) {
            warp_store(&pending, place.augmentation, draws[stage].warp);
            pending = vqc_augment_identity;
        }
        stage++;
    }
}
