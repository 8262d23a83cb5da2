/* A study from job file to pictures: plan, render, show, export, and going on from another archive's latent. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/job.h"
#include "../support/scratch.h"
#include "archive/archive.h"
#include "cli/commands.h"
#include "image/image.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"
#define MODELS VQC_SOURCE_DIR "/jobs/models/"

enum { PICTURE_SIZE = 40 * 24 * 3 };

static const char job_head[] =
    JOB_MODELS "render: {size: [41, 25], size_rounding: down, steps: 3, crops: {count: 3, group: 2}, snapshots: 1}\n";

/* With the demo perceptor, which takes 32 tokens, and a generator that is none: what is found before it is opened. */
static const char text_job_head[] =
    "models:\n"
    "  generator: {config: " FIXTURES "net2net.yaml, checkpoint: " FIXTURES "net2net.yaml}\n"
    "  perceptors:\n"
    "    - {name: book, checkpoint: " MODELS "picturebook-vit.safetensors, vocabulary: " MODELS
    "picturebook.bpe.gz}\n";

/* The same with a generator that is one. */
static const char whole_job_head[] =
    "models:\n"
    "  generator: {config: " FIXTURES "net2net.yaml, checkpoint: " FIXTURES "net2net.safetensors}\n"
    "  perceptors:\n"
    "    - {name: book, checkpoint: " MODELS "picturebook-vit.safetensors, vocabulary: " MODELS
    "picturebook.bpe.gz}\n";

#define THIRTY "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a"

/* Writes a job file and gives its path. */
static void job_write_from(char path[PATH_SIZE], const char *name, const char *head, const char *tail)
{
    char file[64];
    (void)snprintf(file, sizeof file, "%s.yaml", name);
    (void)path_in(path, file);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_true(fprintf(stream, "study: %s\n%s%s", name, head, tail) > 0);
    assert_int_equal(fclose(stream), 0);
}

static void job_write(char path[PATH_SIZE], const char *name, const char *tail)
{
    job_write_from(path, name, job_head, tail);
}

static vqc_status call(const vqc_command *command, const char *first, const char *output, vqc_error *error)
{
    char *words[] = {(char *)first, (char *)"-o", (char *)output};
    return vqc_command_run(command, output == NULL ? 1 : 3, words, error);
}

static void call_ok(const vqc_command *command, const char *first, const char *output)
{
    vqc_error error = {0};
    if (call(command, first, output, &error) != VQC_OK)
        fail_msg("%s", error.message);
}

