/* Good files of every shape: strides, shared storages, element types, and the ways in which frameworks wrap tensors.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "build_file.h"
#include "scratch_file.h"
#include "weights/weights.h"

/* A checkpoint with the tensors of one mapping, over the storage bytes 0, 1, 2, ... */
static vqc_weights *open_tensors(const build_tensor *tensors, const char *const *names, size_t count,
                                 size_t storage_size)
{
    build_bytes pickle = {0};
    build_bytes file = {0};
    build_add_text(&pickle, "\x80\x02}(");
    for (size_t i = 0; i < count; i++) {
        build_pickle_text(&pickle, names[i]);
        build_pickle_tensor(&pickle, &tensors[i]);
    }
    build_add_text(&pickle, "u.");
    build_pytorch_zip(&file, &pickle, storage_size);
    vqc_weights *weights;
    vqc_error error = {0};
    if (scratch_open(&file, &weights, &error) != VQC_OK)
        fail_msg("%s", error.message);
    build_release(&pickle);
    build_release(&file);
    return weights;
}

static vqc_weights *open_bytes(build_bytes *file)
{
    vqc_weights *weights;
    vqc_error error = {0};
    if (scratch_open(file, &weights, &error) != VQC_OK)
        fail_msg("%s", error.message);
    build_release(file);
    return weights;
}

static void assert_integers(const vqc_weights *weights, const char *name, const int64_t *expected, int64_t count)
{
    int64_t values[64];
    float singles[64];
    vqc_error error = {0};
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->count, count);
    if (vqc_weights_read_i64(weights, tensor, values, &error) != VQC_OK)
        fail_msg("%s", error.message);
    assert_int_equal(vqc_weights_read_f32(weights, tensor, singles, &error), VQC_OK);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(values[i], expected[i]);
        assert_true(singles[i] == (float)expected[i]);
    }
}

static void test_strides(void **state)
{
    (void)state;
    static const char *const names[] = {"plain",    "transposed",  "offset", "permuted",
                                        "repeated", "every other", "one",    "overlapping"};
    const build_tensor tensors[] = {
        {"ByteStorage", "0", 24, 0, 2, {2, 3}, {3, 1}}, {"ByteStorage", "0", 24, 0, 2, {3, 2}, {1, 3}},
        {"ByteStorage", "0", 24, 20, 1, {4}, {1}},      {"ByteStorage", "0", 24, 0, 3, {2, 2, 3}, {1, 12, 4}},
        {"ByteStorage", "0", 24, 5, 2, {3, 2}, {0, 1}}, {"ByteStorage", "0", 24, 1, 3, {1, 4, 1}, {99, 2, 99}},
        {"ByteStorage", "0", 24, 23, 0, {0}, {0}},      {"ByteStorage", "0", 24, 7, 2, {2, 2}, {1, 1}},
    };
    vqc_weights *weights = open_tensors(tensors, names, 8, 24);
    assert_integers(weights, "plain", (const int64_t[]){0, 1, 2, 3, 4, 5}, 6);
    assert_integers(weights, "transposed", (const int64_t[]){0, 3, 1, 4, 2, 5}, 6);
    assert_integers(weights, "offset", (const int64_t[]){20, 21, 22, 23}, 4);
    assert_integers(weights, "permuted", (const int64_t[]){0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21}, 12);
    assert_integers(weights, "repeated", (const int64_t[]){5, 6, 5, 6, 5, 6}, 6);
    assert_integers(weights, "every other", (const int64_t[]){1, 3, 5, 7}, 4);
    assert_integers(weights, "one", (const int64_t[]){23}, 1);
    assert_integers(weights, "overlapping", (const int64_t[]){7, 8, 8, 9}, 4);
    vqc_weights_close(weights);
}

