#ifndef VQC_MODELS_PARAMETERS_H
#define VQC_MODELS_PARAMETERS_H

#include <stdint.h>

#include "base/status.h"
#include "weights/weights.h"

enum { VQC_PARAMETER_NAME_SIZE = 256 };

/* The tensors of a model under the names that the model's code uses, whatever the file calls them. Plain memory; the
 * file stays with its owner. */
typedef struct vqc_parameters {
    const vqc_weights *weights;
    /* Writes the file's name for one of the model's names. */
    void (*translate)(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE]);
    const void *context;
} vqc_parameters;

/* The tensor, NULL if the file has none. */
const vqc_weights_tensor *vqc_parameters_find(const vqc_parameters *parameters, const char *name);

/* The tensor; its absence is VQC_BAD_INPUT naming file and tensor. */
VQC_MUST_CHECK vqc_status vqc_parameters_require(const vqc_parameters *parameters, const char *name,
                                                 const vqc_weights_tensor **tensor_out, vqc_error *error);

/* The same of a tensor that must have this rank and no axis of length zero. */
VQC_MUST_CHECK vqc_status vqc_parameters_require_rank(const vqc_parameters *parameters, const char *name, int rank,
                                                      const vqc_weights_tensor **tensor_out, vqc_error *error);

/* How many numbers i from 0 on have a tensor "NAME.i.PART". */
int64_t vqc_parameters_blocks(const vqc_parameters *parameters, const char *name, const char *part);

/* The tensor must be there and have this shape; it counts as read (weights.h). VQC_BAD_INPUT as of a tensor that is
 * read. */
VQC_MUST_CHECK vqc_status vqc_parameters_claim(const vqc_parameters *parameters, const char *name, int rank,
                                               const int64_t *shape, vqc_error *error);

/* Reads a tensor that must have this shape into new memory, which the caller frees. VQC_BAD_INPUT names file,
 * tensor, the shape expected and the one found. */
VQC_MUST_CHECK vqc_status vqc_parameters_read(const vqc_parameters *parameters, const char *name, int rank,
                                              const int64_t *shape, float **data_out, vqc_error *error);

/* Writes a tensor's name as printf does; one that is too long, which no model has, is cut and then not found. */
void vqc_parameter_name(char name[VQC_PARAMETER_NAME_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Shape as text for messages, "(3, 4)"; cut if it does not fit. */
void vqc_parameters_shape_text(int rank, const int64_t *shape, char *text, size_t size);

#endif
