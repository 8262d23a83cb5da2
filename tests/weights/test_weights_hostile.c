/* Bad files: every one gives VQC_BAD_INPUT with one line that names the file and, where there is one, the tensor. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "build_file.h"
#include "scratch_file.h"
#include "weights/weights.h"

static void assert_one_line(const vqc_error *error, const char *expected)
{
    assert_int_equal(error->status, VQC_BAD_INPUT);
    assert_null(strchr(error->message, '\n'));
    if (strstr(error->message, ".scratch: ") == NULL || strstr(error->message, expected) == NULL)
        fail_msg("expected the file and \"%s\" in: %s", expected, error->message);
}

/* The file is refused when it is opened. Releases the bytes. */
static void assert_refused(build_bytes *file, const char *expected)
{
    vqc_weights *weights;
    vqc_error error = {0};
    assert_int_equal(scratch_open(file, &weights, &error), VQC_BAD_INPUT);
    assert_one_line(&error, expected);
    build_release(file);
}

/* The file opens, but its first tensor is refused when it is read. Releases the bytes. */
static void assert_unreadable(build_bytes *file, const char *expected)
{
    vqc_weights *weights;
    vqc_error error = {0};
    float values[64];
    if (scratch_open(file, &weights, &error) != VQC_OK)
        fail_msg("%s", error.message);
    const vqc_weights_tensor *tensor = vqc_weights_at(weights, 0);
    assert_in_range(tensor->count, 1, 64);
    assert_int_equal(vqc_weights_read_f32(weights, tensor, values, &error), VQC_BAD_INPUT);
    assert_one_line(&error, expected);
    vqc_weights_close(weights);
    build_release(file);
}

/* --- no checkpoint at all --- */

static void test_not_a_checkpoint(void **state)
{
    (void)state;
    vqc_weights *weights;
    vqc_error error = {0};
    static const char *const contents[][2] = {
        {"x", "found something else"},
        {"no checkpoint, this one", "found something else"},
        {"<!DOCTYPE html><html>", "found a web page"},
        {"version https://git-lfs.github.com/spec/v1\n", "found a Git LFS pointer"},
        {"PK\x03\x04 and no more", "cannot be read as a zip file"},
        {"\x80\x02N.", "expected the number that marks the file"},
        {"", "is empty"},
    };
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        build_bytes file = {0};
        build_add_text(&file, contents[i][0]);
        assert_refused(&file, contents[i][1]);
    }
    assert_int_equal(vqc_weights_open("/nowhere/at/all.pt", &weights, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "/nowhere/at/all.pt: cannot be opened: No such file or directory");
    assert_int_equal(vqc_weights_open("/dev/null", &weights, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "/dev/null: is not a regular file");
    assert_int_equal(vqc_weights_open("/dev", &weights, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "/dev: expected a folder with model.safetensors"));
}

/* --- safetensors --- */

static void refuse_safetensors(const char *header, size_t data_size, const char *expected)
{
    build_bytes file = {0};
    build_safetensors(&file, header, data_size);
    assert_refused(&file, expected);
}

static void test_safetensors_header(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {3, 100000001, UINT64_MAX, UINT64_MAX - 7, 1ULL << 63};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        build_bytes file = {0};
        build_add_number(&file, lengths[i], 8);
        build_add_text(&file, "{}");
        assert_refused(&file, "expected a header within the 10 bytes of the file");
    }
    refuse_safetensors("{", 0, "the header, at byte 1: ");
    refuse_safetensors("{}x", 0, "the header, at byte 3: ");
    refuse_safetensors("{\"\xff\":1}", 0, "the header, at byte ");
    refuse_safetensors("{\"a\\u0000b\":1}", 0, "the header, at byte ");
    refuse_safetensors("{\"a\":1}", 0, "tensor a: expected an object");
    refuse_safetensors("{\"__metadata__\":[]}", 0, "__metadata__: expected an object");
    refuse_safetensors("{\"__metadata__\":{\"k\":1}}", 0, "__metadata__: k: expected a text");
    refuse_safetensors("{}", 1, "expected its tensors to cover the 1 bytes");
    refuse_safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                       "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                       2, "duplicate object key");
}

