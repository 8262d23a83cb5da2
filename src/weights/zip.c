#include "weights/zip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>
#include <zlib.h>

#include "base/memory.h"

enum {
    MAX_DEFLATE_RATIO = 1032, /* of zlib's format, see zlib's technical notes */
    CHECKSUM_PIECE = 4 << 20
};

/* The file as libzip reads it. libzip has no call that tells where an entry's bytes begin, so its reads are noted. */
typedef struct zip_bytes {
    const vqc_map *map;
    uint64_t position;
    uint64_t last_read; /* where the last read began */
    zip_error_t error;
} zip_bytes;

struct vqc_zip {
    zip_t *archive;
    zip_bytes bytes;
    bool checksums; /* some entry has one */
};

static zip_int64_t bytes_read(zip_bytes *bytes, void *data, zip_uint64_t length)
{
    uint64_t left = bytes->map->size - bytes->position;
    uint64_t count = length < left ? length : left;
    if (count > 0)
        memcpy(data, bytes->map->data + bytes->position, count);
    bytes->last_read = bytes->position;
    bytes->position += count;
    return (zip_int64_t)count;
}

static zip_int64_t bytes_seek(zip_bytes *bytes, void *data, zip_uint64_t length)
{
    zip_int64_t position =
        zip_source_seek_compute_offset(bytes->position, bytes->map->size, data, length, &bytes->error);
    if (position < 0)
        return -1;
    bytes->position = (uint64_t)position;
    return 0;
}

static zip_int64_t bytes_describe(const zip_bytes *bytes, void *data, zip_uint64_t length)
{
    zip_stat_t facts;
    if (length < sizeof facts)
        return -1;
    zip_stat_init(&facts);
    facts.size = bytes->map->size;
    facts.valid = ZIP_STAT_SIZE;
    memcpy(data, &facts, sizeof facts);
    return sizeof facts;
}

