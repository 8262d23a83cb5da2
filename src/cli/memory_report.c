#include "cli/memory_report.h"

#include <stdio.h>

#include "base/visible.h"
#include "cli/json_output.h"
#include "forecast/cost_table.h"
#include "render/study_models.h"
#include "schedule/lane_count.h"

/* The models, and what is free on the device before anything of them is there. */
typedef struct memory_report {
    const vqc_study *study;
    const vqc_compute *compute;
    vqc_render_lanes lanes;
    vqc_study_models models;
    size_t free, total;
    json_t *shapes; /* NULL: for people */
} memory_report;

/* ---- One kind of render ---- */

static void line_print(const char *kind, const char *name, size_t parameters, size_t activations, size_t recomputed,
                       size_t workspace)
{
    char text[4][VQC_MEMORY_TEXT_SIZE];
    char part[64];
    (void)snprintf(part, sizeof part, "%s%s%.40s", kind, name[0] == '\0' ? "" : " ", name);
    vqc_print(stdout, "  %-28s  %12s  %12s  %12s  %12s\n", part, vqc_memory_text(parameters, text[0]),
              vqc_memory_text(activations, text[1]), vqc_memory_text(recomputed, text[2]),
              vqc_memory_text(workspace, text[3]));
}

/* How many renders fit beside each other. */
static int lanes_fitting(const memory_report *report, const vqc_render_memory *memory, bool recompute)
{
    const vqc_render_lanes most = {VQC_LAUNCH_MAX_LANES, report->lanes.shared};
    return vqc_render_memory_fitting(memory, recompute, report->free, most);
}

/* What so many renders take beside each other, and how many fit. */
static void lanes_print(const memory_report *report, bool recompute, const vqc_render_memory *memory)
{
    char text[2][VQC_MEMORY_TEXT_SIZE];
    char kind[16];
    vqc_render_memory_part sum = vqc_render_memory_lanes(memory, report->lanes);
    (void)snprintf(kind, sizeof kind, "%d %s", report->lanes.count, report->lanes.count == 1 ? "lane" : "lanes");
    line_print(kind, "", sum.parameters, sum.activations, sum.recomputed, sum.workspace);
    vqc_print(stdout, "  peak %s; with recompute: true %s",
              vqc_memory_text(vqc_render_memory_part_size(&sum, false), text[0]),
              vqc_memory_text(vqc_render_memory_part_size(&sum, true), text[1]));
    if (report->total > 0)
        (void)printf("; %d of at most %d lanes fit", lanes_fitting(report, memory, recompute), VQC_LAUNCH_MAX_LANES);
    (void)printf("\n");
}

static void shape_print(const memory_report *report, const vqc_render *render, const vqc_network_cost *shape,
                        const vqc_render_memory *memory)
{
    size_t peak[] = {vqc_render_memory_total(memory, false), vqc_render_memory_total(memory, true)};
    char text[2][VQC_MEMORY_TEXT_SIZE];
    vqc_print(stdout, "\n%lldx%lld, crops in groups of %lld%s (render %lld is the first)\n",
              (long long)shape->key.width, (long long)shape->key.height,
              (long long)vqc_network_key_group(&shape->key), shape->key.recompute ? ", recompute: true" : "",
              (long long)render->number);
    vqc_print(stdout, "  %-28s  %12s  %12s  %12s  %12s\n", "", "parameters", "activations", "recomputed",
              "workspace");
    for (size_t i = 0; i < memory->count; i++) {
        const vqc_render_memory_part *part = &memory->parts[i];
        line_print(part->kind, part->name, part->parameters, part->activations, part->recomputed, part->workspace);
    }
    vqc_print(stdout, "  peak %s; with recompute: true %s", vqc_memory_text(peak[0], text[0]),
              vqc_memory_text(peak[1], text[1]));
    if (report->total > 0)
        vqc_print(stdout, "; %s", peak[shape->key.recompute] <= report->free ? "fits" : "does not fit");
    (void)printf("\n");
    lanes_print(report, shape->key.recompute, memory);
}

static json_t *part_to_json(const vqc_render_memory_part *part)
{
    return json_pack("{s: s, s: s, s: I, s: I, s: I, s: I}", "part", part->kind, "name", part->name,
                     "parameter_bytes", (json_int_t)part->parameters, "activation_bytes",
                     (json_int_t)part->activations, "activation_bytes_recomputed", (json_int_t)part->recomputed,
                     "workspace_bytes", (json_int_t)part->workspace);
}

static json_t *lanes_to_json(const memory_report *report, const vqc_render_memory *memory)
{
    vqc_render_memory_part sum = vqc_render_memory_lanes(memory, report->lanes);
    json_t *object = json_pack("{s: I, s: I, s: I, s: I, s: I, s: I}", "lanes", (json_int_t)report->lanes.count,
                               "parameter_bytes", (json_int_t)sum.parameters, "activation_bytes",
                               (json_int_t)sum.activations, "activation_bytes_recomputed", (json_int_t)sum.recomputed,
                               "peak_bytes", (json_int_t)vqc_render_memory_part_size(&sum, false),
                               "peak_bytes_recomputed", (json_int_t)vqc_render_memory_part_size(&sum, true));
    if (report->total == 0)
        return object;
    json_object_set_new(object, "fitting", json_integer(lanes_fitting(report, memory, false)));
    json_object_set_new(object, "fitting_recomputed", json_integer(lanes_fitting(report, memory, true)));
    return object;
}

