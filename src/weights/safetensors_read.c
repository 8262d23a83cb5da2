#include "weights/safetensors.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    LENGTH_SIZE = 8,
    MAX_HEADER_SIZE = 100000000 /* the format's own limit */
};

static const char *const dtype_names[VQC_DTYPE_COUNT] = {
    [VQC_DTYPE_F64] = "F64",   [VQC_DTYPE_F32] = "F32",         [VQC_DTYPE_F16] = "F16",
    [VQC_DTYPE_BF16] = "BF16", [VQC_DTYPE_I64] = "I64",         [VQC_DTYPE_I32] = "I32",
    [VQC_DTYPE_I16] = "I16",   [VQC_DTYPE_I8] = "I8",           [VQC_DTYPE_U8] = "U8",
    [VQC_DTYPE_BOOL] = "BOOL", [VQC_DTYPE_F8_E4M3] = "F8_E4M3", [VQC_DTYPE_F8_E5M2] = "F8_E5M2",
};

/* The format's other types. */
static const char *const unreadable_names[] = {
    "U16", "U32", "U64", "C64", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F6_E2M3", "F6_E3M2", "F4",
};

const char *vqc_safetensors_dtype_name(vqc_dtype dtype)
{
    return dtype_names[dtype];
}

bool vqc_safetensors_is(const vqc_map *map)
{
    return map->size > LENGTH_SIZE && map->data[LENGTH_SIZE] == '{';
}

/* The bytes of the file that a tensor's data_offsets name, counted from the start of the data. */
typedef struct data_range {
    uint64_t begin;
    uint64_t end;
    size_t tensor; /* index in the directory */
} data_range;

typedef struct header_reader {
    vqc_directory *directory;
    uint64_t data_begin; /* in the file */
    uint64_t data_size;
    data_range *ranges; /* one per tensor */
} header_reader;

static vqc_status dtype_read(const json_t *description, vqc_weights_tensor *tensor, vqc_error *error)
{
    const char *name = json_string_value(json_object_get(description, "dtype"));
    if (name == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a dtype");
    for (int i = 0; i < VQC_DTYPE_COUNT; i++) {
        if (strcmp(name, dtype_names[i]) == 0) {
            tensor->dtype = (vqc_dtype)i;
            return VQC_OK;
        }
    }
    for (size_t i = 0; i < sizeof unreadable_names / sizeof unreadable_names[0]; i++) {
        if (strcmp(name, unreadable_names[i]) == 0) {
            tensor->unreadable = unreadable_names[i];
            return VQC_OK;
        }
    }
    return vqc_error_set(error, VQC_BAD_INPUT, "dtype %.32s is not supported", name);
}

static vqc_status shape_read(const json_t *description, vqc_weights_tensor *tensor, vqc_error *error)
{
    const json_t *shape = json_object_get(description, "shape");
    size_t rank = json_array_size(shape);
    if (!json_is_array(shape) || rank > VQC_WEIGHTS_MAX_RANK)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a shape of up to %d sizes", VQC_WEIGHTS_MAX_RANK);
    tensor->rank = (int)rank;
    for (size_t d = 0; d < rank; d++) {
        const json_t *size = json_array_get(shape, d);
        if (!json_is_integer(size))
            return vqc_error_set(error, VQC_BAD_INPUT, "expected integers as its shape");
        tensor->shape[d] = json_integer_value(size);
    }
    return VQC_OK;
}

static vqc_status range_read(const json_t *description, uint64_t data_size, data_range *range_out, vqc_error *error)
{
    const json_t *offsets = json_object_get(description, "data_offsets");
    const json_t *begin = json_array_get(offsets, 0);
    const json_t *end = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return vqc_error_set(error, VQC_BAD_INPUT, "expected two integers as data_offsets");
    json_int_t from = json_integer_value(begin);
    json_int_t to = json_integer_value(end);
    if (from < 0 || to < from || (uint64_t)to > data_size)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected data_offsets within the %" PRIu64 " bytes of data, found %" JSON_INTEGER_FORMAT
                             " to %" JSON_INTEGER_FORMAT,
                             data_size, from, to);
    range_out->begin = (uint64_t)from;
    range_out->end = (uint64_t)to;
    return VQC_OK;
}

