#include "text/libraries.h"

#include <utf8proc.h>

vqc_status vqc_text_libraries(vqc_text *text, vqc_error *error)
{
    return vqc_text_append(text, error, "utf8proc %s\n", utf8proc_version());
}
