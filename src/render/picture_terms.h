#ifndef VQC_RENDER_PICTURE_TERMS_H
#define VQC_RENDER_PICTURE_TERMS_H

#include <stdint.h>

#include "ops/ops.h"
#include "render/regulariser.h"

/* The regularisers of one render that look at the picture (render/regulariser.h), on a device. They are functions of
 * the picture alone, which every member of a team has: each member computes them whole, as it computes the step of z,
 * and adds their gradient to the sum of all crops' after the team's sum. So nothing of them is shared out, and they
 * are the same on any number of ranks. All failures are VQC_FAILED: for want of memory, or the device's. */
typedef struct vqc_picture_terms vqc_picture_terms;

/* Of a picture. */
typedef struct vqc_picture_terms_site {
    vqc_ops *ops;                 /* must outlive them */
    const vqc_settings *settings; /* of the render; must outlive them */
    int64_t height, width;        /* of the picture */
    float scale, shift;           /* that bring the picture before its limits to 0 to 1: scale · it + shift */
} vqc_picture_terms_site;

/* Those that the settings use. *terms_out is NULL where they use none; what follows takes that, and does nothing. */
VQC_MUST_CHECK vqc_status vqc_picture_terms_create(const vqc_picture_terms_site *site, vqc_picture_terms **terms_out,
                                                   vqc_error *error);
void vqc_picture_terms_destroy(vqc_picture_terms *terms);

/* Bytes that they take on the device. */
VQC_MUST_CHECK vqc_status vqc_picture_terms_size(const vqc_picture_terms_site *site, size_t *bytes_out,
                                                 vqc_error *error);

/* The picture that the render starts from (height, width, 3), 0 to 1, in host memory, before the first step; where
 * vqc_picture_regularisers_beside_start says that one is looked at. */
VQC_MUST_CHECK vqc_status vqc_picture_terms_start(vqc_picture_terms *terms, const float *picture, vqc_error *error);

/* Queues the weights of a step. The step before has been waited for. */
VQC_MUST_CHECK vqc_status vqc_picture_terms_prepare(vqc_picture_terms *terms, int64_t step, vqc_error *error);
/* A picture and its gradient, and those of the picture before its limits, or NULL where no term looks at that: each
 * (height, width, 3) on the device. */
typedef struct vqc_picture_terms_place {
    const float *picture, *unlimited;
    float *gradient, *unlimited_gradient;
} vqc_picture_terms_place;

/* Queues the terms of a picture, adds to `gradient`, and sets `unlimited_gradient`. May be recorded. */
VQC_MUST_CHECK vqc_status vqc_picture_terms_add(vqc_picture_terms *terms, const vqc_picture_terms_place *place,
                                                vqc_error *error);
/* Queues that the terms' values come to the host, where they are after vqc_ops_wait. */
VQC_MUST_CHECK vqc_status vqc_picture_terms_fetch(vqc_picture_terms *terms, vqc_error *error);

/* The losses of a step whose values have come: weight · value of each, in the rows' order. */
void vqc_picture_terms_losses(const vqc_picture_terms *terms, int64_t step, double *losses);

#endif
