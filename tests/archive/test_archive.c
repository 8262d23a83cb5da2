/* One process and one archive: everything that is written is read back, and what must be refused is. */
#define _GNU_SOURCE /* memmem, unshare */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "../support/seal.h"
#include "archive/internal.h"
#include "archive/seal.h"
#include "example.h"

enum { RENDERS = 7 };

/* In the process that looks at an archive without a seal, before it does (archive/probe.c): what a fault of HDF5
 * would do, for files of these names. */
__attribute__((constructor(101))) static void probe_disturb(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[0], "vqclip-archive-probe") != 0)
        return;
    if (strstr(argv[1], "/faults.h5")) {
        (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer would report it */
        (void)raise(SIGSEGV);
    }
    if (strstr(argv[1], "/exits.h5"))
        _exit(7);
    if (strstr(argv[1], "/mute.h5"))
        _exit(0);
}

typedef struct fixture {
    vqc_comm *comm;
    char folder[64];
    char path[128];
    example_study study;
} fixture;

static int setup(void **state)
{
    static fixture f;
    vqc_error error = {0};
    f = (fixture){0};
    folder_make(f.folder, sizeof f.folder);
    if (vqc_comm_start(NULL, NULL, &f.comm, &error) != VQC_OK)
        return 1;
    (void)snprintf(f.path, sizeof f.path, "%s/study.h5", f.folder);
    example_study_init(&f.study, RENDERS);
    *state = &f;
    return 0;
}

/* Fails where a lock or a temporary file was left behind. */
static int teardown(void **state)
{
    fixture *f = *state;
    example_study_release(&f->study);
    vqc_comm_stop(f->comm);
    (void)unlink(f->path);
    return rmdir(f->folder);
}

static vqc_archive *start(const fixture *f)
{
    vqc_error error = {0};
    vqc_archive *archive;
    bool created;
    if (vqc_archive_start(f->comm, f->path, &f->study.outline, VQC_ARCHIVE_LOCKED, &archive, &created, &error) !=
        VQC_OK)
        fail_msg("%s", error.message);
    return archive;
}

