#ifndef VQC_OPS_CUDA_CUDA_H
#define VQC_OPS_CUDA_CUDA_H

#include <stdbool.h>

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include "base/status.h"
#include "ops/cuda/result.h"

/* An NVIDIA GPU with the one stream on which everything is computed, in the order of the calls, and the libraries'
 * handles, which compute on that stream. Calls that launch work return at once; only copies between host and device
 * wait. */
enum { VQC_CUDA_NAME_SIZE = 256, VQC_CUDA_PCI_ID_SIZE = 32 };

typedef struct vqc_cuda_device {
    int index;      /* the CUDA runtime's number of the device */
    int capability; /* compute capability, 10 · major + minor */
    bool tf32;      /* matrix products and convolutions in f32 may round their factors to TF32 */
    char name[VQC_CUDA_NAME_SIZE];
    char pci_id[VQC_CUDA_PCI_ID_SIZE]; /* domain:bus:device.function */
    cudaStream_t stream;
    bool recording; /* the stream is being captured */
    cublasLtHandle_t cublas;
    cudnnHandle_t cudnn;
    struct vqc_cuda_graphs *graphs; /* cudnn_graphs.h */
    void *latent_parts; /* vqc_cuda_latent_parts_size() bytes on the device, for one call on the stream at a time */
} vqc_cuda_device;

#endif
