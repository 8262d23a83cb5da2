#include "guide/crops.h"

enum { UNUSED = 3 /* size, left and top of a random square */ };

/* The whole picture, whatever its shape, is pressed into the square: there is nothing to draw. */
static void draw(const vqc_crop_place *place, vqc_stream *stream, vqc_crop_numbers *draw)
{
    (void)place;
    (void)draw;
    stream->draw += UNUSED;
}

static vqc_status add(const vqc_crop_site *site, const vqc_crop_inputs *draws, vqc_value *crops, vqc_error *error)
{
    const vqc_operation operation = {
        .kind = VQC_OPERATION_ADAPTIVE_POOL,
        .dtype = VQC_DTYPE_F32,
        .adaptive_pool =
            {.height = site->height, .width = site->width, .channels = 3, .crops = site->crops, .side = site->side},
    };
    (void)draws;
    return vqc_network_add(site->network, &operation, &site->picture,
                           (vqc_shape){4, {site->crops, site->side, site->side, 3}}, crops, error);
}

const vqc_crop_type vqc_crop_pooled = {
    .draw = draw,
    .add = add,
};