static vqc_archive *reopen(const fixture *f)
{
    vqc_error error = {0};
    vqc_archive *archive;
    if (vqc_archive_open(f->path, &archive, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return archive;
}

/* Starting must be refused with this status and a message that holds these words. */
static void start_refused(const fixture *f, const char *path, vqc_status status, const char *words)
{
    vqc_error error = {0};
    vqc_archive *archive;
    bool created;
    assert_int_equal(
        vqc_archive_start(f->comm, path, &f->study.outline, VQC_ARCHIVE_LOCKED, &archive, &created, &error), status);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in: %s", words, error.message);
}

static void open_refused(const fixture *f, const char *words)
{
    vqc_error error = {0};
    vqc_archive *archive;
    assert_int_equal(vqc_archive_open(f->path, &archive, &error), VQC_BAD_INPUT);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in: %s", words, error.message);
}

static void assert_state(const vqc_archive *archive, size_t render, vqc_archive_state expected)
{
    vqc_error error = {0};
    vqc_archive_state state;
    assert_int_equal(vqc_archive_state_read(archive, render, &state, &error), VQC_OK);
    assert_int_equal(state, expected);
}

/* --- What is stored --- */

static void test_plan_comes_back(void **state)
{
    const fixture *f = *state;
    const vqc_archive_outline *given = &f->study.outline;
    vqc_archive_close(start(f));
    vqc_archive *archive = reopen(f);
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    assert_string_equal(outline->study, given->study);
    assert_string_equal(outline->job_text, given->job_text);
    assert_string_equal(outline->job_sha256, given->job_sha256);
    assert_string_equal(outline->versions, given->versions);
    assert_string_equal(outline->build, given->build);
    assert_int_equal(outline->model_count, given->model_count);
    for (size_t i = 0; i < outline->model_count; i++) {
        assert_string_equal(outline->models[i].role, given->models[i].role);
        assert_string_equal(outline->models[i].name, given->models[i].name);
        assert_string_equal(outline->models[i].path, given->models[i].path);
        assert_string_equal(outline->models[i].sha256, given->models[i].sha256);
        assert_string_equal(outline->models[i].configuration, given->models[i].configuration);
    }
    assert_int_equal(outline->render_count, RENDERS);
    for (size_t i = 0; i < RENDERS; i++) {
        assert_string_equal(outline->renders[i].id, given->renders[i].id);
        assert_string_equal(outline->renders[i].prompt, given->renders[i].prompt);
        assert_string_equal(outline->renders[i].settings, given->renders[i].settings);
        assert_true(outline->renders[i].seed == given->renders[i].seed);
        assert_int_equal(outline->renders[i].shape, given->renders[i].shape);
        assert_state(archive, i, VQC_ARCHIVE_PENDING);
    }
    vqc_archive_close(archive);
}

static void test_shapes_come_back(void **state)
{
    const fixture *f = *state;
    vqc_archive_close(start(f));
    vqc_archive *archive = reopen(f);
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    assert_int_equal(outline->shape_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const vqc_archive_extents *found = &outline->shapes[i];
        const vqc_archive_extents *given = &f->study.outline.shapes[i];
        assert_int_equal(found->height, given->height);
        assert_int_equal(found->width, given->width);
        assert_int_equal(found->latent_rows, given->latent_rows);
        assert_int_equal(found->latent_columns, given->latent_columns);
        assert_int_equal(found->latent_width, given->latent_width);
        assert_int_equal(found->steps, given->steps);
        assert_int_equal(found->snapshot_count, given->snapshot_count);
        assert_int_equal(found->checkpoint_bytes, given->checkpoint_bytes);
        assert_int_equal(found->loss_count, given->loss_count);
        for (uint32_t k = 0; k < found->loss_count; k++)
            assert_string_equal(found->loss_names[k], given->loss_names[k]);
    }
    vqc_archive_close(archive);
}

static void test_results_come_back(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_archive *archive = start(f);
    /* From the last, so that a row that writes beyond itself destroys one that is complete. */
    for (size_t i = RENDERS; i-- > 0;)
        assert_int_equal(example_result_write(archive, i, &error), VQC_OK);
    for (size_t i = 0; i < RENDERS; i++)
        assert_true(example_result_is_right(archive, i));
    vqc_archive_close(archive);

    archive = reopen(f);
    vqc_archive_outcome outcome;
    char digest[VQC_DIGEST_TEXT_SIZE];
    for (size_t i = 0; i < RENDERS; i++) {
        assert_true(example_result_is_right(archive, i));
        void *latent = example_part_make(&f->study.outline, i, EXAMPLE_LATENT);
        const size_t bytes = example_bytes(&f->study.outline, i, EXAMPLE_LATENT);
        assert_int_equal(vqc_digest_bytes(latent, bytes, digest, &error), VQC_OK);
        free(latent);
        assert_int_equal(vqc_archive_outcome_read(archive, i, &outcome, &error), VQC_OK);
        assert_string_equal(outcome.latent_sha256, digest);
        assert_string_equal(outcome.reason, "");
    }
    assert_int_equal(vqc_archive_state_read(archive, RENDERS, &outcome.state, &error), VQC_FAILED);
    assert_int_equal(example_result_write(archive, 0, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "reading only"));
    vqc_archive_close(archive);
}

static void test_failure_then_success(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_archive_outcome outcome;
    char reason[2000];
    memset(reason, 'x', sizeof reason);
    memcpy(reason + 1022, "ä", 3); /* cut before this character: only its first byte would fit */
    vqc_archive *archive = start(f);
    assert_int_equal(vqc_archive_failure_write(archive, 3, "no memory", &error), VQC_OK);
    assert_int_equal(vqc_archive_failure_write(archive, 4, reason, &error), VQC_OK);
    vqc_archive_close(archive);

    archive = start(f);
    assert_int_equal(vqc_archive_outcome_read(archive, 3, &outcome, &error), VQC_OK);
    assert_int_equal(outcome.state, VQC_ARCHIVE_FAILED);
    assert_string_equal(outcome.reason, "no memory");
    assert_int_equal(vqc_archive_outcome_read(archive, 4, &outcome, &error), VQC_OK);
    assert_int_equal(strlen(outcome.reason), 1022);
    assert_int_equal(example_result_write(archive, 3, &error), VQC_OK);
    assert_true(example_result_is_right(archive, 3));
    /* Done is final. */
    assert_int_equal(example_result_write(archive, 3, &error), VQC_FAILED);
    assert_int_equal(vqc_archive_failure_write(archive, 3, "no", &error), VQC_FAILED);
    assert_true(example_result_is_right(archive, 3));
    vqc_archive_close(archive);
}

static void test_snapshots(void **state)
{
    const fixture *f = *state;
    const vqc_archive_outline *outline = &f->study.outline;
    vqc_error error = {0};
    bool present;
    vqc_archive *archive = start(f);
    uint8_t *picture = example_part_make(outline, 1, EXAMPLE_SNAPSHOT + 1);
    assert_int_equal(vqc_archive_snapshot_write(archive, 1, 1, picture, &error), VQC_OK);
    assert_int_equal(vqc_archive_snapshot_write(archive, 1, 2, picture, &error), VQC_FAILED);
    assert_int_equal(vqc_archive_snapshot_write(archive, 2, 0, picture, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "no room for snapshots"));
    assert_int_equal(vqc_archive_snapshot_read(archive, 1, 0, picture, &present, &error), VQC_OK);
    assert_false(present);
    memset(picture, 0, example_bytes(outline, 1, EXAMPLE_PICTURE));
    assert_int_equal(vqc_archive_snapshot_read(archive, 1, 1, picture, &present, &error), VQC_OK);
    assert_true(present && example_part_equals(outline, 1, EXAMPLE_SNAPSHOT + 1, picture));
    free(picture);
    vqc_archive_close(archive);
}

static void test_launches(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    size_t count;
    char text[VQC_ARCHIVE_LAUNCH_SIZE];
    vqc_archive *archive = start(f);
    for (int i = 0; i < VQC_ARCHIVE_LAUNCH_CAPACITY + 2; i++) {
        (void)snprintf(text, sizeof text, "{\"launch\": %d}", i);
        assert_int_equal(vqc_archive_launch_append(archive, text, &error), VQC_OK);
    }
    assert_int_equal(vqc_archive_launch_count(archive, &count, &error), VQC_OK);
    assert_int_equal(count, VQC_ARCHIVE_LAUNCH_CAPACITY);
    assert_int_equal(vqc_archive_launch_read(archive, 1, text, &error), VQC_OK);
    assert_string_equal(text, "{\"launch\": 1}");
    assert_int_equal(vqc_archive_launch_read(archive, count - 1, text, &error), VQC_OK);
    assert_string_equal(text, "{\"launch\": 513}");
    assert_int_equal(vqc_archive_launch_read(archive, count, text, &error), VQC_FAILED);
    char *longer = calloc(VQC_ARCHIVE_LAUNCH_SIZE + 1, 1);
    memset(longer, ' ', VQC_ARCHIVE_LAUNCH_SIZE);
    assert_int_equal(vqc_archive_launch_append(archive, longer, &error), VQC_FAILED);
    free(longer);
    vqc_archive_close(archive);
}

/* --- Checkpoints --- */

static void checkpoint_write(vqc_archive *archive, size_t render, uint32_t step)
{
    vqc_error error = {0};
    void *bytes = example_part_make(vqc_archive_outline_of(archive), render, EXAMPLE_CHECKPOINT + (int)step);
    assert_int_equal(vqc_archive_checkpoint_write(archive, render, step, EXAMPLE_ENVIRONMENT, bytes, &error), VQC_OK);
    free(bytes);
}

static void assert_checkpoint(const vqc_archive *archive, size_t render, int64_t expected)
{
    int64_t step;
    assert_true(example_checkpoint_is_right(archive, render, &step));
    assert_int_equal(step, expected);
}

/* Changes one byte in the middle of where these bytes are in the file. */
static void file_damage(const char *path, const void *bytes, size_t size)
{
    struct stat information;
    const int descriptor = open(path, O_RDWR);
    assert_true(descriptor >= 0 && fstat(descriptor, &information) == 0);
    char *contents = malloc((size_t)information.st_size);
    assert_int_equal(pread(descriptor, contents, (size_t)information.st_size, 0), information.st_size);
    const char *found = memmem(contents, (size_t)information.st_size, bytes, size);
    assert_non_null(found);
    const off_t middle = found - contents + (off_t)size / 2;
    const char changed = (char)(contents[middle] ^ 1);
    assert_int_equal(pwrite(descriptor, &changed, 1, middle), 1);
    free(contents);
    (void)close(descriptor);
}

static void checkpoint_damage(const fixture *f, size_t render, uint32_t step)
{
    void *bytes = example_part_make(&f->study.outline, render, EXAMPLE_CHECKPOINT + (int)step);
    file_damage(f->path, bytes, example_bytes(&f->study.outline, render, EXAMPLE_CHECKPOINT));
    free(bytes);
}

static void test_checkpoints_take_turns(void **state)
{
    const fixture *f = *state;
    vqc_archive *archive = start(f);
    assert_checkpoint(archive, 3, -1);
    for (uint32_t step = 0; step < 5; step++) {
        checkpoint_write(archive, 3, step);
        assert_checkpoint(archive, 3, step);
    }
    vqc_archive_close(archive);
    /* A launch that has not read any goes on in the older slot as well. */
    archive = start(f);
    checkpoint_write(archive, 3, 5);
    vqc_archive_close(archive);
    checkpoint_damage(f, 3, 5);
    archive = reopen(f);
    assert_checkpoint(archive, 3, 4);
    assert_checkpoint(archive, 4, -1);
    assert_checkpoint(archive, 2, -1);
    vqc_archive_close(archive);
}

/* Replaces these bytes of the file, which must stand there once. */
static void file_replace(const char *path, const void *old, const void *new, size_t size)
{
    struct stat information;
    const int descriptor = open(path, O_RDWR);
    assert_true(descriptor >= 0 && fstat(descriptor, &information) == 0);
    const size_t bytes = (size_t)information.st_size;
    char *contents = malloc(bytes);
    assert_int_equal(pread(descriptor, contents, bytes, 0), bytes);
    const char *found = memmem(contents, bytes, old, size);
    assert_non_null(found);
    assert_null(memmem(found + 1, bytes - (size_t)(found + 1 - contents), old, size));
    assert_int_equal(pwrite(descriptor, new, size, found - contents), size);
    free(contents);
    (void)close(descriptor);
}

/* Replaces the first place where these bytes stand. */
static void first_replace(const char *path, const void *old, const void *new, size_t size)
{
    struct stat information;
    const int descriptor = open(path, O_RDWR);
    assert_true(descriptor >= 0 && fstat(descriptor, &information) == 0);
    char *contents = malloc((size_t)information.st_size);
    assert_int_equal(pread(descriptor, contents, (size_t)information.st_size, 0), information.st_size);
    const char *found = memmem(contents, (size_t)information.st_size, old, size);
    assert_non_null(found);
    assert_int_equal(pwrite(descriptor, new, size, found - contents), size);
    free(contents);
    (void)close(descriptor);
}

/* The step is under the digest as the bytes are. */
static void test_step_of_a_checkpoint(void **state)
{
    const fixture *f = *state;
    const uint32_t step[2] = {0x10203, 0x10204};
    vqc_archive *archive = start(f);
    checkpoint_write(archive, 1, 0x10203);
    assert_checkpoint(archive, 1, 0x10203);
    vqc_archive_close(archive);
    file_replace(f->path, &step[0], &step[1], sizeof step[0]);
    archive = reopen(f);
    assert_checkpoint(archive, 1, -1);
    vqc_archive_close(archive);
}

static vqc_archive_checkpoint checkpoint_find(const vqc_archive *archive, size_t render, const char *environment)
{
    vqc_error error = {0};
    vqc_archive_checkpoint found;
    void *bytes = malloc(example_bytes(vqc_archive_outline_of(archive), render, EXAMPLE_CHECKPOINT));
    assert_int_equal(vqc_archive_checkpoint_read(archive, render, environment, bytes, &found, &error), VQC_OK);
    free(bytes);
    return found;
}

/* A checkpoint is one for its environment alone, and of another one it is said which it was. */
static void test_environment_of_a_checkpoint(void **state)
{
    const fixture *f = *state;
    vqc_archive *archive = start(f);
    checkpoint_write(archive, 1, 2);
    checkpoint_write(archive, 1, 3);
    vqc_archive_checkpoint found = checkpoint_find(archive, 1, "abacus; stones");
    assert_false(found.present);
    assert_true(found.foreign);
    assert_string_equal(found.environment, EXAMPLE_ENVIRONMENT);
    found = checkpoint_find(archive, 4, "abacus; stones");
    assert_false(found.present || found.foreign);
    found = checkpoint_find(archive, 1, EXAMPLE_ENVIRONMENT);
    assert_true(found.present && !found.foreign);
    assert_int_equal(found.step, 3);
    vqc_archive_close(archive);
    /* Its name is under the digest too. */
    static const char old[] = EXAMPLE_ENVIRONMENT "\0\0";
    static const char new[] = "abacus; bones\0\0";
    for (int slot = 0; slot < 2; slot++)
        file_damage(f->path, old, sizeof old);
    archive = reopen(f);
    found = checkpoint_find(archive, 1, EXAMPLE_ENVIRONMENT);
    assert_false(found.present || found.foreign);
    found = checkpoint_find(archive, 1, new);
    assert_false(found.present || found.foreign);
    vqc_archive_close(archive);
}

/* An archive without the table of environments, as vqclip 0.1.0 made them: checkpoints written into it are found by
 * those of the same environment. One whose digest is of the bytes alone, as 0.1.0 wrote it, is not taken. */
static void test_checkpoints_of_0_1_0(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    char digests[2][VQC_DIGEST_TEXT_SIZE];
    vqc_archive *archive = start(f);
    vqc_archive_close(archive);
    file_replace(f->path, "checkpoint_environment", "checkpoint_environmenz", 22);
    assert_true(seal_remove(f->path));
    archive = start(f);
    checkpoint_write(archive, 1, 2);
    checkpoint_write(archive, 1, 3);
    assert_checkpoint(archive, 1, 3);
    vqc_archive_checkpoint found = checkpoint_find(archive, 1, "abacus; stones");
    assert_false(found.present || found.foreign);
    vqc_archive_close(archive);
    void *bytes = example_part_make(&f->study.outline, 1, EXAMPLE_CHECKPOINT + 3);
    const size_t size = example_bytes(&f->study.outline, 1, EXAMPLE_CHECKPOINT);
    const uint8_t number[4] = {3};
    const vqc_digest_piece pieces[] = {
        {EXAMPLE_ENVIRONMENT, sizeof EXAMPLE_ENVIRONMENT}, {number, sizeof number}, {bytes, size}};
    assert_int_equal(vqc_digest_pieces(pieces, 3, digests[0], &error), VQC_OK);
    assert_int_equal(vqc_digest_bytes(bytes, size, digests[1], &error), VQC_OK);
    free(bytes);
    file_replace(f->path, digests[0], digests[1], 64);
    checkpoint_damage(f, 1, 2);
    archive = reopen(f);
    found = checkpoint_find(archive, 1, EXAMPLE_ENVIRONMENT);
    assert_false(found.present);
    assert_true(found.foreign);
    assert_string_equal(found.environment, "");
    vqc_archive_close(archive);
}

/* What happens to the file of a launch that goes on, each time from a new one: nothing is written into what nobody
 * would find. */
static void test_archive_goes_away(void **state)
{
    const fixture *f = *state;
    static const char *const said[] = {"was taken away", "was taken away", "another file", "expected"};
    char away[256];
    (void)snprintf(away, sizeof away, "%s.away", f->path);
    for (int what = 0; what < 4; what++) {
        vqc_error error = {0};
        uint8_t byte = 1;
        vqc_archive *archive = start(f);
        checkpoint_write(archive, 1, 1);
        assert_int_equal(vqc_archive_place_check(archive, &error), VQC_OK);
        assert_int_equal(what == 0 ? unlink(f->path) : rename(f->path, away), 0);
        if (what == 2) {
            const int other = open(f->path, O_RDWR | O_CREAT, 0666);
            assert_true(other >= 0 && close(other) == 0);
        }
        if (what == 3) {
            assert_int_equal(rename(away, f->path), 0);
            assert_int_equal(truncate(f->path, 100000), 0);
        }
        void *bytes = example_part_make(&f->study.outline, 1, EXAMPLE_CHECKPOINT + 2);
        assert_int_equal(vqc_archive_checkpoint_write(archive, 1, 2, EXAMPLE_ENVIRONMENT, bytes, &error), VQC_FAILED);
        free(bytes);
        assert_non_null(strstr(error.message, said[what]));
        assert_non_null(strstr(error.message, f->path));
        assert_int_equal(example_result_write(archive, 1, &error), VQC_FAILED);
        assert_int_equal(vqc_archive_failure_write(archive, 1, "no", &error), VQC_FAILED);
        assert_int_equal(vqc_archive_launch_append(archive, "{}", &error), VQC_FAILED);
        assert_int_equal(vqc_archive_snapshot_write(archive, 1, 0, &byte, &error), VQC_FAILED);
        assert_int_equal(vqc_archive_place_check(archive, &error), VQC_FAILED);
        vqc_archive_close(archive);
        (void)unlink(away);
        (void)unlink(f->path);
    }
}

static void test_damaged_checkpoints(void **state)
{
    const fixture *f = *state;
    vqc_archive *archive = start(f);
    checkpoint_write(archive, 1, 10);
    checkpoint_write(archive, 1, 20);
    vqc_archive_close(archive);
    checkpoint_damage(f, 1, 20);
    archive = start(f);
    assert_checkpoint(archive, 1, 10);
    /* The damaged slot is the one to be overwritten, although its step is the higher. */
    checkpoint_write(archive, 1, 15);
    vqc_archive_close(archive);
    checkpoint_damage(f, 1, 15);
    archive = reopen(f);
    assert_checkpoint(archive, 1, 10);
    vqc_archive_close(archive);
    checkpoint_damage(f, 1, 10);
    archive = reopen(f);
    assert_checkpoint(archive, 1, -1);
    vqc_archive_close(archive);
}

static void test_damaged_picture_is_found(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_archive *archive = start(f);
    vqc_archive_damage damage;
    assert_int_equal(example_result_write(archive, 5, &error), VQC_OK);
    assert_int_equal(example_result_write(archive, 6, &error), VQC_OK);
    vqc_archive_close(archive);
    for (int part = EXAMPLE_PICTURE; part <= EXAMPLE_LATENT; part++) {
        const size_t render = part == EXAMPLE_PICTURE ? 5 : 6;
        void *bytes = example_part_make(&f->study.outline, render, part);
        file_damage(f->path, bytes, example_bytes(&f->study.outline, render, part));
        free(bytes);
        archive = reopen(f);
        assert_int_equal(vqc_archive_result_check(archive, render, &damage, &error), VQC_OK);
        assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_PICTURE);
        vqc_archive_close(archive);
    }
}

/* --- What holds every byte that launches write --- */

typedef enum cover {
    COVER_FORGOTTEN,
    COVER_SEAL,    /* no launch writes it */
    COVER_PICTURE, /* vqc_archive_result_check finds what is damaged, and which */
    COVER_RECORD,
    COVER_SNAPSHOT,
    COVER_STATE,      /* below, in a test of its own */
    COVER_CHECKPOINT, /* a checkpoint with another byte is not taken */
    COVER_WORDS,      /* for people: not acted on */
    COVER_SHAPE       /* the example has none: as COVER_RECORD */
} cover;

static const cover render_covers[VQC_RENDER_TABLE_COUNT] = {
    [VQC_RENDER_SEED] = COVER_SEAL,
    [VQC_RENDER_SHAPE] = COVER_SEAL,
    [VQC_RENDER_ROW] = COVER_SEAL,
    [VQC_RENDER_STATE] = COVER_STATE,
    [VQC_RENDER_PICTURE_SHA256] = COVER_PICTURE,
    [VQC_RENDER_LATENT_SHA256] = COVER_PICTURE,
    [VQC_RENDER_SECONDS] = COVER_RECORD,
    [VQC_RENDER_DEVICE] = COVER_RECORD,
    [VQC_RENDER_HOST] = COVER_RECORD,
    [VQC_RENDER_REASON] = COVER_WORDS,
    [VQC_RENDER_CHECKPOINT_STEP] = COVER_CHECKPOINT,
    [VQC_RENDER_CHECKPOINT_SHA256] = COVER_CHECKPOINT,
    [VQC_RENDER_CHECKPOINT_ENVIRONMENT] = COVER_CHECKPOINT,
    [VQC_RENDER_RECORD_SHA256] = COVER_RECORD,
    [VQC_RENDER_WORKER] = COVER_WORDS,
};

static const cover shape_covers[VQC_SHAPE_TABLE_COUNT] = {
    [VQC_SHAPE_PICTURE] = COVER_PICTURE,
    [VQC_SHAPE_LATENT] = COVER_PICTURE,
    [VQC_SHAPE_CODES] = COVER_RECORD,
    [VQC_SHAPE_LOSS_NAME] = COVER_SEAL,
    [VQC_SHAPE_LOSSES] = COVER_RECORD,
    [VQC_SHAPE_SNAPSHOT] = COVER_SNAPSHOT,
    [VQC_SHAPE_SNAPSHOT_PRESENT] = COVER_SNAPSHOT, /* the mark of one that is there */
    [VQC_SHAPE_SNAPSHOT_SHA256] = COVER_SNAPSHOT,
    [VQC_SHAPE_CHECKPOINT] = COVER_CHECKPOINT,
    [VQC_SHAPE_RELEVANCE] = COVER_SHAPE,
};

/* Flips a bit of the first byte, or of the last, of the row of a dataset. */
static void row_flip(const fixture *f, const vqc_dataset *dataset, size_t row, bool last)
{
    vqc_error error = {0};
    uint64_t offset;
    uint64_t bytes;
    assert_int_equal(vqc_dataset_place(dataset, &offset, &bytes, &error), VQC_OK);
    const uint64_t size = vqc_dataset_part_bytes(dataset, 1);
    const off_t place = (off_t)(offset + row * size + (last ? size - 1 : 0));
    const int descriptor = open(f->path, O_RDWR);
    uint8_t byte;
    assert_int_equal(pread(descriptor, &byte, 1, place), 1);
    byte ^= 1;
    assert_int_equal(pwrite(descriptor, &byte, 1, place), 1);
    assert_int_equal(close(descriptor), 0);
}

/* That render 0, whose row 0 of this dataset has another byte, is found to be damaged as the cover says. */
static void assert_covered(const fixture *f, const vqc_archive *archive, const vqc_dataset *dataset, cover by)
{
    static const vqc_archive_damage damages[] = {[COVER_PICTURE] = VQC_ARCHIVE_DAMAGE_PICTURE,
                                                 [COVER_RECORD] = VQC_ARCHIVE_DAMAGE_RECORD,
                                                 [COVER_SNAPSHOT] = VQC_ARCHIVE_DAMAGE_SNAPSHOT};
    vqc_error error = {0};
    vqc_archive_damage damage;
    if (by != COVER_PICTURE && by != COVER_RECORD && by != COVER_SNAPSHOT)
        return;
    /* Of texts the first byte. */
    const bool last = dataset->form.element != VQC_ELEMENT_TEXT;
    row_flip(f, dataset, 0, last);
    assert_int_equal(vqc_archive_result_check(archive, 0, &damage, &error), VQC_OK);
    if (damage != damages[by])
        fail_msg("%s: a byte of it is another one: expected damage %d, found %d", dataset->form.path, damages[by],
                 damage);
    /* What the record holds is found by itself, and so are the digests in it. */
    const bool claimed = by == COVER_RECORD || (by == COVER_PICTURE && dataset->form.element == VQC_ELEMENT_TEXT);
    assert_int_equal(vqc_archive_claim_check(archive, 0, &damage, &error), VQC_OK);
    if (damage != (claimed ? VQC_ARCHIVE_DAMAGE_RECORD : VQC_ARCHIVE_DAMAGE_NONE))
        fail_msg("%s: a byte of it is another one: by the record alone found %d", dataset->form.path, damage);
    row_flip(f, dataset, 0, last);
    assert_int_equal(vqc_archive_result_check(archive, 0, &damage, &error), VQC_OK);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_NONE);
}

