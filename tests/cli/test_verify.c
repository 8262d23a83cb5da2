/* What `vqclip verify` finds: nothing in an archive as it was made, and every kind of damage in one that is not. */

#define _GNU_SOURCE /* memmem */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/command_run.h"
#include "../support/scratch.h"
#include "../support/seal.h"
#include "archive/archive.h"
#include "cli/commands.h"
#include "image/image.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"
#define DEMO VQC_SOURCE_DIR "/jobs/models/"

enum { MAX_WORDS = 12, OUTPUT_SIZE = 1 << 16, PICTURE_SIZE = 40 * 24 * 3, LATENT_SIZE = 12 * 20 * 16 };

/* What a command printed and said. */
typedef struct outcome {
    vqc_status status;
    vqc_error error;
    char output[OUTPUT_SIZE];
} outcome;

static void file_copy(const char *from, const char *name)
{
    char path[PATH_SIZE];
    size_t size;
    char *bytes = file_read(from, &size);
    (void)bytes_write(path, name, bytes, size);
    free(bytes);
}

/* Replaces these bytes wherever they stand in the file; they must stand there. */
static void bytes_replace(const char *path, const void *old, const void *new, size_t count)
{
    size_t size;
    char *bytes = file_read(path, &size);
    char *place = memmem(bytes, size, old, count);
    assert_non_null(place);
    for (; place != NULL; place = memmem(place + count, size - (size_t)(place + count - bytes), old, count))
        memcpy(place, new, count);
    bytes_put(path, bytes, size);
    free(bytes);
}

static void verify(const char *archive, const char *const *more, outcome *result);
static void expect_error(const outcome *result, vqc_status status, const char *message);

/* The same of what no launch writes: that alone makes the archive one that is refused. Then its seal is taken away,
 * for what is found without it. */
static void sealed_replace(const char *name, const void *old, const void *new, size_t count)
{
    char path[PATH_SIZE];
    outcome result;
    bytes_replace(path_in(path, name), old, new, count);
    verify(name, NULL, &result);
    expect_error(&result, VQC_BAD_INPUT, ": this archive is damaged: what no launch writes in it");
    assert_true(seal_remove(path));
}

/* Runs a command on NULL-terminated words, and catches what it prints. */
static void run(const vqc_command *command, const char *const *words, outcome *result)
{
    char path[PATH_SIZE];
    char *copies[MAX_WORDS];
    size_t size;
    int count = 0;
    for (; words[count] != NULL; count++)
        copies[count] = strdup(words[count]);
    result->status = command_run_into(path_in(path, "output"), command, count, copies, &result->error);
    for (int i = 0; i < count; i++)
        free(copies[i]);
    char *output = file_read(path, &size);
    (void)snprintf(result->output, sizeof result->output, "%s", output);
    free(output);
}

/* Verifies an archive of the folder with up to four more words. */
static void verify(const char *archive, const char *const *more, outcome *result)
{
    char path[PATH_SIZE];
    const char *words[MAX_WORDS] = {path_in(path, archive)};
    for (int i = 0; more != NULL && more[i] != NULL; i++)
        words[i + 1] = more[i];
    run(&vqc_command_verify, words, result);
}

static void expect(const outcome *result, vqc_status status, const char *printed)
{
    if (result->status != status || strstr(result->output, printed) == NULL)
        fail_msg("expected status %d and \"%s\", found %d (%s) and\n%s", status, printed, result->status,
                 result->error.message, result->output);
}

static void expect_error(const outcome *result, vqc_status status, const char *message)
{
    if (result->status != status || strstr(result->error.message, message) == NULL)
        fail_msg("expected status %d and \"%s\", found %d: %s", status, message, result->status,
                 result->error.message);
}

