#include "guide/crops.h"

#include <math.h>

/* One for every row of crop_methods.def: a row without its file in guide/crop_methods/ does not link. */
static const vqc_crop_type *const types[VQC_CROPS_COUNT] = {
#define VQC_CROP_METHOD(kind, identifier) [VQC_CROPS_##kind] = &vqc_crop_##identifier,
#include "study/crop_methods.def"
};

static const char *const names[VQC_CROPS_COUNT] = {
#define VQC_CROP_METHOD(kind, identifier) [VQC_CROPS_##kind] = #identifier,
#include "study/crop_methods.def"
};

const vqc_crop_type *vqc_crop_type_of(vqc_crop_method method)
{
    return types[method];
}

vqc_crop_method vqc_crop_network(vqc_crop_method method)
{
    int first = 0;
    while (types[first]->add != types[method]->add)
        first++;
    return (vqc_crop_method)first;
}

const char *vqc_crop_name(vqc_crop_method method)
{
    return names[method];
}

static int64_t smaller(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

void vqc_crop_draw(double power, int64_t width, int64_t height, int64_t side, vqc_stream *stream,
                   int32_t rectangle[VQC_CROP_RECTANGLE])
{
    int64_t largest = smaller(width, height);
    int64_t smallest = smaller(largest, side);
    double share = pow(vqc_stream_uniform(stream), power);
    int64_t size = (int64_t)floor(share * (double)(largest - smallest) + (double)smallest);
    int64_t left = vqc_stream_integer(stream, width - size + 1);
    int64_t top = vqc_stream_integer(stream, height - size + 1);
    rectangle[0] = 0;
    rectangle[1] = (int32_t)top;
    rectangle[2] = (int32_t)left;
    rectangle[3] = (int32_t)size;
    rectangle[4] = (int32_t)size;
}

void vqc_crop_draw_square(const vqc_crop_place *place, vqc_stream *stream, int32_t rectangle[VQC_CROP_RECTANGLE])
{
    vqc_crop_draw(vqc_settings_crop_power(place->settings, place->step), place->width, place->height, place->side,
                  stream, rectangle);
}

vqc_status vqc_crop_resample_add(const vqc_crop_site *site, vqc_value rectangles, vqc_value *crops, vqc_error *error)
{
    const vqc_operation operation = {
        .kind = VQC_OPERATION_RESAMPLE,
        .dtype = VQC_DTYPE_F32,
        .resample = {.batch = 1,
                     .height = site->height,
                     .width = site->width,
                     .channels = 3,
                     .crops = site->crops,
                     .side = site->side},
    };
    const vqc_value inputs[] = {site->picture, rectangles};
    return vqc_network_add(site->network, &operation, inputs,
                           (vqc_shape){4, {site->crops, site->side, site->side, 3}}, crops, error);
}
