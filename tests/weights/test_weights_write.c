/* Writing safetensors files. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "weights/weights.h"

typedef struct scratch {
    char folder[64];
    char path[128];
} scratch;

static int setup(void **state)
{
    static scratch fixture;
    folder_make(fixture.folder, sizeof fixture.folder);
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/w.safetensors", fixture.folder);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    const scratch *fixture = *state;
    (void)unlink(fixture->path);
    return rmdir(fixture->folder); /* fails where a temporary file was left */
}

static const float pixels[6] = {0.0f, -0.0f, 1.5f, -2.25f, 3e38f, 1e-45f};
static const int32_t codes[3] = {-1, 0, INT32_MAX};

static void test_round_trip(void **state)
{
    const scratch *fixture = *state;
    const vqc_weights_source sources[] = {
        {.name = "codes", .dtype = VQC_DTYPE_I32, .rank = 1, .shape = {3}, .data = codes},
        {.name = "a \"quoted\" n\xc3\xa4me", .dtype = VQC_DTYPE_F32, .rank = 2, .shape = {2, 3}, .data = pixels},
        {.name = "scalar", .dtype = VQC_DTYPE_F32, .rank = 0, .data = pixels + 3},
        {.name = "empty", .dtype = VQC_DTYPE_F32, .rank = 2, .shape = {0, 7}, .data = NULL},
    };
    vqc_error error = {0};
    vqc_weights *weights;
    for (int again = 0; again < 2; again++) /* the second one replaces the first */
        assert_int_equal(vqc_weights_write(fixture->path, sources, 4, &error), VQC_OK);
    assert_int_equal(vqc_weights_open(fixture->path, &weights, &error), VQC_OK);
    assert_int_equal(vqc_weights_count(weights), 4);
    float values[6];
    int64_t integers[3];
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, sources[1].name);
    assert_non_null(tensor);
    assert_int_equal(tensor->shape[1], 3);
    assert_int_equal(vqc_weights_read_f32(weights, tensor, values, &error), VQC_OK);
    assert_memory_equal(values, pixels, sizeof pixels);
    assert_int_equal(vqc_weights_read_i64(weights, vqc_weights_at(weights, 0), integers, &error), VQC_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(integers[i], codes[i]);
    assert_int_equal(vqc_weights_at(weights, 2)->count, 1);
    assert_int_equal(vqc_weights_at(weights, 3)->count, 0);
    assert_int_equal(vqc_weights_read_f32(weights, vqc_weights_at(weights, 3), values, &error), VQC_OK);
    vqc_weights_close(weights);
}

static void test_data_is_aligned(void **state)
{
    const scratch *fixture = *state;
    char name[16] = "";
    vqc_error error = {0};
    for (int length = 1; length < 12; length++) {
        name[length - 1] = 'n';
        const vqc_weights_source source = {
            .name = name, .dtype = VQC_DTYPE_F32, .rank = 1, .shape = {6}, .data = pixels};
        assert_int_equal(vqc_weights_write(fixture->path, &source, 1, &error), VQC_OK);
        struct stat facts;
        assert_int_equal(stat(fixture->path, &facts), 0);
        assert_int_equal((facts.st_size - (off_t)sizeof pixels) % 8, 0);
        assert_int_equal(facts.st_mode & 0600, 0600);
    }
}

static void test_refusals(void **state)
{
    const scratch *fixture = *state;
    vqc_error error = {0};
    const vqc_weights_source twice[] = {
        {.name = "a", .dtype = VQC_DTYPE_F32, .rank = 0, .data = pixels},
        {.name = "a", .dtype = VQC_DTYPE_F32, .rank = 0, .data = pixels},
    };
    assert_int_equal(vqc_weights_write(fixture->path, twice, 2, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "w.safetensors: tensor a: its name appears twice"));
    const vqc_weights_source not_text = {.name = "\xff", .dtype = VQC_DTYPE_F32, .rank = 0, .data = pixels};
    assert_int_equal(vqc_weights_write(fixture->path, &not_text, 1, &error), VQC_BAD_INPUT);
    assert_int_equal(vqc_weights_write("/nowhere/at/all.safetensors", twice, 1, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "/nowhere/at/all.safetensors: cannot be created: No such file"));
    assert_int_equal(access(fixture->path, F_OK), -1);
}

/* A failure at the last step, the renaming: nothing of the file stays (see teardown). */
static void test_failed_renaming(void **state)
{
    const scratch *fixture = *state;
    vqc_error error = {0};
    const vqc_weights_source source = {.name = "a", .dtype = VQC_DTYPE_F32, .rank = 0, .data = pixels};
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_int_equal(vqc_weights_write(fixture->path, &source, 1, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "cannot be written: Is a directory"));
    assert_int_equal(rmdir(fixture->path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_data_is_aligned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failed_renaming, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