static void test_every_dataset_is_covered(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_archive *archive = start(f);
    assert_int_equal(example_result_write(archive, 0, &error), VQC_OK);
    assert_int_equal(example_snapshots_write(archive, 0, &error), VQC_OK);
    vqc_archive_close(archive);
    archive = reopen(f);
    for (int table = 0; table < VQC_RENDER_TABLE_COUNT; table++) {
        const vqc_dataset *dataset = &archive->render_table[table];
        if (render_covers[table] == COVER_FORGOTTEN)
            fail_msg("%s: say here what holds it", dataset->form.path);
        assert_covered(f, archive, dataset, render_covers[table]);
    }
    for (int table = 0; table < VQC_SHAPE_TABLE_COUNT; table++) {
        const vqc_dataset *dataset = &archive->shapes[0].table[table];
        if (shape_covers[table] == COVER_FORGOTTEN)
            fail_msg("dataset %d of a shape: say here what holds it", table);
        assert_covered(f, archive, dataset, shape_covers[table]);
    }
    vqc_archive_close(archive);
    /* One that was never made, and is said to be done. */
    archive = start(f);
    vqc_archive_damage damage;
    const uint8_t done = VQC_ARCHIVE_DONE;
    assert_int_equal(vqc_archive_value_write(archive, VQC_RENDER_STATE, 3, &done, &error), VQC_OK);
    assert_int_equal(vqc_archive_result_check(archive, 3, &damage, &error), VQC_OK);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_PICTURE);
    assert_int_equal(vqc_archive_claim_check(archive, 3, &damage, &error), VQC_OK);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_RECORD);
    assert_int_equal(vqc_archive_result_discard(archive, 3, &error), VQC_OK);
    assert_state(archive, 3, VQC_ARCHIVE_PENDING);
    assert_int_equal(example_result_write(archive, 3, &error), VQC_OK);
    assert_true(example_result_is_right(archive, 3));
    vqc_archive_close(archive);
}