static void test_safetensors_tensor(void **state)
{
    (void)state;
    static const struct {
        const char *description;
        const char *expected;
    } cases[] = {
        {"\"shape\":[4],\"data_offsets\":[0,4]", "expected a dtype"},
        {"\"dtype\":\"F99\",\"shape\":[4],\"data_offsets\":[0,4]", "dtype F99 is not supported"},
        {"\"dtype\":7,\"shape\":[4],\"data_offsets\":[0,4]", "expected a dtype"},
        {"\"dtype\":\"U8\",\"data_offsets\":[0,4]", "expected a shape"},
        {"\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,4],\"data_offsets\":[0,4]", "expected a shape of up to 8"},
        {"\"dtype\":\"U8\",\"shape\":[4.0],\"data_offsets\":[0,4]", "expected integers as its shape"},
        {"\"dtype\":\"U8\",\"shape\":[-4],\"data_offsets\":[0,4]", "size -4 of dimension 0 is negative"},
        {"\"dtype\":\"U8\",\"shape\":[4]", "expected two integers as data_offsets"},
        {"\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0]", "expected two integers as data_offsets"},
        {"\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4,4]", "expected two integers as data_offsets"},
        {"\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[\"0\",4]", "expected two integers as data_offsets"},
        {"\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[-1,3]", "expected data_offsets within the 4 bytes"},
        {"\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,0]", "expected data_offsets within the 4 bytes"},
        {"\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]", "expected data_offsets within the 4 bytes"},
        {"\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,9223372036854775807]", "expected data_offsets within"},
        {"\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]", "expected 8 bytes for its shape, found 4"},
        {"\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,4]", "expected 3 bytes for its shape, found 4"},
        {"\"dtype\":\"U8\",\"shape\":[4294967296,4294967296,4],\"data_offsets\":[0,4]",
         "its shape has too many elements"},
        {"\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]",
         "its shape has too many elements"},
        {"\"dtype\":\"U8\",\"shape\":[0,9223372036854775807],\"data_offsets\":[0,0]",
         "its shape has too many elements"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char header[256];
        char expected[256];
        (void)snprintf(header, sizeof header, "{\"visual.proj\":{%s}}", cases[i].description);
        (void)snprintf(expected, sizeof expected, "tensor visual.proj: %s", cases[i].expected);
        refuse_safetensors(header, 4, expected);
    }
}

static void test_safetensors_ranges(void **state)
{
    (void)state;
    static const char pattern[] = "{\"a\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,%d]},"
                                  "\"b\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,%d]}}";
    static const struct {
        int a[2];
        int b[2];
        const char *expected;
    } cases[] = {
        {{0, 3}, {2, 4}, "tensor b: expected its data at byte 3, where the tensor before it ends, found it at 2"},
        {{0, 4}, {0, 4}, "expected its data at byte 4, where the tensor before it ends, found it at 0"},
        {{1, 2}, {2, 4}, "tensor a: expected its data at byte 0"},
        {{3, 4}, {0, 2}, "tensor a: expected its data at byte 2"},
        {{0, 1}, {1, 3}, "expected its tensors to cover the 4 bytes of data, found them to end at 3"},
        {{0, 4}, {2, 2}, "tensor b: expected its data at byte 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char header[256];
        const int *a = cases[i].a;
        const int *b = cases[i].b;
        (void)snprintf(header, sizeof header, pattern, a[1] - a[0], a[0], a[1], b[1] - b[0], b[0], b[1]);
        refuse_safetensors(header, 4, cases[i].expected);
    }
}

/* --- pickles --- */

/* A mapping with one tensor in a zip file with four bytes of storage. */
static void tensor_file(build_bytes *file, const build_tensor *tensor)
{
    build_bytes pickle = {0};
    build_add_text(&pickle, "\x80\x02}(");
    build_pickle_text(&pickle, "visual.proj");
    build_pickle_tensor(&pickle, tensor);
    build_add_text(&pickle, "u.");
    build_pytorch_zip(file, &pickle, 4);
    build_release(&pickle);
}

static void test_pickled_tensor(void **state)
{
    (void)state;
    static const int64_t most = INT64_MAX;
    const struct {
        build_tensor tensor;
        const char *expected;
    } cases[] = {
        {{"ByteStorage", "0", 4, 0, 1, {5}, {1}}, "within the 4 bytes of its storage, found them up to byte 5"},
        {{"ByteStorage", "0", 4, 1, 1, {4}, {1}}, "within the 4 bytes of its storage, found them up to byte 5"},
        {{"ByteStorage", "0", 4, 0, 2, {2, 2}, {3, 1}}, "found them up to byte 5"},
        {{"ByteStorage", "0", 5, 0, 1, {4}, {1}}, "expected 5 bytes in its storage, found 4"},
        {{"FloatStorage", "0", 2, 0, 1, {1}, {1}}, "expected 8 bytes in its storage, found 4"},
        {{"ByteStorage", "0", -1, 0, 1, {4}, {1}}, "its storage cannot have -1 elements"},
        {{"DoubleStorage", "0", most, 0, 1, {4}, {1}}, "cannot have 9223372036854775807 elements"},
        {{"ByteStorage", "0", 4, -1, 1, {4}, {1}}, "its offset -1 lies beyond its storage"},
        {{"ByteStorage", "0", 4, most, 1, {4}, {1}}, "found them up to byte"},
        {{"FloatStorage", "0", 1, most, 1, {1}, {1}}, "its offset 9223372036854775807 lies beyond"},
        {{"ByteStorage", "0", 4, 0, 1, {-4}, {1}}, "size -4 of dimension 0 is negative"},
        {{"ByteStorage", "0", 4, 3, 1, {4}, {-1}}, "stride -1 of dimension 0 is negative"},
        {{"ByteStorage", "0", 4, 0, 2, {3, 3}, {most, most}}, "its strides lead beyond any file"},
        {{"FloatStorage", "0", 1, 0, 1, {2}, {most}}, "its strides lead beyond any file"},
        {{"ByteStorage", "0", 4, 0, 3, {most, most, most}, {0, 0, 0}}, "too many elements"},
        {{"ByteStorage", "0", 4, 0, 1, {1000000}, {0}}, "1000000 elements repeat the 4 that are stored too often"},
        {{"ByteStorage", "1", 4, 0, 1, {4}, {1}}, "its storage as the zip entry archive/data/1, found none"},
        {{"ByteStorage", "../data.pkl", 4, 0, 1, {4}, {1}}, "zip entry archive/data/../data.pkl, found none"},
        {{"QInt8Storage", "0", 4, 0, 1, {4}, {1}}, "elements of type QInt8Storage are not supported"},
        {{"ByteStorage", "0", 4, 0, 9, {1, 1, 1, 1, 1, 1, 1, 1, 4}, {1}}, "expected up to 8 sizes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        build_bytes file = {0};
        tensor_file(&file, &cases[i].tensor);
        assert_refused(&file, cases[i].expected);
        tensor_file(&file, &cases[i].tensor);
        assert_refused(&file, "tensor visual.proj: ");
    }
}

/* A zip file whose data.pkl has these bytes is refused. */
static void refuse_pickle(const void *bytes, size_t size, const char *expected)
{
    build_bytes pickle = {0};
    build_bytes file = {0};
    build_add(&pickle, bytes, size);
    build_pytorch_zip(&file, &pickle, 4);
    build_release(&pickle);
    assert_refused(&file, expected);
}

#define REFUSE_PICKLE(text, expected) refuse_pickle(text, sizeof(text) - 1, expected)

static void test_pickle_machine(void **state)
{
    (void)state;
    REFUSE_PICKLE("\x80\x02", "the pickle, at byte 2: ends in the middle");
    REFUSE_PICKLE("\x80\x01N.", "at byte 0: expected pickle protocol 2 to 5, found 1");
    REFUSE_PICKLE("\x80\x02I1\n.", "at byte 2: opcode 0x49 is not one of pickle protocols 2 to 5");
    REFUSE_PICKLE("\x80\x02\x82\x01.", "at byte 2: opcode 0x82 is not one of");
    REFUSE_PICKLE("\x80\x02X\xff\xff\xff\xff"
                  "a.",
                  "at byte 2: ends in the middle of an opcode's argument");
    REFUSE_PICKLE("\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "ends in the middle of an opcode's argument");
    REFUSE_PICKLE("\x80\x02\x8b\xff\xff\xff\xff.", "ends in the middle of an opcode's argument");
    REFUSE_PICKLE("\x80\x02"
                  "cos",
                  "at byte 2: ends in the middle of a name");
    REFUSE_PICKLE("\x80\x02.", "at byte 2: its stack is too short");
    REFUSE_PICKLE("\x80\x02t.", "at byte 2: its stack has no mark");
    REFUSE_PICKLE("\x80\x02N(\x85.", "at byte 4: its stack is too short");
    REFUSE_PICKLE("\x80\x02R.", "its stack is too short");
    REFUSE_PICKLE("\x80\x02NNR.", "expected the arguments of a call as a tuple, found None");
    REFUSE_PICKLE("\x80\x02N)R.", "expected a class or function to call, found None");
    REFUSE_PICKLE("\x80\x02NNa.", "expected a list to append to, found None");
    REFUSE_PICKLE("\x80\x02NNNs.", "expected a mapping to set items of, found None");
    REFUSE_PICKLE("\x80\x02}(Nu.", "a mapping has a key without a value");
    REFUSE_PICKLE("\x80\x02(Nd.", "a mapping has a key without a value");
    REFUSE_PICKLE("\x80\x02NQ.", "expected a persistent id of a storage, found None");
    REFUSE_PICKLE("\x80\x02(U\x07storagetQ.", "a storage: expected its type, key, location and number");
    REFUSE_PICKLE("\x80\x02h\x05.", "its memo has nothing under number 5");
    REFUSE_PICKLE("\x80\x02Nr\xff\xff\xff\xff.", "its memo has no room for number 4294967295");
    REFUSE_PICKLE("\x80\x02Nq\xff.", "its memo has no room for number 255");
    REFUSE_PICKLE("\x80\x04K\x01K\x02\x93.", "expected the module and the name of a class as texts");
    REFUSE_PICKLE("\x80\x02"
                  "ctorch._utils\n_rebuild_tensor_v2\n)R.",
                  "a tensor: expected a storage");
    REFUSE_PICKLE("\x80\x02"
                  "ccollections\nOrderedDict\nN\x85R.",
                  "OrderedDict: expected a list");
    REFUSE_PICKLE("\x80\x02"
                  "ccollections\nOrderedDict\n]Na\x85R.",
                  "OrderedDict: expected a key and a value, found None");
    REFUSE_PICKLE("\x80\x02"
                  "ccollections\nOrderedDict\n](}NNse\x85R.",
                  "OrderedDict: expected a key and a value, found a mapping");
    REFUSE_PICKLE("\x80\x02(t.", "expected a mapping of names to tensors or a module, found a tuple");
}

/* Whole objects that hold no tensors. */
static void test_pickle_without_tensors(void **state)
{
    (void)state;
    REFUSE_PICKLE("\x80\x02N.", "expected a mapping of names to tensors or a module, found None");
    REFUSE_PICKLE("\x80\x02}.", "expected tensors at the top or under state_dict, found none");
    REFUSE_PICKLE("\x80\x02}(U\x05modelNU\x05"
                  "epochK\x01u.",
                  "found none among the keys model, epoch");
    REFUSE_PICKLE("\x80\x02}U\x0astate_dict]s.", "expected a mapping of names to tensors or a module, found a list");
    REFUSE_PICKLE("\x80\x02"
                  "cmod\nClass\n)\x81.",
                  "found none");
}

/* Containers that hold themselves, and modules that hold the same one twice, many levels deep. */
static void test_pickle_bombs(void **state)
{
    (void)state;
    REFUSE_PICKLE("\x80\x02]q\x01h\x01"
                  "a.",
                  "found a list");
    REFUSE_PICKLE("\x80\x02}q\x01U\x0astate_dicth\x01s.", "found none among the keys state_dict");
    REFUSE_PICKLE("\x80\x02"
                  "cmod\nClass\n)\x81q\x01}U\x01xh\x01sb.",
                  "its modules are nested more than 64 deep");
    build_bytes pickle = {0};
    build_bytes file = {0};
    build_add_text(&pickle, "\x80\x02");
    build_pickle_global(&pickle, "mod", "Class");
    build_add_text(&pickle, ")\x81");
    for (int level = 1; level < 60; level++) {
        build_add_text(&pickle, "q");
        build_add_number(&pickle, (uint64_t)level, 1);
        build_add_text(&pickle, "0");
        build_pickle_global(&pickle, "mod", "Class");
        build_add_text(&pickle, ")\x81}(U\x01lh");
        build_add_number(&pickle, (uint64_t)level, 1);
        build_add_text(&pickle, "U\x01rh");
        build_add_number(&pickle, (uint64_t)level, 1);
        build_add_text(&pickle, "ub");
    }
    build_add_text(&pickle, ".");
    build_pytorch_zip(&file, &pickle, 4);
    build_release(&pickle);
    assert_refused(&file, "holds more tensors than a pickle of its size can name");
    /* Opcodes of three bytes that each copy a long list. */
    build_add_text(&pickle, "\x80\x02](");
    for (int i = 0; i < 2000; i++)
        build_add_text(&pickle, "NN\x86");
    build_add_text(&pickle, "eq\x01");
    for (int i = 0; i < 2000; i++) {
        build_pickle_global(&pickle, "collections", "OrderedDict");
        build_add_text(&pickle, "h\x01\x85R0");
    }
    build_add_text(&pickle, ".");
    build_pytorch_zip(&file, &pickle, 4);
    build_release(&pickle);
    assert_refused(&file, "bytes for its objects");
}

/* Code that Python would run is an inert object; the tensor beside it is read. */
static void test_pickle_runs_nothing(void **state)
{
    (void)state;
    static const char trace[] = "/tmp/vqclip_test_was_run";
    const build_tensor tensor = {"ByteStorage", "0", 4, 0, 1, {4}, {1}};
    build_bytes pickle = {0};
    build_bytes file = {0};
    (void)unlink(trace);
    build_add_text(&pickle, "\x80\x02}(");
    build_pickle_text(&pickle, "evil");
    build_pickle_global(&pickle, "os", "system");
    build_pickle_text(&pickle, "touch /tmp/vqclip_test_was_run");
    build_add_text(&pickle, "\x85R");
    build_pickle_text(&pickle, "good");
    build_pickle_tensor(&pickle, &tensor);
    build_add_text(&pickle, "u.");
    build_pytorch_zip(&file, &pickle, 4);
    build_release(&pickle);
    vqc_weights *weights;
    vqc_error error = {0};
    assert_int_equal(scratch_open(&file, &weights, &error), VQC_OK);
    build_release(&file);
    assert_int_equal(vqc_weights_count(weights), 1);
    assert_string_equal(vqc_weights_at(weights, 0)->name, "good");
    assert_int_equal(access(trace, F_OK), -1);
    vqc_weights_close(weights);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        size_t size;
        const char *second;
        const char *expected;
    } cases[] = {
        {"a", 1, "a", "tensor a: its name appears twice"},
        {"\xc3(", 2, "b", "tensor \\xc3(: its name is not UTF-8"},
        {"a\0b", 3, "b", "its name holds a NUL character"},
        {"\n", 1, "\n", "tensor \\x0a: its name appears twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const build_tensor tensor = {"ByteStorage", "0", 4, 0, 1, {4}, {1}};
        build_bytes pickle = {0};
        build_bytes file = {0};
        build_add_text(&pickle, "\x80\x02}(U");
        build_add_number(&pickle, cases[i].size, 1);
        build_add(&pickle, cases[i].first, cases[i].size);
        build_pickle_tensor(&pickle, &tensor);
        build_pickle_text(&pickle, cases[i].second);
        build_pickle_tensor(&pickle, &tensor);
        build_add_text(&pickle, "u.");
        build_pytorch_zip(&file, &pickle, 4);
        build_release(&pickle);
        assert_refused(&file, cases[i].expected);
    }
}

/* --- zip files --- */

static void good_pickle(build_bytes *pickle)
{
    const build_tensor tensor = {"ByteStorage", "0", 4, 0, 1, {4}, {1}};
    build_add_text(pickle, "\x80\x02}");
    build_pickle_text(pickle, "visual.proj");
    build_pickle_tensor(pickle, &tensor);
    build_add_text(pickle, "s.");
}

static void test_zip(void **state)
{
    (void)state;
    build_bytes pickle = {0};
    build_bytes file = {0};
    good_pickle(&pickle);
    build_member members[] = {
        {.name = "archive/data.pkl", .data = pickle.data, .size = pickle.size},
        {.name = "archive/data/0", .data = "abcd", .size = 4},
        {.name = "archive/byteorder", .data = "little", .size = 6},
    };
    build_zip(&file, members + 1, 2);
    assert_refused(&file, "expected a zip file with data.pkl");

    members[0].wrong_checksum = true;
    build_zip(&file, members, 3);
    assert_refused(&file, "zip entry archive/data.pkl: its checksum is wrong");
    members[0].wrong_checksum = false;

    members[2].data = "big";
    members[2].size = 3;
    build_zip(&file, members, 3);
    assert_refused(&file, "expected little-endian tensors");
    members[2] = members[1];

    members[1].wrong_checksum = true;
    build_zip(&file, members, 2);
    assert_unreadable(&file, "tensor visual.proj: zip entry archive/data/0: its checksum is wrong");
    members[1].deflate = true;
    build_zip(&file, members, 2);
    assert_unreadable(&file, "tensor visual.proj: zip entry archive/data/0: cannot be inflated");
    members[1].wrong_checksum = false;
    members[1].size_more = 1;
    build_zip(&file, members, 2);
    assert_unreadable(&file, "tensor visual.proj: zip entry archive/data/0: cannot be inflated");
    members[1].size_more = 1U << 30;
    build_zip(&file, members, 2);
    assert_refused(&file, "tensor visual.proj: zip entry archive/data/0: cannot inflate to the size it claims");
    members[1].deflate = false;
    build_zip(&file, members, 2);
    assert_refused(&file, "tensor visual.proj: zip entry archive/data/0: reaches beyond the end of the file");
    members[1].size_more = 0;

    members[1].size = 3;
    build_zip(&file, members, 2);
    assert_refused(&file, "tensor visual.proj: expected 4 bytes in its storage, found 3");
    build_release(&pickle);
}

/* --- the older serialisation --- */

/* A file with one storage that claims `count` elements and has them, then `left_out` bytes less. */
static void legacy_file(build_bytes *file, const char *keys, int64_t count, size_t left_out)
{
    build_legacy_preamble(file);
    good_pickle(file);
    build_add_text(file, keys);
    build_add_number(file, (uint64_t)count, 8);
    build_add_text(file, "abcd");
    file->size -= left_out;
}

static void test_legacy(void **state)
{
    (void)state;
    build_bytes file = {0};
    legacy_file(&file,
                "\x80\x02]U\x01"
                "0a.",
                4, 1);
    assert_refused(&file, "storage 0: expected 4 bytes, found the end of the file after 3");
    legacy_file(&file,
                "\x80\x02]U\x01"
                "0a.",
                4, 5);
    assert_refused(&file, "storage 0: expected 4 bytes, found the end of the file after 0");
    legacy_file(&file,
                "\x80\x02]U\x01"
                "0a.",
                5, 0);
    assert_refused(&file, "storage 0: expected 4 elements, found 5");
    legacy_file(&file,
                "\x80\x02]U\x01"
                "0a.",
                -1, 0);
    assert_refused(&file, "storage 0: expected 4 elements, found -1");
    legacy_file(&file, "\x80\x02].", 4, 0);
    assert_refused(&file, "tensor visual.proj: expected its storage 0 in the file, found none");
    legacy_file(&file,
                "\x80\x02](U\x01"
                "0U\x01"
                "0e.",
                4, 0);
    assert_refused(&file, "storage 0 appears twice");
    legacy_file(&file,
                "\x80\x02](U\x01"
                "1e.",
                4, 0);
    assert_refused(&file, "expected keys of storages that its objects mention");
    legacy_file(&file, "\x80\x02](N.", 4, 0);
    assert_refused(&file, "expected a list of the storages' keys, found None");

    build_add_text(&file, "\x80\x02\x8a\x0al\xfc\x9c"
                          "F\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}U\x0dlittle_endian\x89s.");
    assert_refused(&file, "expected little_endian true");
    build_add_text(&file, "\x80\x02\x8a\x0al\xfc\x9c"
                          "F\xf9 j\xa8P\x19.\x80\x02M\xea\x03.");
    assert_refused(&file, "expected protocol 1001");

    /* One key with two sizes. */
    const build_tensor tensor = {"ShortStorage", "0", 4, 0, 1, {4}, {1}};
    build_legacy_preamble(&file);
    build_add_text(&file, "\x80\x02(");
    build_pickle_tensor(&file, &tensor);
    build_pickle_storage(&file, "ByteStorage", "0", 4);
    build_add_text(&file, "l.");
    assert_refused(&file, "storage 0: expected one size, found two");
}

/* --- files that end early --- */

/* Cuts a good file at every length; none of the pieces is accepted. */
static void refuse_truncated(const build_bytes *file)
{
    for (size_t size = 1; size < file->size; size++) {
        const build_bytes cut = {.data = file->data, .size = size};
        vqc_weights *weights;
        vqc_error error = {0};
        if (scratch_open(&cut, &weights, &error) == VQC_OK)
            fail_msg("the first %zu of %zu bytes were accepted", size, file->size);
        assert_one_line(&error, "");
    }
}

static void test_truncated(void **state)
{
    (void)state;
    const build_tensor tensor = {"ByteStorage", "0", 4, 0, 1, {4}, {1}};
    build_bytes file = {0};
    tensor_file(&file, &tensor);
    refuse_truncated(&file);
    build_release(&file);
    legacy_file(&file,
                "\x80\x02]U\x01"
                "0a.",
                4, 0);
    refuse_truncated(&file);
    build_release(&file);
    build_safetensors(&file, "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4);
    refuse_truncated(&file);
    build_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_a_checkpoint),
        cmocka_unit_test(test_safetensors_header),
        cmocka_unit_test(test_safetensors_tensor),
        cmocka_unit_test(test_safetensors_ranges),
        cmocka_unit_test(test_pickled_tensor),
        cmocka_unit_test(test_pickle_machine),
        cmocka_unit_test(test_pickle_without_tensors),
        cmocka_unit_test(test_pickle_bombs),
        cmocka_unit_test(test_pickle_runs_nothing),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_zip),
        cmocka_unit_test(test_legacy),
        cmocka_unit_test(test_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
