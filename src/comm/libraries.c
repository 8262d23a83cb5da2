#include "comm/libraries.h"

#include "comm/devices.h"
#include "comm/transport.h"

vqc_status vqc_comm_libraries(vqc_text *text, vqc_error *error)
{
    char devices[VQC_COMM_LIBRARY_SIZE];
    VQC_TRY(vqc_transport_library(text, error));
    vqc_comm_devices_library(devices);
    return devices[0] == '\0' ? VQC_OK : vqc_text_append(text, error, "%s\n", devices);
}