static void render_with(const char *name, const char *body, const char *option)
{
    char job[64];
    char path[PATH_SIZE];
    outcome result;
    (void)snprintf(job, sizeof job, "%s.yaml", name);
    text_write(job, body);
    const char *words[] = {path_in(path, job), "-o", scratch_folder(), "--threads", "1", option, NULL};
    run(&vqc_command_render, words, &result);
    if (result.status != VQC_OK)
        fail_msg("%s", result.error.message);
    assert_int_equal(unlink(path), 0); /* the archive must do without it */
}

static void render(const char *name, const char *body)
{
    render_with(name, body, NULL);
}

/* Three finished renders, and models that are the test's own. */
static int study_make(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_image image = {0};
    char path[PATH_SIZE];
    file_copy(FIXTURES "net2net.yaml", "generator.yaml");
    file_copy(FIXTURES "net2net.safetensors", "generator.safetensors");
    assert_int_equal(vqc_image_create(24, 40, &image, &error), VQC_OK);
    memset(image.pixels, 90, PICTURE_SIZE);
    assert_int_equal(vqc_image_write_png(path_in(path, "start.png"), &image, NULL, 0, &error), VQC_OK);
    vqc_image_release(&image);
    render("study", "study: study\n"
                    "models:\n"
                    "  generator: {config: generator.yaml, checkpoint: generator.safetensors}\n"
                    "  perceptors: [{checkpoint: " FIXTURES "open_clip_gelu/open_clip_model.safetensors}]\n"
                    "render: {size: [41, 25], size_rounding: down, steps: 3, crops: {count: 3, group: 2}}\n"
                    "seeds: [0, 1]\n"
                    "sweep: {optimizer.lr: [0.05, 0.15]}\n"
                    "prompts: [{targets: [{noise: 1}]}, {targets: [{noise: 2}], init: {image: start.png}}]\n");
    return 0;
}

static void test_as_it_was_made(void **state)
{
    (void)state;
    outcome result;
    verify("study.h5", NULL, &result);
    expect(&result, VQC_OK, "digests   8 of 8 right");
    verify("study.h5", (const char *[]){"--rerender", "all", NULL}, &result);
    expect(&result, VQC_OK, "made again: 8");
    assert_null(strstr(result.output, "tolerance"));
    assert_null(strstr(result.output, "differs"));
    verify("study.h5", (const char *[]){"--rerender", "2", "--json", NULL}, &result);
    expect(&result, VQC_OK, "\"right\":true");
    expect(&result, VQC_OK, "{\"number\":2,\"right\":true,\"compared_by\":\"bytes\"");
    expect(&result, VQC_OK, "{\"number\":6,");
}

static void test_count_is_checked(void **state)
{
    (void)state;
    outcome result;
    verify("study.h5", (const char *[]){"--rerender", "9", NULL}, &result);
    expect_error(&result, VQC_BAD_INPUT, "expected at most 8");
    verify("study.h5", (const char *[]){"--rerender", "many", NULL}, &result);
    expect_error(&result, VQC_BAD_INPUT, "expected a number or all, found many");
}

/* Turns a copy of the archive into one in which a byte of these is another. */
static void byte_flip(const char *name, const void *bytes, size_t count)
{
    char path[PATH_SIZE];
    char whole[PATH_SIZE];
    char *flipped = malloc(count);
    assert_non_null(flipped);
    memcpy(flipped, bytes, count);
    flipped[count / 2] ^= 1;
    file_copy(path_in(whole, "study.h5"), name);
    bytes_replace(path_in(path, name), bytes, flipped, count);
    free(flipped);
}

