#include "cli/forecast_report.h"

#include <math.h>
#include <stdio.h>

#include "base/visible.h"
#include "cli/json_output.h"
#include "forecast/cost_file.h"
#include "schedule/cost.h"

enum { LINES_AT_AN_END = 12 };

static const double mebibyte = 1024.0 * 1024.0;

/* A step of a shape's first render in a team. */
typedef struct team_step {
    int members;
    double seconds;    /* of the step */
    double sum;        /* of these, for the message */
    uint64_t message;  /* bytes */
    double efficiency; /* against one rank */
    double sent;       /* bytes that a member sends */
    int messages;      /* that it sends */
} team_step;

static vqc_status step_predict(const vqc_forecast_report *report, const vqc_render *render,
                               const vqc_network_cost *shape, int members, team_step *step_out, vqc_error *error)
{
    double alone;
    double p = (double)members;
    VQC_TRY(vqc_prediction_step(report->study, render, shape, report->options, 1, &alone, error));
    *step_out = (team_step){.members = members, .message = vqc_prediction_message(report->study, render, shape)};
    VQC_TRY(vqc_prediction_step(report->study, render, shape, report->options, members, &step_out->seconds, error));
    step_out->sum = vqc_prediction_sum(report->options, step_out->message, members);
    step_out->efficiency = alone / (p * step_out->seconds);
    step_out->sent = 2.0 * (p - 1.0) / p * (double)step_out->message;
    step_out->messages = members == 1 ? 0 : 2 * (int)ceil(log2(p));
    return VQC_OK;
}

/* The most members worth listing for a render: its crop groups, the ranks, or the size asked for. */
static int members_most(const vqc_forecast_report *report, const vqc_render *render)
{
    int64_t groups = vqc_cost_groups(report->study, render);
    int64_t most = report->options->team > 0 && report->options->team < groups ? report->options->team : groups;
    return most < report->options->ranks ? (int)most : report->options->ranks;
}

/* 1, 2, 4, ... and the most; 0 after that. */
static int members_next(int members, int most)
{
    if (members == most)
        return 0;
    return 2 * members < most ? 2 * members : most;
}

/* The first render of the table's shape number `shape`; NULL if the study has none. */
static const vqc_render *render_of_shape(const vqc_forecast_report *report, size_t shape)
{
    for (size_t i = 0; i < report->study->render_count; i++)
        if (vqc_cost_table_find(report->costs, report->study, &report->study->renders[i]) == shape)
            return &report->study->renders[i];
    return NULL;
}

/* The device's memory that the networks of so many renders of a shape take. */
static uint64_t lanes_bytes(const vqc_network_cost *shape, int lanes)
{
    return (uint64_t)lanes * shape->activation_bytes + (shape->shared ? 1 : (uint64_t)lanes) * shape->parameter_bytes;
}

/* Seconds of a step of a shape's first render with so many lanes at work. */
static vqc_status lane_step_predict(const vqc_forecast_report *report, const vqc_render *render,
                                    const vqc_network_cost *shape, int lanes, double *seconds_out, vqc_error *error)
{
    double alone;
    VQC_TRY(vqc_prediction_step(report->study, render, shape, report->options, 1, &alone, error));
    *seconds_out = alone * vqc_network_cost_slowdown(shape, lanes);
    return VQC_OK;
}

/* ---- For people ---- */

static vqc_status lanes_print(const vqc_forecast_report *report, const vqc_render *render,
                              const vqc_network_cost *shape, vqc_error *error)
{
    if (report->costs->lanes == 1)
        return VQC_OK;
    (void)printf("  lanes     step s    gain  MiB on the device\n");
    for (int lanes = 1; lanes <= report->costs->lanes; lanes++) {
        double seconds;
        VQC_TRY(lane_step_predict(report, render, shape, lanes, &seconds, error));
        (void)printf("  %5d  %9.4f  %6.3f  %17.1f\n", lanes, seconds,
                     (double)lanes / vqc_network_cost_slowdown(shape, lanes),
                     (double)lanes_bytes(shape, lanes) / mebibyte);
    }
    return VQC_OK;
}

