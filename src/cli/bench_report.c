#include "cli/bench_report.h"

#include <stdio.h>

#include "base/visible.h"
#include "cli/json_output.h"

static const double mebibyte = 1024.0 * 1024.0;

static void part_print(const char *name, const char *of, const vqc_bench_part *part)
{
    vqc_print(stdout, "  %9.5f s  %5.1f %%  %s%s\n", part->median, 100.0 * part->share, name, of);
}

static void steps_print(const vqc_bench_report *report)
{
    (void)printf("steps        %lld after %lld to warm up: median %.5f s, smallest %.5f s; %.3g steps per second\n",
                 (long long)report->steps, (long long)report->warm_up, report->step_median, report->step_smallest,
                 1.0 / report->step_median);
    part_print("decoder forward", "", &report->decode);
    for (size_t i = 0; i < report->study->perceptor_count; i++)
        part_print("crop groups of ", report->study->perceptors[i].name, &report->perceptors[i]);
    part_print("decoder backward, optimiser", "", &report->update);
    part_print("the rest", "", &report->rest);
    (void)printf("loss         %.6f in the last of them\n", report->loss);
}

void vqc_bench_report_print(const vqc_bench_report *report)
{
    const vqc_settings *settings = report->render->settings;
    vqc_print(
        stdout,
        "study        %s, render %lld: %lldx%lld, %lld crops for each perceptor (crop groups: %lld), %lld steps\n",
        report->study->name, (long long)report->render->number, (long long)settings->width,
        (long long)settings->height, (long long)settings->crop_count, (long long)report->groups,
        (long long)settings->steps);
    vqc_print(stdout, "environment  %s%s%s\n", report->environment, report->device.name[0] == '\0' ? "" : "; ",
              report->device.name);
    (void)printf("start        models and targets %.2f s, networks and first latent %.2f s\n", report->open,
                 report->start);
    steps_print(report);
    (void)printf("memory       host peak %.1f MiB; on the device %.1f MiB activations, %.1f MiB parameters a lane\n",
                 (double)report->host_peak / mebibyte, (double)report->memory.activations / mebibyte,
                 (double)report->memory.parameters / mebibyte);
    if (report->device_used > 0)
        (void)printf("             %.1f MiB of the device in use, by all that runs there\n",
                     (double)report->device_used / mebibyte);
    (void)printf("pictures     %d at a time; %.2f s predicted for each\n", report->lanes, report->render_seconds);
}

/* ---- As JSON ---- */

static json_t *part_to_json(const vqc_bench_part *part)
{
    return json_pack("{s: f, s: f}", "seconds", part->median, "share", part->share);
}

static json_t *perceptors_to_json(const vqc_bench_report *report)
{
    json_t *array = json_array();
    for (size_t i = 0; i < report->study->perceptor_count; i++) {
        json_t *object = part_to_json(&report->perceptors[i]);
        json_object_set_new(object, "name", json_string(report->study->perceptors[i].name));
        json_object_set_new(object, "groups", json_integer(report->groups));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *step_to_json(const vqc_bench_report *report)
{
    return json_pack("{s: f, s: f, s: f, s: o, s: o, s: o, s: o}", "median_seconds", report->step_median,
                     "smallest_seconds", report->step_smallest, "per_second", 1.0 / report->step_median,
                     "decoder_forward", part_to_json(&report->decode), "perceptors", perceptors_to_json(report),
                     "decoder_backward", part_to_json(&report->update), "rest", part_to_json(&report->rest));
}

static json_t *render_to_json(const vqc_render *render)
{
    return json_pack("{s: I, s: I, s: I, s: I, s: I}", "number", (json_int_t)render->number, "width",
                     (json_int_t)render->settings->width, "height", (json_int_t)render->settings->height, "crops",
                     (json_int_t)render->settings->crop_count, "steps", (json_int_t)render->settings->steps);
}

vqc_status vqc_bench_report_print_json(const vqc_bench_report *report, vqc_error *error)
{
    json_t *object =
        json_pack("{s: s, s: s, s: o, s: s, s: s, s: I, s: I, s: I, s: f, s: f, s: f, s: o, s: f, s: I, s: I, s: I, "
                  "s: I, s: f}",
                  "study", report->study->name, "job_sha256", report->study->digest, "render",
                  render_to_json(report->render), "environment", report->environment, "device_name",
                  report->device.name, "lanes", (json_int_t)report->lanes, "steps", (json_int_t)report->steps,
                  "warm_up_steps", (json_int_t)report->warm_up, "open_seconds", report->open, "start_seconds",
                  report->start, "picture_seconds", report->picture, "step", step_to_json(report), "loss",
                  report->loss, "peak_memory_bytes", (json_int_t)report->host_peak, "activation_bytes",
                  (json_int_t)report->memory.activations, "parameter_bytes", (json_int_t)report->memory.parameters,
                  "device_used_bytes", (json_int_t)report->device_used, "render_seconds", report->render_seconds);
    return vqc_json_print(object, error);
}
