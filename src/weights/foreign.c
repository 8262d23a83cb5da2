#include "weights/foreign.h"

#include <stddef.h>
#include <string.h>

#define CONVERT ": convert it to safetensors first"

static const char dcp[] = "part of a distributed checkpoint (DCP): convert its folder with "
                          "torch.distributed.checkpoint.format_utils.dcp_to_torch_save";

/* How files begin. The first two are what failed downloads leave behind. */
static const struct foreign_beginning {
    const char *bytes;
    size_t size;
    const char *says;
} beginnings[] = {
    {.bytes = "<", .size = 1, .says = "a web page"},
    {.bytes = "version https://git-lfs", .size = 23, .says = "a Git LFS pointer in place of the file"},
    {.bytes = "GGUF", .size = 4, .says = "a GGUF file, of whatever model" CONVERT},
    {.bytes = "\x89HDF\r\n\x1a\n", .size = 8, .says = "an HDF5 file (Keras, TensorFlow)" CONVERT},
    {.bytes = "\x93NUMPY", .size = 6, .says = "a NumPy array" CONVERT},
    {.bytes = "\x1f\x8b", .size = 2, .says = "a gzip file: unpack it first"},
    {.bytes = "7z\xbc\xaf\x27\x1c", .size = 6, .says = "a 7z archive: unpack it first"},
    {.bytes = "{", .size = 1, .says = "a JSON text; an index of several files has a name that ends in .index.json"},
};

/* How names end, of formats without a clear beginning. */
static const struct foreign_ending {
    const char *end;
    const char *says;
} endings[] = {
    {.end = ".distcp", .says = dcp},
    {.end = ".metadata", .says = dcp},
    {.end = ".onnx", .says = "an ONNX model" CONVERT},
    {.end = ".msgpack", .says = "a msgpack file (Flax)" CONVERT},
    {.end = ".flax", .says = "a Flax model" CONVERT},
    {.end = ".pb", .says = "a TensorFlow model" CONVERT},
    {.end = ".tflite", .says = "a TensorFlow Lite model" CONVERT},
    {.end = ".data-00000-of-00001", .says = "a TensorFlow checkpoint" CONVERT},
    {.end = ".index", .says = "a TensorFlow checkpoint" CONVERT},
    {.end = ".npz", .says = "a file of NumPy arrays" CONVERT},
    {.end = ".tar", .says = "a tar archive: unpack it first"},
    {.end = ".pt2", .says = "an exported PyTorch program: save its state_dict instead"},
};

vqc_status vqc_foreign_format_refuse(const vqc_map *map, vqc_error *error)
{
    const char *found = "something else";
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (map->size < beginnings[i].size || memcmp(map->data, beginnings[i].bytes, beginnings[i].size) != 0)
            continue;
        found = beginnings[i].says;
        break;
    }
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "expected a checkpoint (safetensors, PyTorch or TorchScript), found %s", found);
}

void vqc_foreign_name_explain(const char *path, vqc_error *error)
{
    size_t size = strlen(path);
    if (error->status != VQC_BAD_INPUT)
        return;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t length = strlen(endings[i].end);
        if (size < length || strcmp(path + size - length, endings[i].end) != 0)
            continue;
        (void)vqc_error_prefix(error, "by its name %s", endings[i].says);
        return;
    }
}