static vqc_status tensor_read(header_reader *reader, const char *name, const json_t *description, vqc_error *error)
{
    vqc_directory_entry entry = {.storage = 0};
    data_range *range = &reader->ranges[reader->directory->count];
    if (!json_is_object(description))
        return vqc_error_set(error, VQC_BAD_INPUT, "expected an object with dtype, shape and data_offsets");
    VQC_TRY(dtype_read(description, &entry.tensor, error));
    VQC_TRY(shape_read(description, &entry.tensor, error));
    VQC_TRY(range_read(description, reader->data_size, range, error));
    VQC_TRY(vqc_directory_entry_lay_out(&entry, error));
    uint64_t needed = (uint64_t)entry.tensor.count * vqc_dtype_size(entry.tensor.dtype);
    if (entry.tensor.unreadable == NULL && needed != range->end - range->begin)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected %" PRIu64 " bytes for its shape, found %" PRIu64 " as its data_offsets",
                             needed, range->end - range->begin);
    entry.start = reader->data_begin + range->begin;
    range->tensor = reader->directory->count;
    return vqc_directory_add(reader->directory, &entry, name, strlen(name), reader->data_begin + range->end, error);
}

static vqc_status metadata_read(vqc_directory *directory, json_t *metadata, vqc_error *error)
{
    if (!json_is_object(metadata))
        return vqc_error_set(error, VQC_BAD_INPUT, "__metadata__: expected an object of texts");
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return vqc_error_set(error, VQC_BAD_INPUT, "__metadata__: %.64s: expected a text", key);
        VQC_TRY(vqc_directory_add_text(directory, key, json_string_value(value), error));
    }
    return VQC_OK;
}

static int compare_ranges(const void *left, const void *right)
{
    const data_range *a = left;
    const data_range *b = right;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

/* Every byte of the data belongs to exactly one tensor. */
static vqc_status ranges_check(header_reader *reader, vqc_error *error)
{
    const vqc_directory *directory = reader->directory;
    qsort(reader->ranges, directory->count, sizeof *reader->ranges, compare_ranges);
    uint64_t end = 0;
    for (size_t i = 0; i < directory->count; i++) {
        const data_range *range = &reader->ranges[i];
        if (range->begin != end)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "tensor %.256s: expected its data at byte %" PRIu64
                                 ", where the tensor before it ends, found it at %" PRIu64,
                                 directory->entries[range->tensor].tensor.name, end, range->begin);
        end = range->end;
    }
    if (end != reader->data_size)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected its tensors to cover the %" PRIu64
                             " bytes of data, found them to end at %" PRIu64,
                             reader->data_size, end);
    return VQC_OK;
}

static vqc_status members_read(header_reader *reader, json_t *header, vqc_error *error)
{
    const char *name;
    json_t *member;
    json_object_foreach(header, name, member)
    {
        if (strcmp(name, "__metadata__") == 0) {
            VQC_TRY(metadata_read(reader->directory, member, error));
            continue;
        }
        vqc_status status = tensor_read(reader, name, member, error);
        if (status != VQC_OK)
            return vqc_error_prefix(error, "tensor %.256s", name);
    }
    return ranges_check(reader, error);
}

static vqc_status header_parse(const vqc_map *map, uint64_t length, json_t **header_out, vqc_error *error)
{
    json_error_t reason;
    json_t *header =
        json_loadb((const char *)map->data + LENGTH_SIZE, (size_t)length, JSON_REJECT_DUPLICATES, &reason);
    if (header == NULL) {
        bool memory = json_error_code(&reason) == json_error_out_of_memory;
        return vqc_error_set(error, memory ? VQC_FAILED : VQC_BAD_INPUT, "the header, at byte %d: %s",
                             reason.position, reason.text);
    }
    if (!json_is_object(header)) {
        json_decref(header);
        return vqc_error_set(error, VQC_BAD_INPUT, "the header: expected a JSON object");
    }
    *header_out = header;
    return VQC_OK;
}

static vqc_status header_read(header_reader *reader, json_t *header, vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate(json_object_size(header), sizeof *reader->ranges, "the directory of tensors",
                                &reader->ranges, error));
    vqc_status status = members_read(reader, header, error);
    free(reader->ranges);
    return status;
}

vqc_status vqc_safetensors_read(const vqc_map *map, vqc_directory *directory, vqc_error *error)
{
    uint64_t length;
    memcpy(&length, map->data, sizeof length);
    if (length > MAX_HEADER_SIZE || length > map->size - LENGTH_SIZE)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected a header within the %zu bytes of the file, found a length of %" PRIu64,
                             map->size, length);
    uint64_t data_begin = LENGTH_SIZE + length;
    header_reader reader = {.directory = directory, .data_begin = data_begin, .data_size = map->size - data_begin};
    directory->storage_count = 1;
    VQC_TRY(vqc_memory_allocate(1, sizeof *directory->storages, "the storage of a checkpoint", &directory->storages,
                                error));
    directory->storages[0] = (vqc_storage){.bytes = map->data, .size = map->size, .known = true};
    json_t *header;
    VQC_TRY(header_parse(map, length, &header, error));
    vqc_status status = header_read(&reader, header, error);
    json_decref(header);
    return status;
}
