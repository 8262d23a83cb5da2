#include "guide/crops.h"

static void draw(const vqc_crop_place *place, vqc_stream *stream, vqc_crop_numbers *draw)
{
    vqc_crop_draw_square(place, stream, draw->rectangle);
}

static vqc_status add(const vqc_crop_site *site, const vqc_crop_inputs *draws, vqc_value *crops, vqc_error *error)
{
    return vqc_crop_resample_add(site, draws->rectangles, crops, error);
}

const vqc_crop_type vqc_crop_original = {
    .rectangles = true,
    .draw = draw,
    .add = add,
};
