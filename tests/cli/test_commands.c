/* The commands as users call them: results on the reference files, and what they say of bad input. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../comparison.h"
#include "../support/command_run.h"
#include "../support/scratch.h"
#include "cli/commands.h"
#include "image/image.h"
#include "study/tables.h"
#include "text/text_cleaning.h"
#include "weights/weights.h"

#define REFERENCE VQC_SHARED_DIR "/reference/"
#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"

#define MODELS VQC_SOURCE_DIR "/jobs/models/"

enum { MAX_WORDS = 16, OUTPUT_SIZE = 1 << 16 };

/* The path of a file in the test's folder, until the next call. */
static const char *scratch(const char *name)
{
    static char path[PATH_SIZE];
    return path_in(path, name);
}

static void skip_without(const char *path)
{
    if (access(path, R_OK) == 0)
        return;
    (void)printf("SKIPPED: %s is not there\n", path);
    skip();
}

/* Copies NULL-terminated words, which commands may change, and counts them. */
static int words_copy(const char *const *words, char *copies[MAX_WORDS])
{
    int count = 0;
    for (; words[count] != NULL; count++)
        copies[count] = strdup(words[count]);
    return count;
}

static void words_free(char *copies[MAX_WORDS], int count)
{
    for (int i = 0; i < count; i++)
        free(copies[i]);
}

/* Runs a command on NULL-terminated words. */
static vqc_status run(const vqc_command *run_command, const char *const *words, vqc_error *error)
{
    char *copies[MAX_WORDS];
    int count = words_copy(words, copies);
    vqc_status status = vqc_command_run(run_command, count, copies, error);
    words_free(copies, count);
    return status;
}

static double *tensor_read(const vqc_weights *weights, const char *name, int64_t *count)
{
    vqc_error error = {0};
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, name);
    if (tensor == NULL)
        fail_msg("%s: no tensor %s", vqc_weights_path(weights), name);
    float *narrow = malloc((size_t)tensor->count * sizeof *narrow);
    double *values = malloc((size_t)tensor->count * sizeof *values);
    assert_true(narrow != NULL && values != NULL);
    assert_int_equal(vqc_weights_read_f32(weights, tensor, narrow, &error), VQC_OK);
    for (int64_t i = 0; i < tensor->count; i++)
        values[i] = (double)narrow[i];
    free(narrow);
    *count = tensor->count;
    return values;
}

/* Compares one tensor of the written file with the expected one, shapes included. */
static void tensor_compare(const vqc_weights *written, const vqc_weights *expected, const char *name,
                           tolerance_kind kind)
{
    int64_t count;
    int64_t expected_count;
    double *actual = tensor_read(written, name, &count);
    double *wanted = tensor_read(expected, name, &expected_count);
    const vqc_weights_tensor *left = vqc_weights_find(written, name);
    const vqc_weights_tensor *right = vqc_weights_find(expected, name);
    assert_int_equal(left->rank, right->rank);
    assert_memory_equal(left->shape, right->shape, (size_t)left->rank * sizeof left->shape[0]);
    comparison found = comparison_of(actual, wanted, count);
    (void)printf("    %-16s relative L2 %.2e\n", name, found.relative);
    assert_true(comparison_is_within(&found, &tolerances[kind]));
    free(actual);
    free(wanted);
}