/* Two results, each whole, in each other's rows. */
static void test_rows_that_change_places(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_archive_damage damage;
    vqc_archive *archive = start(f);
    assert_int_equal(example_result_write(archive, 0, &error), VQC_OK);
    assert_int_equal(example_result_write(archive, 1, &error), VQC_OK);
    const vqc_dataset *datasets[VQC_RENDER_TABLE_COUNT + VQC_SHAPE_TABLE_COUNT];
    size_t count = 0;
    for (int table = VQC_RENDER_STATE; table < VQC_RENDER_TABLE_COUNT; table++)
        datasets[count++] = &archive->render_table[table];
    for (int table = 0; table < VQC_SHAPE_TABLE_COUNT; table++)
        if (table != VQC_SHAPE_LOSS_NAME && archive->shapes[0].table[table].form.rank != 0)
            datasets[count++] = &archive->shapes[0].table[table];
    for (size_t i = 0; i < count; i++) {
        const size_t bytes = vqc_dataset_part_bytes(datasets[i], 1);
        const uint64_t rows[2] = {0, 1};
        uint8_t *both = malloc(2 * bytes);
        for (size_t k = 0; k < 2; k++)
            assert_int_equal(vqc_dataset_read(datasets[i], 1, &rows[k], both + k * bytes, &error), VQC_OK);
        for (size_t k = 0; k < 2; k++)
            assert_int_equal(vqc_dataset_write(datasets[i], 1, &rows[1 - k], both + k * bytes, &error), VQC_OK);
        free(both);
    }
    assert_int_equal(vqc_archive_result_check(archive, 0, &damage, &error), VQC_OK);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_RECORD);
    vqc_archive_close(archive);
}

