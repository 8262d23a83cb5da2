#include "config/yaml_write.h"

#include <stdbool.h>

vqc_status vqc_yaml_quote(const char *content, vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "\""));
    for (const unsigned char *byte = (const unsigned char *)content; *byte != '\0'; byte++) {
        bool escape = *byte == '"' || *byte == '\\';
        if (*byte < 0x20 || *byte == 0x7f)
            VQC_TRY(vqc_text_append(text, error, "\\x%02x", *byte));
        else
            VQC_TRY(vqc_text_append(text, error, escape ? "\\%c" : "%c", *byte));
    }
    return vqc_text_append(text, error, "\"");
}