static vqc_archive *archive_open(const char *name)
{
    char path[PATH_SIZE];
    vqc_error error = {0};
    vqc_archive *archive;
    (void)path_in(path, name);
    if (vqc_archive_open(path, &archive, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return archive;
}

static void test_study_becomes_pictures(void **state)
{
    (void)state;
    char job[PATH_SIZE];
    char path[PATH_SIZE];
    vqc_error error = {0};
    uint8_t picture[PICTURE_SIZE];
    uint8_t snapshot[PICTURE_SIZE];
    vqc_image image = {0};
    job_write(job, "first", "seeds: [0, 1]\nprompts: [{targets: [{noise: 1}]}]\n");
    call_ok(&vqc_command_plan, job, NULL);
    call_ok(&vqc_command_render, job, scratch_folder());
    call_ok(&vqc_command_render, job, scratch_folder()); /* nothing is left to do */
    (void)path_in(path, "first.h5");
    call_ok(&vqc_command_show, path, NULL);
    call_ok(&vqc_command_export, path, scratch_folder());
    vqc_archive *archive = archive_open("first.h5");
    const vqc_archive_outline *plan = vqc_archive_outline_of(archive);
    assert_int_equal(plan->render_count, 2);
    assert_int_equal(plan->shapes[0].height, 24);
    assert_int_equal(plan->shapes[0].width, 40);
    assert_int_equal(plan->shapes[0].snapshot_count, 3);
    bool present;
    assert_int_equal(vqc_archive_picture_read(archive, 1, picture, &error), VQC_OK);
    assert_int_equal(vqc_archive_snapshot_read(archive, 1, 2, snapshot, &present, &error), VQC_OK);
    assert_true(present);
    assert_memory_equal(picture, snapshot, sizeof picture); /* the last snapshot is after the last step */
    vqc_archive_close(archive);
    (void)path_in(path, "00001.png");
    assert_int_equal(vqc_image_read(path, &image, &error), VQC_OK);
    assert_int_equal(image.width, 40);
    assert_memory_equal(image.pixels, picture, sizeof picture);
    vqc_image_release(&image);
}

/* With a learning rate of 0 the picture stays the one that the other archive ended with. */
static void test_latent_of_another_archive(void **state)
{
    (void)state;
    char job[PATH_SIZE];
    vqc_error error = {0};
    float first[12 * 20 * 16];
    float second[12 * 20 * 16];
    job_write(
        job, "second",
        "prompts: [{targets: [{noise: 9}], optimizer: {lr: 0}, init: {latent: {archive: first.h5, render: 1}}}]\n");
    call_ok(&vqc_command_render, job, scratch_folder());
    vqc_archive *archive = archive_open("first.h5");
    assert_int_equal(vqc_archive_latent_read(archive, 1, first, &error), VQC_OK);
    vqc_archive_close(archive);
    archive = archive_open("second.h5");
    assert_int_equal(vqc_archive_latent_read(archive, 0, second, &error), VQC_OK);
    vqc_archive_close(archive);
    assert_memory_equal(first, second, sizeof first);
}

/* A render that cannot start is recorded with its reason, and the others go on. */
static void test_failed_render_is_recorded(void **state)
{
    (void)state;
    char job[PATH_SIZE];
    vqc_error error = {0};
    vqc_archive_outcome outcome;
    job_write(job, "third",
              "prompts:\n"
              "  - {targets: [{noise: 1}], init: {latent: {archive: first.h5, render: 7}}}\n"
              "  - {targets: [{noise: 1}]}\n");
    assert_int_equal(call(&vqc_command_render, job, scratch_folder(), &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "1 renders failed"));
    vqc_archive *archive = archive_open("third.h5");
    assert_int_equal(vqc_archive_outcome_read(archive, 0, &outcome, &error), VQC_OK);
    assert_int_equal(outcome.state, VQC_ARCHIVE_FAILED);
    assert_non_null(strstr(outcome.reason, "expected a render from 0 to 1, found 7"));
    assert_int_equal(vqc_archive_outcome_read(archive, 1, &outcome, &error), VQC_OK);
    assert_int_equal(outcome.state, VQC_ARCHIVE_DONE);
    vqc_archive_close(archive);
}

/* Its place on the sheet is grey, beside that of the picture. */
static void test_failed_render_on_the_sheet(void **state)
{
    (void)state;
    enum { MARGIN = 24 };
    char path[PATH_SIZE];
    vqc_error error = {0};
    vqc_image sheet;
    char output[PATH_SIZE];
    (void)path_in(path, "third.h5");
    (void)path_in(output, "third");
    call_ok(&vqc_command_export, path, output);
    (void)path_in(path, "third/sheet.png");
    assert_int_equal(vqc_image_read(path, &sheet, &error), VQC_OK);
    bool grey = false;
    for (int64_t y = 0; y < sheet.height && !grey; y++)
        grey = sheet.pixels[3 * (y * sheet.width + MARGIN)] == 236;
    assert_true(grey);
    vqc_image_release(&sheet);
}

/* An archive of 101 renders, none of them done, gives two sheets of 51 and 50 and no picture. */
static void test_many_renders_fill_several_sheets(void **state)
{
    (void)state;
    enum { COUNT = 101 };
    static const vqc_archive_model model = {"generator", "", "model", "0", ""};
    static const char *const loss = "total";
    static const vqc_archive_extents shape = {.height = 8,
                                              .width = 8,
                                              .latent_rows = 1,
                                              .latent_columns = 1,
                                              .latent_width = 1,
                                              .steps = 1,
                                              .loss_count = 1,
                                              .loss_names = &loss};
    vqc_archive_render renders[COUNT];
    char ids[COUNT][8];
    char path[PATH_SIZE];
    vqc_error error = {0};
    vqc_comm *comm;
    vqc_archive *archive;
    bool created;
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "%d.0", i);
        renders[i] = (vqc_archive_render){ids[i], "a house", "", 0, 0};
    }
    vqc_archive_outline plan = {.study = "many",
                                .job_text = "",
                                .job_sha256 = "0",
                                .versions = "{}",
                                .build = "",
                                .models = &model,
                                .model_count = 1,
                                .shapes = &shape,
                                .shape_count = 1,
                                .renders = renders,
                                .render_count = COUNT};
    (void)path_in(path, "many.h5");
    assert_int_equal(vqc_comm_start(NULL, NULL, &comm, &error), VQC_OK);
    if (vqc_archive_start(comm, path, &plan, VQC_ARCHIVE_LOCKED, &archive, &created, &error) != VQC_OK)
        fail_msg("%s", error.message);
    vqc_archive_close(archive);
    vqc_comm_stop(comm);
    char output[PATH_SIZE];
    (void)path_in(output, "many");
    call_ok(&vqc_command_export, path, output);
    (void)path_in(path, "many/sheet-2.png");
    assert_int_equal(access(path, R_OK), 0);
    (void)path_in(path, "many/sheet-3.png");
    assert_int_not_equal(access(path, R_OK), 0);
    (void)path_in(path, "many/00000.png");
    assert_int_not_equal(access(path, R_OK), 0);
}