/* An archive of vqclip 0.1.0 has no digests of records and snapshots, says so, and is read and gone on with. */
static void test_archives_without_record_digests(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_archive_damage damage;
    bool present;
    vqc_archive *archive = start(f);
    assert_true(vqc_archive_has_record_digests(archive));
    vqc_archive_close(archive);
    file_replace(f->path, "record_sha256", "record_sha25z", 13);
    file_replace(f->path, "snapshot_sha256", "snapshot_sha25z", 15);
    assert_true(seal_remove(f->path));
    archive = start(f);
    assert_false(vqc_archive_has_record_digests(archive));
    uint8_t *picture = example_part_make(&f->study.outline, 0, EXAMPLE_SNAPSHOT);
    assert_int_equal(example_result_write(archive, 0, &error), VQC_OK);
    assert_int_equal(vqc_archive_snapshot_write(archive, 0, 0, picture, &error), VQC_OK);
    assert_int_equal(vqc_archive_snapshot_read(archive, 0, 0, picture, &present, &error), VQC_OK);
    free(picture);
    assert_true(present && example_result_is_right(archive, 0));
    row_flip(f, &archive->shapes[0].table[VQC_SHAPE_LOSSES], 0, true);
    row_flip(f, &archive->shapes[0].table[VQC_SHAPE_SNAPSHOT], 0, false);
    assert_int_equal(vqc_archive_result_check(archive, 0, &damage, &error), VQC_OK);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_NONE);
    row_flip(f, &archive->shapes[0].table[VQC_SHAPE_PICTURE], 0, true);
    assert_int_equal(vqc_archive_result_check(archive, 0, &damage, &error), VQC_OK);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_PICTURE);
    vqc_archive_close(archive);
}

/* One without digests of snapshots alone was made by nobody: the marks of snapshots would be under nothing. */
static void test_archives_without_snapshot_digests(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_archive *archive = start(f);
    vqc_archive_close(archive);
    file_replace(f->path, "snapshot_sha256", "snapshot_sha25z", 15);
    assert_true(seal_remove(f->path));
    assert_int_equal(vqc_archive_open(f->path, &archive, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "snapshot_sha256, as archives with digests of records have one"));
}

/* How many renders each of many shapes has is counted in one pass: 100,000 of each. */
static void test_many_shapes_are_counted_once(void **state)
{
    enum { MANY = 100000 };
    vqc_error error = {0};
    size_t *counts;
    vqc_archive_render *renders = calloc(MANY, sizeof *renders);
    vqc_archive_extents *extents = calloc(MANY, sizeof *extents);
    for (uint32_t i = 0; i < MANY; i++) {
        renders[i] = (vqc_archive_render){.id = "i", .prompt = "", .settings = "", .shape = i};
        extents[i] = (vqc_archive_extents){.height = 1,
                                           .width = 1,
                                           .latent_rows = 1,
                                           .latent_columns = 1,
                                           .latent_width = 1,
                                           .steps = 1,
                                           .loss_count = 1,
                                           .loss_names = (const char *const[]){"total"}};
    }
    vqc_archive_outline outline = ((const fixture *)*state)->study.outline;
    outline.renders = renders;
    outline.render_count = MANY;
    outline.shapes = extents;
    outline.shape_count = MANY;
    assert_int_equal(vqc_outline_shapes_count(&outline, &counts, &error), VQC_OK);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(counts[i], 1);
    free(counts);
    uint64_t bytes[2];
    struct timespec begun;
    struct timespec ended;
    double seconds[2];
    for (int i = 0; i < 2; i++) {
        outline.render_count = i == 0 ? MANY / 4 : MANY;
        outline.shape_count = outline.render_count;
        assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun), 0);
        assert_int_equal(vqc_archive_bytes(&outline, &bytes[i], &error), VQC_OK);
        assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended), 0);
        seconds[i] = (double)(ended.tv_sec - begun.tv_sec) + 1e-9 * (double)(ended.tv_nsec - begun.tv_nsec);
    }
    /* Linear is 4, quadratic 16. */
    if (seconds[1] > 8.0 * seconds[0] + 0.05)
        fail_msg("100,000 renders took %g s, a quarter of them %g s", seconds[1], seconds[0]);
    free(renders);
    free(extents);
}