static vqc_status shape_print(const vqc_forecast_report *report, size_t index, vqc_error *error)
{
    const vqc_network_cost *shape = &report->costs->shapes[index];
    const vqc_render *render = render_of_shape(report, index);
    if (render == NULL)
        return VQC_OK;
    (void)printf("\nshape %zu: %lldx%lld, crops in groups of %lld, %lld groups a step (render %lld is the first)\n",
                 index, (long long)shape->key.width, (long long)shape->key.height,
                 (long long)vqc_network_key_group(&shape->key), (long long)vqc_cost_groups(report->study, render),
                 (long long)render->number);
    (void)printf("  seconds     networks %.3g, first latent %.3g, decoder %.3g a step, picture %.3g, crop group",
                 shape->make, shape->start, shape->decode, shape->picture);
    for (size_t i = 0; i < report->costs->perceptors; i++)
        (void)printf(" %.3g", shape->group_seconds[i]);
    (void)printf(
        "\n  memory      %.1f MiB activations and %.1f MiB parameters on the device, %.2f MiB on the host besides\n",
        (double)shape->activation_bytes / mebibyte, (double)shape->parameter_bytes / mebibyte,
        (double)vqc_prediction_host(report->study, report->costs, render, shape) / mebibyte);
    (void)printf("  members   step s    sum s   bytes summed  messages sent  bytes sent  efficiency\n");
    for (int members = 1; members > 0; members = members_next(members, members_most(report, render))) {
        team_step step;
        VQC_TRY(step_predict(report, render, shape, members, &step, error));
        (void)printf("  %7d  %7.4f  %7.1e  %13llu  %13d  %10.0f  %10.3f\n", members, step.seconds, step.sum,
                     members == 1 ? 0ULL : (unsigned long long)step.message, step.messages, step.sent,
                     step.efficiency);
    }
    return lanes_print(report, render, shape, error);
}

static void render_print(const vqc_forecast_report *report, const vqc_predicted_render *render)
{
    const vqc_render *wanted = &report->study->renders[render->number];
    char ranks[48];
    if (render->members == 1)
        (void)snprintf(ranks, sizeof ranks, "%d", render->rank);
    else
        (void)snprintf(ranks, sizeof ranks, "%d-%d", render->rank, render->rank + render->members - 1);
    vqc_print(stdout, "%6lld  %-11s  %4d  %6d  %9.1f  %9.1f  %s.%llu%s%s\n", (long long)render->number, ranks,
              render->lane, render->joined, render->begin, render->end, wanted->prompt->id,
              (unsigned long long)wanted->seed, wanted->variant[0] == '\0' ? "" : ".", wanted->variant);
}

static void renders_print(const vqc_forecast_report *report)
{
    const vqc_prediction *prediction = report->prediction;
    (void)printf("\nrenders as they are taken; ranks that join come on top\nnumber  ranks        lane  joined     "
                 "from s       "
                 "to s  render\n");
    for (size_t i = 0; i < prediction->count; i++) {
        if (prediction->count > 2 * (size_t)LINES_AT_AN_END + 1 && i == LINES_AT_AN_END) {
            (void)printf("   ...  %zu more\n", prediction->count - 2 * (size_t)LINES_AT_AN_END);
            i = prediction->count - LINES_AT_AN_END;
        }
        render_print(report, &prediction->renders[i]);
    }
}

static void launch_print(const vqc_forecast_report *report)
{
    const vqc_prediction *prediction = report->prediction;
    const vqc_prediction_options *options = report->options;
    vqc_print(stdout, "study      %s, %zu renders\ncosts      %s\n", report->study->name, prediction->count,
              report->where);
    vqc_print(stdout, "launch     %d ranks, %d teams at the start%s; lanes of a rank by itself: %d", options->ranks,
              prediction->teams, options->team > 0 ? ", of the size asked for" : "", prediction->lanes);
    if (prediction->closed > 0)
        (void)printf(", %d of all closed for want of memory", prediction->closed);
    (void)printf("\n");
    (void)printf("network    latency %g s, bandwidth %g bytes/s; a sum of S bytes over p ranks takes\n"
                 "           2 log2(p) latency + 2 (p-1)/p S/bandwidth (Thakur, Rabenseifner, Gropp 2005)\n",
                 options->latency, options->bandwidth);
    (void)printf(
        "start      %.2f s on every rank: models %.2f s, targets %.4f s a prompt; %.1f MiB of models' files\n",
        report->costs->open + (double)report->study->prompt_count * report->costs->prompt, report->costs->open,
        report->costs->prompt, (double)report->costs->model_bytes / mebibyte);
    (void)printf(
        "predicted  %.1f s; %.1f s on one rank: parallel efficiency %.3f; ranks at work %.1f %% of the time\n",
        prediction->seconds, prediction->serial, prediction->efficiency, 100.0 * prediction->used);
    if (prediction->lanes > 1)
        (void)printf("           with one render at a time on each rank %.1f s: lanes are %.3f times as fast\n",
                     prediction->one_lane, prediction->one_lane / prediction->seconds);
}

vqc_status vqc_forecast_report_print(const vqc_forecast_report *report, vqc_error *error)
{
    launch_print(report);
    for (size_t i = 0; i < report->costs->count; i++)
        VQC_TRY(shape_print(report, i, error));
    renders_print(report);
    return VQC_OK;
}

/* ---- As JSON ---- */

static vqc_status lanes_to_json(const vqc_forecast_report *report, const vqc_render *render,
                                const vqc_network_cost *shape, json_t *array, vqc_error *error)
{
    for (int lanes = 1; lanes <= report->costs->lanes; lanes++) {
        double seconds;
        json_t *object = json_object();
        json_array_append_new(array, object);
        VQC_TRY(lane_step_predict(report, render, shape, lanes, &seconds, error));
        json_object_set_new(object, "lanes", json_integer(lanes));
        json_object_set_new(object, "step_seconds", json_real(seconds));
        json_object_set_new(object, "gain", json_real((double)lanes / vqc_network_cost_slowdown(shape, lanes)));
        json_object_set_new(object, "device_bytes", json_integer((json_int_t)lanes_bytes(shape, lanes)));
    }
    return VQC_OK;
}

