#ifndef VQC_WEIGHTS_PICKLE_H
#define VQC_WEIGHTS_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "weights/pickle_value.h"

/* Interprets a pickle (Python's serialisation of objects, a program for a small stack machine) of protocols 2 to 5.
 *
 * Nothing is executed or looked up. The classes and functions of a fixed list (vqc_pickle_class) build containers
 * and tensors; every other one gives an OBJECT that carries its state. Opcodes of the text protocols 0 and 1, of
 * extension registries and of out-of-band buffers are errors. Memory is bounded by a multiple of the pickle's size.
 */
typedef struct vqc_pickle {
    const vqc_pickle_value *top; /* the object that the pickle describes */
    size_t size;                 /* bytes up to and with the pickle's last opcode */
    /* Every mention of a storage, in the pickle's order; one key may be mentioned many times. */
    vqc_pickle_items storages;
    vqc_arena arena;
} vqc_pickle;

/* Reads the pickle at the start of the bytes; more may follow it. The bytes must stay while the pickle is used.
 * VQC_BAD_INPUT names the place in the pickle. On success the caller releases the pickle. */
VQC_MUST_CHECK vqc_status vqc_pickle_init(vqc_pickle *pickle, const uint8_t *bytes, size_t size, vqc_error *error);
void vqc_pickle_release(vqc_pickle *pickle);

#endif
