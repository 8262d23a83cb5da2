#ifndef VQC_CONFIG_JSON_H
#define VQC_CONFIG_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The JSON configuration that lies beside some checkpoint files. */
typedef struct vqc_json_config vqc_json_config;

/* Reads the file. *config_out is NULL if there is no such file; one that is not JSON is VQC_BAD_INPUT with its line
 * and column. */
VQC_MUST_CHECK vqc_status vqc_json_config_open(const char *path, vqc_json_config **config_out, vqc_error *error);
/* NULL is allowed. */
void vqc_json_config_close(vqc_json_config *config);

/* The file that was read, as it was named. */
const char *vqc_json_config_path(const vqc_json_config *config);

/* Whether there is a value, and it is not null. */
bool vqc_json_config_has(const vqc_json_config *config, const char *key);

/* Looks up a value by its keys joined with dots, "vision_config.hidden_act". Each sets *value_out and *found_out to
 * true if the key is there, leaves *value_out and sets *found_out to false if not; a value of another type or, for
 * integers, outside [minimum, maximum], is VQC_BAD_INPUT naming file and key. Texts belong to the configuration. */
VQC_MUST_CHECK vqc_status vqc_json_config_text(const vqc_json_config *config, const char *key, const char **value_out,
                                               bool *found_out, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_json_config_integer(const vqc_json_config *config, const char *key, int64_t minimum,
                                                  int64_t maximum, int64_t *value_out, bool *found_out,
                                                  vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_json_config_boolean(const vqc_json_config *config, const char *key, bool *value_out,
                                                  bool *found_out, vqc_error *error);
/* An array of exactly count numbers, each inside [minimum, maximum]. */
VQC_MUST_CHECK vqc_status vqc_json_config_reals(const vqc_json_config *config, const char *key, double minimum,
                                                double maximum, size_t count, double *values_out, bool *found_out,
                                                vqc_error *error);

#endif