static void test_flipped_bytes_are_found(void **state)
{
    (void)state;
    vqc_error error = {0};
    outcome result;
    char path[PATH_SIZE];
    uint8_t picture[PICTURE_SIZE];
    float latent[LATENT_SIZE];
    vqc_archive *archive;
    vqc_archive_outcome recorded;
    assert_int_equal(vqc_archive_open(path_in(path, "study.h5"), &archive, &error), VQC_OK);
    assert_int_equal(vqc_archive_picture_read(archive, 5, picture, &error), VQC_OK);
    assert_int_equal(vqc_archive_latent_read(archive, 2, latent, &error), VQC_OK);
    assert_int_equal(vqc_archive_outcome_read(archive, 0, &recorded, &error), VQC_OK);
    byte_flip("picture.h5", picture, sizeof picture);
    verify("picture.h5", NULL, &result);
    expect(&result, VQC_FAILED, "render 5: its picture or latent does not have the recorded SHA-256");
    expect(&result, VQC_FAILED, "digests   7 of 8 right");
    byte_flip("latent.h5", latent, sizeof latent);
    verify("latent.h5", (const char *[]){"--json", NULL}, &result);
    expect(&result, VQC_FAILED, "\"damaged\":[2]");
    byte_flip("digest.h5", recorded.latent_sha256, 64);
    verify("digest.h5", NULL, &result);
    assert_int_not_equal(result.status, VQC_OK);
    file_copy(path_in(path, "study.h5"), "job.h5");
    sealed_replace("job.h5", "{noise: 2}", "{nohse: 2}", 10);
    verify("job.h5", NULL, &result);
    expect_error(&result, VQC_BAD_INPUT, "/study/job_text");
    vqc_archive_close(archive);
}

/* Makes an archive one such as vqclip 0.1.0 made, which has digests of pictures and latents alone. */
static void record_digests_remove(const char *name)
{
    char path[PATH_SIZE];
    bytes_replace(path_in(path, name), "record_sha256", "record_sha25z", 13);
    assert_true(seal_remove(path));
}

/* A latent and its digest that agree with each other, but are not what the study gives. */
static void test_other_result_is_found(void **state)
{
    (void)state;
    vqc_error error = {0};
    outcome result;
    char path[PATH_SIZE];
    float latent[LATENT_SIZE];
    float other[LATENT_SIZE];
    char digest[VQC_DIGEST_TEXT_SIZE];
    vqc_archive *archive;
    vqc_archive_outcome recorded;
    assert_int_equal(vqc_archive_open(path_in(path, "study.h5"), &archive, &error), VQC_OK);
    assert_int_equal(vqc_archive_latent_read(archive, 3, latent, &error), VQC_OK);
    assert_int_equal(vqc_archive_outcome_read(archive, 3, &recorded, &error), VQC_OK);
    vqc_archive_close(archive);
    memcpy(other, latent, sizeof latent);
    other[7] += 0.25F;
    assert_int_equal(vqc_digest_bytes(other, sizeof other, digest, &error), VQC_OK);
    file_copy(path_in(path, "study.h5"), "other.h5");
    bytes_replace(path_in(path, "other.h5"), latent, other, sizeof latent);
    bytes_replace(path, recorded.latent_sha256, digest, 64);
    verify("other.h5", NULL, &result);
    expect(&result, VQC_FAILED, "render 3: its record (losses, codes, relevance, seconds, device, host) does not");
    record_digests_remove("other.h5");
    verify("other.h5", NULL, &result);
    expect(&result, VQC_OK, "digests   8 of 8 right\n          of pictures and latents alone");
    verify("other.h5", (const char *[]){"--rerender", "all", NULL}, &result);
    expect(&result, VQC_FAILED, "     3  WRONG    bytes      equal          0       inf  differs   2.50e-01");
}

/* Gives a render a picture that is not its latent's, with the right digest. */
static void picture_replace(const char *name, size_t render)
{
    vqc_error error = {0};
    char path[PATH_SIZE];
    uint8_t picture[PICTURE_SIZE];
    uint8_t other[PICTURE_SIZE];
    char digest[VQC_DIGEST_TEXT_SIZE];
    vqc_archive *archive;
    vqc_archive_outcome recorded;
    assert_int_equal(vqc_archive_open(path_in(path, name), &archive, &error), VQC_OK);
    assert_int_equal(vqc_archive_picture_read(archive, render, picture, &error), VQC_OK);
    assert_int_equal(vqc_archive_outcome_read(archive, render, &recorded, &error), VQC_OK);
    vqc_archive_close(archive);
    for (size_t i = 0; i < sizeof picture; i++)
        other[i] = (uint8_t)(picture[i] ^ 32);
    assert_int_equal(vqc_digest_bytes(other, sizeof other, digest, &error), VQC_OK);
    bytes_replace(path, picture, other, sizeof picture);
    bytes_replace(path, recorded.picture_sha256, digest, 64);
}

