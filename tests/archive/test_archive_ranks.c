/* Several ranks in one archive. Runs by itself as one rank, and under mpirun as many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "example.h"

typedef struct fixture {
    vqc_comm *comm;
    example_study study;
    char folder[64]; /* the same on all ranks */
    char path[128];
} fixture;

enum { RENDERS = 23 };

static void archive_start(const fixture *f, vqc_archive **archive, bool created_expected)
{
    vqc_error error = {0};
    bool created;
    if (vqc_archive_start(f->comm, f->path, &f->study.outline, VQC_ARCHIVE_LOCKED, archive, &created, &error) !=
        VQC_OK)
        fail_msg("%s", error.message);
    assert_int_equal(created, created_expected);
}

/* Half of the renders, then in another launch the other half; afterwards all are there and right. */
static void test_all_write(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    for (int half = 0; half < 2; half++) {
        vqc_archive *archive;
        archive_start(f, &archive, half == 0);
        for (size_t i = 0; i < RENDERS; i++) {
            const bool mine = (int)(i / 2) % vqc_comm_size(f->comm) == vqc_comm_rank(f->comm);
            if (mine && (int)(i % 2) == half)
                assert_int_equal(example_result_write(archive, i, &error), VQC_OK);
        }
        /* What other ranks wrote is seen at once. */
        assert_int_equal(vqc_comm_barrier(f->comm, &error), VQC_OK);
        for (size_t i = 0; i < RENDERS; i++) {
            vqc_archive_state expected = half == 1 || i % 2 == 0 ? VQC_ARCHIVE_DONE : VQC_ARCHIVE_PENDING;
            vqc_archive_state found;
            assert_int_equal(vqc_archive_state_read(archive, i, &found, &error), VQC_OK);
            assert_int_equal(found, expected);
            if (found == VQC_ARCHIVE_DONE)
                assert_true(example_result_is_right(archive, i));
        }
        vqc_archive_close(archive);
    }
}

/* Every rank learns why rank 0 refuses the archive. */
static void test_other_study(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    bool created;
    vqc_archive *archive;
    example_study other;
    example_study_init(&other, RENDERS);
    other.renders[7].seed = 1;
    assert_int_equal(
        vqc_archive_start(f->comm, f->path, &other.outline, VQC_ARCHIVE_LOCKED, &archive, &created, &error),
        VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "seed"));
    assert_int_equal(vqc_archive_start(f->comm, "/nowhere/study.h5", &other.outline, VQC_ARCHIVE_LOCKED, &archive,
                                       &created, &error),
                     VQC_FAILED);
    assert_non_null(strstr(error.message, "/nowhere/study.h5"));
    example_study_release(&other);
}

static void fixture_init(fixture *f)
{
    vqc_error error = {0};
    if (vqc_comm_rank(f->comm) == 0)
        folder_make(f->folder, sizeof f->folder);
    if (vqc_comm_broadcast(f->comm, f->folder, sizeof f->folder, 0, &error) != VQC_OK)
        abort();
    (void)snprintf(f->path, sizeof f->path, "%s/study.h5", f->folder);
    example_study_init(&f->study, RENDERS);
}

static void fixture_release(fixture *f)
{
    example_study_release(&f->study);
    if (vqc_comm_rank(f->comm) == 0) {
        (void)unlink(f->path);
        if (rmdir(f->folder) != 0) /* also a lock or temporary file that was left behind */
            abort();
    }
}

int main(int argc, char **argv)
{
    fixture f = {0};
    vqc_error error = {0};
    if (vqc_comm_start(&argc, &argv, &f.comm, &error) != VQC_OK) {
        print_error("%s\n", error.message);
        return 1;
    }
    fixture_init(&f);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_all_write, &f),
        cmocka_unit_test_prestate(test_other_study, &f),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        vqc_comm_abort(f.comm, 1);
    fixture_release(&f);
    vqc_comm_stop(f.comm);
    return failed;
}
