/* A build without libwebp names what it does not read. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"

static void test_refused_by_name(void **state)
{
    (void)state;
    assert_refused(VQC_SOURCE_DIR "/tests/image/webp/lossy.webp",
                   "is a WebP picture, which this build does not read (built without libwebp)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
