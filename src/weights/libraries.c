#include "weights/libraries.h"

#include <zip.h>
#include <zlib.h>

vqc_status vqc_weights_libraries(vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "libzip %s\n", zip_libzip_version()));
    return vqc_text_append(text, error, "zlib %s\n", zlibVersion());
}
