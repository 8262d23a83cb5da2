#include "base/libraries.h"

#include <openssl/crypto.h>

vqc_status vqc_base_libraries(vqc_text *text, vqc_error *error)
{
    return vqc_text_append(text, error, "%s\n", OpenSSL_version(OPENSSL_VERSION));
}