/* More elements than are collected or converted at a time. */
static void test_large_strided(void **state)
{
    (void)state;
    enum { ROWS = 1100, COLUMNS = 1000 };
    static const char *const names[] = {"whole", "transposed"};
    const build_tensor tensors[] = {
        {"ShortStorage", "0", ROWS * COLUMNS, 0, 2, {ROWS, COLUMNS}, {COLUMNS, 1}},
        {"ShortStorage", "0", ROWS * COLUMNS, 0, 2, {COLUMNS, ROWS}, {1, COLUMNS}},
    };
    vqc_weights *weights = open_tensors(tensors, names, 2, 2 * ROWS * COLUMNS);
    float *whole = malloc(sizeof *whole * ROWS * COLUMNS);
    float *transposed = malloc(sizeof *transposed * ROWS * COLUMNS);
    assert_non_null(whole);
    assert_non_null(transposed);
    vqc_error error = {0};
    assert_int_equal(vqc_weights_read_f32(weights, vqc_weights_at(weights, 0), whole, &error), VQC_OK);
    assert_int_equal(vqc_weights_read_f32(weights, vqc_weights_at(weights, 1), transposed, &error), VQC_OK);
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        int16_t expected = (int16_t)(uint16_t)((2 * i + 1) % 256 * 256 + 2 * i % 256);
        assert_true(whole[i] == (float)expected);
        assert_true(transposed[i % COLUMNS * ROWS + i / COLUMNS] == (float)expected);
    }
    free(whole);
    free(transposed);
    vqc_weights_close(weights);
}

static void test_element_types(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        vqc_dtype dtype;
        float second; /* the element made of the bytes n, n + 1, ..., 2n - 1 for n bytes an element */
    } types[] = {
        {"DoubleStorage", VQC_DTYPE_F64, 0.0f /* 3.7e-236 */},
        {"FloatStorage", VQC_DTYPE_F32, 1.0082514e-34f},
        {"HalfStorage", VQC_DTYPE_F16, 770.0f / 16777216.0f},
        {"BFloat16Storage", VQC_DTYPE_BF16, 3.82035664e-37f},
        {"LongStorage", VQC_DTYPE_I64, 1084818905618843912.0f},
        {"IntStorage", VQC_DTYPE_I32, 117835012.0f},
        {"ShortStorage", VQC_DTYPE_I16, 770.0f},
        {"CharStorage", VQC_DTYPE_I8, 1.0f},
        {"ByteStorage", VQC_DTYPE_U8, 1.0f},
        {"BoolStorage", VQC_DTYPE_BOOL, 1.0f},
    };
    static const char *const names[] = {"t"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const build_tensor tensor = {types[i].type, "0", 4, 0, 1, {4}, {1}};
        vqc_weights *weights = open_tensors(&tensor, names, 1, 4 * vqc_dtype_size(types[i].dtype));
        assert_int_equal(vqc_weights_at(weights, 0)->dtype, types[i].dtype);
        float values[4];
        vqc_error error = {0};
        assert_int_equal(vqc_weights_read_f32(weights, vqc_weights_at(weights, 0), values, &error), VQC_OK);
        assert_true(values[1] == types[i].second);
        vqc_weights_close(weights);
    }
}

static void test_signed_integers(void **state)
{
    (void)state;
    static const char *const names[] = {"signed", "unsigned", "truth"};
    const build_tensor tensors[] = {{"CharStorage", "0", 256, 126, 1, {4}, {1}},
                                    {"ByteStorage", "0", 256, 126, 1, {4}, {1}},
                                    {"BoolStorage", "0", 256, 0, 1, {3}, {1}}};
    vqc_weights *weights = open_tensors(tensors, names, 3, 256);
    assert_integers(weights, "signed", (const int64_t[]){126, 127, -128, -127}, 4);
    assert_integers(weights, "unsigned", (const int64_t[]){126, 127, 128, 129}, 4);
    assert_integers(weights, "truth", (const int64_t[]){0, 1, 1}, 3);
    vqc_weights_close(weights);
}

static const build_tensor four_bytes = {"ByteStorage", "0", 4, 0, 1, {4}, {1}};
static const int64_t four_values[] = {0, 1, 2, 3};

/* Compressed members, and no folder around them, as someone gets who packs the files anew. */
static void test_deflated(void **state)
{
    (void)state;
    static const uint8_t storage[4] = {0, 1, 2, 3};
    build_bytes pickle = {0};
    build_bytes file = {0};
    build_add_text(&pickle, "\x80\x02}(");
    build_pickle_text(&pickle, "t");
    build_pickle_tensor(&pickle, &four_bytes);
    build_add_text(&pickle, "u.");
    const build_member members[] = {
        {.name = "data.pkl", .data = pickle.data, .size = pickle.size, .deflate = true},
        {.name = "data/0", .data = storage, .size = sizeof storage, .deflate = true},
        {.name = "byteorder", .data = "little", .size = 6, .deflate = true},
    };
    build_zip(&file, members, 3);
    vqc_weights *weights = open_bytes(&file);
    assert_integers(weights, "t", four_values, 4);
    vqc_weights_close(weights);
    build_release(&pickle);
}

