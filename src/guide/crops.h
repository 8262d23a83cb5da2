#ifndef VQC_GUIDE_CROPS_H
#define VQC_GUIDE_CROPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stream.h"
#include "network/network.h"
#include "study/settings.h"

/* How crops come from a picture: every row of study/crop_methods.def has a file in guide/crop_methods/ with one type.
 * What fails is VQC_FAILED: for want of memory, or the implementation's. */

/* Numbers of a rectangle, and of a view, as operation.h lists them for resample and view. */
enum { VQC_CROP_RECTANGLE = 5, VQC_CROP_VIEW = 2 };

/* What is drawn of a crop; zero before. */
typedef struct vqc_crop_numbers {
    int32_t rectangle[VQC_CROP_RECTANGLE];
    int32_t view[VQC_CROP_VIEW];
} vqc_crop_numbers;

/* What a crop is drawn for. */
typedef struct vqc_crop_place {
    const vqc_settings *settings; /* of the render */
    int64_t step;
    int64_t index, crops;  /* which of the perceptor's crops of the step; how many there are */
    int64_t width, height; /* of the picture, of any shape */
    int64_t side;          /* of the perceptor's picture, which is square */
} vqc_crop_place;

/* Where in a perceptor's network the crops are made. */
typedef struct vqc_crop_site {
    vqc_network *network;
    int64_t height, width; /* of the picture */
    int64_t crops, side;
    vqc_value picture; /* f32 (1, height, width, 3), 0 to 1 */
} vqc_crop_site;

/* The inputs of the network that hold what is drawn, int32, of those that the type has. */
typedef struct vqc_crop_inputs {
    vqc_value rectangles; /* (crops, VQC_CROP_RECTANGLE) */
    vqc_value views;      /* (crops, VQC_CROP_VIEW) */
} vqc_crop_inputs;

typedef struct vqc_crop_type {
    bool rectangles, views; /* whether its network has them as inputs; neither: every crop is the same */
    /* Writes them. The stream is at its first draw and left at its fourth, whatever the method, such that what is
     * drawn after it does not depend on that. */
    void (*draw)(const vqc_crop_place *place, vqc_stream *stream, vqc_crop_numbers *draw);
    /* Adds the crops, f32 (crops, side, side, 3), to the network. Types with the same function make the same
     * networks.
     */
    vqc_status (*add)(const vqc_crop_site *site, const vqc_crop_inputs *draws, vqc_value *crops, vqc_error *error);
} vqc_crop_type;

#define VQC_CROP_METHOD(kind, identifier) extern const vqc_crop_type vqc_crop_##identifier;
#include "study/crop_methods.def"

const vqc_crop_type *vqc_crop_type_of(vqc_crop_method method);
/* The first method (crop_methods.def) that makes the same networks. */
vqc_crop_method vqc_crop_network(vqc_crop_method method);
/* Its name in crop_methods.def. */
const char *vqc_crop_name(vqc_crop_method method);

/* The rectangle of one random crop ("original" method of the public notebooks): a square of side
 * floor(U^power · (max − min) + min), max = min(width, height), min = min(width, height, perceptor's side), anywhere
 * in the picture, which is a square only if the picture is: none sees all of a wide one, and its middle is seen more
 * often than its ends. rectangle: picture 0, top, left, height, width, as vqc_resample takes it. The stream is at its
 * first draw and left at the next one. */
void vqc_crop_draw(double power, int64_t width, int64_t height, int64_t side, vqc_stream *stream,
                   int32_t rectangle[VQC_CROP_RECTANGLE]);

/* The same, of the place's picture, with its power at the step. */
void vqc_crop_draw_square(const vqc_crop_place *place, vqc_stream *stream, int32_t rectangle[VQC_CROP_RECTANGLE]);

/* Adds the crops that the rectangles cut out of the site's picture. */
VQC_MUST_CHECK vqc_status vqc_crop_resample_add(const vqc_crop_site *site, vqc_value rectangles, vqc_value *crops,
                                                vqc_error *error);

#endif
