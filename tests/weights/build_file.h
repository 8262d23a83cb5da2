#ifndef VQC_TESTS_WEIGHTS_BUILD_FILE_H
#define VQC_TESTS_WEIGHTS_BUILD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes checkpoint files, good and hostile, byte by byte. Lack of memory ends the test program. */

/* Bytes that grow; initialise with {0}. */
typedef struct build_bytes {
    uint8_t *data;
    size_t size, capacity;
} build_bytes;

void build_release(build_bytes *bytes);
void build_add(build_bytes *bytes, const void *data, size_t size);
/* Without the terminating NUL. */
void build_add_text(build_bytes *bytes, const char *text);
/* Lowest byte first. */
void build_add_number(build_bytes *bytes, uint64_t number, int width);

/* A safetensors file: the length of the header, the header, data_size bytes 0, 1, 2, ... */
void build_safetensors(build_bytes *file, const char *header, size_t data_size);

/* Parts of a pickle: a text, an integer (LONG1), a class, a persistent id of a storage, a whole tensor. */
void build_pickle_text(build_bytes *pickle, const char *text);
void build_pickle_integer(build_bytes *pickle, int64_t value);
void build_pickle_global(build_bytes *pickle, const char *module, const char *name);
void build_pickle_storage(build_bytes *pickle, const char *type, const char *key, int64_t count);

typedef struct build_tensor {
    const char *type; /* "FloatStorage", ... */
    const char *key;
    int64_t storage_count;
    int64_t start;
    int rank;
    int64_t shape[10];
    int64_t stride[10];
} build_tensor;
void build_pickle_tensor(build_bytes *pickle, const build_tensor *tensor);

/* One file within a zip file. */
typedef struct build_member {
    const char *name;
    const void *data;
    size_t size;
    bool deflate;
    bool wrong_checksum;
    uint32_t size_more; /* added to the size that the zip file claims */
} build_member;
void build_zip(build_bytes *file, const build_member *members, size_t count);

/* A PyTorch zip file: archive/data.pkl with these objects, archive/data/0 with storage_size bytes 0, 1, 2, ... */
void build_pytorch_zip(build_bytes *file, const build_bytes *pickle, size_t storage_size);

/* The pickles that begin a file of the older PyTorch serialisation. */
void build_legacy_preamble(build_bytes *file);

#endif
