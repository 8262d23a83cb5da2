#ifndef VQC_TESTS_SUPPORT_CHECK_H
#define VQC_TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/status.h"

/* Fails the test with the error's message, unless all is well. */
static inline void check(vqc_status status, const vqc_error *error)
{
    if (status != VQC_OK)
        fail_msg("%s", error->message);
}

#endif
