#include "weights/pytorch_legacy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "weights/pickle.h"
#include "weights/state_dict.h"

/* A storage that the objects mention. Their array is sorted by key and runs parallel to the directory's storages. */
typedef struct keyed_storage {
    const vqc_pickle_storage *claimed;
    uint64_t size; /* bytes */
} keyed_storage;

typedef struct legacy_reader {
    const vqc_map *map;
    size_t position; /* of the next byte */
    vqc_directory *directory;
    vqc_pickle objects;
    keyed_storage *keyed;
    size_t keyed_count;
} legacy_reader;

static vqc_status pickle_next(legacy_reader *reader, vqc_pickle *pickle, vqc_error *error)
{
    size_t begin = reader->position;
    vqc_status status = vqc_pickle_init(pickle, reader->map->data + begin, reader->map->size - begin, error);
    if (status != VQC_OK)
        return vqc_error_prefix(error, "at byte %zu", begin);
    reader->position += pickle->size;
    return VQC_OK;
}

static bool is_magic(const vqc_pickle_value *value)
{
    static const uint8_t magic[] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
    return value->kind == VQC_PICKLE_LONG_INTEGER && value->text.size == sizeof magic &&
           memcmp(value->text.data, magic, sizeof magic) == 0;
}

static bool is_protocol(const vqc_pickle_value *value)
{
    return value->kind == VQC_PICKLE_INTEGER && value->integer == 1001;
}

static bool is_little_endian(const vqc_pickle_value *value)
{
    if (value->kind != VQC_PICKLE_MAPPING)
        return false;
    const vqc_pickle_value *little = vqc_pickle_items_find(&value->items, "little_endian");
    return little != NULL && little->kind == VQC_PICKLE_BOOLEAN && little->integer != 0;
}

/* Reads one of the small pickles in front and asks whether it is what it should be. */
static vqc_status preamble_read(legacy_reader *reader, bool (*is_expected)(const vqc_pickle_value *value),
                                const char *expected, vqc_error *error)
{
    vqc_pickle pickle;
    VQC_TRY(pickle_next(reader, &pickle, error));
    bool good = is_expected(pickle.top);
    vqc_pickle_release(&pickle);
    if (!good)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected %s, as PyTorch before 1.6 writes it; found another value", expected);
    return VQC_OK;
}