static void test_another_study_is_refused(void **state)
{
    (void)state;
    char job[PATH_SIZE];
    vqc_error error = {0};
    job_write(job, "first", "prompts: [{targets: [{noise: 2}]}]\n");
    assert_int_equal(call(&vqc_command_render, job, scratch_folder(), &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "first.h5"));
}

/* Checks that plan and render refuse a study of these prompts with the message, and make no folder. */
static void prompts_refused(const char *prompts, const char *message)
{
    char job[PATH_SIZE];
    char output[PATH_SIZE];
    job_write_from(job, "texts", text_job_head, prompts);
    (void)path_in(output, "refused");
    for (int i = 0; i < 2; i++) {
        vqc_error error = {0};
        vqc_status status =
            i == 0 ? call(&vqc_command_plan, job, NULL, &error) : call(&vqc_command_render, job, output, &error);
        assert_int_equal(status, VQC_BAD_INPUT);
        if (strstr(error.message, message) == NULL)
            fail_msg("expected \"%s\", found \"%s\"", message, error.message);
    }
    assert_int_not_equal(access(output, R_OK), 0);
}

static void test_long_text_is_refused_before_models_are_opened(void **state)
{
    (void)state;
    char job[PATH_SIZE];
    static const char tail[] =
        "expected a text of at most 32 tokens with its start and end, which is what the "
        "perceptor book takes, found 33: shorten it, split it into parts with |, or give the perceptor "
        "truncate: true";
    char message[256];
    job_write_from(job, "texts", whole_job_head, "prompts: [" THIRTY "]\n");
    call_ok(&vqc_command_plan, job, NULL);
    (void)snprintf(message, sizeof message, "/texts.yaml:8:5: prompts[1]: %s", tail);
    prompts_refused("prompts:\n  - a\n  - " THIRTY " a\n", message);
    (void)snprintf(message, sizeof message, "/texts.yaml:7:12: prompts[0].text: part 2: %s", tail);
    prompts_refused("prompts:\n  - {text: " THIRTY " | a " THIRTY ":0.5}\n", message);
    (void)snprintf(message, sizeof message, "/texts.yaml:6:41: prompts[0].targets[1].text: %s", tail);
    prompts_refused("prompts: [{targets: [{noise: 1}, {text: " THIRTY " a}]}]\n", message);
}

/* Where it is asked for, what is too much is left away: with it and without, the same latent. */
static void test_long_text_is_cut(void **state)
{
    (void)state;
    char job[PATH_SIZE];
    vqc_error error = {0};
    vqc_archive_outcome outcomes[3];
    static const char head[] =
        "models:\n"
        "  generator: {config: " FIXTURES "net2net.yaml, checkpoint: " FIXTURES "net2net.safetensors}\n"
        "  perceptors:\n"
        "    - {name: book, checkpoint: " MODELS "picturebook-vit.safetensors, vocabulary: " MODELS
        "picturebook.bpe.gz, truncate: true}\n"
        "render: {size: [16, 16], steps: 2, crops: {count: 1}}\n";
    job_write_from(job, "cut", head, "prompts: [" THIRTY ", " THIRTY " house, a house]\n");
    call_ok(&vqc_command_render, job, scratch_folder());
    vqc_archive *archive = archive_open("cut.h5");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(vqc_archive_outcome_read(archive, i, &outcomes[i], &error), VQC_OK);
    assert_string_equal(outcomes[0].latent_sha256, outcomes[1].latent_sha256);
    assert_string_not_equal(outcomes[0].latent_sha256, outcomes[2].latent_sha256);
    vqc_archive_close(archive);
}

/* A text file has no places in the job file; the prompt's number stands for it. */
static void test_long_line_is_refused(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    (void)path_in(path, "lines.txt");
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_true(fputs("a house\n" THIRTY " a\n", stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    prompts_refused("prompts: lines.txt\n", "/texts.yaml: prompt 2: expected a text of at most 32 tokens");
}

static void test_text_without_vocabulary_is_refused(void **state)
{
    (void)state;
    char job[PATH_SIZE];
    vqc_error error = {0};
    job_write(job, "words", "prompts: [a house]\n");
    assert_int_equal(call(&vqc_command_plan, job, NULL, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "/words.yaml:6:11: prompts[0]: perceptor "));
    assert_non_null(strstr(error.message, "texts need its vocabulary"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_study_becomes_pictures),
        cmocka_unit_test(test_latent_of_another_archive),
        cmocka_unit_test(test_failed_render_is_recorded),
        cmocka_unit_test(test_failed_render_on_the_sheet),
        cmocka_unit_test(test_many_renders_fill_several_sheets),
        cmocka_unit_test(test_another_study_is_refused),
        cmocka_unit_test(test_long_text_is_refused_before_models_are_opened),
        cmocka_unit_test(test_long_text_is_cut),
        cmocka_unit_test(test_long_line_is_refused),
        cmocka_unit_test(test_text_without_vocabulary_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
