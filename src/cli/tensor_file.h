#ifndef VQC_CLI_TENSOR_FILE_H
#define VQC_CLI_TENSOR_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "weights/weights.h"

/* The safetensors files that commands read and write for checking: pictures and grids in them are channels first
 * (N, C, H, W), as the public implementations have them; in the program they are channels last. */

/* A tensor in memory, row-major. */
typedef struct vqc_host_tensor {
    int rank;
    int64_t shape[VQC_WEIGHTS_MAX_RANK];
    float *data; /* NULL if the file has no such tensor */
} vqc_host_tensor;

/* Reads a tensor that must have this rank; none of that name leaves data NULL. The caller frees data. A tensor of
 * rank 4 is turned from channels first to channels last, shape included. */
VQC_MUST_CHECK vqc_status vqc_host_tensor_read(const vqc_weights *weights, const char *name, int rank,
                                               vqc_host_tensor *tensor_out, vqc_error *error);

/* Reads integers in the same way, of rank 2; *ids_out is NULL if there are none. Values beyond int32 are
 * VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_host_ids_read(const vqc_weights *weights, const char *name, int64_t shape_out[2],
                                            int32_t **ids_out, vqc_error *error);

/* Collects results until they are written. Initialise with {0}. */
enum { VQC_TENSOR_FILE_MAX = 16 };
typedef struct vqc_tensor_file {
    vqc_weights_source sources[VQC_TENSOR_FILE_MAX];
    void *owned[VQC_TENSOR_FILE_MAX];
    size_t count;
} vqc_tensor_file;

/* Adds a copy of f32 data; of rank 4, it is given channels last, shape included, and stored channels first. The name
 * must stay valid. */
VQC_MUST_CHECK vqc_status vqc_tensor_file_add(vqc_tensor_file *file, const char *name, int rank, const int64_t *shape,
                                              const float *data, vqc_error *error);
/* Adds a copy of int32 data, as it is. */
VQC_MUST_CHECK vqc_status vqc_tensor_file_add_ids(vqc_tensor_file *file, const char *name, int rank,
                                                  const int64_t *shape, const int32_t *data, vqc_error *error);
void vqc_tensor_file_release(vqc_tensor_file *file);

#endif