/* --- Whose archive it is --- */

static void extend(const fixture *f, const vqc_archive_outline *to, const size_t *numbers, vqc_status expected,
                   size_t *damaged, const char *words)
{
    vqc_error error = {0};
    if (vqc_archive_extend(f->path, &f->study.outline, to, numbers, VQC_ARCHIVE_LOCKED, damaged, &error) !=
            expected ||
        !strstr(error.message, words))
        fail_msg("%s", error.message);
}

/* What is done keeps its bytes under another number, with a record of its own; what is damaged is to be made again.
 */
static void test_extension(void **state)
{
    fixture *f = *state;
    enum { LATER = 3 };
    const vqc_archive_job jobs[2] = {
        {.text = "a", .sha256 = "b", .table = "", .versions = "{}", .renders = "4", .added = ""},
        {.text = "c", .sha256 = "d", .table = "", .versions = "{}", .renders = "7", .added = "2026-12-01T00:00:00Z"},
    };
    example_study longer;
    size_t numbers[RENDERS];
    size_t damaged;
    vqc_error error = {0};
    vqc_archive_damage damage;
    vqc_archive_outcome before;
    vqc_archive_outcome after;
    vqc_archive *archive = start(f);
    assert_int_equal(vqc_archive_launch_append(archive, "{}", &error), VQC_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(example_snapshots_write(archive, i, &error), VQC_OK);
        assert_int_equal(example_result_write(archive, i, &error), VQC_OK);
    }
    assert_int_equal(vqc_archive_outcome_read(archive, 0, &before, &error), VQC_OK);
    row_flip(f, &archive->shapes[0].table[VQC_SHAPE_PICTURE], archive->rows[1], false);
    vqc_archive_close(archive);
    example_study_init(&longer, RENDERS + LATER);
    longer.outline.jobs = jobs;
    longer.outline.job_count = 2;
    for (size_t i = 0; i < RENDERS; i++)
        numbers[i] = i + LATER - 1; /* of another shape, some */
    extend(f, &longer.outline, numbers, VQC_BAD_INPUT, &damaged, "render-0: this archive holds another study");
    for (size_t i = 0; i < RENDERS; i++)
        numbers[i] = i + LATER;
    extend(f, &longer.outline, numbers, VQC_OK, &damaged, "");
    assert_int_equal(damaged, 1);
    archive = reopen(f);
    assert_int_equal(vqc_archive_outline_of(archive)->render_count, RENDERS + LATER);
    assert_string_equal(vqc_archive_outline_of(archive)->jobs[1].added, jobs[1].added);
    assert_state(archive, 0, VQC_ARCHIVE_PENDING);
    assert_state(archive, LATER + 1, VQC_ARCHIVE_PENDING);
    assert_int_equal(vqc_archive_outcome_read(archive, LATER, &after, &error), VQC_OK);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(vqc_archive_result_check(archive, LATER, &damage, &error), VQC_OK);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_NONE);
    vqc_archive_close(archive);
    extend(f, &longer.outline, numbers, VQC_BAD_INPUT, &damaged, "the number of renders"); /* it is not the old one */
    example_study_release(&longer);
}

static void test_other_studies_are_refused(void **state)
{
    fixture *f = *state;
    vqc_error error = {0};
    vqc_archive *archive = start(f);
    assert_int_equal(example_result_write(archive, 0, &error), VQC_OK);
    vqc_archive_close(archive);
    const example_study good = f->study;

    f->study.outline.job_sha256 = "00000000000000000000000000000000000000000000000000000000000000ac";
    start_refused(f, f->path, VQC_BAD_INPUT, "another job file");
    f->study.outline = good.outline;
    f->study.outline.render_count = RENDERS - 1;
    start_refused(f, f->path, VQC_BAD_INPUT, "number of renders");
    f->study.outline = good.outline;
    f->study.renders[4].prompt = "another";
    start_refused(f, f->path, VQC_BAD_INPUT, "row 4 of /renders/prompt");
    f->study.renders[4].prompt = good.renders[6].prompt;
    f->study.renders[4].seed++;
    start_refused(f, f->path, VQC_BAD_INPUT, "seed");
    f->study.renders[4].seed--;
    vqc_archive_model models[2] = {good.outline.models[0], good.outline.models[1]};
    models[1].sha256 = models[0].sha256;
    f->study.outline.models = models;
    start_refused(f, f->path, VQC_BAD_INPUT, "row 1 of /models/sha256");
    /* The place of a model may change. */
    models[1] = good.outline.models[1];
    models[1].path = "elsewhere.safetensors";
    archive = start(f);
    assert_true(example_result_is_right(archive, 0));
    vqc_archive_close(archive);
    f->study = good;
}

