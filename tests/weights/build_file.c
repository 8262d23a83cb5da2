#include "build_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void build_release(build_bytes *bytes)
{
    free(bytes->data);
    *bytes = (build_bytes){0};
}

void build_add(build_bytes *bytes, const void *data, size_t size)
{
    if (bytes->capacity - bytes->size < size) {
        bytes->capacity = 2 * (bytes->size + size);
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (bytes->data == NULL)
            abort();
    }
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

void build_add_text(build_bytes *bytes, const char *text)
{
    build_add(bytes, text, strlen(text));
}

void build_add_number(build_bytes *bytes, uint64_t number, int width)
{
    for (int i = 0; i < width; i++) {
        uint8_t byte = i < 8 ? (uint8_t)(number >> (8 * i)) : 0;
        build_add(bytes, &byte, 1);
    }
}

/* The bytes 0, 1, 2, ... */
static void add_ramp(build_bytes *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        build_add_number(bytes, i, 1);
}

void build_safetensors(build_bytes *file, const char *header, size_t data_size)
{
    build_add_number(file, strlen(header), 8);
    build_add_text(file, header);
    add_ramp(file, data_size);
}

void build_pickle_text(build_bytes *pickle, const char *text)
{
    build_add_text(pickle, "X");
    build_add_number(pickle, strlen(text), 4);
    build_add_text(pickle, text);
}

void build_pickle_integer(build_bytes *pickle, int64_t value)
{
    int width = value >= INT16_MIN && value <= INT16_MAX ? 2 : 8;
    build_add_text(pickle, "\x8a"); /* LONG1: number of bytes, then two's complement */
    build_add_number(pickle, (uint64_t)width, 1);
    build_add_number(pickle, (uint64_t)value, width);
}

void build_pickle_global(build_bytes *pickle, const char *module, const char *name)
{
    build_add_text(pickle, "c");
    build_add_text(pickle, module);
    build_add_text(pickle, "\n");
    build_add_text(pickle, name);
    build_add_text(pickle, "\n");
}

void build_pickle_storage(build_bytes *pickle, const char *type, const char *key, int64_t count)
{
    build_add_text(pickle, "(");
    build_pickle_text(pickle, "storage");
    build_pickle_global(pickle, "torch", type);
    build_pickle_text(pickle, key);
    build_pickle_text(pickle, "cpu");
    build_pickle_integer(pickle, count);
    build_add_text(pickle, "tQ");
}

static void pickle_tuple(build_bytes *pickle, int rank, const int64_t *values)
{
    build_add_text(pickle, "(");
    for (int d = 0; d < rank; d++)
        build_pickle_integer(pickle, values[d]);
    build_add_text(pickle, "t");
}

void build_pickle_tensor(build_bytes *pickle, const build_tensor *tensor)
{
    build_pickle_global(pickle, "torch._utils", "_rebuild_tensor_v2");
    build_add_text(pickle, "(");
    build_pickle_storage(pickle, tensor->type, tensor->key, tensor->storage_count);
    build_pickle_integer(pickle, tensor->start);
    pickle_tuple(pickle, tensor->rank, tensor->shape);
    pickle_tuple(pickle, tensor->rank, tensor->stride);
    build_add_text(pickle, "\x89}tR"); /* False, an empty mapping */
}

/* What is stored of a member. */
static void member_pack(build_bytes *packed, const build_member *member)
{
    if (!member->deflate) {
        build_add(packed, member->data, member->size);
        return;
    }
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    uLong bound = deflateBound(&stream, member->size);
    uint8_t *target = malloc(bound);
    if (target == NULL)
        abort();
    stream.next_in = (Bytef *)(uintptr_t)member->data;
    stream.avail_in = (uInt)member->size;
    stream.next_out = target;
    stream.avail_out = (uInt)bound;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        abort();
    build_add(packed, target, stream.total_out);
    free(target);
    (void)deflateEnd(&stream);
}

/* The fields that a member's local header and its entry in the central directory share. */
static void add_member_facts(build_bytes *file, const build_member *member, size_t packed_size)
{
    uint32_t checksum = (uint32_t)crc32(crc32(0, NULL, 0), member->data, (uInt)member->size);
    build_add_number(file, 20, 2); /* version needed */
    build_add_number(file, 0, 2);  /* flags */
    build_add_number(file, member->deflate ? 8 : 0, 2);
    build_add_number(file, 0x21 << 16, 4); /* 1 January 1980 */
    build_add_number(file, member->wrong_checksum ? ~checksum : checksum, 4);
    build_add_number(file, packed_size + (member->deflate ? 0 : member->size_more), 4);
    build_add_number(file, member->size + member->size_more, 4);
    build_add_number(file, strlen(member->name), 2);
    build_add_number(file, 0, 2); /* extra fields */
}

void build_zip(build_bytes *file, const build_member *members, size_t count)
{
    build_bytes central = {0};
    for (size_t i = 0; i < count; i++) {
        const build_member *member = &members[i];
        build_bytes packed = {0};
        member_pack(&packed, member);
        size_t offset = file->size;
        build_add_text(file, "PK\x03\x04");
        add_member_facts(file, member, packed.size);
        build_add_text(file, member->name);
        build_add(file, packed.data, packed.size);
        build_add_text(&central, "PK\x01\x02");
        build_add_number(&central, 20, 2); /* version made by */
        add_member_facts(&central, member, packed.size);
        build_add_number(&central, 0, 2 + 2 + 2 + 4); /* comment, disk, attributes of two kinds */
        build_add_number(&central, offset, 4);
        build_add_text(&central, member->name);
        build_release(&packed);
    }
    size_t begin = file->size;
    build_add(file, central.data, central.size);
    build_add_text(file, "PK\x05\x06");
    build_add_number(file, 0, 4); /* disks */
    build_add_number(file, count, 2);
    build_add_number(file, count, 2);
    build_add_number(file, central.size, 4);
    build_add_number(file, begin, 4);
    build_add_number(file, 0, 2); /* comment */
    build_release(&central);
}

void build_pytorch_zip(build_bytes *file, const build_bytes *pickle, size_t storage_size)
{
    build_bytes storage = {0};
    add_ramp(&storage, storage_size);
    const build_member members[] = {
        {.name = "archive/data.pkl", .data = pickle->data, .size = pickle->size},
        {.name = "archive/data/0", .data = storage.data, .size = storage.size},
    };
    build_zip(file, members, 2);
    build_release(&storage);
}

void build_legacy_preamble(build_bytes *file)
{
    static const uint8_t magic[] = {0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c, 0x46,
                                    0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
    build_add(file, magic, sizeof magic);
    build_add_text(file, "\x80\x02M\xe9\x03.");
    build_add_text(file, "\x80\x02}(");
    build_pickle_text(file, "little_endian");
    build_add_text(file, "\x88u.");
}
