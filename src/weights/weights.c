#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "weights/directory.h"
#include "weights/foreign.h"
#include "weights/gather.h"
#include "weights/map.h"
#include "weights/parts.h"
#include "weights/pytorch_legacy.h"
#include "weights/pytorch_zip.h"
#include "weights/safetensors.h"
#include "weights/zip.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are read in the order of their bytes in the file");

/* One file of a model. */
typedef struct weights_file {
    const char *path; /* of the parts */
    vqc_map map;
    vqc_weights_format format;
    vqc_directory directory;
    vqc_zip *zip; /* NULL where the file is not one */
} weights_file;

struct vqc_weights {
    vqc_weights_parts parts;
    weights_file *files; /* (parts.count) */
    char *asked;         /* the caller's key */
};

static bool starts_with(const vqc_map *map, const char *text)
{
    return map->size >= strlen(text) && memcmp(map->data, text, strlen(text)) == 0;
}

static vqc_status directory_read(weights_file *file, vqc_error *error)
{
    const vqc_map *map = &file->map;
    if (vqc_safetensors_is(map)) {
        file->format = VQC_WEIGHTS_SAFETENSORS;
        if (file->directory.key != NULL)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "safetensors files have no keys above their tensors, expected %s",
                                 file->directory.key);
        return vqc_safetensors_read(map, &file->directory, error);
    }
    if (starts_with(map, "PK\x03\x04")) {
        VQC_TRY(vqc_zip_open(map, &file->zip, error));
        return vqc_pytorch_zip_read(file->zip, &file->directory, &file->format, error);
    }
    if (starts_with(map, "\x80")) { /* how every pickle of protocol 2 and later begins */
        file->format = VQC_WEIGHTS_PYTORCH_LEGACY;
        return vqc_pytorch_legacy_read(map, &file->directory, error);
    }
    return vqc_foreign_format_refuse(map, error);
}

static vqc_status file_fill(weights_file *file, const char *key, vqc_error *error)
{
    VQC_TRY(vqc_map_open(file->path, &file->map, error));
    if (key != NULL)
        VQC_TRY(vqc_memory_copy_text(key, &file->directory.key, error));
    file->directory.file_size = file->map.size;
    VQC_TRY(directory_read(file, error));
    return vqc_directory_finish(&file->directory, error);
}

static vqc_status file_open(weights_file *file, const char *path, size_t number, const char *key, vqc_error *error)
{
    file->path = path;
    if (file_fill(file, key, error) != VQC_OK) {
        vqc_foreign_name_explain(path, error);
        return vqc_error_prefix(error, "%s", path);
    }
    for (size_t i = 0; i < file->directory.count; i++)
        file->directory.entries[i].file = number;
    return VQC_OK;
}

/* What an index says, and what is in the files, must be the same tensors. */
static vqc_status index_check(const vqc_weights *weights, vqc_error *error)
{
    const vqc_weights_parts *parts = &weights->parts;
    for (size_t i = 0; i < parts->tensor_count; i++) {
        const weights_file *file = &weights->files[parts->tensors[i].file];
        if (vqc_directory_find(&file->directory, parts->tensors[i].name) == NULL)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %.256s: expected in %s, which does not have it",
                                 parts->path, parts->tensors[i].name, file->path);
    }
    if (parts->tensor_count == 0)
        return VQC_OK;
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
        size_t file = ((const vqc_directory_entry *)tensor)->file;
        if (!vqc_weights_parts_have(parts, tensor->name, file))
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %.256s: is not what %s has under this name",
                                 weights->files[file].path, tensor->name, parts->path);
    }
    return VQC_OK;
}

static vqc_status weights_fill(vqc_weights *weights, const char *path, const char *key, vqc_error *error)
{
    VQC_TRY(vqc_weights_parts_find(path, &weights->parts, error));
    if (key != NULL)
        VQC_TRY(vqc_memory_copy_text(key, &weights->asked, error));
    if (vqc_weights_prefix(weights) != NULL)
        key = NULL;
    VQC_TRY(
        vqc_memory_allocate(weights->parts.count, sizeof *weights->files, "a checkpoint", &weights->files, error));
    for (size_t i = 0; i < weights->parts.count; i++)
        VQC_TRY(file_open(&weights->files[i], weights->parts.files[i], i, key, error));
    return index_check(weights, error);
}

