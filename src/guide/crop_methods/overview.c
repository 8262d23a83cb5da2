#include "guide/crops.h"
#include "ops/operation.h"

enum { UNUSED = 3 /* size, left and top of a random square */, KINDS = 4 };

/* Of the square that frames the picture. */
static int64_t side_of(const vqc_crop_place *place)
{
    return place->width > place->height ? place->width : place->height;
}

/* All of the framed picture: of up to four as it is, grey, mirrored, mirrored and grey; of more, all as it is. */
static void overview_draw(const vqc_crop_place *place, int64_t overviews, vqc_stream *stream, vqc_crop_numbers *draw)
{
    const int64_t kind = overviews > KINDS ? 0 : place->index;
    const int32_t side = (int32_t)side_of(place);
    stream->draw += UNUSED;
    draw->rectangle[3] = side;
    draw->rectangle[4] = side;
    draw->view[0] = kind / 2 % 2 != 0;
    draw->view[1] = kind % 2 != 0;
}

/* A random square of the picture; the first of them are grey. */
static void draw(const vqc_crop_place *place, vqc_stream *stream, vqc_crop_numbers *draw)
{
    const int64_t overviews = vqc_settings_overview(place->settings, place->crops, place->step);
    if (place->index < overviews) {
        overview_draw(place, overviews, stream, draw);
        return;
    }
    const double grey = vqc_settings_grey(place->settings, place->step) * (double)(place->crops - overviews);
    vqc_crop_draw_square(place, stream, draw->rectangle);
    draw->rectangle[1] += (int32_t)((side_of(place) - place->height) / 2);
    draw->rectangle[2] += (int32_t)((side_of(place) - place->width) / 2);
    draw->view[1] = place->index - overviews <= (int64_t)grey;
}

/* The picture in its frame. */
static vqc_status frame_add(const vqc_crop_site *site, int64_t side, vqc_value *picture, vqc_error *error)
{
    const vqc_operation operation = {.kind = VQC_OPERATION_FRAME,
                                     .dtype = VQC_DTYPE_F32,
                                     .frame = {.height = site->height, .width = site->width, .channels = 3}};
    *picture = site->picture;
    if (site->height == site->width)
        return VQC_OK;
    return vqc_network_add(site->network, &operation, &site->picture, (vqc_shape){4, {1, side, side, 3}}, picture,
                           error);
}

static vqc_status add(const vqc_crop_site *site, const vqc_crop_inputs *draws, vqc_value *crops, vqc_error *error)
{
    const vqc_operation view = {.kind = VQC_OPERATION_VIEW,
                                .dtype = VQC_DTYPE_F32,
                                .view = {.crops = site->crops, .height = site->side, .width = site->side}};
    vqc_crop_site framed = *site;
    framed.height = framed.width = site->height > site->width ? site->height : site->width;
    VQC_TRY(frame_add(site, framed.height, &framed.picture, error));
    VQC_TRY(vqc_crop_resample_add(&framed, draws->rectangles, crops, error));
    const vqc_value inputs[] = {*crops, draws->views};
    return vqc_network_add(site->network, &view, inputs, (vqc_shape){4, {site->crops, site->side, site->side, 3}},
                           crops, error);
}

const vqc_crop_type vqc_crop_overview = {
    .rectangles = true,
    .views = true,
    .draw = draw,
    .add = add,
};
