/* The foundation: errors, UTF-8, element types, digests, random numbers, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/scratch.h"
#include "base/digest.h"
#include "base/dtype.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "base/utf8.h"
#include "base/visible.h"

/* Asks the address sanitizer, where it is built in, to let a refused allocation return as it would without it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void error_set_keeps_plain_text(void **state)
{
    (void)state;
    vqc_error error = {0};
    assert_int_equal(vqc_error_set(&error, VQC_BAD_INPUT, "%s: expected %d, found é", "a.yaml", 3), VQC_BAD_INPUT);
    assert_int_equal(error.status, VQC_BAD_INPUT);
    assert_string_equal(error.message, "a.yaml: expected 3, found é");
}

static void error_set_shows_control_characters(void **state)
{
    (void)state;
    vqc_error error = {0};
    (void)vqc_error_set(&error, VQC_FAILED, "a\nb\x1b[31m\x7f\xff\xc3");
    assert_string_equal(error.message, "a\\x0a"
                                       "b\\x1b[31m\\x7f\\xff\\xc3");
}

/* What is printed of files: nothing that a terminal acts on, and widths as printf has them. */
static void print_shows_control_characters(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    vqc_print(stream, "%s|%-6s|%4s|%.2s|%d%%|%5.2f|%llu|%zu|%ld|%c\n", "a\x1b[2J\n", "b\xc2\x9b", "c", "def", -3, 1.5,
              (unsigned long long)UINT64_MAX, (size_t)7, -8L, 'x');
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(text, "a\\x1b[2J\\x0a|b\\xc2\\x9b|   c|de|-3%| 1.50|18446744073709551615|7|-8|x\n");
    free(text);
}

static void error_set_cuts_between_characters(void **state)
{
    (void)state;
    enum { CHARACTERS = VQC_ERROR_MESSAGE_SIZE };
    char text[2 * CHARACTERS + 1] = {0};
    for (int i = 0; i < CHARACTERS; i++)
        memcpy(text + 2 * (size_t)i, "é", 2);
    for (int shift = 0; shift < 2; shift++) {
        vqc_error error = {0};
        (void)vqc_error_set(&error, VQC_FAILED, "%s%s", shift == 1 ? "x" : "", text);
        size_t length = strlen(error.message);
        assert_in_range(length, VQC_ERROR_MESSAGE_SIZE - 4, VQC_ERROR_MESSAGE_SIZE - 1);
        assert_true(vqc_utf8_is_valid(error.message, length));
        assert_memory_equal(error.message + length - 2, "é", 2);
    }
}

static void error_prefix_goes_in_front(void **state)
{
    (void)state;
    vqc_error error = {0};
    (void)vqc_error_set(&error, VQC_BAD_INPUT, "line 3: no such key");
    assert_int_equal(vqc_error_prefix(&error, "%s.yaml", "job"), VQC_BAD_INPUT);
    assert_string_equal(error.message, "job.yaml: line 3: no such key");
    assert_int_equal(error.status, VQC_BAD_INPUT);
}

static vqc_status try_twice(vqc_status first, int *reached)
{
    VQC_TRY(first);
    *reached = 1;
    return VQC_OK;
}

static void try_leaves_on_failure_only(void **state)
{
    (void)state;
    int reached = 0;
    assert_int_equal(try_twice(VQC_BAD_INPUT, &reached), VQC_BAD_INPUT);
    assert_int_equal(reached, 0);
    assert_int_equal(try_twice(VQC_OK, &reached), VQC_OK);
    assert_int_equal(reached, 1);
}

typedef struct utf8_case {
    const char *text;
    size_t size;
    size_t expected;
} utf8_case;

