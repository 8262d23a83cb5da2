#include <math.h>

#include "guide/augmentation.h"

/* A part of that share of the area and that aspect, height / width as kornia 0.5.4 has it: the first of ten draws
 * that is smaller than the crop along both axes, else the widest one of the least aspect. */
static vqc_augment_warp warp(const vqc_augment_place *place)
{
    enum { DRAWS = 10 };
    const double *scale = place->augmentation->scale;
    const double *ratio = place->augmentation->ratio;
    double whole = (double)place->side;
    double height = ratio[0] > 1.0 ? whole : rint(whole * ratio[0]);
    double width = ratio[0] > 1.0 ? rint(whole / ratio[0]) : whole;
    bool found = false;
    for (int i = 0; i < DRAWS; i++) {
        double area = vqc_stream_between(place->crop, scale[0], scale[1]) * whole * whole;
        double aspect = exp(vqc_stream_between(place->crop, log(ratio[0]), log(ratio[1])));
        double drawn_height = rint(sqrt(area * aspect));
        double drawn_width = rint(sqrt(area / aspect));
        bool fits = drawn_height > 0.0 && drawn_height < whole && drawn_width > 0.0 && drawn_width < whole;
        if (found || !fits)
            continue;
        height = drawn_height;
        width = drawn_width;
        found = true;
    }
    return vqc_augment_part_draw(fmax(width, 1.0), fmax(height, 1.0), place->side, place->crop);
}

const vqc_augment_type vqc_augment_resized_crop = {
    .numbers = VQC_WARP_NUMBERS,
    .dtype = VQC_DTYPE_F32,
    .together = true,
    .warp = warp,
    .add = vqc_augment_warp_add,
};
