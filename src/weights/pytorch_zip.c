#include "weights/pytorch_zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "weights/pickle.h"
#include "weights/state_dict.h"

enum { MAX_NAME_SIZE = 1024 };

typedef struct zip_reader {
    vqc_zip *zip;
    vqc_directory *directory;
    char root[MAX_NAME_SIZE]; /* "archive/", or empty where someone packed the files anew without a folder */
} zip_reader;

/* Finds data.pkl at the top or in a folder at the top; the name up to there is the root. */
static vqc_status root_find(zip_reader *reader, vqc_error *error)
{
    static const char wanted[] = "data.pkl";
    for (uint64_t i = 0; i < vqc_zip_count(reader->zip); i++) {
        const char *name = vqc_zip_name(reader->zip, i);
        if (name == NULL)
            continue;
        const char *slash = strchr(name, '/');
        size_t root_size = slash == NULL ? 0 : (size_t)(slash - name) + 1;
        if (strcmp(name + root_size, wanted) != 0 || root_size >= sizeof reader->root)
            continue;
        memcpy(reader->root, name, root_size);
        reader->root[root_size] = '\0';
        return VQC_OK;
    }
    return vqc_error_set(error, VQC_BAD_INPUT, "expected a zip file with data.pkl, as PyTorch writes it; found none");
}

/* Number of the entry ROOT/FOLDER/NAME, -1 if there is none. */
static int64_t entry_find(const zip_reader *reader, const char *folder, vqc_pickle_text name)
{
    char path[2 * MAX_NAME_SIZE];
    if (name.size >= MAX_NAME_SIZE || memchr(name.data, '\0', name.size) != NULL)
        return -1;
    int size = snprintf(path, sizeof path, "%s%s%.*s", reader->root, folder, (int)name.size, name.data);
    return size < 0 || (size_t)size >= sizeof path ? -1 : vqc_zip_find(reader->zip, path);
}

static int64_t entry_find_file(const zip_reader *reader, const char *name)
{
    return entry_find(reader, "", (vqc_pickle_text){name, strlen(name)});
}

static vqc_status byte_order_check(zip_reader *reader, vqc_error *error)
{
    int64_t index = entry_find_file(reader, "byteorder");
    if (index < 0)
        return VQC_OK; /* PyTorch before 2.1, which wrote little-endian only */
    vqc_storage storage;
    const uint8_t *bytes;
    uint8_t *heap;
    VQC_TRY(vqc_zip_locate(reader->zip, (uint64_t)index, &storage, error));
    VQC_TRY(vqc_zip_read(reader->zip, &storage, &bytes, &heap, error));
    bool little = storage.size == 6 && memcmp(bytes, "little", 6) == 0;
    free(heap);
    if (!little)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected little-endian tensors, found another byte order");
    return VQC_OK;
}

/* Finds ROOT/data/KEY; the directory's storages are numbered like the zip's entries. */
static vqc_status storage_find(void *context, const vqc_pickle_storage *storage, size_t *index_out, vqc_error *error)
{
    const zip_reader *reader = context;
    int64_t index = entry_find(reader, "data/", storage->key);
    if (index < 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected its storage as the zip entry %sdata/%.*s, found none",
                             reader->root, (int)(storage->key.size < 64 ? storage->key.size : 64), storage->key.data);
    vqc_storage *found = &reader->directory->storages[index];
    if (!found->known)
        VQC_TRY(vqc_zip_locate(reader->zip, (uint64_t)index, found, error));
    *index_out = (size_t)index;
    return VQC_OK;
}

static vqc_status objects_read(zip_reader *reader, const uint8_t *bytes, size_t size, vqc_error *error)
{
    vqc_pickle pickle;
    vqc_status status = vqc_pickle_init(&pickle, bytes, size, error);
    if (status == VQC_OK) {
        status = vqc_state_dict_read(&pickle, storage_find, reader, reader->directory, error);
        vqc_pickle_release(&pickle);
    }
    return status;
}

vqc_status vqc_pytorch_zip_read(vqc_zip *zip, vqc_directory *directory, vqc_weights_format *format_out,
                                vqc_error *error)
{
    zip_reader reader = {.zip = zip, .directory = directory};
    VQC_TRY(root_find(&reader, error));
    VQC_TRY(byte_order_check(&reader, error));
    *format_out = entry_find_file(&reader, "constants.pkl") < 0 ? VQC_WEIGHTS_PYTORCH_ZIP : VQC_WEIGHTS_TORCHSCRIPT;
    directory->storage_count = vqc_zip_count(zip);
    VQC_TRY(vqc_memory_allocate(directory->storage_count, sizeof *directory->storages, "the storages of a checkpoint",
                                &directory->storages, error));
    vqc_storage objects;
    const uint8_t *bytes;
    uint8_t *heap;
    VQC_TRY(vqc_zip_locate(zip, (uint64_t)entry_find_file(&reader, "data.pkl"), &objects, error));
    VQC_TRY(vqc_zip_read(zip, &objects, &bytes, &heap, error));
    vqc_status status = objects_read(&reader, bytes, objects.size, error);
    free(heap);
    return status;
}