static void utf8_sequences(void **state)
{
    (void)state;
    /* The borders of table 3-7 of the Unicode Standard. */
    const utf8_case cases[] = {
        {"", 0, 0},
        {"a", 1, 1},
        {"\0", 1, 1},
        {"\x7f", 1, 1},
        {"\x80", 1, 0},
        {"\xc1\xbf", 2, 0},
        {"\xc2\x80", 2, 2},
        {"\xc2\x7f", 2, 0},
        {"\xdf\xbf", 2, 2},
        {"\xe0\x9f\xbf", 3, 0},
        {"\xe0\xa0\x80", 3, 3},
        {"\xe2\x82\xac", 3, 3},
        {"\xe2\x82\xac", 2, 0}, /* what follows lies beyond the size */
        {"\xc2\x80", 1, 0},
        {"\xed\x9f\xbf", 3, 3},
        {"\xed\xa0\x80", 3, 0},
        {"\xee\x80\x80", 3, 3},
        {"\xef\xbf\xbf", 3, 3},
        {"\xf0\x8f\xbf\xbf", 4, 0},
        {"\xf0\x90\x80\x80", 4, 4},
        {"\xf0\x90\x80", 3, 0},
        {"\xf4\x8f\xbf\xbf", 4, 4},
        {"\xf4\x90\x80\x80", 4, 0},
        {"\xf5\x80\x80\x80", 4, 0},
        {"\xff", 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(vqc_utf8_sequence_size(cases[i].text, cases[i].size), cases[i].expected);
    assert_true(vqc_utf8_is_valid("a\0é€", 7));
    assert_false(vqc_utf8_is_valid("aé€", 5));
    assert_true(vqc_utf8_is_valid("", 0));
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void f16_known_values(void **state)
{
    (void)state;
    assert_int_equal(bits_of(vqc_f32_from_f16(0x0000)), bits_of(0.0F));
    assert_int_equal(bits_of(vqc_f32_from_f16(0x8000)), bits_of(-0.0F));
    assert_int_equal(bits_of(vqc_f32_from_f16(0x0001)), bits_of(0x1p-24F));
    assert_int_equal(bits_of(vqc_f32_from_f16(0x83ff)), bits_of(-0x3ffp-24F));
    assert_int_equal(bits_of(vqc_f32_from_f16(0x0400)), bits_of(0x1p-14F));
    assert_int_equal(bits_of(vqc_f32_from_f16(0x3c01)), bits_of(1.0009765625F));
    assert_int_equal(bits_of(vqc_f32_from_f16(0xfbff)), bits_of(-65504.0F));
    assert_int_equal(bits_of(vqc_f32_from_f16(0x7c00)), bits_of(INFINITY));
    assert_int_equal(bits_of(vqc_f32_from_f16(0xfc00)), bits_of(-INFINITY));
    assert_true(isnan(vqc_f32_from_f16(0x7c01)));
    assert_true(isnan(vqc_f32_from_f16(0xffff)));
}

/* Neighbours of an exponent differ by 2^(exponent − 25), those below 2^-14 by 2^-24. */
static void f16_steps(void **state)
{
    (void)state;
    for (uint16_t bits = 0; bits < 0x7bff; bits++) {
        int exponent = bits >> 10 == 0 ? 1 : bits >> 10;
        float step = vqc_f32_from_f16((uint16_t)(bits + 1)) - vqc_f32_from_f16(bits);
        assert_int_equal(bits_of(step), bits_of(ldexpf(1.0F, exponent - 25)));
        assert_true(vqc_f32_from_f16(bits | 0x8000U) == -vqc_f32_from_f16(bits));
    }
}

static void bf16_round_trip(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= 0xffff; bits++) {
        float value = vqc_f32_from_bf16((uint16_t)bits);
        if (isnan(value))
            assert_true(isnan(vqc_f32_from_bf16(vqc_bf16_from_f32(value))));
        else
            assert_int_equal(vqc_bf16_from_f32(value), bits);
    }
}

static void bf16_rounds_to_nearest_even(void **state)
{
    (void)state;
    assert_int_equal(vqc_bf16_from_f32(1.0F), 0x3f80);
    assert_int_equal(vqc_bf16_from_f32(float_of(0x3f807fff)), 0x3f80);
    assert_int_equal(vqc_bf16_from_f32(float_of(0x3f808000)), 0x3f80);
    assert_int_equal(vqc_bf16_from_f32(float_of(0x3f808001)), 0x3f81);
    assert_int_equal(vqc_bf16_from_f32(float_of(0x3f818000)), 0x3f82);
    assert_int_equal(vqc_bf16_from_f32(float_of(0xbf818000)), 0xbf82);
    assert_int_equal(vqc_bf16_from_f32(float_of(0x00008000)), 0x0000); /* subnormal ties */
    assert_int_equal(vqc_bf16_from_f32(float_of(0x00018000)), 0x0002);
    assert_int_equal(vqc_bf16_from_f32(float_of(0x7f7fffff)), 0x7f80); /* the largest f32 becomes infinity */
    assert_true(isnan(vqc_f32_from_bf16(vqc_bf16_from_f32(float_of(0x7f800001)))));
    assert_true(isnan(vqc_f32_from_bf16(vqc_bf16_from_f32(float_of(0xffffffff)))));
}

/* The element, placed at an odd address, as f64 and as f32. */
static void assert_converts(vqc_dtype dtype, const void *element, double f64, float f32)
{
    unsigned char bytes[16] = {0};
    memcpy(bytes + 1, element, vqc_dtype_size(dtype));
    double wide;
    float narrow;
    vqc_dtype_to_f64(dtype, bytes + 1, 1, &wide);
    vqc_dtype_to_f32(dtype, bytes + 1, 1, &narrow);
    assert_memory_equal(&wide, &f64, sizeof wide);
    assert_memory_equal(&narrow, &f32, sizeof narrow);
}

static void dtype_conversions(void **state)
{
    (void)state;
    assert_converts(VQC_DTYPE_F64, &(double){0.1}, 0.1, 0.1F);
    assert_converts(VQC_DTYPE_F32, &(float){0.1F}, (double)0.1F, 0.1F);
    assert_converts(VQC_DTYPE_F16, &(uint16_t){0x3555}, 0.333251953125, 0.333251953125F);
    assert_converts(VQC_DTYPE_BF16, &(uint16_t){0xc040}, -3.0, -3.0F);
    assert_converts(VQC_DTYPE_I32, &(int32_t){INT32_MIN}, -2147483648.0, -2147483648.0F);
    assert_converts(VQC_DTYPE_I16, &(int16_t){-300}, -300.0, -300.0F);
    assert_converts(VQC_DTYPE_I8, &(int8_t){-128}, -128.0, -128.0F);
    assert_converts(VQC_DTYPE_U8, &(uint8_t){255}, 255.0, 255.0F);
    assert_converts(VQC_DTYPE_BOOL, &(uint8_t){7}, 1.0, 1.0F);
    assert_converts(VQC_DTYPE_I64, &(int64_t){(1 << 24) + 1}, 16777217.0, 16777216.0F);
    /* By way of f64 this would round twice, to 2^54. */
    int64_t tie = ((int64_t)1 << 54) + ((int64_t)1 << 30) + 1;
    assert_converts(VQC_DTYPE_I64, &tie, 0x1p54 + 0x1p30, 0x1p54F + 0x1p31F);
}

static void dtype_facts(void **state)
{
    (void)state;
    const size_t sizes[VQC_DTYPE_COUNT] = {8, 4, 2, 2, 8, 4, 2, 1, 1, 1, 1, 1};
    const char *const names[VQC_DTYPE_COUNT] = {"f64", "f32", "f16", "bf16", "i64",     "i32",
                                                "i16", "i8",  "u8",  "bool", "f8_e4m3", "f8_e5m2"};
    for (int i = 0; i < VQC_DTYPE_COUNT; i++) {
        assert_int_equal(vqc_dtype_size((vqc_dtype)i), sizes[i]);
        assert_string_equal(vqc_dtype_name((vqc_dtype)i), names[i]);
    }
}

static void assert_digest(const void *data, size_t size, const char *expected)
{
    vqc_error error = {0};
    char text[VQC_DIGEST_TEXT_SIZE];
    assert_int_equal(vqc_digest_bytes(data, size, text, &error), VQC_OK);
    assert_string_equal(text, expected);
}

static void digest_known_answers(void **state)
{
    (void)state; /* FIPS 180-4's examples */
    enum { MILLION = 1000000 };
    char *letters = malloc(MILLION);
    assert_non_null(letters);
    memset(letters, 'a', MILLION);
    assert_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_digest(letters, MILLION, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(letters);
}

static void digest_of_a_file_in_pieces(void **state)
{
    (void)state;
    size_t size = ((size_t)3 << 20) + 17;
    unsigned char *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 1000);
    char path[PATH_SIZE];
    (void)bytes_write(path, "pieces", bytes, size);
    vqc_error error = {0};
    char of_file[VQC_DIGEST_TEXT_SIZE] = "";
    char of_bytes[VQC_DIGEST_TEXT_SIZE] = "";
    vqc_status status = vqc_digest_file(path, of_file, &error);
    assert_int_equal(status, VQC_OK);
    assert_int_equal(vqc_digest_bytes(bytes, size, of_bytes, &error), VQC_OK);
    free(bytes);
    assert_string_equal(of_file, of_bytes);
}

static void digest_names_a_missing_file(void **state)
{
    (void)state;
    vqc_error error = {0};
    char text[VQC_DIGEST_TEXT_SIZE];
    assert_int_equal(vqc_digest_file("no/such/file", text, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "no/such/file"));
    assert_int_equal(vqc_digest_file("/", text, &error), VQC_BAD_INPUT);
    /* They have no end, or wait for a writer. */
    char pipe[PATH_SIZE];
    assert_int_equal(mkfifo(path_in(pipe, "pipe"), 0600), 0);
    assert_int_equal(vqc_digest_file(pipe, text, &error), VQC_BAD_INPUT);
    assert_int_equal(vqc_digest_file("/dev/zero", text, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "/dev/zero: cannot be read: it is not a file"));
}

typedef struct philox_case {
    vqc_random_block counter;
    vqc_random_key key;
    vqc_random_block expected;
} philox_case;

static void random_known_answers(void **state)
{
    (void)state; /* philox4x32, 10 rounds, in the known-answer file published with the generator */
    const philox_case cases[] = {
        {{{0, 0, 0, 0}}, {{0, 0}}, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
        {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}},
         {{0xffffffff, 0xffffffff}},
         {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
        {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
         {{0xa4093822, 0x299f31d0}},
         {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_random_block block = vqc_random_block_at(cases[i].key, cases[i].counter);
        assert_memory_equal(&block, &cases[i].expected, sizeof block);
    }
}

static void random_uniform_range(void **state)
{
    (void)state;
    assert_true(vqc_random_uniform(0) == 0.0F);
    assert_true(vqc_random_uniform(0xffffffff) == 1.0F - 0x1p-24F);
    assert_true(vqc_random_uniform(0x80000000) == 0.5F);
}

static void memory_allocate_refuses_what_does_not_fit(void **state)
{
    (void)state;
    vqc_error error = {0};
    int *array = NULL;
    assert_int_equal(vqc_memory_allocate(SIZE_MAX / 2, sizeof *array, "a picture", &array, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "a picture"));
    assert_null(array);
    assert_int_equal(vqc_memory_allocate(0, 4, "nothing", &array, &error), VQC_OK);
    assert_non_null(array);
    free(array);
    assert_int_equal(vqc_memory_allocate(3, sizeof *array, "zeros", &array, &error), VQC_OK);
    assert_int_equal(array[0] | array[1] | array[2], 0);
    free(array);
}

static void memory_grows_and_keeps_its_contents(void **state)
{
    (void)state;
    vqc_error error = {0};
    uint32_t *array = NULL;
    size_t capacity = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        size_t before = capacity;
        assert_int_equal(vqc_memory_grow(&array, &capacity, i + 1, sizeof *array, "numbers", &error), VQC_OK);
        assert_true(capacity > i);
        assert_true(capacity == before || capacity >= 2 * before);
        array[i] = i * i;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(array[i], i * i);
    uint32_t *kept = array;
    size_t kept_capacity = capacity;
    assert_int_equal(vqc_memory_grow(&array, &capacity, SIZE_MAX, sizeof *array, "numbers", &error), VQC_FAILED);
    assert_int_equal(vqc_memory_grow(&array, &capacity, SIZE_MAX / 4, sizeof *array, "numbers", &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "numbers"));
    assert_ptr_equal(array, kept);
    assert_int_equal(capacity, kept_capacity);
    free(array);
}

static void memory_copies_text(void **state)
{
    (void)state;
    vqc_error error = {0};
    char *copy = NULL;
    assert_int_equal(vqc_memory_copy_text("van Gogh", &copy, &error), VQC_OK);
    assert_string_equal(copy, "van Gogh");
    free(copy);
    assert_true(vqc_memory_peak() > (size_t)1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_set_keeps_plain_text),
        cmocka_unit_test(error_set_shows_control_characters),
        cmocka_unit_test(print_shows_control_characters),
        cmocka_unit_test(error_set_cuts_between_characters),
        cmocka_unit_test(error_prefix_goes_in_front),
        cmocka_unit_test(try_leaves_on_failure_only),
        cmocka_unit_test(utf8_sequences),
        cmocka_unit_test(f16_known_values),
        cmocka_unit_test(f16_steps),
        cmocka_unit_test(bf16_round_trip),
        cmocka_unit_test(bf16_rounds_to_nearest_even),
        cmocka_unit_test(dtype_conversions),
        cmocka_unit_test(dtype_facts),
        cmocka_unit_test(digest_known_answers),
        cmocka_unit_test(digest_of_a_file_in_pieces),
        cmocka_unit_test(digest_names_a_missing_file),
        cmocka_unit_test(random_known_answers),
        cmocka_unit_test(random_uniform_range),
        cmocka_unit_test(memory_allocate_refuses_what_does_not_fit),
        cmocka_unit_test(memory_grows_and_keeps_its_contents),
        cmocka_unit_test(memory_copies_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