/* A module object with attributes: a flag, a tensor, a module within. TorchScript or pickled torch.nn.Module. */
static void add_module(build_bytes *pickle, bool torch_module)
{
    build_pickle_global(pickle, "__torch__.outer", "Outer");
    build_add_text(pickle, ")\x81}(");
    build_pickle_text(pickle, "training");
    build_add_text(pickle, "\x88");
    if (torch_module) {
        build_pickle_text(pickle, "_parameters");
        build_add_text(pickle, "}(");
    }
    build_pickle_text(pickle, "weight");
    build_pickle_global(pickle, "torch._utils", "_rebuild_parameter");
    build_pickle_tensor(pickle, &four_bytes);
    build_add_text(pickle, "\x88}\x87R");
    build_pickle_text(pickle, "bias");
    build_add_text(pickle, "N");
    if (torch_module) {
        build_add_text(pickle, "u");
        build_pickle_text(pickle, "_modules");
        build_add_text(pickle, "}(");
    }
    build_pickle_text(pickle, "0");
    build_pickle_global(pickle, "__torch__.inner", "Inner");
    build_add_text(pickle, ")\x81}(");
    if (torch_module) {
        build_pickle_text(pickle, "_parameters");
        build_add_text(pickle, "}");
        build_pickle_text(pickle, "_buffers");
        build_add_text(pickle, "}(");
    }
    build_pickle_text(pickle, "count");
    build_pickle_tensor(pickle, &four_bytes);
    build_add_text(pickle, torch_module ? "uubuub" : "ubub");
}

static void test_modules(void **state)
{
    (void)state;
    for (int torch_module = 0; torch_module < 2; torch_module++) {
        build_bytes pickle = {0};
        build_bytes file = {0};
        build_add_text(&pickle, "\x80\x02");
        add_module(&pickle, torch_module != 0);
        build_add_text(&pickle, ".");
        build_pytorch_zip(&file, &pickle, 4);
        build_release(&pickle);
        vqc_weights *weights = open_bytes(&file);
        assert_int_equal(vqc_weights_count(weights), 2);
        assert_integers(weights, "weight", four_values, 4);
        assert_integers(weights, "0.count", four_values, 4);
        vqc_weights_close(weights);
    }
}

/* The opcodes that protocol 4 brought, and _rebuild_tensor_v3 over an untyped storage. */
static void test_protocol_four(void **state)
{
    (void)state;
    build_bytes pickle = {0};
    build_bytes file = {0};
    build_add_text(&pickle, "\x80\x04\x95");
    build_add_number(&pickle, 0, 8);
    build_add_text(&pickle, "}\x94\x8c\x01t\x94\x8c\x0ctorch._utils\x94\x8c\x12_rebuild_tensor_v3\x94\x93\x94(");
    build_add_text(&pickle, "(\x8c\x07storage\x94\x8c\x0dtorch.storage\x94\x8c\x0eUntypedStorage\x94\x93\x94");
    build_add_text(&pickle, "\x8c\x01"
                            "0\x94\x8c\x03"
                            "cpu\x94K\x04tQ");
    build_add_text(&pickle, "K\x01K\x01\x85K\x01\x85\x89}");
    build_add_text(&pickle, "\x8c\x05torch\x94\x8c\x04int8\x94\x93\x94tRs");
    build_add_text(&pickle, "\x8c\x04sets\x8f(K\x01\x90s(\x91Ns."); /* a set as a value and as a key */
    build_pytorch_zip(&file, &pickle, 4);
    build_release(&pickle);
    vqc_weights *weights = open_bytes(&file);
    assert_integers(weights, "t", (const int64_t[]){1}, 1);
    vqc_weights_close(weights);
}

