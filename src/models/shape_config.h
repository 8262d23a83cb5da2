#ifndef VQC_MODELS_SHAPE_CONFIG_H
#define VQC_MODELS_SHAPE_CONFIG_H

#include "config/yaml.h"

/* A configuration beside a file whose shapes say the sizes already: what it says must be the same. A key that is not
 * there, or null, says nothing. VQC_BAD_INPUT names place, key, and both values. */

VQC_MUST_CHECK vqc_status vqc_shape_config_integer(const vqc_yaml_node *mapping, const char *key, int64_t value,
                                                   vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_shape_config_bool(const vqc_yaml_node *mapping, const char *key, bool value,
                                                vqc_error *error);
/* A list of count integers. */
VQC_MUST_CHECK vqc_status vqc_shape_config_integers(const vqc_yaml_node *mapping, const char *key,
                                                    const int64_t *values, int count, vqc_error *error);

#endif
