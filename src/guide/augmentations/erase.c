#include <math.h>

#include "guide/augmentation.h"

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
static int64_t side_of(double square, int64_t side)
{
    return (int64_t)fmin(fmax(rint(sqrt(square)), 1.0), (double)side);
}

/* A rectangle of that share of the area and that aspect, height / width, somewhere in the crop; the same for all
 * crops of a step. */
static void draw(const vqc_augment_place *place, vqc_augment_draw *draw)
{
    const double *scale = place->augmentation->scale;
    double area = vqc_stream_between(place->batch, scale[0], scale[1]) * (double)place->side * (double)place->side;
    double aspect = aspect_draw(place->batch, place->augmentation->ratio);
    int64_t height = side_of(area * aspect, place->side);
    int64_t width = side_of(area / aspect, place->side);
    int64_t left = vqc_stream_integer(place->batch, place->side - width + 1);
    int64_t top = vqc_stream_integer(place->batch, place->side - height + 1);
    *draw = (vqc_augment_draw){.whole = {(int32_t)top, (int32_t)left, (int32_t)height, (int32_t)width}};
}

static vqc_status add(const vqc_augment_site *site, vqc_value draws, vqc_value *crops, vqc_error *error)
{
    const vqc_operation erase = {
        .kind = VQC_OPERATION_ERASE, .dtype = VQC_DTYPE_F32, .erase = {site->crops, site->side, site->side, 3}};
    return vqc_augment_add(site, &erase, draws, crops, error);
}

const vqc_augment_type vqc_augment_erase = {
    .numbers = VQC_ERASE_NUMBERS,
    .dtype = VQC_DTYPE_I32,
    .together = true,
    .draw = draw,
    .neutral = {{0}}, /* of no height and width */
    .add = add,
};