/* Serves libzip's requests for the file. */
static zip_int64_t bytes_serve(void *context, void *data, zip_uint64_t length, zip_source_cmd_t command)
{
    zip_bytes *bytes = context;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        bytes->position = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return bytes_read(bytes, data, length);
    case ZIP_SOURCE_SEEK:
        return bytes_seek(bytes, data, length);
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)bytes->position;
    case ZIP_SOURCE_STAT:
        return bytes_describe(bytes, data, length);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&bytes->error, data, length);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_CLOSE, ZIP_SOURCE_FREE,
                                              ZIP_SOURCE_SUPPORTS, -1);
    default:
        zip_error_set(&bytes->error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

static vqc_status archive_open(vqc_zip *zip, vqc_error *error)
{
    zip_error_t reason;
    zip_error_init(&reason);
    zip_source_t *source = zip_source_function_create(bytes_serve, &zip->bytes, &reason);
    if (source != NULL)
        zip->archive = zip_open_from_source(source, ZIP_RDONLY, &reason);
    vqc_status status = VQC_OK;
    if (zip->archive == NULL) {
        bool memory = zip_error_code_zip(&reason) == ZIP_ER_MEMORY;
        status = vqc_error_set(error, memory ? VQC_FAILED : VQC_BAD_INPUT, "cannot be read as a zip file: %s",
                               zip_error_strerror(&reason));
        zip_source_free(source);
    }
    zip_error_fini(&reason);
    return status;
}

/* PyTorch can be told not to compute checksums; then all of them are 0, which a checksum is by chance once in 2^32.
 */
static bool has_checksums(const vqc_zip *zip)
{
    zip_int64_t count = zip_get_num_entries(zip->archive, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        zip_stat_t facts;
        if (zip_stat_index(zip->archive, (zip_uint64_t)i, 0, &facts) != 0 || (facts.valid & ZIP_STAT_CRC) == 0 ||
            facts.crc != 0)
            return true;
    }
    return false;
}

vqc_status vqc_zip_open(const vqc_map *map, vqc_zip **zip_out, vqc_error *error)
{
    vqc_zip *zip;
    VQC_TRY(vqc_memory_allocate(1, sizeof *zip, "a zip file", &zip, error));
    zip->bytes.map = map;
    zip_error_init(&zip->bytes.error);
    vqc_status status = archive_open(zip, error);
    if (status != VQC_OK) {
        vqc_zip_close(zip);
        return status;
    }
    zip->checksums = has_checksums(zip);
    *zip_out = zip;
    return VQC_OK;
}

void vqc_zip_close(vqc_zip *zip)
{
    if (zip == NULL)
        return;
    if (zip->archive != NULL)
        zip_discard(zip->archive);
    zip_error_fini(&zip->bytes.error);
    free(zip);
}

uint64_t vqc_zip_count(const vqc_zip *zip)
{
    zip_int64_t count = zip_get_num_entries(zip->archive, 0);
    return count < 0 ? 0 : (uint64_t)count;
}

const char *vqc_zip_name(const vqc_zip *zip, uint64_t index)
{
    return zip_get_name(zip->archive, index, 0);
}

int64_t vqc_zip_find(const vqc_zip *zip, const char *name)
{
    return zip_name_locate(zip->archive, name, 0);
}

static vqc_status entry_refused(vqc_zip *zip, uint64_t index, const char *reason, vqc_error *error)
{
    const char *name = vqc_zip_name(zip, index);
    return vqc_error_set(error, VQC_BAD_INPUT, "zip entry %s: %s", name == NULL ? "without a name" : name, reason);
}

/* Reads the first byte of a stored entry, to learn where it is, and checks that all of the entry is in the file. */
static vqc_status stored_locate(vqc_zip *zip, vqc_storage *storage, vqc_error *error)
{
    zip_file_t *file = zip_fopen_index(zip->archive, storage->zip_index, 0);
    if (file == NULL)
        return entry_refused(zip, storage->zip_index, zip_strerror(zip->archive), error);
    uint8_t first;
    zip_int64_t count = zip_fread(file, &first, 1);
    uint64_t begin = zip->bytes.last_read;
    (void)zip_fclose(file);
    if (count != 1 || begin >= zip->bytes.map->size || storage->size > zip->bytes.map->size - begin)
        return entry_refused(zip, storage->zip_index, "reaches beyond the end of the file", error);
    storage->bytes = zip->bytes.map->data + begin;
    return VQC_OK;
}

vqc_status vqc_zip_locate(vqc_zip *zip, uint64_t index, vqc_storage *storage_out, vqc_error *error)
{
    const uint64_t needed =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    zip_stat_t facts;
    if (zip_stat_index(zip->archive, index, 0, &facts) != 0 || (facts.valid & needed) != needed)
        return entry_refused(zip, index, "its size cannot be read", error);
    if (facts.encryption_method != ZIP_EM_NONE)
        return entry_refused(zip, index, "is encrypted", error);
    vqc_storage storage = {
        .size = facts.size, .zip_index = index, .checksum = facts.crc, .must_check = zip->checksums, .known = true};
    if (facts.comp_method == ZIP_CM_STORE) {
        if (facts.size != facts.comp_size)
            return entry_refused(zip, index, "is stored in another size than its own", error);
        if (facts.size > 0)
            VQC_TRY(stored_locate(zip, &storage, error));
    } else if (facts.comp_method != ZIP_CM_DEFLATE) {
        return entry_refused(zip, index, "expected to be stored or deflated, found another compression", error);
    } else if (facts.comp_size > zip->bytes.map->size || facts.size / MAX_DEFLATE_RATIO > facts.comp_size) {
        return entry_refused(zip, index, "cannot inflate to the size it claims", error);
    }
    *storage_out = storage;
    return VQC_OK;
}

static vqc_status stored_check(vqc_zip *zip, vqc_storage *storage, vqc_error *error)
{
    uLong checksum = crc32(0, NULL, 0);
    for (uint64_t done = 0; done < storage->size;) {
        uint64_t left = storage->size - done;
        uint64_t piece = left < CHECKSUM_PIECE ? left : CHECKSUM_PIECE;
        checksum = crc32(checksum, storage->bytes + done, (uInt)piece);
        vqc_map_forget(storage->bytes + done, piece);
        done += piece;
    }
    if (checksum != storage->checksum)
        return entry_refused(zip, storage->zip_index, "its checksum is wrong: the file is damaged", error);
    storage->must_check = false;
    return VQC_OK;
}

/* Inflates all of the entry; at its end libzip compares the checksum. */
static vqc_status inflate_into(vqc_zip *zip, const vqc_storage *storage, uint8_t *bytes, vqc_error *error)
{
    zip_file_t *file = zip_fopen_index(zip->archive, storage->zip_index, 0);
    if (file == NULL)
        return entry_refused(zip, storage->zip_index, zip_strerror(zip->archive), error);
    uint64_t done = 0;
    zip_int64_t count = 1;
    while (done < storage->size && count > 0) {
        count = zip_fread(file, bytes + done, storage->size - done);
        if (count > 0)
            done += (uint64_t)count;
    }
    uint8_t beyond;
    vqc_status status = VQC_OK;
    if (done < storage->size || zip_fread(file, &beyond, 1) != 0)
        status = entry_refused(zip, storage->zip_index, "cannot be inflated: the file is damaged", error);
    (void)zip_fclose(file);
    /* libzip read the compressed bytes, it does not say which. */
    vqc_map_forget(zip->bytes.map->data, zip->bytes.map->size);
    return status;
}

vqc_status vqc_zip_read(vqc_zip *zip, vqc_storage *storage, const uint8_t **bytes_out, uint8_t **heap_out,
                        vqc_error *error)
{
    *heap_out = NULL;
    if (storage->bytes != NULL || storage->size == 0) {
        if (storage->must_check)
            VQC_TRY(stored_check(zip, storage, error));
        *bytes_out = storage->bytes;
        return VQC_OK;
    }
    uint8_t *bytes;
    VQC_TRY(vqc_memory_allocate(storage->size, 1, "inflating a zip entry", &bytes, error));
    vqc_status status = inflate_into(zip, storage, bytes, error);
    if (status != VQC_OK) {
        free(bytes);
        return status;
    }
    *heap_out = bytes;
    *bytes_out = bytes;
    return VQC_OK;
}
