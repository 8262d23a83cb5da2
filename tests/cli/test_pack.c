/* That a packed archive holds what the archive holds, to the byte, says so of its axes, and is refused where a byte
 * of it has changed. Its axes as h5py sees them: tests/analysis/test_pack.py. */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/command_run.h"
#include "../support/scratch.h"
#include "archive/archive.h"
#include "cli/commands.h"
#include "report_study.h"

static const report_sizes usual = {.prompts = 3, .seeds = 10, .side = 48, .steps = 7, .snapshots = 2};

static void archive_make(const report_sizes *sizes, const char *name)
{
    report_study study;
    char path[PATH_SIZE];
    vqc_error error = {0};
    report_study_init(&study, sizes);
    if (report_study_write(&study, path_in(path, name), &error) != VQC_OK)
        fail_msg("%s", error.message);
    report_study_release(&study);
}

static vqc_status pack(const char *from, const char *to, vqc_error *error)
{
    char paths[2][PATH_SIZE], said[PATH_SIZE];
    char *words[] = {(char *)path_in(paths[0], from), "-o", (char *)path_in(paths[1], to)};
    return command_run_into(path_in(said, "said"), &vqc_command_pack, 3, words, error);
}

static void pack_well(const char *from, const char *to)
{
    vqc_error error = {0};
    if (pack(from, to, &error) != VQC_OK)
        fail_msg("%s", error.message);
}

