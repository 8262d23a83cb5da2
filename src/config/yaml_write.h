#ifndef VQC_CONFIG_YAML_WRITE_H
#define VQC_CONFIG_YAML_WRITE_H

#include "base/status.h"
#include "base/text.h"

/* Appends a text in double quotes, so that reading it as YAML gives the same text. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_yaml_quote(const char *content, vqc_text *text, vqc_error *error);

#endif