static void test_other_environment_is_compared_by_tolerance(void **state)
{
    (void)state;
    outcome result;
    char path[PATH_SIZE];
    file_copy(path_in(path, "study.h5"), "environment.h5");
    bytes_replace(path_in(path, "environment.h5"), "glibc 2", "glibc 1", 7);
    size_t size;
    char *bytes = file_read(path, &size);
    char *line = memmem(bytes, size, "cpu; ", 5);
    assert_non_null(line);
    char old[64];
    char new[64];
    size_t length = strcspn(line + 5, ";") + 5;
    assert_true(length < sizeof old);
    memcpy(old, line, length);
    memcpy(new, line, length);
    memset(new + 5, 'x', length - 5);
    free(bytes);
    bytes_replace(path, old, new, length);
    verify("environment.h5", NULL, &result);
    expect(&result, VQC_FAILED, "digests   0 of 8 right");
    record_digests_remove("environment.h5");
    verify("environment.h5", (const char *[]){"--rerender", "1", NULL}, &result);
    expect(&result, VQC_OK, "instruction set ");
    expect(&result, VQC_OK, "right    tolerance  equal");
    expect(&result, VQC_OK, "C library");
    picture_replace("environment.h5", 4);
    verify("environment.h5", (const char *[]){"--rerender", "1", NULL}, &result);
    expect(&result, VQC_FAILED, "     4  WRONG    tolerance");
}

/* The models' files: another one, none, and the right one in another folder. */
static void test_models_are_checked(void **state)
{
    (void)state;
    outcome result;
    char path[PATH_SIZE];
    char kept[PATH_SIZE];
    char models[32];
    path_in(path, "generator.safetensors");
    folder_make(models, sizeof models);
    (void)snprintf(kept, sizeof kept, "%s/generator.safetensors", models);
    assert_int_equal(rename(path, kept), 0);
    verify("study.h5", NULL, &result);
    expect(&result, VQC_OK, "generator checkpoint: missing");
    verify("study.h5", (const char *[]){"--rerender", "1", NULL}, &result);
    expect_error(&result, VQC_BAD_INPUT, "--models DIR names a folder to look in");
    verify("study.h5", (const char *[]){"--rerender", "1", "--models", models, NULL}, &result);
    expect(&result, VQC_OK, "made again: 1");
    file_copy(FIXTURES "latent_diffusion.safetensors", "generator.safetensors");
    verify("study.h5", NULL, &result);
    expect(&result, VQC_FAILED, "generator checkpoint: another file");
    verify("study.h5", (const char *[]){"--models", models, NULL}, &result);
    expect(&result, VQC_OK, "generator checkpoint: present");
    assert_int_equal(rename(kept, path), 0);
}

