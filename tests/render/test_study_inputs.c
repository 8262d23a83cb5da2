/* The files of a study besides the models: all of them are found, and one that is replaced between the launch's start
 * and its reading is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/check.h"
#include "image/image.h"
#include "render/renderer.h"
#include "render/study_inputs.h"
#include "study/tables.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"

static const char folder[] = "/tmp";

/* A file of the test's, beside its job file. */
static void picture_write(const char *path, uint8_t grey)
{
    vqc_error error = {0};
    vqc_image image;
    check(vqc_image_create(8, 8, &image, &error), &error);
    memset(image.pixels, grey, (size_t)3 * 8 * 8);
    check(vqc_image_write_png(path, &image, NULL, 0, &error), &error);
    vqc_image_release(&image);
}

static void study_read(const char *text, vqc_study **study)
{
    vqc_error error = {0};
    const char *lines[] = {"a line"};
    const vqc_study_source source = {
        .name = "job", .text = text, .size = strlen(text), .folder = "/jobs/", .lines = lines, .line_count = 1};
    check(vqc_study_read(&source, study, &error), &error);
}

#define MODELS                                                                                                       \
    "study: files\n"                                                                                                 \
    "models:\n"                                                                                                      \
    "  generator: {config: g.yaml, checkpoint: g}\n"                                                                 \
    "  perceptors: [{checkpoint: p, vocabulary: v}]\n"

static size_t paths_count(const vqc_schema *schema)
{
    size_t count = 0;
    for (size_t i = 0; i < schema->count; i++)
        count += schema->fields[i].kind == VQC_FIELD_PATH;
    return count;
}

/* Every key of the job file that holds a path is in this study, and a new one must be put into it. */
static void all_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        vqc_input_kind kind;
        int64_t render;
    } expected[] = {
        {"a.h5", VQC_INPUT_START, 3},      {"a.h5", VQC_INPUT_START, 4},        {"codes", VQC_INPUT_START, -1},
        {"mask.png", VQC_INPUT_MASK, -1},  {"rows", VQC_INPUT_TARGET, -1},      {"start.png", VQC_INPUT_START, -1},
        {"start.png", VQC_INPUT_MASK, -1}, {"/start.png", VQC_INPUT_START, -1}, {"/target.png", VQC_INPUT_TARGET, -1},
    };
    size_t paths = paths_count(&vqc_settings_schema) + paths_count(&vqc_target_schema) +
                   paths_count(&vqc_embedding_schema) + paths_count(&vqc_prompt_schema) +
                   paths_count(&vqc_mask_schemas[0]) + paths_count(&vqc_mask_schemas[1]);
    for (int i = 0; i < VQC_INIT_COUNT; i++)
        paths += paths_count(&vqc_init_forms[i].schema);
    assert_int_equal(paths, 5); /* mask, the rows of an embedding, and three starts; a target's image has no row */
    assert_int_equal(paths_count(&vqc_study_schema) + paths_count(&vqc_models_schema), 0);
    vqc_study *study;
    study_read(MODELS "render: {mask: mask.png}\n"
                      "seeds: [0, 1, 2]\n"
                      "prompts:\n"
                      "- {targets: [{image: /target.png}, {image: /target.png}], init: {image: start.png}}\n"
                      "- {targets: [{image: /target.png}], init: {image: start.png}, mask: {image: start.png}}\n"
                      "- {targets: [{noise: 1}], init: {image: /start.png}}\n"
                      "- {targets: [{embedding: {file: rows, tensor: t}}], init: {codes: {file: codes, tensor: t}}}\n"
                      "- {targets: [{noise: 1}], init: {latent: {archive: a.h5, render: 4}}}\n"
                      "- {targets: [{noise: 1}], init: {latent: {archive: a.h5, render: 3}}}\n",
               &study);
    assert_int_equal(study->input_count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < study->input_count; i++) {
        char path[64];
        const vqc_input *input = &study->inputs[i];
        (void)snprintf(path, sizeof path, "%s%s", expected[i].name[0] == '/' ? "" : "/jobs/", expected[i].name);
        assert_string_equal(input->name, expected[i].name);
        assert_string_equal(input->path, path);
        assert_int_equal(input->kind, expected[i].kind);
        assert_int_equal(input->render, expected[i].render);
    }
    vqc_study_close(study);
    study_read(MODELS "prompts: lines.txt\n", &study);
    assert_int_equal(study->input_count, 1);
    assert_string_equal(study->inputs[0].path, "/jobs/lines.txt");
    assert_int_equal(study->inputs[0].kind, VQC_INPUT_PROMPTS);
    vqc_study_close(study);
}

/* A file that is another at the time when it is read. */
static void replaced_files_are_refused(void **state)
{
    (void)state;
    vqc_error error = {0};
    char job[64];
    char picture[64];
    char text[2048];
    vqc_study *study;
    vqc_ops *ops;
    vqc_renderer *renderer;
    (void)snprintf(job, sizeof job, "%s/vqclip-inputs-%d.yaml", folder, (int)getpid());
    (void)snprintf(picture, sizeof picture, "%s/vqclip-inputs-%d.png", folder, (int)getpid());
    (void)snprintf(text, sizeof text,
                   "study: replaced\n"
                   "models:\n"
                   "  generator: {config: " FIXTURES "net2net.yaml, checkpoint: " FIXTURES "net2net.safetensors}\n"
                   "  perceptors: [{checkpoint: " FIXTURES "open_clip_gelu/open_clip_model.safetensors}]\n"
                   "render: {size: [8, 8], steps: 1, crops: {count: 1, group: 1}}\n"
                   "prompts:\n"
                   "- {targets: [{image: %s}]}\n"
                   "- {targets: [{noise: 1}], init: {image: %s}}\n"
                   "- {targets: [{noise: 1}], mask: %s}\n"
                   "- {targets: [{noise: 1}]}\n",
                   picture, picture, picture);
    FILE *file = fopen(job, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    picture_write(picture, 200);
    check(vqc_study_open(job, &study, &error), &error);
    check(vqc_study_inputs_digest(study, &error), &error);
    check(vqc_ops_create("cpu", &(vqc_ops_options){.threads = 1}, &ops, &error), &error);
    check(vqc_renderer_create(study, ops, VQC_DTYPE_F32, &renderer, &error), &error);
    for (size_t i = 0; i < 4; i++)
        check(vqc_renderer_start(renderer, &study->renders[i], &error), &error);
    picture_write(picture, 201);
    for (size_t i = 0; i < 4; i++) {
        const bool reads = i == 1 || i == 2; /* targets were read when the renderer was made */
        assert_int_equal(vqc_renderer_start(renderer, &study->renders[i], &error), reads ? VQC_BAD_INPUT : VQC_OK);
        if (reads && (strstr(error.message, picture) == NULL || strstr(error.message, "is another now") == NULL))
            fail_msg("%s", error.message);
    }
    vqc_renderer *second;
    assert_int_equal(vqc_renderer_create(study, ops, VQC_DTYPE_F32, &second, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "(target) is another now: expected SHA-256"));
    assert_int_equal(unlink(picture), 0);
    assert_int_equal(vqc_renderer_start(renderer, &study->renders[1], &error), VQC_BAD_INPUT);
    assert_int_equal(unlink(job), 0);
    vqc_renderer_destroy(renderer);
    vqc_ops_destroy(ops);
    vqc_study_close(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_found),
        cmocka_unit_test(replaced_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
