#include "render/memory.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "guide/network_key.h"
#include "render/init.h"
#include "render/latent_optimiser.h"
#include "render/parametrisation.h"

const char *vqc_memory_text(size_t bytes, char text[VQC_MEMORY_TEXT_SIZE])
{
    static const double mebibyte = 1024.0 * 1024.0;
    static const double gibibyte = 1024.0 * 1024.0 * 1024.0;
    if ((double)bytes >= gibibyte)
        (void)snprintf(text, VQC_MEMORY_TEXT_SIZE, "%.2f GiB", (double)bytes / gibibyte);
    else
        (void)snprintf(text, VQC_MEMORY_TEXT_SIZE, "%.2f MiB", (double)bytes / mebibyte);
    return text;
}

/* ---- Parts ---- */

static const char encoder_kind[] = "encoder";

/* Adds a prepared network. */
static vqc_status part_add(vqc_render_memory *memory, const char *kind, const char *name, const vqc_network *network,
                           vqc_error *error)
{
    vqc_render_memory_part *part = &memory->parts[memory->count];
    *part = (vqc_render_memory_part){.kind = kind,
                                     .name = name,
                                     .parameters = vqc_network_parameter_size(network),
                                     .workspace = vqc_network_workspace_size(network)};
    VQC_TRY(vqc_network_size(network, false, &part->activations, error));
    VQC_TRY(vqc_network_size(network, true, &part->recomputed, error));
    memory->count++;
    return VQC_OK;
}

vqc_status vqc_render_decoder_build(const vqc_render_models *models, const vqc_settings *settings, int64_t rows,
                                    int64_t columns, vqc_generator_decoder *decoder_out, vqc_error *error)
{
    const vqc_network_key key = vqc_network_key_of(models->study, settings, models->generator->factor);
    VQC_TRY(vqc_generator_decoder_build(models->generator, vqc_parametrisation_of(settings)->head, models->ops,
                                        models->precision, 1, rows, columns, true, true, decoder_out, error));
    vqc_status status = VQC_OK;
    if (key.unlimited)
        status = vqc_generator_decoder_show_unlimited(decoder_out, error);
    if (status != VQC_OK)
        vqc_generator_decoder_destroy(decoder_out);
    return status;
}

static vqc_status decoder_add(const vqc_render_models *models, const vqc_settings *settings, int64_t rows,
                              int64_t columns, vqc_render_memory *memory, vqc_error *error)
{
    vqc_generator_decoder decoder;
    VQC_TRY(vqc_render_decoder_build(models, settings, rows, columns, &decoder, error));
    vqc_status status = vqc_network_prepare(decoder.network, error);
    if (status == VQC_OK)
        status = part_add(memory, "decoder", "", decoder.network, error);
    vqc_generator_decoder_destroy(&decoder);
    return status;
}

static vqc_status perceptor_add(const vqc_render_models *models, const vqc_settings *settings,
                                const vqc_perceptor_extents *extents, size_t index, vqc_render_memory *memory,
                                vqc_error *error)
{
    vqc_perceptor *perceptor;
    vqc_perceptor_extents own = *extents;
    own.group = vqc_settings_batch(settings, models->study->perceptors[index].crops);
    VQC_TRY(
        vqc_perceptor_prepare(models->clips[index], models->ops, settings, &own, (uint32_t)index, &perceptor, error));
    vqc_status status =
        part_add(memory, "perceptor", models->study->perceptors[index].name, vqc_perceptor_network(perceptor), error);
    vqc_perceptor_destroy(perceptor);
    return status;
}

vqc_picture_terms_site vqc_render_memory_terms(const vqc_render_models *models, const vqc_settings *settings,
                                               int64_t rows, int64_t columns)
{
    const int64_t factor = models->generator->factor;
    vqc_picture_terms_site site = {
        .ops = models->ops, .settings = settings, .height = rows * factor, .width = columns * factor};
    vqc_generator_pixels_scale(models->generator, &site.scale, &site.shift);
    return site;
}

vqc_status vqc_render_memory_optimiser(const vqc_render_models *models, const vqc_settings *settings, int64_t rows,
                                       int64_t columns, size_t *bytes_out, vqc_error *error)
{
    const vqc_picture_terms_site site = vqc_render_memory_terms(models, settings, rows, columns);
    int64_t latent = rows * columns * vqc_parametrisation_of(settings)->width(models->generator);
    VQC_TRY(vqc_picture_terms_size(&site, bytes_out, error));
    *bytes_out += (size_t)(3 * site.height * site.width) * sizeof(int64_t);
    *bytes_out += vqc_latent_optimiser_size(settings, latent);
    return VQC_OK;
}

static vqc_status optimiser_add(const vqc_render_models *models, const vqc_settings *settings, int64_t rows,
                                int64_t columns, vqc_render_memory *memory, vqc_error *error)
{
    size_t size;
    VQC_TRY(vqc_render_memory_optimiser(models, settings, rows, columns, &size, error));
    memory->parts[memory->count++] =
        (vqc_render_memory_part){.kind = "optimiser", .name = "", .activations = size, .recomputed = size};
    return VQC_OK;
}