static vqc_status steps_to_json(const vqc_forecast_report *report, const vqc_render *render,
                                const vqc_network_cost *shape, json_t *array, vqc_error *error)
{
    for (int members = 1; members > 0; members = members_next(members, members_most(report, render))) {
        team_step step;
        json_t *object = json_object();
        json_array_append_new(array, object);
        VQC_TRY(step_predict(report, render, shape, members, &step, error));
        json_object_set_new(object, "members", json_integer(members));
        json_object_set_new(object, "step_seconds", json_real(step.seconds));
        json_object_set_new(object, "sum_seconds", json_real(step.sum));
        json_object_set_new(object, "bytes_summed", json_integer(members == 1 ? 0 : (json_int_t)step.message));
        json_object_set_new(object, "messages_sent", json_integer(step.messages));
        json_object_set_new(object, "bytes_sent", json_real(step.sent));
        json_object_set_new(object, "efficiency", json_real(step.efficiency));
    }
    return VQC_OK;
}

static vqc_status shape_to_json(const vqc_forecast_report *report, size_t index, json_t *array, vqc_error *error)
{
    const vqc_network_cost *shape = &report->costs->shapes[index];
    const vqc_render *render = render_of_shape(report, index);
    if (render == NULL)
        return VQC_OK;
    json_t *object = json_object();
    json_t *steps = json_array();
    json_t *lanes = json_array();
    json_array_append_new(array, object);
    json_object_set_new(object, "shape", json_integer((json_int_t)index));
    json_object_set_new(object, "width", json_integer(shape->key.width));
    json_object_set_new(object, "height", json_integer(shape->key.height));
    json_object_set_new(object, "groups", json_integer(vqc_cost_groups(report->study, render)));
    json_object_set_new(object, "activation_bytes", json_integer((json_int_t)shape->activation_bytes));
    json_object_set_new(object, "parameter_bytes", json_integer((json_int_t)shape->parameter_bytes));
    json_object_set_new(object, "host_bytes",
                        json_integer((json_int_t)vqc_prediction_host(report->study, report->costs, render, shape)));
    json_object_set_new(object, "teams", steps);
    json_object_set_new(object, "lanes", lanes);
    VQC_TRY(lanes_to_json(report, render, shape, lanes, error));
    return steps_to_json(report, render, shape, steps, error);
}

static json_t *renders_to_json(const vqc_prediction *prediction)
{
    json_t *array = json_array();
    for (size_t i = 0; i < prediction->count; i++) {
        const vqc_predicted_render *render = &prediction->renders[i];
        json_t *object = json_pack("{s: I, s: I, s: I, s: I, s: I, s: f, s: f}", "number", (json_int_t)render->number,
                                   "rank", (json_int_t)render->rank, "lane", (json_int_t)render->lane, "members",
                                   (json_int_t)render->members, "joined", (json_int_t)render->joined, "begin",
                                   render->begin, "end", render->end);
        json_array_append_new(array, object);
    }
    return array;
}

vqc_status vqc_forecast_report_print_json(const vqc_forecast_report *report, vqc_error *error)
{
    const vqc_prediction *prediction = report->prediction;
    json_t *shapes = json_array();
    vqc_status status = VQC_OK;
    json_t *object =
        json_pack("{s: s, s: s, s: I, s: I, s: f, s: f, s: I, s: I, s: I, s: f, s: f, s: f, s: f, s: f, s: f, s: o, "
                  "s: o, s: o}",
                  "study", report->study->name, "job_sha256", report->study->digest, "ranks",
                  (json_int_t)report->options->ranks, "team", (json_int_t)report->options->team, "latency",
                  report->options->latency, "bandwidth", report->options->bandwidth, "teams_at_start",
                  (json_int_t)prediction->teams, "lanes", (json_int_t)prediction->lanes, "lanes_closed",
                  (json_int_t)prediction->closed, "seconds", prediction->seconds, "seconds_on_one_rank",
                  prediction->serial, "seconds_with_one_lane", prediction->one_lane, "gain_of_lanes",
                  prediction->one_lane / prediction->seconds, "efficiency", prediction->efficiency, "ranks_at_work",
                  prediction->used, "costs", vqc_cost_table_to_json(report->costs, report->where), "shapes", shapes,
                  "renders", renders_to_json(prediction));
    for (size_t i = 0; i < report->costs->count && status == VQC_OK; i++)
        status = shape_to_json(report, i, shapes, error);
    if (status != VQC_OK) {
        json_decref(object);
        return status;
    }
    return vqc_json_print(object, error);
}
