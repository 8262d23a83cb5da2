#ifndef VQC_GUIDE_AUGMENT_SPLINE_H
#define VQC_GUIDE_AUGMENT_SPLINE_H

#include "guide/augment.h"

/* Draws a thin-plate spline as kornia 0.5.4 does: its five centres, two of which are the same there, each move by up
 * to ± reach along both axes, and the spline takes the places that they move to back to them. Every crop has one of
 * its own: the notebooks ask for the same on the batch, but kornia then makes only its use the same. The numbers are
 * those of vqc_spline_field (operation.h); where the points do not decide a spline, they are those of one that moves
 * nothing. */
void vqc_augment_spline_draw(double reach, vqc_stream *stream, float numbers[VQC_AUGMENT_SPLINE_NUMBERS]);

#endif