/* What lies beside a perceptor's checkpoint decides how it is read: another file there is another model. */
static void test_configuration_beside_is_checked(void **state)
{
    (void)state;
    outcome result;
    char path[PATH_SIZE];
    file_copy(FIXTURES "open_clip_gelu/open_clip_model.safetensors", "open_clip_model.safetensors");
    file_copy(FIXTURES "open_clip_gelu/open_clip_config.json", "open_clip_config.json");
    render("beside", "study: beside\n"
                     "models:\n"
                     "  generator: {config: generator.yaml, checkpoint: generator.safetensors}\n"
                     "  perceptors: [{name: open, checkpoint: open_clip_model.safetensors}]\n"
                     "render: {size: [32, 32], steps: 1, crops: {count: 1, group: 1}}\n"
                     "prompts: [{targets: [{noise: 1}]}]\n");
    verify("beside.h5", (const char *[]){"--rerender", "1", NULL}, &result);
    expect(&result, VQC_OK, "open config: present");
    text_write("open_clip_config.json", "{\"model_cfg\": {\"quick_gelu\": true}}");
    verify("beside.h5", NULL, &result);
    expect(&result, VQC_FAILED, "open config: another file");
    assert_int_equal(unlink(path_in(path, "open_clip_config.json")), 0);
    verify("beside.h5", (const char *[]){"--rerender", "1", NULL}, &result);
    expect_error(&result, VQC_BAD_INPUT, "open_clip_config.json: a file with SHA-256");
}

static void test_missing_input_concerns_its_render(void **state)
{
    (void)state;
    outcome result;
    char path[PATH_SIZE];
    char away[PATH_SIZE];
    assert_int_equal(rename(path_in(path, "start.png"), path_in(away, "away.png")), 0);
    verify("study.h5", (const char *[]){"--rerender", "2", NULL}, &result);
    expect(&result, VQC_FAILED, "     2  right    bytes");
    expect(&result, VQC_FAILED, "     6  FAILED   the file");
    expect(&result, VQC_FAILED, "start.png (init) is no longer there");
    verify("study.h5", (const char *[]){"--rerender", "1", NULL}, &result); /* number 4, which needs it as well */
    expect(&result, VQC_FAILED, "     4  FAILED   the file");
    assert_int_equal(rename(away, path), 0);
}

/* What an archive says of a render besides its picture and latent. */
static void test_other_words_and_numbers_are_found(void **state)
{
    (void)state;
    vqc_error error = {0};
    outcome result;
    char path[PATH_SIZE];
    float losses[3 * 3];
    float not_finite[3 * 3];
    int32_t codes[LATENT_SIZE / 16];
    int32_t other[LATENT_SIZE / 16];
    vqc_archive *archive;
    assert_int_equal(vqc_archive_open(path_in(path, "study.h5"), &archive, &error), VQC_OK);
    assert_int_equal(vqc_archive_losses_read(archive, 3, losses, &error), VQC_OK);
    assert_int_equal(vqc_archive_codes_read(archive, 3, codes, &error), VQC_OK);
    vqc_archive_close(archive);
    file_copy(path_in(path, "study.h5"), "settings.h5");
    sealed_replace("settings.h5", "  steps: 3\n", "  steps: 9\n", 11);
    verify("settings.h5", NULL, &result);
    expect_error(&result, VQC_BAD_INPUT, "render 0: not the settings that the job text gives");

    memcpy(not_finite, losses, sizeof losses);
    not_finite[8] = strtof("nan", NULL);
    file_copy(path_in(path, "study.h5"), "losses.h5");
    bytes_replace(path_in(path, "losses.h5"), losses, not_finite, sizeof losses);
    verify("losses.h5", NULL, &result);
    expect(&result, VQC_FAILED, "render 3: it has losses that are not finite");
    not_finite[8] = losses[8] + 1.0F;
    file_copy(path_in(path, "study.h5"), "losses.h5");
    bytes_replace(path_in(path, "losses.h5"), losses, not_finite, sizeof losses);
    verify("losses.h5", NULL, &result);
    expect(&result, VQC_FAILED, "render 3: its record (losses");
    record_digests_remove("losses.h5");
    verify("losses.h5", NULL, &result);
    expect(&result, VQC_OK, "digests   8 of 8 right");
    verify("losses.h5", (const char *[]){"--rerender", "all", NULL}, &result);
    expect(&result, VQC_FAILED, "     3  WRONG    bytes");

    memcpy(other, codes, sizeof codes);
    other[5] = -1;
    file_copy(path_in(path, "study.h5"), "codes.h5");
    bytes_replace(path_in(path, "codes.h5"), codes, other, sizeof codes);
    verify("codes.h5", NULL, &result);
    expect(&result, VQC_FAILED, "render 3: it has losses that are not finite, or negative codes");
    other[5] = 2147483647;
    file_copy(path_in(path, "study.h5"), "codes.h5");
    bytes_replace(path_in(path, "codes.h5"), codes, other, sizeof codes);
    verify("codes.h5", (const char *[]){"--rerender", "all", NULL}, &result);
    expect(&result, VQC_FAILED, "     3  WRONG    bytes");
}

