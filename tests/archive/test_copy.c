/* Archives that are filled from others. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/check.h"
#include "../support/scratch.h"
#include "archive/copy.h"
#include "example.h"

enum { RENDERS = 7 };

typedef struct fixture {
    vqc_comm *comm;
    char folder[64];
    char path[128], copy[128];
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
    (void)snprintf(f.copy, sizeof f.copy, "%s/copy.h5", f.folder);
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
    (void)unlink(f->copy);
    return rmdir(f->folder);
}

static vqc_archive *start(const fixture *f, const char *path)
{
    vqc_error error = {0};
    vqc_archive *archive;
    bool created;
    check(vqc_archive_start(f->comm, path, &f->study.outline, VQC_ARCHIVE_LOCKED, &archive, &created, &error),
          &error);
    return archive;
}

static void checkpoint_write(vqc_archive *archive, size_t render, uint32_t step)
{
    vqc_error error = {0};
    void *bytes = example_part_make(vqc_archive_outline_of(archive), render, EXAMPLE_CHECKPOINT + (int)step);
    check(vqc_archive_checkpoint_write(archive, render, step, EXAMPLE_ENVIRONMENT, bytes, &error), &error);
    free(bytes);
}

/* Render 0 is done and has checkpoints and snapshots, 1 is under way and has one, 2 is done, 3 has failed, the others
 * wait. */
static void archive_write(const fixture *f)
{
    vqc_error error = {0};
    vqc_archive *archive = start(f, f->path);
    uint8_t *snapshot = example_part_make(&f->study.outline, 1, EXAMPLE_SNAPSHOT + 1);
    check(vqc_archive_launch_append(archive, "{\"ranks\":1}", &error), &error);
    check(vqc_archive_launch_append(archive, "{\"ranks\":2}", &error), &error);
    check(example_snapshots_write(archive, 0, &error), &error);
    check(vqc_archive_snapshot_write(archive, 1, 1, snapshot, &error), &error);
    checkpoint_write(archive, 0, 3);
    checkpoint_write(archive, 1, 2);
    checkpoint_write(archive, 1, 4);
    check(example_result_write(archive, 0, &error), &error);
    check(example_result_write(archive, 2, &error), &error);
    check(vqc_archive_failure_write(archive, 3, "no paint", &error), &error);
    vqc_archive_close(archive);
    free(snapshot);
}

/* Fills from another archive. */
typedef struct source {
    const char *path;
    size_t from, to; /* render `from` becomes `to`; both RENDERS: each becomes itself */
    vqc_archive_damage damage[RENDERS];
} source;

static vqc_status fill(vqc_archive *archive, void *context, vqc_error *error)
{
    source *s = context;
    vqc_archive *from;
    VQC_TRY(vqc_archive_open(s->path, &from, error));
    vqc_status status = vqc_archive_launches_copy(from, archive, error);
    if (status == VQC_OK && s->from < RENDERS)
        status = vqc_archive_render_copy(from, s->from, archive, s->to, &s->damage[s->to], error);
    for (size_t i = 0; i < RENDERS && s->from == RENDERS && status == VQC_OK; i++)
        status = vqc_archive_render_copy(from, i, archive, i, &s->damage[i], error);
    vqc_archive_close(from);
    return status;
}

static vqc_archive *copy_open(const fixture *f)
{
    vqc_error error = {0};
    vqc_archive *archive;
    check(vqc_archive_open(f->copy, &archive, &error), &error);
    return archive;
}

static void assert_done(const vqc_archive *archive, size_t render)
{
    vqc_error error = {0};
    vqc_archive_damage damage;
    assert_true(example_result_is_right(archive, render));
    check(vqc_archive_result_check(archive, render, &damage, &error), &error);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_NONE);
}

static void test_all_is_copied(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    source s = {.path = f->path, .from = RENDERS};
    vqc_archive_outcome outcome;
    char text[VQC_ARCHIVE_LAUNCH_SIZE];
    int64_t step;
    bool present;
    archive_write(f);
    check(vqc_archive_make(f->copy, &f->study.outline, VQC_ARCHIVE_LOCKED, fill, &s, &error), &error);
    for (size_t i = 0; i < RENDERS; i++)
        assert_int_equal(s.damage[i], VQC_ARCHIVE_DAMAGE_NONE);
    vqc_archive *copy = copy_open(f);
    assert_done(copy, 0);
    assert_done(copy, 2);
    assert_true(example_checkpoint_is_right(copy, 0, &step));
    assert_int_equal(step, 3);
    assert_true(example_checkpoint_is_right(copy, 1, &step));
    assert_int_equal(step, 4);
    uint8_t *snapshot = malloc(example_bytes(&f->study.outline, 1, EXAMPLE_SNAPSHOT));
    check(vqc_archive_snapshot_read(copy, 1, 1, snapshot, &present, &error), &error);
    assert_true(present && example_part_equals(&f->study.outline, 1, EXAMPLE_SNAPSHOT + 1, snapshot));
    check(vqc_archive_snapshot_read(copy, 1, 0, snapshot, &present, &error), &error);
    assert_false(present);
    free(snapshot);
    check(vqc_archive_outcome_read(copy, 3, &outcome, &error), &error);
    assert_int_equal(outcome.state, VQC_ARCHIVE_FAILED);
    assert_string_equal(outcome.reason, "no paint");
    for (size_t i = 4; i < RENDERS; i++) {
        check(vqc_archive_outcome_read(copy, i, &outcome, &error), &error);
        assert_int_equal(outcome.state, VQC_ARCHIVE_PENDING);
    }
    check(vqc_archive_launch_read(copy, 1, text, &error), &error);
    assert_string_equal(text, "{\"ranks\":2}");
    vqc_archive_close(copy);
    /* It is an archive like another: a launch goes on with it. */
    copy = start(f, f->copy);
    check(example_result_write(copy, 4, &error), &error);
    vqc_archive_close(copy);
}

