/* The pickle machine alone. */

#include "fuzz.h"
#include "weights/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vqc_pickle pickle;
    vqc_error error = {0};
    if (vqc_pickle_init(&pickle, data, size, &error) == VQC_OK) {
        if (pickle.top == NULL || pickle.size > size)
            __builtin_trap();
        vqc_pickle_release(&pickle);
    }
    return 0;
}