/* Without their datasets an archive has no snapshots, and nothing in it says that it had, but for its job. */
static void test_snapshots_that_are_gone_are_found(void **state)
{
    (void)state;
    outcome result;
    char path[PATH_SIZE];
    render("kept", "study: kept\n"
                   "models:\n"
                   "  generator: {config: generator.yaml, checkpoint: generator.safetensors}\n"
                   "  perceptors: [{checkpoint: " FIXTURES "open_clip_gelu/open_clip_model.safetensors}]\n"
                   "render: {size: [40, 24], steps: 2, crops: {count: 1}, snapshots: 1}\n"
                   "prompts: [{targets: [{noise: 1}]}]\n");
    verify("kept.h5", NULL, &result);
    expect(&result, VQC_OK, "digests   1 of 1 right");
    bytes_replace(path_in(path, "kept.h5"), "snapshot_", "snapshoz_", 9);
    sealed_replace("kept.h5", "snapshot", "snapshoz", 9);
    verify("kept.h5", NULL, &result);
    expect_error(&result, VQC_BAD_INPUT,
                 "render 0: expected 2 steps and 2 snapshots, as the job text has it, found 2 and 0");
}

/* Whoever uses a picture or a latent looks at its digest. */
static void test_damaged_results_are_not_used(void **state)
{
    (void)state;
    vqc_error error = {0};
    outcome result;
    char path[PATH_SIZE];
    char pictures[PATH_SIZE];
    char written[PATH_SIZE];
    uint8_t picture[PICTURE_SIZE];
    float latent[LATENT_SIZE];
    float losses[3 * 3];
    vqc_archive *archive;
    assert_int_equal(vqc_archive_open(path_in(path, "study.h5"), &archive, &error), VQC_OK);
    assert_int_equal(vqc_archive_picture_read(archive, 5, picture, &error), VQC_OK);
    assert_int_equal(vqc_archive_latent_read(archive, 2, latent, &error), VQC_OK);
    assert_int_equal(vqc_archive_losses_read(archive, 5, losses, &error), VQC_OK);
    vqc_archive_close(archive);
    byte_flip("losses.h5", losses, sizeof losses);
    byte_flip("picture.h5", picture, sizeof picture);
    byte_flip("latent.h5", latent, sizeof latent);
    run(&vqc_command_export, (const char *[]){path_in(path, "picture.h5"), "-o", path_in(pictures, "pictures"), NULL},
        &result);
    expect_error(&result, VQC_FAILED, "picture.h5: 1 pictures are damaged and were not written");
    assert_int_equal(access(path_in(written, "pictures/00004.png"), F_OK), 0);
    assert_int_not_equal(access(path_in(written, "pictures/00005.png"), F_OK), 0);
    run(&vqc_command_show, (const char *[]){path_in(path, "losses.h5"), NULL}, &result);
    expect(&result, VQC_FAILED, "    5  damaged ");
    expect_error(&result, VQC_FAILED, "losses.h5: 1 of its renders are damaged");
    run(&vqc_command_show, (const char *[]){path_in(path, "losses.h5"), "--json", NULL}, &result);
    expect(&result, VQC_FAILED, "\"damaged\":\"its record (losses");
    /* It shows nothing of latents. */
    run(&vqc_command_show, (const char *[]){path_in(path, "latent.h5"), "--json", NULL}, &result);
    expect(&result, VQC_OK, "\"state\":\"done\"");
    run(&vqc_command_show, (const char *[]){path_in(path, "study.h5"), NULL}, &result);
    expect(&result, VQC_OK, "    5  done ");
    assert_null(strstr(result.output, "damaged"));
    file_copy(path_in(path, "study.h5"), "old.h5");
    record_digests_remove("old.h5");
    run(&vqc_command_show, (const char *[]){path_in(path, "old.h5"), NULL}, &result);
    expect(&result, VQC_OK, "digests of pictures and latents alone; this archive, of an earlier version, has no");
    bytes_replace(path, (const char *)latent + 20, "12345678", 8); /* there they are all that can be compared */
    run(&vqc_command_show, (const char *[]){path, "--json", NULL}, &result);
    expect(&result, VQC_FAILED, "\"damaged\":\"its picture or latent\"");
    assert_int_equal(vqc_archive_open(path_in(path, "latent.h5"), &archive, &error), VQC_OK);
    assert_int_equal(vqc_archive_latent_read(archive, 3, latent, &error), VQC_OK);
    assert_int_equal(vqc_archive_latent_read(archive, 2, latent, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "render 2: its latent does not have the recorded SHA-256"));
    vqc_archive_close(archive);
}