/* A render of another number has a record of its own; one of another shape is no copy. */
static void test_another_number(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_archive_damage damage;
    source s = {.path = f->path, .from = 2, .to = 5};
    archive_write(f);
    check(vqc_archive_make(f->copy, &f->study.outline, VQC_ARCHIVE_LOCKED, fill, &s, &error), &error);
    vqc_archive *copy = copy_open(f);
    check(vqc_archive_result_check(copy, 5, &damage, &error), &error);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_NONE);
    vqc_archive_close(copy);
    (void)unlink(f->copy);
    s.to = 1;
    assert_int_equal(vqc_archive_make(f->copy, &f->study.outline, VQC_ARCHIVE_LOCKED, fill, &s, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "render 2: is of another shape than render 1"));
}

/* Changes a byte of a render's picture, or of its snapshot, where it stands in the file. */
static void part_damage(const fixture *f, size_t render, int part)
{
    char *bytes = example_part_make(&f->study.outline, render, part);
    const size_t size = example_bytes(&f->study.outline, render, part);
    FILE *file = fopen(f->path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const size_t length = (size_t)ftell(file);
    char *contents = malloc(length);
    rewind(file);
    assert_int_equal(fread(contents, 1, length, file), length);
    size_t at = 0;
    while (at + size <= length && memcmp(contents + at, bytes, size) != 0)
        at++;
    assert_true(at + size <= length);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_int_equal(fputc(bytes[0] ^ 1, file), (unsigned char)(bytes[0] ^ 1));
    assert_int_equal(fclose(file), 0);
    free(contents);
    free(bytes);
}

/* A result that is damaged stays behind; a snapshot stays as it is; both are said. */
static void test_damage(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_archive_damage damage;
    vqc_archive_outcome outcome;
    source s = {.path = f->path, .from = RENDERS};
    archive_write(f);
    part_damage(f, 0, EXAMPLE_SNAPSHOT + 1);
    part_damage(f, 2, EXAMPLE_PICTURE);
    check(vqc_archive_make(f->copy, &f->study.outline, VQC_ARCHIVE_LOCKED, fill, &s, &error), &error);
    assert_int_equal(s.damage[0], VQC_ARCHIVE_DAMAGE_SNAPSHOT);
    assert_int_equal(s.damage[1], VQC_ARCHIVE_DAMAGE_NONE);
    assert_int_equal(s.damage[2], VQC_ARCHIVE_DAMAGE_PICTURE);
    vqc_archive *copy = copy_open(f);
    check(vqc_archive_result_check(copy, 0, &damage, &error), &error);
    assert_int_equal(damage, VQC_ARCHIVE_DAMAGE_SNAPSHOT);
    check(vqc_archive_outcome_read(copy, 2, &outcome, &error), &error);
    assert_int_equal(outcome.state, VQC_ARCHIVE_PENDING);
    vqc_archive_close(copy);
}

/* What is there is not written over. */
static void test_taken_name(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    source s = {.path = f->path, .from = RENDERS};
    archive_write(f);
    assert_int_equal(vqc_archive_make(f->path, &f->study.outline, VQC_ARCHIVE_LOCKED, fill, &s, &error),
                     VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "study.h5: is there already"));
    vqc_archive *archive = start(f, f->path);
    assert_int_equal(vqc_archive_make(f->path, &f->study.outline, VQC_ARCHIVE_LOCKED, fill, &s, &error), VQC_FAILED);
    vqc_archive_close(archive);
}

/* Renders 1 and 4 of the study, both of the large shape. */
static const bool held[RENDERS] = {[1] = true, [4] = true};

static void start_refused(const fixture *f, const vqc_archive_outline *outline, const char *words)
{
    vqc_error error = {0};
    vqc_archive *archive;
    bool created;
    assert_int_equal(vqc_archive_start(f->comm, f->path, outline, VQC_ARCHIVE_LOCKED, &archive, &created, &error),
                     VQC_BAD_INPUT);
    if (strstr(error.message, words) == NULL)
        fail_msg("'%s' is not in: %s", words, error.message);
}