static json_t *shape_to_json(const memory_report *report, const vqc_render *render, const vqc_network_cost *shape,
                             const vqc_render_memory *memory)
{
    json_t *parts = json_array();
    for (size_t i = 0; i < memory->count; i++)
        json_array_append_new(parts, part_to_json(&memory->parts[i]));
    return json_pack("{s: I, s: I, s: I, s: I, s: b, s: o, s: I, s: I, s: o}", "first_render",
                     (json_int_t)render->number, "width", (json_int_t)shape->key.width, "height",
                     (json_int_t)shape->key.height, "group", (json_int_t)vqc_network_key_group(&shape->key),
                     "recompute", shape->key.recompute, "parts", parts, "peak_bytes",
                     (json_int_t)vqc_render_memory_total(memory, false), "peak_bytes_recomputed",
                     (json_int_t)vqc_render_memory_total(memory, true), "lanes", lanes_to_json(report, memory));
}

static vqc_status shape_report(memory_report *report, const vqc_render *render, const vqc_network_cost *shape,
                               vqc_error *error)
{
    const vqc_render_models models =
        vqc_study_models_on(&report->models, report->compute->ops, report->compute->dtype);
    int64_t rows;
    int64_t columns;
    vqc_render_memory memory;
    VQC_TRY(vqc_study_models_cells(&report->models, render, &rows, &columns, error));
    VQC_TRY(vqc_render_memory_prepare(&models, render, rows, columns, &memory, error));
    if (report->shapes == NULL)
        shape_print(report, render, shape, &memory);
    else
        json_array_append_new(report->shapes, shape_to_json(report, render, shape, &memory));
    return VQC_OK;
}

/* ---- All of them ---- */

static vqc_status shapes_report(memory_report *report, vqc_cost_table *reported, vqc_error *error)
{
    for (size_t i = 0; i < report->study->render_count; i++) {
        const vqc_render *render = &report->study->renders[i];
        if (vqc_cost_table_find(reported, report->study, render) < reported->count)
            continue;
        vqc_network_cost shape = vqc_network_cost_describe(report->study, render, reported->factor);
        VQC_TRY(shape_report(report, render, &shape, error));
        VQC_TRY(vqc_cost_table_add(reported, &shape, error));
    }
    return VQC_OK;
}

static void head_print(const memory_report *report)
{
    const vqc_compute *compute = report->compute;
    char text[2][VQC_MEMORY_TEXT_SIZE];
    vqc_print(stdout, "device memory of the study %s on %s in %s", report->study->name, vqc_ops_name(compute->ops),
              vqc_dtype_name(compute->dtype));
    if (report->total > 0)
        vqc_print(stdout, "; %s of %s are free", vqc_memory_text(report->free, text[0]),
                  vqc_memory_text(report->total, text[1]));
    (void)printf("\n");
}

static vqc_status report_print(memory_report *report, vqc_error *error)
{
    vqc_cost_table reported = {0};
    VQC_TRY(vqc_ops_memory(report->compute->ops, &report->free, &report->total, error));
    VQC_TRY(vqc_study_models_open(report->study, &report->models, error));
    reported.factor = report->models.generator.factor;
    if (report->shapes == NULL)
        head_print(report);
    vqc_status status = shapes_report(report, &reported, error);
    vqc_cost_table_release(&reported);
    return status;
}

static vqc_status report_print_json(memory_report *report, vqc_error *error)
{
    report->shapes = json_array();
    json_t *object = json_pack("{s: s, s: s, s: s, s: s, s: o}", "study", report->study->name, "job_sha256",
                               report->study->digest, "device", vqc_ops_name(report->compute->ops), "precision",
                               vqc_dtype_name(report->compute->dtype), "shapes", report->shapes);
    vqc_status status = report_print(report, error);
    if (report->total > 0) {
        json_object_set_new(object, "free_bytes", json_integer((json_int_t)report->free));
        json_object_set_new(object, "total_bytes", json_integer((json_int_t)report->total));
    }
    if (status != VQC_OK) {
        json_decref(object);
        return status;
    }
    return vqc_json_print(object, error);
}

vqc_status vqc_memory_report_print(const vqc_study *study, const vqc_compute *compute, int lanes, vqc_error *error)
{
    memory_report report = {
        .study = study, .compute = compute, .lanes = {lanes, vqc_ops_shares_parameters(compute->ops)}};
    vqc_status status = compute->json ? report_print_json(&report, error) : report_print(&report, error);
    vqc_study_models_close(&report.models);
    return status;
}
