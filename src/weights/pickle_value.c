#include "weights/pickle_value.h"

#include <string.h>

vqc_status vqc_pickle_value_make(vqc_arena *arena, vqc_pickle_kind kind, vqc_pickle_value **value_out,
                                 vqc_error *error)
{
    VQC_TRY(vqc_arena_allocate(arena, 1, sizeof **value_out, value_out, error));
    (*value_out)->kind = kind;
    return VQC_OK;
}

vqc_status vqc_pickle_items_append(vqc_arena *arena, vqc_pickle_items *items, vqc_pickle_value *const *values,
                                   size_t count, vqc_error *error)
{
    if (count == 0)
        return VQC_OK;
    if (count > items->capacity - items->count) {
        /* The old array stays in the arena; as every one is at least twice the last, all together are no more than
         * twice the newest. */
        size_t needed = items->count + count;
        size_t capacity = needed > 2 * items->capacity ? needed : 2 * items->capacity;
        vqc_pickle_value **larger;
        VQC_TRY(vqc_arena_allocate(arena, capacity, sizeof(void *), &larger, error));
        if (items->count > 0)
            memcpy(larger, items->values, items->count * sizeof(void *));
        items->values = larger;
        items->capacity = capacity;
    }
    memcpy(items->values + items->count, values, count * sizeof(void *));
    items->count += count;
    return VQC_OK;
}

bool vqc_pickle_text_is(vqc_pickle_text text, const char *expected)
{
    return text.size == strlen(expected) && memcmp(text.data, expected, text.size) == 0;
}

const vqc_pickle_value *vqc_pickle_items_find(const vqc_pickle_items *pairs, const char *key)
{
    for (size_t i = pairs->count / 2; i-- > 0;) {
        const vqc_pickle_value *found = pairs->values[2 * i];
        if (found->kind == VQC_PICKLE_TEXT && vqc_pickle_text_is(found->text, key))
            return pairs->values[2 * i + 1];
    }
    return NULL;
}

const char *vqc_pickle_kind_name(vqc_pickle_kind kind)
{
    static const char *const names[] = {
        [VQC_PICKLE_NONE] = "None",          [VQC_PICKLE_BOOLEAN] = "a truth value",
        [VQC_PICKLE_INTEGER] = "an integer", [VQC_PICKLE_LONG_INTEGER] = "an integer of more than 64 bits",
        [VQC_PICKLE_REAL] = "a number",      [VQC_PICKLE_TEXT] = "a text",
        [VQC_PICKLE_BYTES] = "bytes",        [VQC_PICKLE_TUPLE] = "a tuple",
        [VQC_PICKLE_LIST] = "a list",        [VQC_PICKLE_SET] = "a set",
        [VQC_PICKLE_MAPPING] = "a mapping",  [VQC_PICKLE_GLOBAL] = "a class or function",
        [VQC_PICKLE_OBJECT] = "an object",   [VQC_PICKLE_STORAGE] = "a storage",
        [VQC_PICKLE_TENSOR] = "a tensor",
    };
    return names[kind];
}