/* A child holds the archive until it is killed. */
static void test_two_launches(void **state)
{
    const fixture *f = *state;
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        vqc_error error = {0};
        vqc_archive *archive;
        bool created;
        if (vqc_archive_start(f->comm, f->path, &f->study.outline, VQC_ARCHIVE_LOCKED, &archive, &created, &error) !=
                VQC_OK ||
            example_result_write(archive, 0, &error) != VQC_OK || write(ready[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    start_refused(f, f->path, VQC_FAILED, "another launch");
    /* Reading is possible meanwhile. */
    vqc_archive *archive = reopen(f);
    assert_true(example_result_is_right(archive, 0));
    vqc_archive_close(archive);
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    archive = start(f);
    assert_true(example_result_is_right(archive, 0));
    vqc_archive_close(archive);
    (void)close(ready[0]);
}

/* --- What goes wrong --- */

static void test_folders_without_access(void **state)
{
    const fixture *f = *state;
    start_refused(f, "/nowhere/study.h5", VQC_FAILED, "/nowhere/study.h5.lock: cannot be created: No such file");
    start_refused(f, "/dev/null/study.h5", VQC_FAILED, "Not a directory");
    start_refused(f, f->folder, VQC_BAD_INPUT, "is not a file");
    char lock[80];
    (void)snprintf(lock, sizeof lock, "%s.lock", f->folder);
    assert_int_equal(access(lock, F_OK), -1);
    if (getuid() == 0)
        return; /* root writes everywhere */
    assert_int_equal(chmod(f->folder, 0555), 0);
    start_refused(f, f->path, VQC_FAILED, "Permission denied");
    assert_int_equal(chmod(f->folder, 0755), 0);
}

/* A mount of this process alone, 4 MiB large, over the fixture's folder. */
static bool small_disk_mount(const fixture *f)
{
    if (unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("tmpfs", f->folder, "tmpfs", 0, "size=4m") == 0)
        return true;
    print_message("skipped: a small file system cannot be mounted here: %s\n", strerror(errno));
    return false;
}

static int files_count(const char *folder)
{
    DIR *directory = opendir(folder);
    int count = 0;
    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    assert_int_equal(closedir(directory), 0);
    return count;
}

static void disk_fill(const char *path)
{
    char block[65536] = {0};
    const int descriptor = open(path, O_WRONLY | O_CREAT, 0666);
    while (write(descriptor, block, sizeof block) > 0) {
    }
    (void)close(descriptor);
}

static void test_disk_full(void **state)
{
    fixture *f = *state;
    vqc_error error = {0};
    char filler[128];
    if (!small_disk_mount(f))
        skip();
    /* Too small from the beginning: nothing is left behind. */
    const example_study good = f->study;
    vqc_archive_extents shapes[2] = {good.outline.shapes[0], good.outline.shapes[1]};
    shapes[0].checkpoint_bytes = 10000000;
    f->study.outline.shapes = shapes;
    uint64_t bytes;
    assert_int_equal(vqc_archive_bytes(&f->study.outline, &bytes, &error), VQC_OK);
    char words[64];
    (void)snprintf(words, sizeof words, "needs %llu bytes (98.0 MiB)", (unsigned long long)bytes);
    start_refused(f, f->path, VQC_FAILED, words);
    start_refused(f, f->path, VQC_FAILED, "No space left on device");
    assert_int_equal(files_count(f->folder), 0);
    f->study.outline.shapes = good.outline.shapes;

    /* Full once the archive is there: everything has its place already. */
    vqc_archive *archive = start(f);
    (void)snprintf(filler, sizeof filler, "%s/filler", f->folder);
    disk_fill(filler);
    for (size_t i = 0; i < RENDERS; i++)
        assert_int_equal(example_result_write(archive, i, &error), VQC_OK);
    checkpoint_write(archive, 0, 1);
    vqc_archive_close(archive);
    archive = reopen(f);
    for (size_t i = 0; i < RENDERS; i++)
        assert_true(example_result_is_right(archive, i));
    vqc_archive_close(archive);
    assert_int_equal(files_count(f->folder), 2);
    assert_int_equal(umount(f->folder), 0);
}

static void test_size_is_foreseen(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    uint64_t bytes;
    struct stat information;
    vqc_archive_close(start(f));
    assert_int_equal(stat(f->path, &information), 0);
    assert_int_equal(vqc_archive_bytes(&f->study.outline, &bytes, &error), VQC_OK);
    assert_true(bytes > (uint64_t)information.st_size && bytes < (uint64_t)information.st_size + 65536);
    assert_true(information.st_blocks * 512 >= information.st_size); /* nothing sparse */
}

/* An archive that is opened for writing and closed is the same bytes as before: the structure is not touched. */
static void test_structure_is_not_written(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    char before[VQC_DIGEST_TEXT_SIZE];
    char after[VQC_DIGEST_TEXT_SIZE];
    vqc_archive_close(start(f));
    assert_int_equal(vqc_digest_file(f->path, before, &error), VQC_OK);
    vqc_archive_close(start(f));
    assert_int_equal(vqc_digest_file(f->path, after, &error), VQC_OK);
    assert_string_equal(before, after);
}

/* One changed byte of what no launch writes, in the structure, the outline or the seal, is found before HDF5 sees it.
 * HDF5 itself reads each of these. */
static void test_changed_structure_is_refused(void **state)
{
    const fixture *f = *state;
    static const struct {
        const char *old, *new, *said;
    } changes[] = {
        {"checkpoint_environment", "checkpoint_environmenz", "this archive is damaged"},  /* a dataset's name */
        {"format_version", "format_versioN", "this archive is damaged"},                  /* another, at the root */
        {"vqclip\": \"0.1.0", "vqclip\": \"0.1.1", "this archive is damaged"},            /* the outline */
        {"\nsha256 ", "\nsha255 ", "the seal at its start is damaged: it has no digest"}, /* the seal */
        {"\nwritten ", "\nwrittem ", "the seal at its start is damaged: it has no digest"},
        {"\nbytes ", "\nbytez ", "the seal at its start is damaged: it does not begin"},
    };
    vqc_error error = {0};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        vqc_archive *archive = start(f);
        assert_int_equal(example_result_write(archive, 1, &error), VQC_OK);
        vqc_archive_close(archive);
        vqc_archive_close(reopen(f));
        first_replace(f->path, changes[i].old, changes[i].new, strlen(changes[i].old));
        open_refused(f, changes[i].said);
        start_refused(f, f->path, VQC_BAD_INPUT, changes[i].said);
        assert_int_equal(unlink(f->path), 0);
    }
}

/* Every byte is either in a part that the seal calls written, or under its digest: an archive whose written parts are
 * all overwritten has its seal, and one with a changed byte just before or behind any of them has not. */
static void test_seal_covers_the_rest(void **state)
{
    const fixture *f = *state;
    bool sealed = false;
    vqc_error error = {0};
    vqc_archive_close(start(f));
    struct stat information;
    const int descriptor = open(f->path, O_RDWR);
    assert_true(descriptor >= 0 && fstat(descriptor, &information) == 0);
    char block[65536] = {0};
    assert_true(pread(descriptor, block, sizeof block - 1, 0) > 0);
    unsigned long long offset;
    unsigned long long size;
    unsigned long long end = 0;
    size_t parts = 0;
    for (const char *line = strstr(block, "\nwritten "); line; line = strstr(line + 1, "\nwritten "), parts++) {
        assert_int_equal(sscanf(line, "\nwritten %llu %llu\n", &offset, &size), 2);
        assert_true(offset >= end && offset + size <= (unsigned long long)information.st_size);
        if (parts == 0) { /* HDF5's mark */
            end = offset + size;
            continue;
        }
        char *noise = malloc(size);
        memset(noise, 0xa5, size);
        assert_int_equal(pwrite(descriptor, noise, size, (off_t)offset), size);
        free(noise);
        if (offset > end && end > 0) { /* a gap between two parts: its first and its last byte */
            const off_t places[2] = {(off_t)end, (off_t)offset - 1};
            for (int i = 0; i < 2; i++) {
                char byte;
                assert_int_equal(pread(descriptor, &byte, 1, places[i]), 1);
                byte ^= 1;
                assert_int_equal(pwrite(descriptor, &byte, 1, places[i]), 1);
                assert_int_equal(vqc_seal_check(f->path, &sealed, &error), VQC_BAD_INPUT);
                byte ^= 1;
                assert_int_equal(pwrite(descriptor, &byte, 1, places[i]), 1);
            }
        }
        end = offset + size;
    }
    assert_int_equal(parts, 1 + 2 + 12 + 8 + 4); /* HDF5's mark; of launches, of renders, of either shape */
    assert_int_equal(vqc_seal_check(f->path, &sealed, &error), VQC_OK);
    assert_true(sealed);
    (void)close(descriptor);
}

/* An archive without a seal is looked at by another process first: as it is when all is well, and when it comes to
 * grief there, for which this program has names of files (probe_disturb). */
static void test_archives_without_a_seal(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    bool sealed = true;
    static const struct {
        const char *name, *said;
    } griefs[] = {
        {"faults.h5", "HDF5 does not come through reading this file (Segmentation fault)"},
        {"exits.h5", "HDF5 does not come through reading this file (exit code 7)"},
        {"mute.h5", "HDF5 does not come through reading this file (exit code 0)"},
    };
    vqc_archive *archive = start(f);
    assert_int_equal(example_result_write(archive, 1, &error), VQC_OK);
    vqc_archive_close(archive);
    assert_true(seal_remove(f->path));
    assert_int_equal(vqc_seal_check(f->path, &sealed, &error), VQC_OK);
    assert_false(sealed);
    archive = start(f);
    assert_true(example_result_is_right(archive, 1));
    vqc_archive_close(archive);
    archive = reopen(f);
    assert_true(example_result_is_right(archive, 1));
    vqc_archive_close(archive);
    fixture other = *f;
    for (size_t i = 0; i < sizeof griefs / sizeof griefs[0]; i++) {
        char before[sizeof other.path];
        memcpy(before, other.path, sizeof before);
        (void)snprintf(other.path, sizeof other.path, "%s/%s", f->folder, griefs[i].name);
        assert_int_equal(rename(before, other.path), 0);
        open_refused(&other, griefs[i].said);
        start_refused(f, other.path, VQC_BAD_INPUT, griefs[i].said);
    }
    assert_int_equal(unlink(other.path), 0);
}

/* A file whose datasets are one and the same: what reading it allocates is bounded by the file's size. */
static void test_memory_is_bounded(void **state)
{
    const fixture *f = *state;
    enum { SHAPES = 48, TEXT = 4 << 20 };
    vqc_archive_extents shapes[SHAPES];
    vqc_archive_render renders[SHAPES];
    char ids[SHAPES][8];
    static const char *const name[] = {"loss"};
    fixture many = *f;
    vqc_error error = {0};
    for (uint32_t i = 0; i < SHAPES; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "%u", i);
        shapes[i] = (vqc_archive_extents){.height = 1,
                                          .width = 1,
                                          .latent_rows = 1,
                                          .latent_columns = 1,
                                          .latent_width = 1,
                                          .steps = 1,
                                          .loss_count = 1,
                                          .loss_names = name};
        renders[i] = (vqc_archive_render){.id = ids[i], .prompt = "", .settings = "", .shape = i};
    }
    many.study.outline.shapes = shapes;
    many.study.outline.renders = renders;
    many.study.outline.shape_count = many.study.outline.render_count = SHAPES;
    vqc_archive_close(start(&many));
    vqc_archive_close(reopen(&many));
    assert_true(seal_remove(f->path));
    const hsize_t one = 1;
    const hid_t type = H5Tcopy(H5T_C_S1);
    const hid_t file = H5Fopen(f->path, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t space = H5Screate_simple(1, &one, NULL);
    const hid_t early = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_alloc_time(early, H5D_ALLOC_TIME_EARLY) >= 0 && H5Tset_size(type, TEXT) >= 0);
    assert_true(H5Tset_cset(type, H5T_CSET_UTF8) >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0);
    const hid_t dataset = H5Dcreate2(file, "/long", type, space, H5P_DEFAULT, early, H5P_DEFAULT);
    assert_true(dataset >= 0 && H5Dclose(dataset) >= 0 && H5Pclose(early) >= 0);
    for (int i = 0; i < SHAPES; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "/shape_%d/loss_name", i);
        assert_true(H5Ldelete(file, path, H5P_DEFAULT) >= 0);
        assert_true(H5Lcreate_hard(file, "/long", file, path, H5P_DEFAULT, H5P_DEFAULT) >= 0);
    }
    assert_true(H5Sclose(space) >= 0 && H5Tclose(type) >= 0 && H5Fclose(file) >= 0);
    open_refused(&many, "the datasets hold more than there is room for in the file");
    vqc_archive *archive;
    assert_int_equal(vqc_archive_open_unprobed(f->path, &archive, &error), VQC_BAD_INPUT); /* in this process too */
}

