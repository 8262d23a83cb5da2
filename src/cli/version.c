#include "cli/version.h"

#include "archive/archive.h"
#include "base/libraries.h"
#include "comm/libraries.h"
#include "config/libraries.h"
#include "image/libraries.h"
#include "ops/libraries.h"
#include "text/libraries.h"
#include "weights/libraries.h"

static vqc_status libraries_append(vqc_text *text, vqc_error *error)
{
    char archive[VQC_ARCHIVE_LIBRARY_SIZE];
    vqc_archive_library(archive);
    VQC_TRY(vqc_ops_libraries(text, error));
    VQC_TRY(vqc_comm_libraries(text, error));
    VQC_TRY(vqc_text_append(text, error, "%s\n", archive));
    VQC_TRY(vqc_image_libraries(text, error));
    VQC_TRY(vqc_config_libraries(text, error));
    VQC_TRY(vqc_weights_libraries(text, error));
    VQC_TRY(vqc_text_libraries(text, error));
    return vqc_base_libraries(text, error);
}

vqc_status vqc_version_write(FILE *stream, vqc_error *error)
{
    vqc_text text = {0};
    vqc_status status = vqc_text_append(&text, error, "vqclip %s\n\n", VQC_VERSION);
    if (status == VQC_OK)
        status = libraries_append(&text, error);
    if (status == VQC_OK)
        (void)fputs(text.data, stream);
    vqc_text_release(&text);
    return status;
}