/* What training frameworks put around state_dict, with objects of classes that are not here. */
static void test_wrapped(void **state)
{
    (void)state;
    build_bytes pickle = {0};
    build_bytes file = {0};
    build_add_text(&pickle, "\x80\x02}(");
    build_pickle_global(&pickle, "somewhere", "Callback"); /* a class as a key */
    build_pickle_global(&pickle, "numpy.core.multiarray", "scalar");
    build_pickle_global(&pickle, "numpy", "dtype");
    build_add_text(&pickle, "U\x02"
                            "f8K\x02K\x01\x87RC\x04wxyz\x86R");
    build_pickle_text(&pickle, "epoch");
    build_add_text(&pickle, "K\x05");
    build_pickle_text(&pickle, "state_dict");
    build_pickle_global(&pickle, "collections", "OrderedDict");
    build_add_text(&pickle, ")R(");
    build_pickle_text(&pickle, "t");
    build_pickle_tensor(&pickle, &four_bytes);
    build_pickle_text(&pickle, "version");
    build_add_text(&pickle, "K\x01u}"); /* and a state for the mapping */
    build_pickle_text(&pickle, "_metadata");
    build_add_text(&pickle, "}sb");
    build_add_text(&pickle, "u.");
    build_pytorch_zip(&file, &pickle, 4);
    build_release(&pickle);
    vqc_weights *weights = open_bytes(&file);
    assert_int_equal(vqc_weights_count(weights), 1);
    assert_integers(weights, "t", four_values, 4);
    vqc_weights_close(weights);
}

/* The older serialisation: an OrderedDict of pairs as Python 2 wrote it, storages out of order, and a view. */
static void test_legacy(void **state)
{
    (void)state;
    build_bytes file = {0};
    const build_tensor second = {"ShortStorage", "b", 2, 0, 1, {2}, {1}};
    build_legacy_preamble(&file);
    build_add_text(&file, "\x80\x02");
    build_pickle_global(&file, "collections", "OrderedDict");
    build_add_text(&file, "](](");
    build_pickle_text(&file, "view");
    build_pickle_global(&file, "torch._utils", "_rebuild_tensor");
    build_add_text(&file, "((");
    build_pickle_text(&file, "storage");
    build_pickle_global(&file, "torch", "ByteStorage");
    build_pickle_text(&file, "a");
    build_pickle_text(&file, "cpu");
    build_add_text(&file, "K\x05(U\x01vK\x01K\x03ttQ"); /* 5 elements, of which 3 from the second on */
    build_add_text(&file, "K\x01");
    build_pickle_global(&file, "torch", "Size");
    build_add_text(&file, "K\x02\x85\x85RK\x01\x85tRe](");
    build_pickle_text(&file, "short");
    build_pickle_tensor(&file, &second);
    build_add_text(&file, "ee\x85R.");
    build_add_text(&file, "\x80\x02](U\x01"
                          "bU\x01"
                          "ae.");
    build_add_number(&file, 2, 8);
    build_add_text(&file, "\x01\x01\xff\xff");
    build_add_number(&file, 5, 8);
    build_add_text(&file, "abcde");
    vqc_weights *weights = open_bytes(&file);
    assert_int_equal(vqc_weights_format_of(weights), VQC_WEIGHTS_PYTORCH_LEGACY);
    assert_integers(weights, "view", (const int64_t[]){'c', 'd'}, 2);
    assert_integers(weights, "short", (const int64_t[]){0x0101, -1}, 2);
    vqc_weights_close(weights);
}

static void test_safetensors(void **state)
{
    (void)state;
    build_bytes file = {0};
    build_safetensors(&file,
                      "{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]},"
                      "\"__metadata__\":{\"format\":\"pt\",\"what\":\"a test\"},"
                      "\"a\":{\"dtype\":\"I16\",\"shape\":[],\"data_offsets\":[0,2]},"
                      "\"none\":{\"shape\":[3,0],\"dtype\":\"F64\",\"data_offsets\":[4,4]}}   ",
                      4);
    vqc_weights *weights = open_bytes(&file);
    assert_int_equal(vqc_weights_count(weights), 3);
    assert_string_equal(vqc_weights_at(weights, 0)->name, "b");
    assert_string_equal(vqc_weights_metadata(weights, "what"), "a test");
    assert_integers(weights, "b", (const int64_t[]){2, 3}, 2);
    assert_integers(weights, "a", (const int64_t[]){256}, 1);
    vqc_weights_close(weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strides),       cmocka_unit_test(test_large_strided),
        cmocka_unit_test(test_element_types), cmocka_unit_test(test_signed_integers),
        cmocka_unit_test(test_deflated),      cmocka_unit_test(test_modules),
        cmocka_unit_test(test_protocol_four), cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_legacy),        cmocka_unit_test(test_safetensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
