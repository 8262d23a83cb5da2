/* Renders share a shape of the archive where all its columns mean the same: those whose losses are as many and others
 * have shapes of their own, and a render without regularisers of the picture has the losses that it always had. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../support/rendering.h"
#include "record/study_archive.h"

enum { RENDERS = 5, NAMES = 6 };

static const char job[] =
    "study: losses\n" JOB_MODELS "render: {size: [6, 4], steps: 2, crops: {count: 2, group: 2}}\n"
    "prompts:\n"
    "  - {targets: [{noise: 1}]}\n"
    "  - {targets: [{noise: 1}], tv: {weight: 1}}\n"
    "  - {targets: [{noise: 1}], likeness: {weight: 1}}\n"
    "  - {targets: [{noise: 1}], tv: {weight: {0: 0, 1: 2}, kind: isotropic}}\n"
    "  - {targets: [{noise: 1}, {noise: 2}], saturation: {weight: -1}, range: {weight: 1}}\n";

static const struct {
    uint32_t shape;
    const char *names[NAMES];
} expected[RENDERS] = {
    {0, {"first: target 1", "L2", "total"}},
    {1, {"first: target 1", "L2", "tv", "total"}},
    {2, {"first: target 1", "L2", "likeness", "total"}},
    {1, {"first: target 1", "L2", "tv", "total"}},
    {3, {"first: target 1", "first: target 2", "L2", "saturation", "range", "total"}},
};

static void every_loss_has_its_name(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_environment environment;
    vqc_study_archive *archive;
    rendering r = rendering_open(job, "cpu", (vqc_ops_options){.threads = 1});
    check(vqc_environment_find(r.ops, VQC_DTYPE_F32, "0", &environment, &error), &error);
    check(vqc_study_archive_create(r.study, r.renderer, &environment, &archive, &error), &error);
    const vqc_archive_outline *outline = vqc_study_archive_outline(archive);
    assert_int_equal(outline->render_count, RENDERS);
    for (int render = 0; render < RENDERS; render++) {
        const vqc_archive_extents *shape = &outline->shapes[outline->renders[render].shape];
        uint32_t names = 0;
        assert_int_equal(outline->renders[render].shape, expected[render].shape);
        for (; names < NAMES && expected[render].names[names] != NULL; names++)
            assert_string_equal(shape->loss_names[names], expected[render].names[names]);
        assert_int_equal(shape->loss_count, names);
    }
    vqc_study_archive_destroy(archive);
    rendering_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_loss_has_its_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
