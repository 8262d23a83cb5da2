/* Networks beside another one on the device that the argument names: the same bits with the first one's parameters,
 * also when that one is gone; and a refusal where parameters are not shared. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../device_absent.h"
#include "../device_precision.h"
#include "../support/check.h"
#include "models/clip.h"
#include "models/generator.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"

enum { ROWS = 3, COLUMNS = 5, BATCH = 2 };

/* Two lanes of one device: a vqc_ops for each. */
typedef struct fixture {
    vqc_ops *ops[2];
} fixture;

/* A network and what goes in and out. */
typedef struct passage {
    vqc_network *network;
    vqc_value input, output;
} passage;

static float *values_new(const vqc_network *network, vqc_value value, int seed)
{
    int64_t count = vqc_shape_count(vqc_network_shape(network, value));
    float *values = calloc((size_t)count, sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < count && seed > 0; i++)
        values[i] = (float)((i * 37 + seed) % 101) / 101.0F;
    return values;
}

/* Goes through the network forwards and backwards: the output, and behind it the gradient of the input; to be
 * freed. */
static float *passage_run(const passage *p, int64_t *count_out)
{
    vqc_error error = {0};
    int64_t inputs = vqc_shape_count(vqc_network_shape(p->network, p->input));
    int64_t outputs = vqc_shape_count(vqc_network_shape(p->network, p->output));
    float *input = values_new(p->network, p->input, 1);
    float *slopes = values_new(p->network, p->output, 5);
    float *result = calloc((size_t)(inputs + outputs), sizeof *result);
    assert_non_null(result);
    check(vqc_network_write(p->network, p->input, input, &error), &error);
    check(vqc_network_forward(p->network, &error), &error);
    check(vqc_network_read(p->network, p->output, result, &error), &error);
    check(vqc_network_gradient_write(p->network, p->output, slopes, &error), &error);
    check(vqc_network_backward(p->network, &error), &error);
    check(vqc_network_gradient_read(p->network, p->input, result + outputs, &error), &error);
    free(input);
    free(slopes);
    *count_out = inputs + outputs;
    return result;
}

/* Takes the first network over. */
static void beside_check(const fixture *f, passage first)
{
    vqc_error error = {0};
    int64_t count;
    passage beside = first;
    if (!vqc_ops_shares_parameters(f->ops[1])) {
        assert_int_equal(vqc_network_create_beside(first.network, f->ops[1], &beside.network, &error), VQC_FAILED);
        assert_non_null(strstr(error.message, "its parameters cannot be shared"));
        vqc_network_destroy(first.network);
        return;
    }
    check(vqc_network_create_beside(first.network, f->ops[1], &beside.network, &error), &error);
    check(vqc_network_finish(beside.network, &error), &error);
    assert_true(vqc_network_parameter_size(first.network) > 0);
    assert_int_equal(vqc_network_parameter_size(beside.network), 0);
    assert_int_equal(vqc_network_activation_size(beside.network), vqc_network_activation_size(first.network));
    float *expected = passage_run(&first, &count);
    float *found = passage_run(&beside, &count);
    assert_memory_equal(found, expected, (size_t)count * sizeof *found);
    free(found);
    vqc_network_destroy(first.network);
    found = passage_run(&beside, &count);
    assert_memory_equal(found, expected, (size_t)count * sizeof *found);
    free(found);
    free(expected);
    vqc_network_destroy(beside.network);
}

static void decoder_check(const fixture *f, vqc_dtype precision)
{
    vqc_error error = {0};
    vqc_generator generator;
    vqc_generator_decoder decoder;
    check(vqc_generator_open(FIXTURES "latent_diffusion.yaml", FIXTURES "latent_diffusion.safetensors", &generator,
                             &error),
          &error);
    check(vqc_generator_decoder_create(&generator, f->ops[0], precision, 1, ROWS, COLUMNS, true, true, &decoder,
                                       &error),
          &error);
    beside_check(f, (passage){.network = decoder.network, .input = decoder.z, .output = decoder.picture});
    vqc_generator_close(&generator);
}

static void tower_check(const fixture *f, const char *path, vqc_dtype precision)
{
    vqc_error error = {0};
    const vqc_clip_options options = {0};
    vqc_clip *clip;
    vqc_clip_image_tower tower;
    check(vqc_clip_open(path, &options, &clip, &error), &error);
    check(vqc_clip_image_tower_create(clip, f->ops[0], precision, BATCH, true, &tower, &error), &error);
    beside_check(f, (passage){.network = tower.network, .input = tower.pixels, .output = tower.embedding});
    vqc_clip_close(clip);
}

/* The precisions that the device has: f32, and bf16 nearly everywhere. */
static int precisions(const fixture *f)
{
    return device_has_bf16(f->ops[0]) ? 2 : 1;
}

static const vqc_dtype precision_of[] = {VQC_DTYPE_F32, VQC_DTYPE_BF16};

static void test_decoder(void **state)
{
    for (int i = 0; i < precisions(*state); i++)
        decoder_check(*state, precision_of[i]);
}

static void test_towers(void **state)
{
    static const char *const paths[] = {FIXTURES "open_clip_gelu/open_clip_model.safetensors",
                                        FIXTURES "hugging_face_quick_gelu/model.safetensors",
                                        VQC_SOURCE_DIR "/jobs/models/picturebook-resnet.safetensors"};
    for (int i = 0; i < precisions(*state); i++)
        for (int k = 0; k < 3; k++)
            tower_check(*state, paths[k], precision_of[i]);
}

int main(int argument_count, char **arguments)
{
    vqc_error error = {0};
    fixture f = {0};
    const vqc_ops_options options = {.threads = 1};
    if (argument_count != 2) {
        (void)fprintf(stderr, "usage: %s DEVICE\n", arguments[0]);
        return 2;
    }
    for (int i = 0; i < 2; i++) {
        if (vqc_ops_create(arguments[1], &options, &f.ops[i], &error) != VQC_OK)
            device_absent_exit(&error);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_decoder, &f),
        cmocka_unit_test_prestate(test_towers, &f),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (int i = 0; i < 2; i++)
        vqc_ops_destroy(f.ops[i]);
    return failed;
}
