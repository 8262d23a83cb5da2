#ifndef VQC_OPS_CPU_ONEDNN_PIECE_H
#define VQC_OPS_CPU_ONEDNN_PIECE_H

#include "ops/cpu/onednn.h"

/* One primitive of oneDNN, planned for one thread: a whole computation or a piece of one (onednn.h). All that differs
 * between oneDNN's versions 2 and 3 is in onednn_piece.c. */

enum { VQC_ONEDNN_MAX_AXES = 12 }; /* what oneDNN's functions read at most */

/* A tensor of a primitive. Sizes are in oneDNN's order of axes (pictures: batch, channels, height, width), strides
 * count elements. */
typedef struct vqc_onednn_tensor {
    int axes; /* 0: the primitive has no such tensor */
    int64_t sizes[VQC_ONEDNN_MAX_AXES];
    int64_t strides[VQC_ONEDNN_MAX_AXES];
    vqc_dtype dtype;
    bool packed; /* oneDNN chooses the layout; the strides are those of the constants before packing */
} vqc_onednn_tensor;

typedef enum vqc_onednn_kind {
    VQC_ONEDNN_CONVOLUTION,
    VQC_ONEDNN_CONVOLUTION_GRADIENT, /* source is the gradient of the output, target that of the input */
    VQC_ONEDNN_PRODUCT
} vqc_onednn_kind;

/* How the kernel of a convolution moves, by axis; without meaning for products. */
typedef struct vqc_onednn_window {
    int64_t strides[VQC_ONEDNN_MAX_AXES], padding_before[VQC_ONEDNN_MAX_AXES], padding_after[VQC_ONEDNN_MAX_AXES];
} vqc_onednn_window;

typedef struct vqc_onednn_computation {
    vqc_onednn_kind kind;
    vqc_onednn_tensor source, matrix, bias, target;
    vqc_onednn_window window;
    bool accumulate;       /* add to what the target holds */
    const float *constant; /* the matrix, f32, in host memory, with the strides of `matrix`; NULL: an argument */
    const float *bias_values;
} vqc_onednn_computation;

enum { VQC_ONEDNN_NAME_SIZE = 64 };

/* The name of the implementation that oneDNN would choose for the computation, such as "gemm:jit". A computation that
 * it does not have is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_onednn_name(const vqc_onednn *onednn, const vqc_onednn_computation *computation,
                                          char name_out[VQC_ONEDNN_NAME_SIZE], vqc_error *error);

typedef struct vqc_onednn_piece vqc_onednn_piece;

/* `like`: a piece, to outlive this one, that has the same constants and lends them, as it packed them; NULL: the
 * constants are packed here. */
VQC_MUST_CHECK vqc_status vqc_onednn_piece_create(const vqc_onednn *onednn, const vqc_onednn_computation *computation,
                                                  const vqc_onednn_piece *like, vqc_onednn_piece **piece_out,
                                                  vqc_error *error);
/* NULL is allowed. */
void vqc_onednn_piece_destroy(vqc_onednn_piece *piece);

const char *vqc_onednn_piece_name(const vqc_onednn_piece *piece);
/* Bytes of scratch memory, a multiple of 64. */
size_t vqc_onednn_piece_scratchpad(const vqc_onednn_piece *piece);
/* Bytes of the constants that it owns. */
size_t vqc_onednn_piece_parameters(const vqc_onednn_piece *piece);

/* Computes in the calling thread, whatever number OpenMP allows; complete on return. */
VQC_MUST_CHECK vqc_status vqc_onednn_piece_execute(vqc_onednn_piece *piece, const vqc_onednn_arguments *arguments,
                                                   vqc_error *error);

#endif
