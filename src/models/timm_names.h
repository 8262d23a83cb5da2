#ifndef VQC_MODELS_TIMM_NAMES_H
#define VQC_MODELS_TIMM_NAMES_H

#include "models/clip_config.h"

/* What timm's names of picture towers say and the shapes of tensors do not. */

/* Sets activation, heads and epsilon of the tower of this name ("vit_base_patch16_siglip_224", with or without a dot
 * and the name of weights behind it); false: the name is none of a tower that is computed. */
bool vqc_timm_name_find(const char *name, vqc_clip_tower_config *image);

#endif