vqc_status vqc_weights_open(const char *path, vqc_weights **weights_out, vqc_error *error)
{
    return vqc_weights_open_key(path, NULL, weights_out, error);
}

vqc_status vqc_weights_open_key(const char *path, const char *key, vqc_weights **weights_out, vqc_error *error)
{
    vqc_weights *weights;
    VQC_TRY(vqc_memory_allocate(1, sizeof *weights, "a checkpoint", &weights, error));
    vqc_status status = weights_fill(weights, path, key, error);
    if (status != VQC_OK) {
        vqc_weights_close(weights);
        return status;
    }
    *weights_out = weights;
    return VQC_OK;
}

void vqc_weights_close(vqc_weights *weights)
{
    if (weights == NULL)
        return;
    for (size_t i = 0; weights->files != NULL && i < weights->parts.count; i++) {
        vqc_zip_close(weights->files[i].zip);
        vqc_directory_release(&weights->files[i].directory);
        vqc_map_close(&weights->files[i].map);
    }
    free(weights->files);
    free(weights->asked);
    vqc_weights_parts_release(&weights->parts);
    free(weights);
}

const char *vqc_weights_path(const vqc_weights *weights)
{
    return weights->parts.path;
}

size_t vqc_weights_file_count(const vqc_weights *weights)
{
    return weights->parts.count;
}

vqc_weights_format vqc_weights_format_of(const vqc_weights *weights)
{
    return weights->files[0].format;
}

const char *vqc_weights_format_name(vqc_weights_format format)
{
    switch (format) {
    case VQC_WEIGHTS_SAFETENSORS:
        return "safetensors";
    case VQC_WEIGHTS_PYTORCH_ZIP:
        return "PyTorch zip";
    case VQC_WEIGHTS_TORCHSCRIPT:
        return "TorchScript zip";
    case VQC_WEIGHTS_PYTORCH_LEGACY:
        return "older PyTorch serialisation";
    }
    return "unknown";
}

const char *vqc_weights_key(const vqc_weights *weights)
{
    return weights->files[0].directory.key;
}

const char *vqc_weights_asked(const vqc_weights *weights)
{
    return weights->asked;
}

const char *vqc_weights_prefix(const vqc_weights *weights)
{
    const char *asked = weights->asked;
    if (asked == NULL || asked[0] == '\0' || asked[strlen(asked) - 1] != '.')
        return NULL;
    return strcmp(asked, ".") == 0 ? "" : asked;
}

size_t vqc_weights_count(const vqc_weights *weights)
{
    size_t count = 0;
    for (size_t i = 0; i < weights->parts.count; i++)
        count += weights->files[i].directory.count;
    return count;
}

const vqc_weights_tensor *vqc_weights_at(const vqc_weights *weights, size_t index)
{
    size_t file = 0;
    while (index >= weights->files[file].directory.count)
        index -= weights->files[file++].directory.count;
    return &weights->files[file].directory.entries[index].tensor;
}

const vqc_weights_tensor *vqc_weights_find(const vqc_weights *weights, const char *name)
{
    for (size_t i = 0; i < weights->parts.count; i++) {
        const vqc_directory_entry *entry = vqc_directory_find(&weights->files[i].directory, name);
        if (entry != NULL)
            return &entry->tensor;
    }
    return NULL;
}

const char *vqc_weights_metadata(const vqc_weights *weights, const char *key)
{
    const vqc_directory *directory = &weights->files[0].directory;
    for (size_t i = 0; i < directory->text_count; i++)
        if (strcmp(directory->texts[i].key, key) == 0)
            return directory->texts[i].value;
    return NULL;
}

static const weights_file *file_of(const vqc_weights *weights, const vqc_weights_tensor *tensor)
{
    return &weights->files[((const vqc_directory_entry *)tensor)->file];
}

static void convert_to_f32(vqc_dtype dtype, const void *source, size_t count, void *target)
{
    vqc_dtype_to_f32(dtype, source, count, target);
}

