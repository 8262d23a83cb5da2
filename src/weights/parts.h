#ifndef VQC_WEIGHTS_PARTS_H
#define VQC_WEIGHTS_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "base/status.h"

/* The files that a model's tensors are in. What a user names is
 * - a file, which is the only one;
 * - an index of several (model.safetensors.index.json, pytorch_model.bin.index.json; any name with that end): a JSON
 * object whose `weight_map` says in which file beside it each tensor is;
 * - a folder as Hugging Face, open_clip or diffusers save it: the one file or index in it whose name is known (a
 * table in parts.c). Two of them, or none, are refused, and so is one beside an adapter of peft. */
typedef struct vqc_weights_part_tensor {
    char *name;
    size_t file;
} vqc_weights_part_tensor;

typedef struct vqc_weights_parts {
    char *path;   /* the file, or index, that was meant: of a folder, the one in it */
    char **files; /* sorted by name; one where there is no index */
    size_t count;
    vqc_weights_part_tensor *tensors; /* of an index: what it says, sorted by name; else none */
    size_t tensor_count;
} vqc_weights_parts;

/* Finds them. An index is read and checked; the files are not opened. VQC_BAD_INPUT names the folder or index and
 * what is wrong with it. */
VQC_MUST_CHECK vqc_status vqc_weights_parts_find(const char *path, vqc_weights_parts *parts_out, vqc_error *error);
/* Whether an index says that this tensor is in that file. */
bool vqc_weights_parts_have(const vqc_weights_parts *parts, const char *tensor, size_t file);
void vqc_weights_parts_release(vqc_weights_parts *parts);

/* SHA-256 of a model. Of one file it is the file's. Of several it is that of the lines "DIGEST  NAME\n", in the order
 * of their names as bytes, without folders; in the model's folder: LC_ALL=C sha256sum model-*.safetensors | sha256sum
 */
VQC_MUST_CHECK vqc_status vqc_weights_digest(const char *path, char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error);

#endif
