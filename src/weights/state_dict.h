#ifndef VQC_WEIGHTS_STATE_DICT_H
#define VQC_WEIGHTS_STATE_DICT_H

#include <stddef.h>

#include "base/status.h"
#include "weights/directory.h"
#include "weights/pickle.h"

/* Finds the place of a storage's key in a file: the index of the directory's storage, filled. VQC_BAD_INPUT where
 * the file has no such storage. */
typedef vqc_status (*vqc_storage_find)(void *context, const vqc_pickle_storage *storage, size_t *index_out,
                                       vqc_error *error);

/* Adds the named tensors of an unpickled checkpoint to the directory. They are those of
 * - a mapping of names to tensors;
 * - a module object (TorchScript: its attributes; pickled torch.nn.Module: its parameters and buffers), with the
 *   names of the modules in front, joined by dots;
 * - either of these under a key of a mapping, as training programs write it: under `directory->key` where the caller
 *   has set it; else under the one of the usual keys (`state_dict`, `model`, `ema`, ...) that holds tensors, which
 *   directory->key then names. Tensors beside such a key are measurements.
 * Everything that is not a tensor is left aside. VQC_BAD_INPUT names the tensor, or what was found where there is
 * none, or two keys that both hold tensors. */
VQC_MUST_CHECK vqc_status vqc_state_dict_read(const vqc_pickle *pickle, vqc_storage_find find, void *context,
                                              vqc_directory *directory, vqc_error *error);

/* Elements are counted by int64; bytes of a storage as its pickle claims them. VQC_BAD_INPUT for a negative count,
 * an overflow or an element type that is not supported. */
VQC_MUST_CHECK vqc_status vqc_pickle_storage_size(const vqc_pickle_storage *storage, uint64_t *size_out,
                                                  vqc_error *error);

#endif