static int compare_keys(vqc_pickle_text a, vqc_pickle_text b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_keyed(const void *left, const void *right)
{
    const keyed_storage *a = left;
    const keyed_storage *b = right;
    return compare_keys(a->claimed->key, b->claimed->key);
}

static keyed_storage *keyed_find(const legacy_reader *reader, const vqc_pickle_storage *storage)
{
    keyed_storage wanted = {.claimed = storage};
    return bsearch(&wanted, reader->keyed, reader->keyed_count, sizeof wanted, compare_keyed);
}

/* Makes the sorted array: each key once, with one size. */
static vqc_status keyed_collect(legacy_reader *reader, vqc_error *error)
{
    const vqc_pickle_items *mentioned = &reader->objects.storages;
    VQC_TRY(vqc_memory_allocate(mentioned->count, sizeof *reader->keyed, "the storages of a checkpoint",
                                &reader->keyed, error));
    for (size_t i = 0; i < mentioned->count; i++)
        reader->keyed[i].claimed = &mentioned->values[i]->storage;
    qsort(reader->keyed, mentioned->count, sizeof *reader->keyed, compare_keyed);
    for (size_t i = 0; i < mentioned->count; i++) {
        keyed_storage storage = reader->keyed[i];
        int shown = (int)(storage.claimed->key.size < 64 ? storage.claimed->key.size : 64);
        vqc_status status = vqc_pickle_storage_size(storage.claimed, &storage.size, error);
        if (status != VQC_OK)
            return vqc_error_prefix(error, "storage %.*s", shown, storage.claimed->key.data);
        keyed_storage *last = reader->keyed_count == 0 ? NULL : &reader->keyed[reader->keyed_count - 1];
        if (last == NULL || compare_keyed(last, &storage) != 0)
            reader->keyed[reader->keyed_count++] = storage;
        else if (last->size != storage.size || last->claimed->count != storage.claimed->count)
            return vqc_error_set(error, VQC_BAD_INPUT, "storage %.*s: expected one size, found two", shown,
                                 storage.claimed->key.data);
    }
    return VQC_OK;
}

/* Finds the bytes of the storage with that key at the reader's position and moves behind them. */
static vqc_status storage_locate(legacy_reader *reader, const vqc_pickle_value *key, vqc_error *error)
{
    vqc_pickle_storage wanted = {.key = key->text};
    const keyed_storage *keyed = key->kind == VQC_PICKLE_TEXT ? keyed_find(reader, &wanted) : NULL;
    if (keyed == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected keys of storages that its objects mention, found another");
    vqc_storage *storage = &reader->directory->storages[keyed - reader->keyed];
    int shown = (int)(key->text.size < 64 ? key->text.size : 64);
    if (storage->known)
        return vqc_error_set(error, VQC_BAD_INPUT, "storage %.*s appears twice", shown, key->text.data);
    int64_t count;
    size_t left = reader->map->size - reader->position;
    if (left < sizeof count || left - sizeof count < keyed->size)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "storage %.*s: expected %" PRIu64 " bytes, found the end of the file after %zu", shown,
                             key->text.data, keyed->size, left < sizeof count ? 0 : left - sizeof count);
    const uint8_t *bytes = reader->map->data + reader->position;
    memcpy(&count, bytes, sizeof count);
    if (count != keyed->claimed->count)
        return vqc_error_set(error, VQC_BAD_INPUT, "storage %.*s: expected %" PRId64 " elements, found %" PRId64,
                             shown, key->text.data, keyed->claimed->count, count);
    *storage = (vqc_storage){.bytes = bytes + sizeof count, .size = keyed->size, .known = true};
    reader->position += sizeof count + (size_t)keyed->size;
    return VQC_OK;
}

static vqc_status storages_locate(legacy_reader *reader, vqc_error *error)
{
    vqc_directory *directory = reader->directory;
    directory->storage_count = reader->keyed_count;
    VQC_TRY(vqc_memory_allocate(reader->keyed_count, sizeof *directory->storages, "the storages of a checkpoint",
                                &directory->storages, error));
    vqc_pickle keys;
    VQC_TRY(pickle_next(reader, &keys, error));
    vqc_status status = VQC_OK;
    if (keys.top->kind != VQC_PICKLE_LIST)
        status = vqc_error_set(error, VQC_BAD_INPUT, "expected a list of the storages' keys, found %s",
                               vqc_pickle_kind_name(keys.top->kind));
    else
        for (size_t i = 0; i < keys.top->items.count && status == VQC_OK; i++)
            status = storage_locate(reader, keys.top->items.values[i], error);
    vqc_pickle_release(&keys);
    return status;
}

static vqc_status storage_find(void *context, const vqc_pickle_storage *storage, size_t *index_out, vqc_error *error)
{
    const legacy_reader *reader = context;
    const keyed_storage *keyed = keyed_find(reader, storage);
    size_t index = keyed == NULL ? 0 : (size_t)(keyed - reader->keyed);
    if (keyed == NULL || !reader->directory->storages[index].known)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected its storage %.*s in the file, found none",
                             (int)(storage->key.size < 64 ? storage->key.size : 64), storage->key.data);
    *index_out = index;
    return VQC_OK;
}

static vqc_status objects_read(legacy_reader *reader, vqc_error *error)
{
    VQC_TRY(keyed_collect(reader, error));
    VQC_TRY(storages_locate(reader, error));
    return vqc_state_dict_read(&reader->objects, storage_find, reader, reader->directory, error);
}

vqc_status vqc_pytorch_legacy_read(const vqc_map *map, vqc_directory *directory, vqc_error *error)
{
    legacy_reader reader = {.map = map, .directory = directory};
    VQC_TRY(preamble_read(&reader, is_magic, "the number that marks the file", error));
    VQC_TRY(preamble_read(&reader, is_protocol, "protocol 1001", error));
    VQC_TRY(preamble_read(&reader, is_little_endian, "little_endian true", error));
    VQC_TRY(pickle_next(&reader, &reader.objects, error));
    vqc_status status = objects_read(&reader, error);
    free(reader.keyed);
    vqc_pickle_release(&reader.objects);
    return status;
}
