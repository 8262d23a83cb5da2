#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/new_file.h"
#include "weights/directory.h"
#include "weights/safetensors.h"
#include "weights/weights.h"

enum { DATA_ALIGNMENT = 8 };

static vqc_status header_refused(vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED, "out of memory for the header of a safetensors file");
}

static vqc_status source_size(const vqc_weights_source *source, uint64_t *size_out, vqc_error *error)
{
    vqc_directory_entry entry = {.tensor = {.dtype = source->dtype, .rank = source->rank}};
    if (source->rank < 0 || source->rank > VQC_WEIGHTS_MAX_RANK)
        return vqc_error_set(error, VQC_BAD_INPUT, "tensor %s: expected up to %d sizes, found %d", source->name,
                             VQC_WEIGHTS_MAX_RANK, source->rank);
    memcpy(entry.tensor.shape, source->shape, sizeof entry.tensor.shape);
    vqc_status status = vqc_directory_entry_lay_out(&entry, error);
    if (status != VQC_OK) {
        (void)vqc_error_prefix(error, "tensor %s", source->name);
        return status;
    }
    *size_out = (uint64_t)entry.tensor.count * vqc_dtype_size(source->dtype);
    return VQC_OK;
}

/* Adds {"dtype": ..., "shape": ..., "data_offsets": ...} under the tensor's name. */
static vqc_status header_add(json_t *header, const vqc_weights_source *source, uint64_t begin, uint64_t end,
                             vqc_error *error)
{
    if (json_object_get(header, source->name) != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "tensor %s: its name appears twice", source->name);
    json_t *shape = json_array();
    for (int d = 0; d < source->rank; d++)
        if (json_array_append_new(shape, json_integer(source->shape[d])) != 0)
            break;
    size_t rank = json_array_size(shape);
    json_t *description = json_pack("{s:s, s:o, s:[I, I]}", "dtype", vqc_safetensors_dtype_name(source->dtype),
                                    "shape", shape, "data_offsets", (json_int_t)begin, (json_int_t)end);
    if (description == NULL || rank != (size_t)source->rank) {
        json_decref(description);
        return header_refused(error);
    }
    if (json_object_set_new(header, source->name, description) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "tensor %s: its name is not UTF-8", source->name);
    return VQC_OK;
}

static vqc_status header_fill(json_t *header, const vqc_weights_source *sources, size_t count, vqc_error *error)
{
    uint64_t begin = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t size;
        uint64_t end;
        VQC_TRY(source_size(&sources[i], &size, error));
        if (__builtin_add_overflow(begin, size, &end) || end > INT64_MAX)
            return vqc_error_set(error, VQC_BAD_INPUT, "tensor %s: the file would be too large", sources[i].name);
        VQC_TRY(header_add(header, &sources[i], begin, end, error));
        begin = end;
    }
    return VQC_OK;
}

/* The header's text; the caller frees it. */
static vqc_status header_make(const vqc_weights_source *sources, size_t count, char **text_out, vqc_error *error)
{
    json_t *header = json_object();
    if (header == NULL)
        return header_refused(error);
    vqc_status status = header_fill(header, sources, count, error);
    if (status == VQC_OK) {
        *text_out = json_dumps(header, JSON_COMPACT);
        if (*text_out == NULL)
            status = header_refused(error);
    }
    json_decref(header);
    return status;
}

/* Spaces after the header, so that the data begins at a multiple of DATA_ALIGNMENT. */
static bool stream_write(FILE *stream, const char *header, const vqc_weights_source *sources, size_t count)
{
    static const char spaces[DATA_ALIGNMENT] = "        ";
    size_t size = strlen(header);
    size_t padding = (DATA_ALIGNMENT - size % DATA_ALIGNMENT) % DATA_ALIGNMENT;
    uint64_t length = size + padding;
    bool good = fwrite(&length, sizeof length, 1, stream) == 1 && fwrite(header, 1, size, stream) == size &&
                fwrite(spaces, 1, padding, stream) == padding;
    for (size_t i = 0; i < count && good; i++) {
        size_t bytes = vqc_dtype_size(sources[i].dtype);
        for (int d = 0; d < sources[i].rank; d++)
            bytes *= (size_t)sources[i].shape[d];
        /* A tensor without elements may have no data either. */
        good = bytes == 0 || fwrite(sources[i].data, 1, bytes, stream) == bytes;
    }
    return good;
}

static vqc_status file_write(const char *path, const char *header, const vqc_weights_source *sources, size_t count,
                             vqc_error *error)
{
    vqc_new_file file;
    VQC_TRY(vqc_new_file_open(path, &file, error));
    if (stream_write(file.stream, header, sources, count))
        return vqc_new_file_commit(&file, error);
    vqc_status status = vqc_error_set(error, VQC_FAILED, "%s: cannot be written: %s", path, strerror(errno));
    vqc_new_file_discard(&file);
    return status;
}

vqc_status vqc_weights_write(const char *path, const vqc_weights_source *sources, size_t count, vqc_error *error)
{
    char *header;
    vqc_status status = header_make(sources, count, &header, error);
    if (status != VQC_OK)
        return vqc_error_prefix(error, "%s", path);
    status = file_write(path, header, sources, count, error);
    free(header);
    return status;
}
