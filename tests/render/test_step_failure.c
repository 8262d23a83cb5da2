/* What is said of a failed step: models and settings are told apart, and advice is given where it can help. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "render/step_failure.h"

typedef vqc_status (*failure_writer)(const vqc_step_place *place, vqc_error *error);

static const struct failure_case {
    failure_writer write;
    int64_t steps_done;
    double weight, rate, l2, mean_square;
    bool clamp;
    const char *expected;
    bool advice; /* of a learning rate */
} cases[] = {
    {vqc_step_failure_loss, 0, 1.0, 1e5, 0.1, 1.0, false,
     "render 7: step 1: the loss is not finite before anything has moved: a model or a target is at fault", false},
    {vqc_step_failure_loss, 3, 1.0, 1e5, 0.1, 1e12, true, "step 4: the loss is not finite: a model or a target",
     false},
    {vqc_step_failure_loss, 3, 1.0, 1e5, 0.1, 1e12, false, "to a root mean square of 1e+06", true},
    {vqc_step_failure_loss, 3, 1.0, 0.1, 0.1, 2.0, false, "a model or a target is at fault", false},
    {vqc_step_failure_gradient, 0, -5e5, 0.1, 0.1, 1.0, true, "which come to 1e+06, are too large", false},
    {vqc_step_failure_gradient, 0, 1.0, 0.1, 0.1, 1.0, true, "a model is at fault", false},
    {vqc_step_failure_gradient, 9, 1.0, 0.1, 0.1, NAN, false, "to a root mean square of", true},
    {vqc_step_failure_latent, 0, 1.0, 1e6, 0.1, 1.0, true, "the settings are at fault, with a learning rate of 1e+06",
     false},
    {vqc_step_failure_latent, 0, 1.0, 0.1, 1e6, 1.0, true, "and l2.weight 1e+06", false},
    {vqc_step_failure_latent, 0, 1.0, 0.1, 0.1, 1.0, true, "the generator is at fault", false},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_settings settings;
        vqc_target target = {.weight = cases[i].weight};
        const vqc_prompt prompt = {.targets = &target, .target_count = 1};
        const vqc_study study = {.perceptors = {{.weight = 0.5}, {.weight = 2.0}}, .perceptor_count = 2};
        vqc_settings_default(&settings);
        settings.learning_rate = cases[i].rate;
        settings.l2_weight = cases[i].l2;
        settings.clamp = cases[i].clamp;
        const vqc_render render = {.number = 7, .prompt = &prompt, .settings = &settings};
        vqc_error error = {0};
        const vqc_step_place place = {&study, &render, cases[i].steps_done, cases[i].mean_square};
        assert_int_equal(cases[i].write(&place, &error), VQC_FAILED);
        if (strstr(error.message, cases[i].expected) == NULL ||
            (strstr(error.message, "smaller learning rate") != NULL) != cases[i].advice)
            fail_msg("%zu: %s", i, error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
