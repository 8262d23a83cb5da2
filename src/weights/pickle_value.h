#ifndef VQC_WEIGHTS_PICKLE_VALUE_H
#define VQC_WEIGHTS_PICKLE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dtype.h"
#include "base/status.h"
#include "weights/arena.h"

/* The objects that a pickle describes. They live in an arena; texts point into the pickle's bytes. Containers may
 * hold themselves, by way of the pickle's memo, so whoever walks them bounds the depth and the number of steps. */

typedef enum vqc_pickle_kind {
    VQC_PICKLE_NONE,
    VQC_PICKLE_BOOLEAN,
    VQC_PICKLE_INTEGER,
    VQC_PICKLE_LONG_INTEGER, /* more than 64 bits: `text` holds them, two's complement, lowest byte first */
    VQC_PICKLE_REAL,
    VQC_PICKLE_TEXT,  /* not checked for UTF-8 */
    VQC_PICKLE_BYTES, /* their contents are left aside */
    VQC_PICKLE_TUPLE,
    VQC_PICKLE_LIST,
    VQC_PICKLE_SET,
    VQC_PICKLE_MAPPING,
    VQC_PICKLE_GLOBAL, /* a class or function by name, never looked up anywhere */
    VQC_PICKLE_OBJECT, /* what a class or function outside the fixed list would have made */
    VQC_PICKLE_STORAGE,
    VQC_PICKLE_TENSOR
} vqc_pickle_kind;

/* The classes and functions that mean something to us. */
typedef enum vqc_pickle_class {
    VQC_PICKLE_CLASS_FOREIGN = 0,
    VQC_PICKLE_CLASS_MAPPING,                   /* collections.OrderedDict */
    VQC_PICKLE_CLASS_SIZE,                      /* torch.Size */
    VQC_PICKLE_CLASS_STORAGE,                   /* torch.FloatStorage, ... */
    VQC_PICKLE_CLASS_DTYPE,                     /* torch.float32, ... */
    VQC_PICKLE_CLASS_UNREADABLE,                /* torch.ComplexFloatStorage, torch.uint16, ... */
    VQC_PICKLE_CLASS_REBUILD_TENSOR,            /* torch._utils._rebuild_tensor and _rebuild_tensor_v2 */
    VQC_PICKLE_CLASS_REBUILD_TENSOR_WITH_DTYPE, /* torch._utils._rebuild_tensor_v3 */
    VQC_PICKLE_CLASS_REBUILD_PARAMETER,         /* torch._utils._rebuild_parameter, ..._with_state */
    VQC_PICKLE_CLASS_REBUILD_FROM_TYPE          /* torch._tensor._rebuild_from_type_v2 */
} vqc_pickle_class;

typedef struct vqc_pickle_value vqc_pickle_value;

/* Bytes within the pickle, without a terminator. */
typedef struct vqc_pickle_text {
    const char *data;
    size_t size;
} vqc_pickle_text;

/* The members of a container. Those of a mapping are a key and its value in turn. */
typedef struct vqc_pickle_items {
    vqc_pickle_value **values;
    size_t count;
    size_t capacity;
} vqc_pickle_items;

typedef struct vqc_pickle_global {
    vqc_pickle_text module;
    vqc_pickle_text name;
    vqc_pickle_class class;
    vqc_dtype dtype;        /* of VQC_PICKLE_CLASS_STORAGE and _DTYPE */
    size_t element_size;    /* of these and of _UNREADABLE, bytes */
    const char *unreadable; /* of the latter, the name with a terminator */
} vqc_pickle_global;

typedef struct vqc_pickle_object {
    const vqc_pickle_value *class; /* what was called: a GLOBAL as a rule */
    vqc_pickle_value *state;       /* attributes, a MAPPING as a rule; NULL if none were given */
    vqc_pickle_items items;        /* keys and values given to it as to a mapping */
} vqc_pickle_object;

/* A run of elements in the checkpoint file, by key. Counts and offsets are as the pickle claims them. */
typedef struct vqc_pickle_storage {
    const vqc_pickle_value *type; /* GLOBAL: VQC_PICKLE_CLASS_STORAGE, or foreign where we lack the type */
    vqc_pickle_text key;
    int64_t count;      /* elements under the key */
    int64_t view_start; /* first element of this view of them */
    int64_t view_count;
} vqc_pickle_storage;

typedef struct vqc_pickle_tensor {
    const vqc_pickle_value *type; /* GLOBAL that gives the element type: the storage's class or a torch dtype */
    const vqc_pickle_storage *storage;
    int64_t start;                  /* first element, counted from the storage's view_start */
    const vqc_pickle_items *shape;  /* as many INTEGERs... */
    const vqc_pickle_items *stride; /* ...as here, in elements */
} vqc_pickle_tensor;

struct vqc_pickle_value {
    vqc_pickle_kind kind;
    union {
        int64_t integer; /* BOOLEAN, INTEGER */
        double real;
        vqc_pickle_text text;   /* TEXT, BYTES, LONG_INTEGER */
        vqc_pickle_items items; /* TUPLE, LIST, SET, MAPPING */
        vqc_pickle_global global;
        vqc_pickle_object object;
        vqc_pickle_storage storage;
        vqc_pickle_tensor tensor;
    };
};

/* A new value of that kind, all else zero. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_pickle_value_make(vqc_arena *arena, vqc_pickle_kind kind, vqc_pickle_value **value_out,
                                                vqc_error *error);

/* Appends count values. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_pickle_items_append(vqc_arena *arena, vqc_pickle_items *items,
                                                  vqc_pickle_value *const *values, size_t count, vqc_error *error);

/* Whether the text has these characters. */
bool vqc_pickle_text_is(vqc_pickle_text text, const char *expected);

/* The value under a TEXT key of a mapping's items; the last one, as in Python. NULL if there is none. */
const vqc_pickle_value *vqc_pickle_items_find(const vqc_pickle_items *pairs, const char *key);

/* "a tuple", "an object", ..., for messages. */
const char *vqc_pickle_kind_name(vqc_pickle_kind kind);

#endif