static vqc_weights *weights_open(const char *path)
{
    vqc_weights *weights;
    vqc_error error = {0};
    if (vqc_weights_open(path, &weights, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return weights;
}

static void test_embed_tensors(void **state)
{
    (void)state;
    const char *expected_path = REFERENCE "clip_resnet_expected.safetensors";
    skip_without(expected_path);
    const char *output = scratch("embed.safetensors");
    const char *words[] = {"--perceptor", REFERENCE "clip_resnet.pt", "--input", expected_path, "-o", output, NULL};
    vqc_error error = {0};
    if (run(&vqc_command_embed, words, &error) != VQC_OK)
        fail_msg("%s", error.message);
    vqc_weights *written = weights_open(output);
    vqc_weights *expected = weights_open(expected_path);
    tensor_compare(written, expected, "image_embed", TOLERANCE_MODEL_OUTPUT_F32);
    tensor_compare(written, expected, "text_embed", TOLERANCE_MODEL_OUTPUT_F32);
    tensor_compare(written, expected, "pixels_grad", TOLERANCE_MODEL_GRADIENT_F32);
    vqc_weights_close(written);
    vqc_weights_close(expected);
}

static void test_reconstruct_tensors(void **state)
{
    (void)state;
    static const char *const exact[] = {"codes", "encoded_codes"};
    static const char *const outputs[] = {"decoded", "encoder_out", "reconstruction"};
    const char *expected_path = REFERENCE "vqgan_expected.safetensors";
    skip_without(expected_path);
    const char *output = scratch("reconstruct.safetensors");
    const char *words[] = {"--generator",
                           REFERENCE "vqgan.yaml",
                           "--checkpoint",
                           REFERENCE "vqgan.ckpt",
                           "--input",
                           expected_path,
                           "--output",
                           output,
                           "--device",
                           "ref",
                           NULL};
    vqc_error error = {0};
    if (run(&vqc_command_reconstruct, words, &error) != VQC_OK)
        fail_msg("%s", error.message);
    vqc_weights *written = weights_open(output);
    vqc_weights *expected = weights_open(expected_path);
    for (int i = 0; i < 2; i++)
        tensor_compare(written, expected, exact[i], TOLERANCE_REF_F32);
    for (int i = 0; i < 3; i++)
        tensor_compare(written, expected, outputs[i], TOLERANCE_MODEL_OUTPUT_F32);
    tensor_compare(written, expected, "z_grad", TOLERANCE_MODEL_GRADIENT_F32);
    vqc_weights_close(written);
    vqc_weights_close(expected);
}

/* A picture whose size is no multiple of the factor comes back as the largest one that is. */
static void test_reconstruct_picture(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_image image = {0};
    char input[PATH_SIZE];
    char output[PATH_SIZE];
    (void)snprintf(input, sizeof input, "%s", scratch("in.png"));
    (void)snprintf(output, sizeof output, "%s", scratch("out.png"));
    assert_int_equal(vqc_image_create(18, 21, &image, &error), VQC_OK);
    for (int i = 0; i < 21 * 18 * 3; i++)
        image.pixels[i] = (unsigned char)(i * 7 % 256);
    assert_int_equal(vqc_image_write_png(input, &image, NULL, 0, &error), VQC_OK);
    vqc_image_release(&image);
    const char *words[] = {
        "--generator", FIXTURES "net2net.yaml", "--checkpoint", FIXTURES "net2net.safetensors", input, "-o", output,
        NULL};
    if (run(&vqc_command_reconstruct, words, &error) != VQC_OK)
        fail_msg("%s", error.message);
    assert_int_equal(vqc_image_read(output, &image, &error), VQC_OK);
    assert_int_equal(image.width, 20);
    assert_int_equal(image.height, 18);
    vqc_image_release(&image);
}

static void test_inspect(void **state)
{
    (void)state;
    vqc_error error = {0};
    const char *plain[] = {FIXTURES "net2net.safetensors", NULL};
    const char *json[] = {FIXTURES "open_clip_gelu/open_clip_model.safetensors", "--json", NULL};
    const char *help[] = {"--help", NULL};
    assert_int_equal(run(&vqc_command_inspect, plain, &error), VQC_OK);
    assert_int_equal(run(&vqc_command_inspect, json, &error), VQC_OK);
    assert_int_equal(run(&vqc_command_inspect, help, &error), VQC_OK);
}

static void test_embed_files(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_image image = {0};
    char picture[PATH_SIZE];
    (void)snprintf(picture, sizeof picture, "%s", scratch("embed.png"));
    assert_int_equal(vqc_image_create(30, 40, &image, &error), VQC_OK);
    assert_int_equal(vqc_image_write_png(picture, &image, NULL, 0, &error), VQC_OK);
    vqc_image_release(&image);
    const char *words[] = {
        "--perceptor", FIXTURES "open_clip_gelu/open_clip_model.safetensors", "--image", picture, "--image", picture,
        NULL};
    if (run(&vqc_command_embed, words, &error) != VQC_OK)
        fail_msg("%s", error.message);
}

/* Runs a command with its standard output going to a file, and gives back what it printed; to be freed. */
static char *output_of(const vqc_command *run_command, const char *const *words)
{
    vqc_error error = {0};
    const char *path = scratch("output");
    char *copies[MAX_WORDS];
    int count = words_copy(words, copies);
    vqc_status status = command_run_into(path, run_command, count, copies, &error);
    words_free(copies, count);
    if (status != VQC_OK)
        fail_msg("%s", error.message);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, OUTPUT_SIZE);
    assert_non_null(text);
    assert_true(fread(text, 1, OUTPUT_SIZE - 1, file) > 0);
    (void)fclose(file);
    return text;
}

/* A file that needs a configuration has usable parts with it alone. */
static void test_inspect_usable(void **state)
{
    static const struct {
        const char *words[5], *expected;
    } cases[] = {
        {{FIXTURES "open_clip_gelu/open_clip_model.safetensors", "--json", NULL},
         "\"usable\":[\"picture tower\",\"text tower\"]"},
        {{FIXTURES "settings/picture_tower/model.safetensors", "--json", NULL}, "\"usable\":[\"picture tower\"]"},
        {{FIXTURES "net2net.safetensors", "--json", NULL}, "\"usable\":[]"},
        {{FIXTURES "net2net.safetensors", "--json", "--generator", FIXTURES "net2net.yaml", NULL},
         "\"usable\":[\"decoder\",\"encoder\"]"},
        {{MODELS "picturebook-vit.safetensors", NULL},
         "QuickGELU (assumed, no configuration says it); heads of 64 (assumed)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = output_of(&vqc_command_inspect, cases[i].words);
        if (strstr(text, cases[i].expected) == NULL)
            fail_msg("expected %s in %.600s", cases[i].expected, text);
        free(text);
    }
}

/* How many pairs of two texts that differ in capitals alone are the same to the perceptor. */
static int same_pairs(const char *cleaning)
{
    const char *words[] = {"--perceptor",
                           MODELS "picturebook-vit.safetensors",
                           "--vocabulary",
                           MODELS "picturebook.bpe.gz",
                           "--text",
                           "A red CAR",
                           "--text",
                           "a red car",
                           "--cleaning",
                           cleaning,
                           NULL};
    int count = 0;
    if (cleaning == NULL)
        words[8] = NULL;
    char *text = output_of(&vqc_command_embed, words);
    for (const char *at = strstr(text, "1.0000"); at != NULL; at = strstr(at + 1, "1.0000"))
        count++;
    free(text);
    return count;
}

static void test_cleaning(void **state)
{
    (void)state;
    assert_int_equal(same_pairs(NULL), 4);
    assert_int_equal(same_pairs("lower"), 4);
    assert_int_equal(same_pairs("canonicalize"), 4);
    assert_int_equal(same_pairs("whitespace"), 2);
    assert_int_equal(same_pairs("none"), 2);
}

/* The job file's words of a perceptor's cleaning are those of text/text_cleaning.h. */
static void test_cleaning_words(void **state)
{
    (void)state;
    const vqc_field *field = vqc_perceptor_schema.fields;
    while (strcmp(field->key, "cleaning") != 0)
        field++;
    assert_int_equal(field->word_count, VQC_CLEANING_COUNT);
    for (size_t i = 0; i < field->word_count; i++)
        assert_string_equal(field->words[i].word, vqc_cleaning_word((vqc_cleaning)i));
}

static const char *text_in_scratch(const char *name, const char *text)
{
    text_write(name, text);
    return scratch(name);
}

/* A red car, judged with labels that are right for one attribute and wrong for the other. */
static void test_judge(void **state)
{
    (void)state;
    char attributes[PATH_SIZE];
    char labels[PATH_SIZE];
    (void)snprintf(attributes, sizeof attributes, "%s",
                   text_in_scratch("attributes.json", "{\"object\": {\"car\": [\"a car\", \"an automobile\"],"
                                                      " \"moon\": [\"a moon\"]},"
                                                      " \"color\": {\"orange\": [\"an orange car\"],"
                                                      " \"black\": [\"a black car\", \"a black fish\"]}}"));
    (void)snprintf(labels, sizeof labels, "%s",
                   text_in_scratch("labels.json", "[{\"picture\": \"00-orange-car.png\", \"object\": \"car\","
                                                  " \"color\": \"black\", \"group\": \"cars\"}]"));
    const char *words[] = {"--perceptor",
                           MODELS "picturebook-resnet.safetensors",
                           "--vocabulary",
                           MODELS "picturebook.bpe.gz",
                           "--attributes",
                           attributes,
                           "--labels",
                           labels,
                           "--json",
                           MODELS "test-pictures/00-orange-car.png",
                           NULL};
    char *text = output_of(&vqc_command_judge, words);
    assert_non_null(strstr(text, "\"object\":{\"value\":\"car\""));
    assert_non_null(strstr(text, "\"color\":{\"value\":\"orange\""));
    assert_non_null(strstr(text, "\"expected\":\"black\""));
    assert_non_null(strstr(text, "\"cars\":{\"object\":{\"right\":1,\"asked\":1},"
                                 "\"color\":{\"right\":0,\"asked\":1}}"));
    free(text);
}

static void test_judge_bad_lists(void **state)
{
    (void)state;
    const char *bad[][2] = {
        {"[", "bad.json:1:1"},
        {"[]", "expected an object with an entry for every attribute"},
        {"{\"object\": []}", "object: expected an object with an entry for every value"},
        {"{\"object\": {\"car\": []}}", "object: car: expected a list of texts"},
        {"{\"object\": {\"car\": [\"a car\", 3]}}", "object: car: entry 1: expected a text"},
        {"{\"a\": {\"b\": [\"c\"]}, \"a\": {\"b\": [\"c\"]}}", "duplicate"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vqc_error error = {0};
        const char *words[] = {
            "--perceptor", "none", "--vocabulary", "none", "--attributes", text_in_scratch("bad.json", bad[i][0]),
            "x.png",       NULL};
        assert_int_equal(run(&vqc_command_judge, words, &error), VQC_BAD_INPUT);
        (void)printf("    %s\n", error.message);
        assert_non_null(strstr(error.message, bad[i][1]));
    }
}

typedef struct bad_call {
    const vqc_command *run_command;
    const char *words[MAX_WORDS];
    const char *expected; /* part of the message */
} bad_call;

static void test_bad_input(void **state)
{
    (void)state;
    const char *clip = FIXTURES "open_clip_gelu/open_clip_model.safetensors";
    const char *config = FIXTURES "net2net.yaml";
    const bad_call calls[] = {
        {&vqc_command_inspect, {"no-such-file"}, "no-such-file"},
        {&vqc_command_inspect, {NULL}, "too few arguments"},
        {&vqc_command_inspect, {"a", "b"}, "b: not expected"},
        {&vqc_command_inspect, {"--jsno", "a"}, "--jsno: unknown option"},
        {&vqc_command_inspect, {config}, "net2net.yaml"},
        {&vqc_command_tokenize, {"text"}, "--vocabulary is needed"},
        {&vqc_command_tokenize, {"--vocabulary", clip, "text"}, "open_clip_model.safetensors"},
        {&vqc_command_tokenize, {"--vocabulary"}, "expected FILE after it"},
        {&vqc_command_embed, {"--text", "a"}, "--perceptor is needed"},
        {&vqc_command_embed, {"--perceptor", clip}, "expected either --input"},
        {&vqc_command_embed, {"--perceptor", clip, "--text", "a"}, "--text needs --vocabulary"},
        {&vqc_command_embed, {"--perceptor", clip, "--image", config}, "net2net.yaml"},
        {&vqc_command_embed, {"--perceptor", FIXTURES "net2net.safetensors", "--image", "x"}, "not a CLIP model"},
        {&vqc_command_embed,
         {"--perceptor", clip, "--image", "x", "--device", "gpu"},
         "expected ref, cpu, cuda or auto"},
        {&vqc_command_embed,
         {"--perceptor", clip, "--image", "x", "--precision", "f8"},
         "expected f32, tf32 or bf16"},
        {&vqc_command_embed, {"--perceptor", clip, "--image", "x", "--threads", "2x"}, "expected a number"},
        {&vqc_command_embed, {"--perceptor", clip, "--perceptor", clip, "--image", "x"}, "given twice"},
        {&vqc_command_judge, {"in.png"}, "are needed"},
        {&vqc_command_judge,
         {"--perceptor", clip, "--vocabulary", clip, "--attributes", config},
         "expected either --archive or pictures"},
        {&vqc_command_judge,
         {"--perceptor", clip, "--vocabulary", clip, "--attributes", config, "x"},
         "net2net.yaml:1"},
        {&vqc_command_reconstruct, {"in.png"}, "are needed"},
        {&vqc_command_reconstruct,
         {"--generator", config, "--checkpoint", clip, "-o", "/tmp/x.png", "in.png"},
         "quantize.embedding.weight is missing"},
        {&vqc_command_reconstruct,
         {"--generator", FIXTURES "latent_diffusion.yaml", "--checkpoint", FIXTURES "net2net.safetensors", "-o",
          "/tmp/x.png", "in.png"},
         "quantize.embedding.weight: expected the shape (40, 4), found (48, 16)"},
        {&vqc_command_reconstruct,
         {"--generator", config, "--checkpoint", FIXTURES "net2net.safetensors", "-o", "/tmp/x.png", "no.png"},
         "no.png"},
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        vqc_error error = {0};
        vqc_status status = run(calls[i].run_command, calls[i].words, &error);
        (void)printf("    %s\n", error.message);
        assert_int_equal(status, VQC_BAD_INPUT);
        assert_non_null(strstr(error.message, calls[i].expected));
        assert_null(strchr(error.message, '\n'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embed_tensors),
        cmocka_unit_test(test_reconstruct_tensors),
        cmocka_unit_test(test_cleaning),
        cmocka_unit_test(test_cleaning_words),
        cmocka_unit_test(test_reconstruct_picture),
        cmocka_unit_test(test_inspect),
        cmocka_unit_test(test_inspect_usable),
        cmocka_unit_test(test_embed_files),
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_judge_bad_lists),
        cmocka_unit_test(test_bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
