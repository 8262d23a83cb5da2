/* Kills a writer, at random moments and in the middle of each of its writes; after each kill everything acknowledged
 * must be in the archive, and right. Run as `test_archive_kill PATH_OF_ARCHIVE_WRITER`. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"

enum { KILLS = 20, LONGEST_MILLISECONDS = 120 };

enum { CHECK_GOOD = 0, CHECK_GOOD_AND_ALL_DONE = 3 };

typedef struct fixture {
    const char *program;
    const char *renders;
    char folder[32];
} fixture;

static pid_t writer_start(const fixture *f, const char *mode, const char *count)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execl(f->program, f->program, mode, f->folder, f->renders, count, (char *)NULL);
        _exit(127);
    }
    return child;
}

/* The exit code, or -1 if the writer was killed. */
static int writer_end(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return -1;
    }
    return WEXITSTATUS(status);
}

static int check(const fixture *f)
{
    const int code = writer_end(writer_start(f, "check", NULL));
    assert_true(code == CHECK_GOOD || code == CHECK_GOOD_AND_ALL_DONE);
    return code;
}

/* A launch that is not disturbed completes the archive. */
static void complete(const fixture *f)
{
    assert_int_equal(writer_end(writer_start(f, "write", NULL)), 0);
    assert_int_equal(check(f), CHECK_GOOD_AND_ALL_DONE);
}

static void folder_empty(const fixture *f)
{
    static const char *const names[] = {"study.h5", "study.h5.lock", "study.h5.partial", "acknowledged", "processes"};
    char path[64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", f->folder, names[i]);
        (void)unlink(path);
    }
}

static void test_random_moments(void **state)
{
    fixture *f = *state;
    f->renders = "60";
    srand((unsigned)time(NULL));
    for (int i = 0; i < KILLS; i++) {
        const struct timespec delay = {.tv_nsec = (rand() % (LONGEST_MILLISECONDS * 1000)) * 1000L};
        const pid_t child = writer_start(f, "write", NULL);
        (void)nanosleep(&delay, NULL);
        (void)kill(child, SIGKILL);
        assert_true(writer_end(child) <= 0); /* it may have been through */
        if (check(f) == CHECK_GOOD_AND_ALL_DONE)
            folder_empty(f);
    }
    complete(f);
    folder_empty(f);
}

/* Kills launches in their first write, their second one and so on until one comes through. Each begins where the one
 * before was killed, or, if `anew`, with a new archive. Returns the number of writes of the last. */
static int every_write_kill(const fixture *f, bool anew)
{
    int writes = 0;
    int code = -1;
    while (code < 0) {
        char count[16];
        (void)snprintf(count, sizeof count, "%d", ++writes);
        code = writer_end(writer_start(f, "write", count));
        const int found = check(f);
        if (code >= 0)
            assert_int_equal(found, CHECK_GOOD_AND_ALL_DONE);
        else if (anew)
            folder_empty(f);
    }
    assert_int_equal(code, 0);
    folder_empty(f);
    return writes;
}

static void test_every_write(void **state)
{
    fixture *f = *state;
    f->renders = "3";
    assert_true(every_write_kill(f, false) > 5);
    f->renders = "1";
    assert_true(every_write_kill(f, true) > 30);
}

/* An archive with renders that are done, under way and not begun is extended: killed in any write, it is the old one
 * still, of which nothing is lost, and at last the longer one. */
static void test_every_write_of_an_extension(void **state)
{
    fixture *f = *state;
    int writes = 0;
    int code = -1;
    f->renders = "3";
    assert_int_equal(writer_end(writer_start(f, "write", "50")), -1);
    while (code < 0) {
        char count[16];
        (void)snprintf(count, sizeof count, "%d", ++writes);
        code = writer_end(writer_start(f, "extend", count));
        assert_int_equal(check(f), CHECK_GOOD);
    }
    assert_int_equal(code, 0);
    assert_true(writes > 30);
    assert_int_equal(writer_end(writer_start(f, "extend", "0")), 2); /* it is the longer one's now */
    folder_empty(f);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    fixture f = {.program = argv[1]};
    folder_make(f.folder, sizeof f.folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_random_moments, &f),
        cmocka_unit_test_prestate(test_every_write, &f),
        cmocka_unit_test_prestate(test_every_write_of_an_extension, &f),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    folder_empty(&f);
    return failed;
}
