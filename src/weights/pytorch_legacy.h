#ifndef VQC_WEIGHTS_PYTORCH_LEGACY_H
#define VQC_WEIGHTS_PYTORCH_LEGACY_H

#include "base/status.h"
#include "weights/directory.h"
#include "weights/map.h"

/* Reads the directory of a file that torch.save before PyTorch 1.6 wrote: one after another
 *
 *     a pickle of the number 0x1950a86a20f9469cfc6c
 *     a pickle of the protocol's number, 1001
 *     a pickle of a mapping with facts about the machine, little_endian among them
 *     a pickle of the objects; each tensor names its storage by a key
 *     a pickle of the list of the storages' keys
 *     for each of these keys the number of elements (int64) and the elements
 *
 * A file that is otherwise is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_pytorch_legacy_read(const vqc_map *map, vqc_directory *directory, vqc_error *error);

#endif
