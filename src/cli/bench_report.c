#include "cli/bench_report.h"

#include <stdio.h>

#include "cli/json_output.h"

static const double mebibyte = 1024.0 * 1024.0;

static void part_print(const char *name, const char *of, const vqc_bench_part *part)
{
    (void)printf("  %9.5f s  %5.1f %%  %s%s\n", part->median, 100.0 * part->share, name, of);
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
    const vqc_settings *settings = &report->render->settings;
    (void)printf(
        "study        %s, render %lld: %lldx%lld, %lld crops for each perceptor (crop groups: %lld), %lld steps\n",
        report->study->name, (long long)report->render->number, (long long)settings->width,
        (long long)settings->height, (long long)settings->crop_count, (long long)report->groups,
        (long long)settings->steps);
    (void)printf("environment  %s%s%s\n", report->environment, report->device.name[0] == '\0' ? "" : "; ",
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
    json_t *object = json_object();
    json_object_set_new(object, "seconds", json_real(part->median));
    json_object_set_new(object, "share", json_real(part->share));
    return object;
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
    json_t *object = json_object();
    json_object_set_new(object, "median_seconds", json_real(report->step_median));
    json_object_set_new(object, "smallest_seconds", json_real(report->step_smallest));
    json_object_set_new(object, "per_second", json_real(1.0 / report->step_median));
    json_object_set_new(object, "decoder_forward", part_to_json(&report->decode));
    json_object_set_new(object, "perceptors", perceptors_to_json(report));
    json_object_set_new(object, "decoder_backward", part_to_json(&report->update));
    json_object_set_new(object, "rest", part_to_json(&report->rest));
    return object;
}

static json_t *render_to_json(const vqc_render *render)
{
    json_t *object = json_object();
    json_object_set_new(object, "number", json_integer(render->number));
    json_object_set_new(object, "width", json_integer(render->settings.width));
    json_object_set_new(object, "height", json_integer(render->settings.height));
    json_object_set_new(object, "crops", json_integer(render->settings.crop_count));
    json_object_set_new(object, "steps", json_integer(render->settings.steps));
    return object;
}

vqc_status vqc_bench_report_print_json(const vqc_bench_report *report, vqc_error *error)
{
    json_t *object = json_object();
    json_object_set_new(object, "study", json_string(report->study->name));
    json_object_set_new(object, "job_sha256", json_string(report->study->digest));
    json_object_set_new(object, "render", render_to_json(report->render));
    json_object_set_new(object, "environment", json_string(report->environment));
    json_object_set_new(object, "device_name", json_string(report->device.name));
    json_object_set_new(object, "lanes", json_integer(report->lanes));
    json_object_set_new(object, "steps", json_integer(report->steps));
    json_object_set_new(object, "warm_up_steps", json_integer(report->warm_up));
    json_object_set_new(object, "open_seconds", json_real(report->open));
    json_object_set_new(object, "start_seconds", json_real(report->start));
    json_object_set_new(object, "picture_seconds", json_real(report->picture));
    json_object_set_new(object, "step", step_to_json(report));
    json_object_set_new(object, "loss", json_real(report->loss));
    json_object_set_new(object, "peak_memory_bytes", json_integer((json_int_t)report->host_peak));
    json_object_set_new(object, "activation_bytes", json_integer((json_int_t)report->memory.activations));
    json_object_set_new(object, "parameter_bytes", json_integer((json_int_t)report->memory.parameters));
    json_object_set_new(object, "device_used_bytes", json_integer((json_int_t)report->device_used));
    json_object_set_new(object, "render_seconds", json_real(report->render_seconds));
    return vqc_json_print(object, error);
}
