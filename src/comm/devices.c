#include "comm/devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/nccl.h"

enum { HOST_NAME_SIZE = 256 };

/* Where a rank computes. */
typedef struct device_place {
    char host[HOST_NAME_SIZE];
    vqc_ops_identity identity;
} device_place;

static bool same_device(const device_place *a, const device_place *b)
{
    return a->identity.pci_id[0] != '\0' && strcmp(a->host, b->host) == 0 &&
           strcmp(a->identity.pci_id, b->identity.pci_id) == 0;
}

static void first_fill(const device_place *places, int size, int *first)
{
    for (int rank = 0; rank < size; rank++) {
        first[rank] = places[rank].identity.pci_id[0] == '\0' ? -1 : 0;
        while (first[rank] >= 0 && !same_device(&places[first[rank]], &places[rank]))
            first[rank]++;
    }
}

/* That no two ranks compute on one device. */
static vqc_status sharing_refuse(const device_place *places, int size, const int *first, vqc_error *error)
{
    for (int rank = 0; rank < size; rank++)
        if (first[rank] >= 0 && first[rank] != rank)
            return vqc_error_set(
                error, VQC_BAD_INPUT,
                "ranks %d and %d (host %s) would compute on the same device, %s (%s): start at most as many ranks on "
                "a host as it has devices that its ranks see, or let them share one with --share-device",
                first[rank], rank, places[rank].host, places[rank].identity.name, places[rank].identity.pci_id);
    return VQC_OK;
}

static vqc_status places_gather(vqc_comm *comm, const vqc_ops *ops, device_place *places, vqc_error *error)
{
    device_place own = {0};
    (void)snprintf(own.host, sizeof own.host, "%s", vqc_comm_host(comm));
    vqc_ops_identify(ops, &own.identity);
    return vqc_comm_all_gather(comm, &own, sizeof own, places, error);
}

vqc_status vqc_comm_devices_set(vqc_comm *comm, const vqc_ops *ops, const vqc_devices_options *options,
                                vqc_error *error)
{
    const int size = vqc_comm_size(comm);
    device_place *places = NULL;
    vqc_devices *devices = vqc_comm_devices(comm);
    devices->options = *options;
    free(devices->first);
    devices->first = NULL;
    vqc_status status = vqc_memory_allocate((size_t)size, sizeof *places, "the ranks' devices", &places, error);
    if (status == VQC_OK)
        status =
            vqc_memory_allocate((size_t)size, sizeof *devices->first, "the ranks' devices", &devices->first, error);
    status = vqc_comm_agree(comm, status, error);
    if (status == VQC_OK)
        status = places_gather(comm, ops, places, error);
    if (status == VQC_OK) {
        first_fill(places, size, devices->first);
        if (!options->share)
            status = sharing_refuse(places, size, devices->first, error);
    }
    free(places);
    return status;
}

void vqc_comm_devices_library(char version_out[VQC_COMM_LIBRARY_SIZE])
{
    vqc_nccl_version(version_out);
}

bool vqc_devices_differ(const vqc_devices *devices, const int *ranks, int count)
{
    if (devices->first == NULL)
        return false;
    for (int i = 0; i < count; i++) {
        if (devices->first[ranks[i]] < 0)
            return false;
        for (int j = 0; j < i; j++)
            if (devices->first[ranks[i]] == devices->first[ranks[j]])
                return false;
    }
    return true;
}
