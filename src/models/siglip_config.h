#ifndef VQC_MODELS_SIGLIP_CONFIG_H
#define VQC_MODELS_SIGLIP_CONFIG_H

#include "models/clip_config.h"

/* What is said of SigLIP beside its weights file. */

/* Reads the config.json, processor_config.json and preprocessor_config.json of a SigLIP model that Hugging Face's
 * library has saved; as clip_config.h says of the others. */
VQC_MUST_CHECK vqc_status vqc_siglip_config_read(const char *weights_path, bool text, vqc_clip_config *config,
                                                 vqc_error *error);

#endif