/* An archive of a build that did not record the digests of inputs: they are taken as they are, and that is said. */
static void test_unrecorded_inputs(void **state)
{
    (void)state;
    outcome result;
    char path[PATH_SIZE];
    verify("study.h5", NULL, &result);
    expect(&result, VQC_OK, "input     init: present: ");
    file_copy(path_in(path, "study.h5"), "old.h5");
    sealed_replace("old.h5", "inputs\0", "inputz\0", 7); /* the name of a group */
    verify("old.h5", (const char *[]){"--rerender", "all", NULL}, &result);
    expect(&result, VQC_OK, "input     init: present, no digest recorded: ");
    expect(&result, VQC_OK, "made again: 8");
}

/* The same command again makes renders again whose record is damaged, and with --check others too, and nothing else.
 * A snapshot is missed as well when it is only said not to be there. */
static void test_damaged_results_are_made_again(void **state)
{
    (void)state;
    static const char job[] =
        "study: again\n"
        "models:\n"
        "  generator: {config: generator.yaml, checkpoint: generator.safetensors}\n"
        "  perceptors: [{checkpoint: " FIXTURES "open_clip_gelu/open_clip_model.safetensors}]\n"
        "render: {size: [40, 24], steps: 2, snapshots: 1, optimizer: {lr: 0.5}, crops: {count: 3, group: 2}}\n"
        "seeds: [0, 1, 2, 3]\n"
        "prompts: [{targets: [{noise: 1}]}]\n";
    vqc_error error = {0};
    outcome result;
    char path[PATH_SIZE];
    uint8_t picture[PICTURE_SIZE];
    uint8_t snapshot[PICTURE_SIZE];
    float losses[2 * 3];
    bool present;
    vqc_archive *archive;
    render("again", job);
    assert_int_equal(vqc_archive_open(path_in(path, "again.h5"), &archive, &error), VQC_OK);
    assert_int_equal(vqc_archive_picture_read(archive, 1, picture, &error), VQC_OK);
    assert_int_equal(vqc_archive_losses_read(archive, 2, losses, &error), VQC_OK);
    assert_int_equal(vqc_archive_snapshot_read(archive, 3, 0, snapshot, &present, &error), VQC_OK);
    assert_true(present);
    vqc_archive_close(archive);
    bytes_replace(path, (const char *)picture + 10, "12345678", 8);
    bytes_replace(path, losses + 1, "87654321", 8);
    verify("again.h5", NULL, &result);
    expect(&result, VQC_FAILED, "digests   2 of 4 right");
    expect(&result, VQC_FAILED, "render 1: its picture or latent");
    expect(&result, VQC_FAILED, "render 2: its record");
    expect(&result, VQC_FAILED, "vqclip render --check makes them again");
    render("again", job);
    verify("again.h5", NULL, &result);
    expect(&result, VQC_FAILED, "digests   3 of 4 right");
    expect(&result, VQC_FAILED, "render 1: its picture or latent");
    render_with("again", job, "--check");
    verify("again.h5", (const char *[]){"--rerender", "all", NULL}, &result);
    expect(&result, VQC_OK, "digests   4 of 4 right");
    uint8_t other[PICTURE_SIZE];
    memcpy(other, snapshot, sizeof other);
    other[100] ^= 1;
    bytes_replace(path_in(path, "again.h5"), snapshot, other, sizeof snapshot);
    verify("again.h5", NULL, &result);
    expect(&result, VQC_FAILED, "render 3: one of its snapshots does not have the recorded SHA-256");
}

