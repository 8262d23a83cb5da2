#include "render/step_failure.h"

#include <math.h>

#include "render/regulariser.h"

/* Settings within these bounds move finite numbers to finite ones of a size that a model is made for. */
static const double ordinary_pull = 1000.0;  /* sum of the weights of targets and perceptors */
static const double ordinary_rate = 10.0;    /* learning rate */
static const double ordinary_l2 = 1000.0;    /* weight of the L2 term */
static const double ordinary_terms = 1e5;    /* sum of the weights of the regularisers that look at the picture */
static const double ordinary_latent = 100.0; /* root mean square; codebooks and encoders stay below 10 */

static vqc_status failed(const vqc_step_place *place, const char *what, const char *fault, vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED, "render %lld: step %lld: %s%s: %s", (long long)place->render->number,
                         (long long)place->steps_done + 1, what,
                         place->steps_done == 0 ? " before anything has moved" : "", fault);
}

/* The latent has left the range where the models' numbers mean something. */
static vqc_status latent_far(const vqc_step_place *place, const char *what, vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED,
                         "render %lld: step %lld: %s: the settings have led the latent to a root mean square of %g, "
                         "where models are not at home; a smaller learning rate may help, or clamp: true",
                         (long long)place->render->number, (long long)place->steps_done + 1, what,
                         sqrt(place->mean_square));
}

/* Settings move the latent alone; where it is limited to the codebook's range, or near enough, they are not at fault.
 */
static bool latent_is_far(const vqc_step_place *place)
{
    return place->steps_done > 0 && !place->render->settings->clamp &&
           !(place->mean_square <= ordinary_latent * ordinary_latent);
}

vqc_status vqc_step_failure_loss(const vqc_step_place *place, vqc_error *error)
{
    if (latent_is_far(place))
        return latent_far(place, "the loss is not finite", error);
    return failed(place, "the loss is not finite",
                  "a model or a target is at fault, whose numbers are not finite or far too large, not the settings",
                  error);
}

vqc_status vqc_step_failure_gradient(const vqc_step_place *place, vqc_error *error)
{
    static const char what[] = "the picture's gradient is beyond 4096, the range of its sum, or not finite";
    const double pull = vqc_study_pull(place->study, place->render->prompt);
    if (pull > ordinary_pull)
        return vqc_error_set(
            error, VQC_FAILED,
            "render %lld: step %lld: %s: the weights of targets and perceptors, which come to %g, are "
            "too large",
            (long long)place->render->number, (long long)place->steps_done + 1, what, pull);
    return latent_is_far(place) ? latent_far(place, what, error)
                                : failed(place, what,
                                         "a model is at fault, whose numbers are not "
                                         "finite or far too large, not the settings",
                                         error);
}

vqc_status vqc_step_failure_latent(const vqc_step_place *place, vqc_error *error)
{
    const vqc_settings *settings = place->render->settings;
    const double rate = fmax(settings->learning_rate, settings->learning_rate_end);
    if (rate > ordinary_rate || settings->l2_weight > ordinary_l2)
        return vqc_error_set(error, VQC_FAILED,
                             "render %lld: step %lld: the latent is not finite: the settings are at fault, with a "
                             "learning rate of %g and l2.weight %g",
                             (long long)place->render->number, (long long)place->steps_done + 1, rate,
                             settings->l2_weight);
    if (vqc_picture_regularisers_pull(settings) > ordinary_terms)
        return vqc_error_set(error, VQC_FAILED,
                             "render %lld: step %lld: the latent is not finite: the weights of the regularisers that "
                             "look at the picture, which come to %g, are too large",
                             (long long)place->render->number, (long long)place->steps_done + 1,
                             vqc_picture_regularisers_pull(settings));
    return failed(place, "the latent is not finite",
                  "the generator is at fault, whose gradient is not finite or far too large, not the settings",
                  error);
}