static void test_plans_that_cannot_be_stored(void **state)
{
    fixture *f = *state;
    const example_study good = f->study;
    vqc_archive_extents shapes[2] = {good.outline.shapes[0], good.outline.shapes[1]};
    f->study.outline.render_count = 0;
    start_refused(f, f->path, VQC_BAD_INPUT, "without models or renders");
    f->study.outline = good.outline;
    f->study.renders[1].prompt = "\xff";
    start_refused(f, f->path, VQC_BAD_INPUT, "/renders/prompt of row 1");
    f->study.renders[1].prompt = "";
    f->study.renders[1].shape = 2;
    start_refused(f, f->path, VQC_BAD_INPUT, "render 1 has shape 2");
    f->study.renders[1].shape = 0;
    f->study.outline.shapes = shapes;
    shapes[0].latent_width = 0;
    start_refused(f, f->path, VQC_BAD_INPUT, "a row of /shape_0/latent");
    shapes[0] = good.outline.shapes[0];
    shapes[1].height = shapes[1].width = 65536;
    start_refused(f, f->path, VQC_BAD_INPUT, "a row of /shape_1/picture");
    f->study.outline = good.outline;
}

static void file_write(const char *path, const void *bytes, size_t size)
{
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_int_equal(write(descriptor, bytes, size), (ssize_t)size);
    (void)close(descriptor);
}

static void test_files_that_are_no_archives(void **state)
{
    const fixture *f = *state;
    open_refused(f, "No such file");
    file_write(f->path, "study: example\n", 15);
    open_refused(f, "cannot be opened as an HDF5 file");
    start_refused(f, f->path, VQC_BAD_INPUT, "cannot be opened as an HDF5 file");
    file_write(f->path, "", 0);
    open_refused(f, "cannot be opened as an HDF5 file");
    assert_int_equal(unlink(f->path), 0);
    vqc_archive_close(start(f));
    struct stat information;
    assert_int_equal(stat(f->path, &information), 0);
    for (int part = 0; part < 32; part++) {
        assert_int_equal(truncate(f->path, information.st_size - 1 - part * (information.st_size / 32)), 0);
        open_refused(f, f->path);
    }
}

int main(void)
{
#define ARCHIVE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        ARCHIVE_TEST(test_plan_comes_back),
        ARCHIVE_TEST(test_shapes_come_back),
        ARCHIVE_TEST(test_results_come_back),
        ARCHIVE_TEST(test_failure_then_success),
        ARCHIVE_TEST(test_snapshots),
        ARCHIVE_TEST(test_launches),
        ARCHIVE_TEST(test_checkpoints_take_turns),
        ARCHIVE_TEST(test_damaged_checkpoints),
        ARCHIVE_TEST(test_step_of_a_checkpoint),
        ARCHIVE_TEST(test_archive_goes_away),
        ARCHIVE_TEST(test_environment_of_a_checkpoint),
        ARCHIVE_TEST(test_checkpoints_of_0_1_0),
        ARCHIVE_TEST(test_damaged_picture_is_found),
        ARCHIVE_TEST(test_every_dataset_is_covered),
        ARCHIVE_TEST(test_rows_that_change_places),
        ARCHIVE_TEST(test_archives_without_record_digests),
        ARCHIVE_TEST(test_archives_without_snapshot_digests),
        ARCHIVE_TEST(test_many_shapes_are_counted_once),
        ARCHIVE_TEST(test_extension),
        ARCHIVE_TEST(test_other_studies_are_refused),
        ARCHIVE_TEST(test_two_launches),
        ARCHIVE_TEST(test_folders_without_access),
        ARCHIVE_TEST(test_size_is_foreseen),
        ARCHIVE_TEST(test_structure_is_not_written),
        ARCHIVE_TEST(test_changed_structure_is_refused),
        ARCHIVE_TEST(test_seal_covers_the_rest),
        ARCHIVE_TEST(test_archives_without_a_seal),
        ARCHIVE_TEST(test_memory_is_bounded),
        ARCHIVE_TEST(test_plans_that_cannot_be_stored),
        ARCHIVE_TEST(test_files_that_are_no_archives),
        ARCHIVE_TEST(test_disk_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