static vqc_status encoder_add(const vqc_render_models *models, const vqc_perceptor_extents *extents,
                              vqc_render_memory *memory, vqc_error *error)
{
    vqc_generator_encoder encoder;
    VQC_TRY(vqc_generator_encoder_build(models->generator, models->ops, models->precision, 1, extents->height,
                                        extents->width, &encoder, error));
    vqc_status status = vqc_network_prepare(encoder.network, error);
    if (status == VQC_OK)
        status = part_add(memory, encoder_kind, "", encoder.network, error);
    vqc_generator_encoder_destroy(&encoder);
    return status;
}

vqc_status vqc_render_memory_prepare(const vqc_render_models *models, const vqc_render *render, int64_t rows,
                                     int64_t columns, vqc_render_memory *memory_out, vqc_error *error)
{
    int64_t factor = models->generator->factor;
    const vqc_perceptor_extents extents = {
        .height = rows * factor, .width = columns * factor, .precision = models->precision};
    *memory_out = (vqc_render_memory){0};
    VQC_TRY(decoder_add(models, render->settings, rows, columns, memory_out, error));
    for (size_t i = 0; i < models->study->perceptor_count; i++)
        VQC_TRY(perceptor_add(models, render->settings, &extents, i, memory_out, error));
    VQC_TRY(optimiser_add(models, render->settings, rows, columns, memory_out, error));
    return vqc_init_needs_encoder(render->settings) ? encoder_add(models, &extents, memory_out, error) : VQC_OK;
}

size_t vqc_render_memory_part_size(const vqc_render_memory_part *part, bool recompute)
{
    return part->parameters + (recompute ? part->recomputed : part->activations);
}

size_t vqc_render_memory_total(const vqc_render_memory *memory, bool recompute)
{
    size_t total = 0;
    for (size_t i = 0; i < memory->count; i++)
        total += vqc_render_memory_part_size(&memory->parts[i], recompute);
    return total;
}

vqc_render_memory_part vqc_render_memory_lanes(const vqc_render_memory *memory, vqc_render_lanes lanes)
{
    vqc_render_memory_part sum = {.kind = "lanes", .name = ""};
    for (size_t i = 0; i < memory->count; i++) {
        const vqc_render_memory_part *part = &memory->parts[i];
        size_t times = strcmp(part->kind, encoder_kind) == 0 ? 1 : (size_t)lanes.count;
        sum.parameters += (lanes.shared ? 1 : times) * part->parameters;
        sum.activations += times * part->activations;
        sum.recomputed += times * part->recomputed;
        sum.workspace += times * part->workspace;
    }
    return sum;
}

int vqc_render_memory_fitting(const vqc_render_memory *memory, bool recompute, size_t available,
                              vqc_render_lanes most)
{
    for (; most.count > 0; most.count--) {
        vqc_render_memory_part sum = vqc_render_memory_lanes(memory, most);
        if (vqc_render_memory_part_size(&sum, recompute) <= available)
            break;
    }
    return most.count;
}

vqc_status vqc_render_memory_encoder(const vqc_render_models *models, const vqc_render *render, int64_t rows,
                                     int64_t columns, size_t *bytes_out, vqc_error *error)
{
    int64_t factor = models->generator->factor;
    const vqc_perceptor_extents extents = {
        .height = rows * factor, .width = columns * factor, .precision = models->precision};
    vqc_render_memory memory = {0};
    if (vqc_init_needs_encoder(render->settings))
        VQC_TRY(encoder_add(models, &extents, &memory, error));
    *bytes_out = vqc_render_memory_total(&memory, render->settings->recompute);
    return VQC_OK;
}

/* ---- Whether a render fits ---- */

/* A render whose networks have been prepared. */
typedef struct memory_need {
    const vqc_render_models *models;
    const vqc_render *render;
    vqc_perceptor_extents extents;
    size_t available; /* bytes that are free, and those that its parameters take already */
    vqc_render_memory memory;
} memory_need;

static vqc_status need_measure(memory_need *need, const vqc_generator_decoder *decoder,
                               vqc_perceptor *const *perceptors, vqc_error *error)
{
    const vqc_study *study = need->models->study;
    int64_t factor = need->models->generator->factor;
    VQC_TRY(part_add(&need->memory, "decoder", "", decoder->network, error));
    for (size_t i = 0; i < study->perceptor_count; i++)
        VQC_TRY(part_add(&need->memory, "perceptor", study->perceptors[i].name, vqc_perceptor_network(perceptors[i]),
                         error));
    for (size_t i = 0; i < need->memory.count; i++)
        need->available += need->memory.parts[i].parameters;
    VQC_TRY(optimiser_add(need->models, need->render->settings, need->extents.height / factor,
                          need->extents.width / factor, &need->memory, error));
    return vqc_init_needs_encoder(need->render->settings)
               ? encoder_add(need->models, &need->extents, &need->memory, error)
               : VQC_OK;
}