/* The archive of a part knows all of the study, and has room for its own renders alone. */
static void test_part(void **state)
{
    fixture *f = *state;
    vqc_error error = {0};
    vqc_archive_state found;
    f->study.outline.part = "2 of 3";
    f->study.outline.held = held;
    vqc_archive *archive = start(f, f->path);
    check(example_snapshots_write(archive, 4, &error), &error);
    check(example_result_write(archive, 4, &error), &error);
    checkpoint_write(archive, 1, 4);
    assert_int_equal(example_result_write(archive, 2, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "render 2 is not in part 2 of 3 of the study"));
    assert_int_equal(vqc_archive_failure_write(archive, 0, "lazy", &error), VQC_FAILED);
    vqc_archive_close(archive);
    check(vqc_archive_open(f->path, &archive, &error), &error);
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    assert_string_equal(outline->part, "2 of 3");
    assert_int_equal(vqc_archive_outline_held(outline), 2);
    for (size_t i = 0; i < RENDERS; i++)
        assert_int_equal(vqc_archive_outline_holds(outline, i), held[i]);
    assert_int_equal(outline->shapes[1].height, f->study.outline.shapes[1].height);
    check(vqc_archive_state_read(archive, 2, &found, &error), &error);
    assert_int_equal(found, VQC_ARCHIVE_PENDING);
    assert_done(archive, 4);
    vqc_archive_close(archive);
    /* It is no study, no other part, and that part of other renders. */
    vqc_archive_outline other = f->study.outline;
    other.part = "1 of 3";
    start_refused(f, &other, "this archive is part 2 of 3 of the study, now it is to be part 1 of 3");
    other = f->study.outline;
    other.part = NULL;
    other.held = NULL;
    start_refused(f, &other, "this archive is part 2 of 3 of the study, now it is to be part 1 of 1");
    other = f->study.outline;
    other.held = (const bool[RENDERS]){[1] = true, [3] = true};
    start_refused(f, &other, "made for other renders as part 2 of 3 of the study, render 3 is the first");
    /* Its renders go into an archive of the whole study. */
    source s = {.path = f->path, .from = 4, .to = 4};
    f->study.outline.part = NULL;
    f->study.outline.held = NULL;
    check(vqc_archive_make(f->copy, &f->study.outline, VQC_ARCHIVE_LOCKED, fill, &s, &error), &error);
    archive = copy_open(f);
    assert_null(vqc_archive_outline_of(archive)->part);
    assert_done(archive, 4);
    vqc_archive_close(archive);
}

/* What an archive was merged from, and room for more launches than there usually is. */
static void test_sources(void **state)
{
    enum { LAUNCHES = 600 };
    fixture *f = *state;
    vqc_error error = {0};
    size_t count;
    char text[VQC_ARCHIVE_LAUNCH_SIZE];
    static const vqc_archive_source sources[] = {
        {.file = "a.h5", .part = "1 of 2", .versions = "{\"vqclip\": \"0.2.0\"}", .build = "gcc"},
        {.file = "b.h5", .part = "2 of 2", .versions = "{}", .build = ""},
    };
    f->study.outline.sources = sources;
    f->study.outline.source_count = 2;
    f->study.outline.launch_capacity = LAUNCHES;
    vqc_archive *archive = start(f, f->path);
    for (int i = 0; i < LAUNCHES; i++) {
        (void)snprintf(text, sizeof text, "{\"ranks\":%d}", i);
        check(vqc_archive_launch_append(archive, text, &error), &error);
    }
    vqc_archive_close(archive);
    check(vqc_archive_open(f->path, &archive, &error), &error);
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    assert_int_equal(outline->source_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(outline->sources[i].file, sources[i].file);
        assert_string_equal(outline->sources[i].part, sources[i].part);
        assert_string_equal(outline->sources[i].versions, sources[i].versions);
        assert_string_equal(outline->sources[i].build, sources[i].build);
    }
    check(vqc_archive_launch_count(archive, &count, &error), &error);
    assert_int_equal(count, LAUNCHES);
    check(vqc_archive_launch_read(archive, LAUNCHES - 1, text, &error), &error);
    assert_string_equal(text, "{\"ranks\":599}");
    vqc_archive_close(archive);
    /* A launch that goes on knows nothing of them. */
    f->study.outline.source_count = 0;
    f->study.outline.launch_capacity = 0;
    archive = start(f, f->path);
    vqc_archive_close(archive);
}

#define COPY_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COPY_TEST(test_all_is_copied), COPY_TEST(test_another_number), COPY_TEST(test_damage),
        COPY_TEST(test_taken_name),    COPY_TEST(test_part),           COPY_TEST(test_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