static vqc_archive *archive_open(const char *name)
{
    char path[PATH_SIZE];
    vqc_archive *archive;
    vqc_error error = {0};
    if (vqc_archive_open(path_in(path, name), &archive, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return archive;
}

static void remove_all(const char *first, const char *second)
{
    char path[PATH_SIZE];
    (void)unlink(path_in(path, first));
    (void)unlink(path_in(path, second));
}

/* The render is in both: state, texts and digests; and of one that is done its bytes have those digests. */
static void render_expect(const vqc_archive *packed, const vqc_archive *archive, size_t number)
{
    vqc_archive_outcome found, expected;
    vqc_archive_damage damage;
    vqc_error error;
    memset(&found, 0, sizeof found);
    memset(&expected, 0, sizeof expected);
    assert_int_equal(vqc_archive_outcome_read(packed, number, &found, &error), VQC_OK);
    assert_int_equal(vqc_archive_outcome_read(archive, number, &expected, &error), VQC_OK);
    assert_int_equal(found.state, expected.state);
    assert_true(found.seconds == expected.seconds);
    assert_string_equal(found.device, expected.device);
    assert_string_equal(found.host, expected.host);
    assert_string_equal(found.reason, expected.reason);
    assert_string_equal(found.picture_sha256, expected.picture_sha256);
    assert_string_equal(found.latent_sha256, expected.latent_sha256);
    if (found.state != VQC_ARCHIVE_DONE)
        return;
    assert_int_equal(vqc_archive_result_check(packed, number, &damage, &error), VQC_OK);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_NONE);
}

static void the_packed_archive_holds_the_archive(void **state)
{
    (void)state;
    vqc_error error;
    archive_make(&usual, "study.h5");
    pack_well("study.h5", "packed.h5");
    vqc_archive *archive = archive_open("study.h5");
    vqc_archive *packed = archive_open("packed.h5");
    assert_int_equal(vqc_archive_check(packed, &error), VQC_OK);
    const vqc_archive_outline *found = vqc_archive_outline_of(packed);
    const vqc_archive_outline *expected = vqc_archive_outline_of(archive);
    assert_int_equal(vqc_archive_outline_same_study(found, expected, &error), VQC_OK);
    assert_string_equal(found->job_text, expected->job_text);
    assert_int_equal(found->render_count, expected->render_count);
    for (size_t i = 0; i < expected->render_count; i++) {
        assert_string_equal(found->renders[i].settings, expected->renders[i].settings);
        assert_string_equal(found->categories[i], expected->categories[i]);
        render_expect(packed, archive, i);
    }
    vqc_archive_close(packed);
    vqc_archive_close(archive);
    remove_all("study.h5", "packed.h5");
}

/* Rows larger than a chunk. */
static void large_rows_are_held_too(void **state)
{
    (void)state;
    const report_sizes sizes = {.prompts = 1, .seeds = 1, .side = 700, .steps = 3, .snapshots = 1};
    archive_make(&sizes, "study.h5");
    pack_well("study.h5", "packed.h5");
    vqc_archive *archive = archive_open("study.h5");
    vqc_archive *packed = archive_open("packed.h5");
    for (size_t i = 0; i < vqc_archive_outline_of(archive)->render_count; i++)
        render_expect(packed, archive, i);
    vqc_archive_close(packed);
    vqc_archive_close(archive);
    remove_all("study.h5", "packed.h5");
}

/* Two archives that are the same are the same packed, and packing a packed one changes nothing. */
static void packing_has_one_outcome(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    size_t sizes[2];
    archive_make(&usual, "study.h5");
    pack_well("study.h5", "packed.h5");
    pack_well("packed.h5", "again.h5");
    char *first = file_read(path_in(path, "packed.h5"), &sizes[0]);
    char *second = file_read(path_in(path, "again.h5"), &sizes[1]);
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(first, second, sizes[0]);
    free(first);
    free(second);
    remove_all("study.h5", "packed.h5");
    remove_all("again.h5", "again.h5");
}

/* Wherever a byte of it changes, it is not read, by its seal. */
static void damage_is_found(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    size_t size;
    vqc_archive *archive;
    vqc_error error;
    archive_make(&usual, "study.h5");
    pack_well("study.h5", "packed.h5");
    char *bytes = file_read(path_in(path, "packed.h5"), &size);
    for (size_t at = 0; at < size; at += 1 + size / 97) {
        bytes[at] ^= 0x10;
        bytes_put(path, bytes, size);
        vqc_status status = vqc_archive_open(path, &archive, &error);
        if (at > 0) /* else it is an archive without a seal, as below */
            assert_int_equal(status, VQC_BAD_INPUT);
        else
            vqc_archive_close(archive);
        bytes[at] ^= 0x10;
    }
    bytes_put(path, bytes, size / 2);
    assert_int_equal(vqc_archive_open(path, &archive, &error), VQC_BAD_INPUT);
    free(bytes);
    remove_all("study.h5", "packed.h5");
}

/* How many done renders are damaged; all of them can be read. */
static size_t damaged_count(const vqc_archive *archive)
{
    size_t count = 0;
    for (size_t i = 0; i < vqc_archive_outline_of(archive)->render_count; i++) {
        vqc_archive_state state;
        vqc_archive_damage damage = VQC_ARCHIVE_DAMAGE_NONE;
        vqc_error error;
        assert_int_equal(vqc_archive_state_read(archive, i, &state, &error), VQC_OK);
        if (state == VQC_ARCHIVE_DONE)
            assert_int_equal(vqc_archive_result_check(archive, i, &damage, &error), VQC_OK);
        count += damage != VQC_ARCHIVE_DAMAGE_NONE;
    }
    return count;
}

/* One that another program has packed has no seal: it is read where all its chunks can be, and changed bytes do no
 * harm. */
static void without_a_seal_it_is_tried(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    size_t size;
    size_t refused = 0;
    vqc_archive *archive;
    vqc_error error;
    archive_make(&usual, "study.h5");
    pack_well("study.h5", "packed.h5");
    char *bytes = file_read(path_in(path, "packed.h5"), &size);
    bytes[0] = 'V';
    bytes_put(path, bytes, size);
    archive = archive_open("packed.h5");
    assert_int_equal(damaged_count(archive), 0);
    vqc_archive_close(archive);
    for (size_t at = 512; at < size; at += 1 + size / 61) {
        bytes[at] ^= 0x10;
        bytes_put(path, bytes, size);
        vqc_status status = vqc_archive_open(path, &archive, &error);
        refused += status != VQC_OK;
        if (status == VQC_OK) {
            (void)damaged_count(archive);
            vqc_archive_close(archive);
        } else
            assert_int_equal(status, VQC_BAD_INPUT);
        bytes[at] ^= 0x10;
    }
    assert_true(refused > 20);
    free(bytes);
    remove_all("study.h5", "packed.h5");
}

/* A result without its digest is not published. */
static void damaged_archives_are_refused(void **state)
{
    (void)state;
    report_study study;
    char path[PATH_SIZE];
    uint8_t pixels[3 * 48 * 48];
    vqc_error error = {0};
    size_t size;
    archive_make(&usual, "study.h5");
    report_study_init(&study, &usual);
    report_picture(&study, 5, -1, pixels);
    char *bytes = file_read(path_in(path, "study.h5"), &size);
    char *found = memmem(bytes, size, pixels, sizeof pixels);
    assert_non_null(found);
    found[100] ^= 1;
    bytes_put(path, bytes, size);
    assert_int_equal(pack("study.h5", "packed.h5", &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "render 5: its picture or latent does not have the recorded SHA-256"));
    assert_int_not_equal(access(path_in(path, "packed.h5"), F_OK), 0);
    assert_int_not_equal(access(path_in(path, "packed.h5.partial"), F_OK), 0);
    free(bytes);
    report_study_release(&study);
    remove_all("study.h5", "packed.h5");
}

static void what_is_there_is_not_replaced(void **state)
{
    (void)state;
    vqc_error error = {0};
    archive_make(&usual, "study.h5");
    pack_well("study.h5", "packed.h5");
    assert_int_equal(pack("study.h5", "packed.h5", &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "packed.h5: is there already"));
    assert_int_equal(pack("study.h5", "study.h5", &error), VQC_BAD_INPUT);
    remove_all("study.h5", "packed.h5");
}

/* Commands read it as they read the archive. */
static void commands_read_it(void **state)
{
    (void)state;
    char paths[3][PATH_SIZE];
    size_t sizes[2];
    vqc_error error = {0};
    archive_make(&usual, "study.h5");
    pack_well("study.h5", "packed.h5");
    (void)path_in(paths[0], "study.h5");
    (void)path_in(paths[1], "packed.h5");
    char *shown[2];
    for (int i = 0; i < 2; i++) {
        char *words[] = {paths[i], "--json"};
        assert_int_equal(command_run_into(path_in(paths[2], "said"), &vqc_command_show, 2, words, &error), VQC_OK);
        shown[i] = file_read(paths[2], &sizes[i]);
    }
    assert_string_equal(shown[1], shown[0]);
    free(shown[0]);
    free(shown[1]);
    remove_all("study.h5", "packed.h5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_packed_archive_holds_the_archive),
        cmocka_unit_test(large_rows_are_held_too),
        cmocka_unit_test(packing_has_one_outcome),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(without_a_seal_it_is_tried),
        cmocka_unit_test(damaged_archives_are_refused),
        cmocka_unit_test(what_is_there_is_not_replaced),
        cmocka_unit_test(commands_read_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
