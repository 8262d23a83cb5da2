#ifndef VQC_WEIGHTS_SAFETENSORS_H
#define VQC_WEIGHTS_SAFETENSORS_H

#include "base/status.h"
#include "weights/directory.h"
#include "weights/map.h"

/* The safetensors format (https://github.com/huggingface/safetensors#format):
 *
 *     8 bytes     length N of the header, little-endian
 *     N bytes     JSON: {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [BEGIN, END]}, ...,
 *                 "__metadata__": {"KEY": "TEXT", ...}}, spaces may follow
 *     the rest    data; BEGIN and END count its bytes, and the tensors cover it without a hole or an overlap
 */

/* The format's name of an element type, "F32" and so on. */
const char *vqc_safetensors_dtype_name(vqc_dtype dtype);

/* Whether the file begins like this format: a length, then a brace. */
bool vqc_safetensors_is(const vqc_map *map);

/* Reads the directory. A file that is otherwise is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_safetensors_read(const vqc_map *map, vqc_directory *directory, vqc_error *error);

#endif
