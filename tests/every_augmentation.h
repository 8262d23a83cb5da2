#ifndef VQC_TESTS_EVERY_AUGMENTATION_H
#define VQC_TESTS_EVERY_AUGMENTATION_H

#include <stdio.h>

#include "study/settings.h"

/* Writes the codes of all augmentations, "Hf, Af, ...", so that jobs with every augmentation have new ones too. */
static inline void every_augmentation(char *text, size_t size)
{
    size_t used = 0;
    for (int kind = 0; kind < VQC_AUGMENTATION_COUNT; kind++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", kind == 0 ? "" : ", ",
                                 vqc_augmentation_code((vqc_augmentation_kind)kind));
}

#endif