static void convert_to_i64(vqc_dtype dtype, const void *source, size_t count, void *target)
{
    const uint8_t *bytes = source;
    int64_t *values = target;
    size_t size = vqc_dtype_size(dtype);
    bool is_signed = dtype != VQC_DTYPE_U8 && dtype != VQC_DTYPE_BOOL;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *element = bytes + i * size;
        uint64_t number = is_signed && (element[size - 1] & 0x80U) != 0 ? UINT64_MAX : 0;
        memcpy(&number, element, size);
        values[i] = dtype == VQC_DTYPE_BOOL ? number != 0 : (int64_t)number;
    }
}

const char *vqc_weights_type_name(const vqc_weights_tensor *tensor)
{
    return tensor->unreadable != NULL ? tensor->unreadable : vqc_dtype_name(tensor->dtype);
}

void vqc_weights_mark_read(const vqc_weights *weights, const vqc_weights_tensor *tensor)
{
    const vqc_directory *directory = &file_of(weights, tensor)->directory;
    directory->entries[(const vqc_directory_entry *)tensor - directory->entries].was_read = true;
}

static vqc_status tensor_read(const vqc_weights *weights, const vqc_weights_tensor *tensor,
                              vqc_gather_convert convert, size_t target_size, void *target, vqc_error *error)
{
    const vqc_directory_entry *entry = (const vqc_directory_entry *)tensor;
    const weights_file *file = file_of(weights, tensor);
    vqc_storage *storage = &file->directory.storages[entry->storage];
    if (tensor->unreadable != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "elements of type %s cannot be read", tensor->unreadable);
    vqc_weights_mark_read(weights, tensor);
    if (tensor->count == 0)
        return VQC_OK;
    const uint8_t *bytes = storage->bytes;
    uint8_t *heap = NULL;
    if (file->zip != NULL)
        VQC_TRY(vqc_zip_read(file->zip, storage, &bytes, &heap, error));
    vqc_gather(entry, bytes, heap == NULL, convert, target_size, target);
    free(heap);
    return VQC_OK;
}

bool vqc_weights_was_read(const vqc_weights_tensor *tensor)
{
    return ((const vqc_directory_entry *)tensor)->was_read;
}

static vqc_status read_refused(const vqc_weights *weights, const vqc_weights_tensor *tensor, vqc_error *error)
{
    return vqc_error_prefix(error, "%s: tensor %.256s", file_of(weights, tensor)->path, tensor->name);
}

vqc_status vqc_weights_read_f32(const vqc_weights *weights, const vqc_weights_tensor *tensor, float *target,
                                vqc_error *error)
{
    if (tensor_read(weights, tensor, convert_to_f32, sizeof *target, target, error) != VQC_OK)
        return read_refused(weights, tensor, error);
    return VQC_OK;
}

static bool is_whole(vqc_dtype dtype)
{
    switch (dtype) {
    case VQC_DTYPE_I64:
    case VQC_DTYPE_I32:
    case VQC_DTYPE_I16:
    case VQC_DTYPE_I8:
    case VQC_DTYPE_U8:
    case VQC_DTYPE_BOOL:
        return true;
    case VQC_DTYPE_F64:
    case VQC_DTYPE_F32:
    case VQC_DTYPE_F16:
    case VQC_DTYPE_BF16:
    case VQC_DTYPE_F8_E4M3:
    case VQC_DTYPE_F8_E5M2:
    case VQC_DTYPE_COUNT:
        break;
    }
    return false;
}

vqc_status vqc_weights_read_i64(const vqc_weights *weights, const vqc_weights_tensor *tensor, int64_t *target,
                                vqc_error *error)
{
    vqc_dtype dtype = tensor->dtype;
    vqc_status status = VQC_OK;
    if (tensor->unreadable == NULL && !is_whole(dtype))
        status = vqc_error_set(error, VQC_BAD_INPUT, "expected integers, found %s", vqc_dtype_name(dtype));
    else
        status = tensor_read(weights, tensor, convert_to_i64, sizeof *target, target, error);
    return status == VQC_OK ? VQC_OK : read_refused(weights, tensor, error);
}
