#include "config/libraries.h"

#include <csv.h>
#include <jansson.h>
#include <yaml.h>

vqc_status vqc_config_libraries(vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "libyaml %s\n", yaml_get_version_string()));
    VQC_TRY(vqc_text_append(text, error, "jansson %s\n", jansson_version_str()));
    return vqc_text_append(text, error, "libcsv %d.%d (built with)\n", CSV_MAJOR, CSV_MINOR);
}
