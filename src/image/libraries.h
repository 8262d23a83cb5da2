#ifndef VQC_IMAGE_LIBRARIES_H
#define VQC_IMAGE_LIBRARIES_H

#include "base/text.h"

/* The libraries of pictures and captions, with the versions that run; of libjpeg, that it was built with. Appends a
 * line for each. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_image_libraries(vqc_text *text, vqc_error *error);

#endif
