#ifndef VQC_WEIGHTS_WEIGHTS_H
#define VQC_WEIGHTS_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dtype.h"
#include "base/status.h"

/* Reads checkpoint files: named tensors out of safetensors, PyTorch zip files (.pt, .ckpt, .bin), TorchScript zip
 * files (OpenAI CLIP) and the older PyTorch serialisation. The format is found from the contents, not the name.
 *
 * A file is hostile until checked: no length, offset, shape or count in it is used before it is bounded by the
 * file's size. A pickle is interpreted, never executed: a fixed list of constructors builds tensors and containers,
 * every other class is an inert placeholder.
 *
 * Tensor data stays in the file (mapped) until it is read, so that host memory stays small: pages that were read are
 * given back. The exceptions, while a tensor is read: the storage of one that a zip file holds compressed, and the
 * pages under one with scattered strides. The file must not be shortened while it is open.
 *
 * One vqc_weights is used by one thread at a time; several may be open. */
typedef struct vqc_weights vqc_weights;

typedef enum vqc_weights_format {
    VQC_WEIGHTS_SAFETENSORS,
    VQC_WEIGHTS_PYTORCH_ZIP,
    VQC_WEIGHTS_TORCHSCRIPT,
    VQC_WEIGHTS_PYTORCH_LEGACY
} vqc_weights_format;

enum { VQC_WEIGHTS_MAX_RANK = 8 };

typedef struct vqc_weights_tensor {
    const char *name; /* dotted, UTF-8, as the file has it; belongs to the vqc_weights */
    vqc_dtype dtype;
    int rank;
    int64_t shape[VQC_WEIGHTS_MAX_RANK]; /* row-major; may hold zeros */
    int64_t count;                       /* number of elements */
    /* NULL; or the name of an element type that is known but cannot be read, as the file has it, "uint16". dtype says
     * nothing then, and reading the tensor is VQC_BAD_INPUT: a file may have such tensors beside a model's. */
    const char *unreadable;
} vqc_weights_tensor;

/* Opens a file, or the files of an index, or those in a folder (weights/parts.h), and reads the directory of each.
 * Where a training program wrapped the weights (a mapping with the key `state_dict`, `model`, `ema`, ... of
 * state_dict.c), the tensors are those under it, with their names there; everything else is left aside. A file with
 * tensors under two of these keys is VQC_BAD_INPUT. VQC_BAD_INPUT names the file and, where there is one, the tensor.
 */
VQC_MUST_CHECK vqc_status vqc_weights_open(const char *path, vqc_weights **weights_out, vqc_error *error);
/* The same of one of two models in a file: of the tensors under this key; or, where it ends in a dot, of those whose
 * names begin so ("clip."; "." alone: of those without a prefix), which the models then look for
 * (vqc_weights_prefix). NULL: as above. */
VQC_MUST_CHECK vqc_status vqc_weights_open_key(const char *path, const char *key, vqc_weights **weights_out,
                                               vqc_error *error);
/* NULL is allowed. */
void vqc_weights_close(vqc_weights *weights);

/* The file, or the index, that was opened: of a folder, the one in it. */
const char *vqc_weights_path(const vqc_weights *weights);
/* How many files hold the tensors. */
size_t vqc_weights_file_count(const vqc_weights *weights);
/* Of the first of its files. */
vqc_weights_format vqc_weights_format_of(const vqc_weights *weights);
/* "safetensors", "PyTorch zip", "TorchScript zip", "older PyTorch serialisation" */
const char *vqc_weights_format_name(vqc_weights_format format);

/* The key that the tensors stand under in the file, "state_dict"; NULL: they stand at its top. */
const char *vqc_weights_key(const vqc_weights *weights);

/* What was asked for with vqc_weights_open_key; and the prefix among it, NULL where no prefix was asked for. */
const char *vqc_weights_asked(const vqc_weights *weights);
const char *vqc_weights_prefix(const vqc_weights *weights);

/* Number of tensors, and each of them in the file's order. */
size_t vqc_weights_count(const vqc_weights *weights);
const vqc_weights_tensor *vqc_weights_at(const vqc_weights *weights, size_t index);
/* The tensor of that name, NULL if there is none. */
const vqc_weights_tensor *vqc_weights_find(const vqc_weights *weights, const char *name);

/* The name of a tensor's element type, "f32" or "uint16". */
const char *vqc_weights_type_name(const vqc_weights_tensor *tensor);

/* Text stored beside the tensors (safetensors' __metadata__), NULL if that key is not there. */
const char *vqc_weights_metadata(const vqc_weights *weights, const char *key);

/* Reads a tensor of this file, converted to f32, contiguous and row-major, into tensor->count elements. In a zip file
 * the checksum of the bytes is compared the first time: a damaged file is VQC_BAD_INPUT here, not at opening. */
VQC_MUST_CHECK vqc_status vqc_weights_read_f32(const vqc_weights *weights, const vqc_weights_tensor *tensor,
                                               float *target, vqc_error *error);
/* The same for whole numbers; a floating-point tensor is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_weights_read_i64(const vqc_weights *weights, const vqc_weights_tensor *tensor,
                                               int64_t *target, vqc_error *error);

/* Whether a tensor's elements were read since its file was opened. */
bool vqc_weights_was_read(const vqc_weights_tensor *tensor);
/* Counts a tensor of this file as read, for who will read it later. */
void vqc_weights_mark_read(const vqc_weights *weights, const vqc_weights_tensor *tensor);

/* One tensor to write. */
typedef struct vqc_weights_source {
    const char *name;
    vqc_dtype dtype; /* f32 or i32 */
    int rank;
    int64_t shape[VQC_WEIGHTS_MAX_RANK];
    const void *data; /* contiguous, row-major */
} vqc_weights_source;

/* Writes a safetensors file, first under a temporary name beside it, so that the path never holds half a file.
 * Failures (disk full, unwritable folder) are VQC_FAILED and name the path. */
VQC_MUST_CHECK vqc_status vqc_weights_write(const char *path, const vqc_weights_source *sources, size_t count,
                                            vqc_error *error);

#endif