/* Prompts from a file of lines that is gone as well. */
static void test_prompts_of_a_file(void **state)
{
    (void)state;
    outcome result;
    char path[PATH_SIZE];
    text_write("prompts.txt", "a red house\n\na red house\na fish | a boat:-0.5\n");
    render("lines", "study: lines\n"
                    "models:\n"
                    "  generator: {config: " DEMO "picturebook-vqgan.yaml, checkpoint: " DEMO
                    "picturebook-vqgan.safetensors}\n"
                    "  perceptors: [{checkpoint: " DEMO "picturebook-vit.safetensors, vocabulary: " DEMO
                    "picturebook.bpe.gz}]\n"
                    "render: {size: [32, 32], steps: 1, crops: {count: 1, group: 1}}\n"
                    "seeds: [0, 1]\n"
                    "prompts: prompts.txt\n");
    assert_int_equal(unlink(path_in(path, "prompts.txt")), 0);
    verify("lines.h5", (const char *[]){"--rerender", "all", NULL}, &result);
    expect(&result, VQC_OK, "made again: 6");
}

/* Prompts of the archive that are not those of its job text. */
static void test_other_prompts_are_found(void **state)
{
    (void)state;
    outcome result;
    render("words", "study: words\n"
                    "models:\n"
                    "  generator: {config: " DEMO "picturebook-vqgan.yaml, checkpoint: " DEMO
                    "picturebook-vqgan.safetensors}\n"
                    "  perceptors: [{checkpoint: " DEMO "picturebook-vit.safetensors, vocabulary: " DEMO
                    "picturebook.bpe.gz}]\n"
                    "render: {size: [32, 32], steps: 1, crops: {count: 1, group: 1}}\n"
                    "prompts: [a red house, a fish]\n");
    verify("words.h5", NULL, &result);
    expect(&result, VQC_OK, "digests   2 of 2 right");
    sealed_replace("words.h5", "a fish\0\0", "a duck\0\0", 8); /* not that of the job text */
    verify("words.h5", NULL, &result);
    expect_error(&result, VQC_BAD_INPUT, "render 1: expected \"a fish\", as the job text has it, found \"a duck\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_it_was_made),
        cmocka_unit_test(test_count_is_checked),
        cmocka_unit_test(test_flipped_bytes_are_found),
        cmocka_unit_test(test_other_result_is_found),
        cmocka_unit_test(test_other_environment_is_compared_by_tolerance),
        cmocka_unit_test(test_models_are_checked),
        cmocka_unit_test(test_configuration_beside_is_checked),
        cmocka_unit_test(test_missing_input_concerns_its_render),
        cmocka_unit_test(test_other_words_and_numbers_are_found),
        cmocka_unit_test(test_snapshots_that_are_gone_are_found),
        cmocka_unit_test(test_damaged_results_are_not_used),
        cmocka_unit_test(test_damaged_results_are_made_again),
        cmocka_unit_test(test_unrecorded_inputs),
        cmocka_unit_test(test_prompts_of_a_file),
        cmocka_unit_test(test_other_prompts_are_found),
    };
    return cmocka_run_group_tests(tests, study_make, NULL);
}