static size_t need_total(const memory_need *need, bool recompute)
{
    return vqc_render_memory_total(&need->memory, recompute);
}

/* The render's need with crop groups of another size, in place of `need`. */
static vqc_status group_change(const memory_need *need, int64_t group, memory_need *changed_out, vqc_error *error)
{
    vqc_settings settings = *need->render->settings;
    vqc_render_memory perceptors = {0};
    settings.crop_group = group;
    *changed_out = *need;
    for (size_t i = 0; i < need->models->study->perceptor_count; i++) {
        VQC_TRY(perceptor_add(need->models, &settings, &need->extents, i, &perceptors, error));
        changed_out->memory.parts[1 + i] = perceptors.parts[i];
    }
    return VQC_OK;
}

/* Halves the crop groups until the render fits; *group_out 0 if it never does. */
static vqc_status group_find(const memory_need *need, bool recompute, int64_t *group_out, size_t *bytes_out,
                             vqc_error *error)
{
    const vqc_network_key key =
        vqc_network_key_of(need->models->study, need->render->settings, need->models->generator->factor);
    int64_t group = vqc_network_key_group(&key);
    for (group /= 2; group > 0; group /= 2) {
        memory_need changed;
        VQC_TRY(group_change(need, group, &changed, error));
        *bytes_out = need_total(&changed, recompute);
        if (*bytes_out <= need->available)
            break;
    }
    *group_out = group;
    return VQC_OK;
}

static vqc_status parts_write(const memory_need *need, vqc_text *text, vqc_error *error)
{
    bool recompute = need->render->settings->recompute;
    char bytes[VQC_MEMORY_TEXT_SIZE];
    for (size_t i = 0; i < need->memory.count; i++) {
        const vqc_render_memory_part *part = &need->memory.parts[i];
        VQC_TRY(vqc_text_append(text, error, "%s%s%s%s %s", i == 0 ? " (" : ", ", part->kind,
                                part->name[0] == '\0' ? "" : " ", part->name,
                                vqc_memory_text(vqc_render_memory_part_size(part, recompute), bytes)));
    }
    return vqc_text_append(text, error, ")");
}

/* What would help: recomputation alone, then a smaller crop group, with recomputation where it is not enough alone.
 */
static vqc_status remedies_write(const memory_need *need, vqc_text *text, vqc_error *error)
{
    bool recompute = need->render->settings->recompute;
    char bytes[VQC_MEMORY_TEXT_SIZE];
    int64_t group;
    size_t with_group;
    if (!recompute)
        VQC_TRY(vqc_text_append(text, error, "; recompute: true needs %s",
                                vqc_memory_text(need_total(need, true), bytes)));
    VQC_TRY(group_find(need, recompute, &group, &with_group, error));
    if (group > 0)
        return vqc_text_append(text, error, "; crops.group: %lld needs %s", (long long)group,
                               vqc_memory_text(with_group, bytes));
    if (!recompute && need_total(need, true) > need->available)
        VQC_TRY(group_find(need, true, &group, &with_group, error));
    if (group > 0)
        return vqc_text_append(text, error, "; both, with crops.group: %lld, %s", (long long)group,
                               vqc_memory_text(with_group, bytes));
    return vqc_text_append(text, error, "; no smaller crops.group is enough");
}

static vqc_status need_refuse(const memory_need *need, vqc_error *error)
{
    vqc_text text = {0};
    vqc_error ignored = {0};
    char needed[VQC_MEMORY_TEXT_SIZE];
    char available[VQC_MEMORY_TEXT_SIZE];
    vqc_status status = parts_write(need, &text, error);
    /* The figures of remedies need memory themselves; where it is lacking they are left out. */
    if (status == VQC_OK)
        (void)(remedies_write(need, &text, &ignored) == VQC_OK);
    if (status == VQC_OK)
        status = vqc_error_set(error, VQC_FAILED, "render %lld: needs %s on the device, where %s are free%s",
                               (long long)need->render->number,
                               vqc_memory_text(need_total(need, need->render->settings->recompute), needed),
                               vqc_memory_text(need->available, available), text.data);
    vqc_text_release(&text);
    return status;
}

vqc_status vqc_render_memory_check(const vqc_render_models *models, const vqc_render *render,
                                   const vqc_generator_decoder *decoder, vqc_perceptor *const *perceptors,
                                   vqc_error *error)
{
    vqc_shape latent = vqc_network_shape(decoder->network, decoder->z);
    int64_t factor = models->generator->factor;
    memory_need need = {
        .models = models,
        .render = render,
        .extents = {.height = latent.size[1] * factor,
                    .width = latent.size[2] * factor,
                    .precision = models->precision},
    };
    size_t total;
    VQC_TRY(vqc_ops_memory(models->ops, &need.available, &total, error));
    if (total == 0)
        return VQC_OK;
    VQC_TRY(need_measure(&need, decoder, perceptors, error));
    return need_total(&need, render->settings->recompute) <= need.available ? VQC_OK : need_refuse(&need, error);
}
