#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/json_keys.h"
#include "models/generators.h"
#include "models/prefixes.h"
#include "models/unread.h"

/* ---- What the configuration is of ---- */

static const vqc_json_key model_rows[] = {
    {.key = "target", .use = VQC_JSON_ELSEWHERE},
    {.key = "params", .use = VQC_JSON_ELSEWHERE},
    {.key = "class_path", .use = VQC_JSON_ELSEWHERE},
    {.key = "init_args", .use = VQC_JSON_ELSEWHERE},
    {.key = "base_learning_rate", .use = VQC_JSON_HARMLESS},
};
static const vqc_json_table model_keys = {
    .keys = model_rows, .count = sizeof model_rows / sizeof model_rows[0], .family = "model"};

/* The classes' names, for a message. */
static vqc_status class_refused(const vqc_yaml_node *node, const char *class, vqc_error *error)
{
    enum { MAX_CLASSES = 32 };
    const char *names[MAX_CLASSES];
    char words[256];
    size_t count = 0;
    for (size_t i = 0; i < vqc_generator_type_count; i++)
        for (const vqc_generator_class *known = vqc_generator_types[i]->classes; known->name != NULL; known++)
            if (count < MAX_CLASSES)
                names[count++] = known->name;
    vqc_yaml_words_join(names, count, words, sizeof words);
    return vqc_yaml_error(
        node, error, "expected one of %s, or a Net2NetTransformer with one of them inside, found %s", words, class);
}

static vqc_status class_read(vqc_generator *generator, const vqc_yaml_node *node, const char *library,
                             vqc_error *error)
{
    const char *path;
    char name[128];
    const vqc_generator_class *class;
    VQC_TRY(vqc_yaml_read_text(node, &path, error));
    (void)snprintf(name, sizeof name, "%s%s", path, library);
    generator->type = vqc_generator_type_of_class(name, &class);
    if (generator->type == NULL)
        return class_refused(node, path, error);
    generator->quantiser = class->quantiser;
    return VQC_OK;
}

/* What latent diffusion multiplies z with, so that it has a deviation of about 1. */
static vqc_status scale_read(vqc_generator *generator, const vqc_yaml_node *mapping, vqc_error *error)
{
    const vqc_yaml_node *node = vqc_yaml_find(mapping, "scale_factor");
    double scale;
    if (node == NULL)
        return VQC_OK;
    VQC_TRY(vqc_yaml_read_real(node, 1e-6, 1e6, &scale, error));
    generator->z_unit = (float)(1.0 / scale);
    return VQC_OK;
}

/* The generator's own part of a YAML: `model`, or what is nested in it as a first stage. Its parameters stand under
 * `params` beside `target`, or under `init_args` beside `class_path`. Chameleon's names no class: it is taming's
 * VQModel. */
static vqc_status model_read(vqc_generator *generator, const vqc_yaml_node *model,
                             const vqc_yaml_node **parameters_out, vqc_error *error)
{
    bool lightning = vqc_yaml_find(model, "class_path") != NULL;
    const char *key = lightning ? "init_args" : "params";
    VQC_TRY(vqc_yaml_require(model, key, parameters_out, error));
    const vqc_yaml_node *first_stage = vqc_yaml_find(*parameters_out, "first_stage_config");
    if (first_stage != NULL) {
        VQC_TRY(scale_read(generator, *parameters_out, error));
        return model_read(generator, first_stage, parameters_out, error);
    }
    VQC_TRY(vqc_json_keys_read_yaml(model, &model_keys, 1, NULL, error));
    const vqc_yaml_node *class = vqc_yaml_find(model, lightning ? "class_path" : "target");
    if (class != NULL)
        return class_read(generator, class, "", error);
    generator->type = &vqc_generator_vqgan;
    generator->quantiser = vqc_generator_vqgan.classes[0].quantiser;
    return VQC_OK;
}

/* Finds the type, and the mapping that it reads the rest from. */
static vqc_status config_find(vqc_generator *generator, const vqc_yaml_node *root,
                              const vqc_yaml_node **parameters_out, vqc_error *error)
{
    static const struct {
        const char *key, *library; /* diffusers has taming's words for classes of its own */
    } classes[] = {{"_class_name", " of diffusers"}, {"model_type", ""}};
    const vqc_yaml_node *model;
    const vqc_yaml_node *janus = vqc_yaml_find(root, "vq_config"); /* of the whole model's configuration */
    if (janus != NULL)
        root = janus;
    *parameters_out = root;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (vqc_yaml_find(root, classes[i].key) != NULL)
            return class_read(generator, vqc_yaml_find(root, classes[i].key), classes[i].library, error);
    VQC_TRY(vqc_yaml_require(root, "model", &model, error));
    return model_read(generator, model, parameters_out, error);
}

/* ---- What the file is of ---- */

/* In the file every name has the prefix in front. */
static void name_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
    vqc_parameter_name(translated, "%s%s", (const char *)context, name);
}

/* The tensor by which the model is found: the codebook, or the decoder's last layer where there is none. */
static const char *mark_of(const vqc_generator_type *type)
{
    return type->codebook != NULL ? type->codebook : "decoder.conv_out.weight";
}

static bool mark_is_under(void *context, const char *prefix)
{
    const vqc_generator *generator = context;
    vqc_parameters parameters = {.weights = generator->weights, .translate = name_translate, .context = prefix};
    return vqc_parameters_find(&parameters, mark_of(generator->type)) != NULL;
}

/* Finds the one prefix under which the model stands. */
static vqc_status prefix_find(vqc_generator *generator, vqc_error *error)
{
    const vqc_weights *weights = generator->weights;
    char prefix[VQC_PREFIX_SIZE];
    bool found;
    VQC_TRY(vqc_prefixes_choose(weights, generator->type->name, mark_is_under, generator, prefix, &found, error));
    if (!found)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s is missing: not a checkpoint of the configured %s",
                             vqc_weights_path(weights), mark_of(generator->type), generator->type->name);
    VQC_TRY(vqc_memory_copy_text(prefix, &generator->prefix, error));
    generator->parameters =
        (vqc_parameters){.weights = weights, .translate = name_translate, .context = generator->prefix};
    return VQC_OK;
}

/* A file without a configuration tells its family by itself. */
static vqc_status type_find(vqc_generator *generator, vqc_error *error)
{
    generator->type = vqc_generator_type_find(generator->weights);
    if (generator->type == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: no generator that vqclip knows",
                             vqc_weights_path(generator->weights));
    generator->quantiser = generator->type->classes[0].quantiser;
    return VQC_OK;
}

/* A file that is known to be of another family than the configuration says. */
static vqc_status family_check(const vqc_generator *generator, vqc_error *error)
{
    const char *path = vqc_weights_path(generator->weights);
    const vqc_generator_type *found = vqc_generator_type_find(generator->weights);
    const char *other = found == NULL ? vqc_generator_other_family(generator->weights) : NULL;
    const char *wrapped;
    const vqc_weights_tensor *inside = found == NULL ? vqc_prefixes_inside_find(generator->weights, &wrapped) : NULL;
    if (inside != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %.256s: %s", path, inside->name, wrapped);
    if (other != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: this is %s, which is not computed", path, other);
    if (found == NULL || generator->type == NULL || found == generator->type)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected %s %s, as the configuration says, found %s %s", path,
                         vqc_text_article(generator->type->name), generator->type->name,
                         vqc_text_article(found->name), found->name);
}

/* Latent diffusion that measured the scale of z by itself keeps it among the weights. */
static vqc_status measured_scale_read(vqc_generator *generator, vqc_error *error)
{
    const vqc_weights_tensor *tensor = vqc_weights_find(generator->weights, "scale_factor");
    float scale;
    if (vqc_generator_has_codes(generator) || tensor == NULL || generator->prefix[0] == '\0')
        return VQC_OK;
    if (tensor->count != 1)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor scale_factor: expected one number, found %lld",
                             vqc_weights_path(generator->weights), (long long)tensor->count);
    VQC_TRY(vqc_weights_read_f32(generator->weights, tensor, &scale, error));
    if (!(scale > 0.0F) || isinf(scale))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor scale_factor: expected a number above 0, found %g",
                             vqc_weights_path(generator->weights), (double)scale);
    generator->z_unit = 1.0F / scale;
    return VQC_OK;
}

/* ---- Opening ---- */

/* The sizes of the file without a configuration. */
static vqc_status sizes_derive(vqc_generator *generator, bool examined, vqc_error *error)
{
    const vqc_generator_type *type = generator->type;
    if (type->derive != NULL && (examined || type->needs == NULL))
        return type->derive(generator, error);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s %s needs %s", vqc_weights_path(generator->weights),
                         vqc_text_article(type->name), type->name, type->needs);
}

static vqc_status codebook_read(vqc_generator *generator, vqc_error *error)
{
    const int64_t shape[] = {generator->codes, generator->width};
    if (generator->type->codebook == NULL)
        return VQC_OK;
    VQC_TRY(vqc_parameters_read(&generator->parameters, generator->type->codebook, 2, shape, &generator->codebook,
                                error));
    generator->rows_settled = vqc_generator_vectors_settle(generator, generator->codebook, generator->codes);
    return VQC_OK;
}

/* Both halves must be in the file as they are computed, and nothing else of the model. A file may have a decoder
 * alone. */
static vqc_status halves_check(const vqc_generator *generator, vqc_error *error)
{
    static const char *const everything[] = {"*", NULL};
    const vqc_generator_type *type = generator->type;
    vqc_coder coder = {.parameters = &generator->parameters, .style = generator->style, .channels = generator->width};
    VQC_TRY(type->decoder(generator, &coder, error));
    coder.channels = 3;
    if (vqc_parameters_find(&generator->parameters, "encoder.conv_in.weight") != NULL) {
        VQC_TRY(type->encoder(generator, &coder, error));
        VQC_TRY(type->latent(generator, &coder, error));
        if (type->logits != NULL)
            VQC_TRY(type->logits(generator, &coder, error));
    }
    const vqc_unread_rule rule = {
        .family = type->name,
        .prefix = generator->prefix,
        .owned = everything,
        .passed = {type->harmless},
    };
    return vqc_unread_refuse(generator->weights, &rule, error);
}

/* What lies in the folder of a file; the caller frees it. */
static vqc_status beside(const char *path, const char *name, char **beside_out, vqc_error *error)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    size_t size = folder + strlen(name) + 1;
    VQC_TRY(vqc_memory_allocate(size, 1, "a path", beside_out, error));
    (void)snprintf(*beside_out, size, "%.*s%s", (int)folder, path, name);
    return VQC_OK;
}

/* Reads the configuration at config_path, or in its absence the one beside the file where the family has it there. */
static vqc_status config_read(vqc_generator *generator, const char *config_path, vqc_yaml **document_out,
                              const vqc_yaml_node **parameters_out, vqc_error *error)
{
    if (config_path != NULL)
        VQC_TRY(vqc_memory_copy_text(config_path, &generator->config_path, error));
    else {
        VQC_TRY(type_find(generator, error));
        if (!generator->type->config_beside)
            return VQC_OK;
        VQC_TRY(beside(vqc_weights_path(generator->weights), "config.json", &generator->config_path, error));
        if (access(generator->config_path, F_OK) != 0) {
            free(generator->config_path);
            generator->config_path = NULL;
            return VQC_OK;
        }
    }
    VQC_TRY(vqc_yaml_read(generator->config_path, document_out, error));
    return config_find(generator, vqc_yaml_root(*document_out), parameters_out, error);
}

/* Of a generator whose weights file is open. */
static vqc_status generator_read(vqc_generator *generator, const char *config_path, bool examined,
                                 vqc_yaml **document, vqc_error *error)
{
    const vqc_yaml_node *parameters = NULL;
    VQC_TRY(family_check(generator, error));
    VQC_TRY(config_read(generator, config_path, document, &parameters, error));
    VQC_TRY(family_check(generator, error));
    VQC_TRY(prefix_find(generator, error));
    VQC_TRY(measured_scale_read(generator, error));
    generator->picture_lowest = generator->type->picture_lowest;
    generator->picture_highest = generator->type->picture_highest;
    if (parameters == NULL)
        VQC_TRY(sizes_derive(generator, examined, error));
    else if (generator->type->configure != NULL)
        VQC_TRY(generator->type->configure(generator, parameters, error));
    else
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s %s takes no configuration", generator->config_path,
                             vqc_text_article(generator->type->name), generator->type->name);
    VQC_TRY(codebook_read(generator, error));
    return halves_check(generator, error);
}

static vqc_status generator_open(const char *config_path, const char *weights_path, const char *key, bool examined,
                                 vqc_generator *generator_out, vqc_error *error)
{
    vqc_generator generator = {.z_unit = 1.0F};
    vqc_yaml *document = NULL;
    vqc_status status = vqc_weights_open_key(weights_path, key, &generator.weights, error);
    if (status == VQC_OK)
        status = generator_read(&generator, config_path, examined, &document, error);
    vqc_yaml_destroy(document);
    if (status != VQC_OK) {
        vqc_generator_close(&generator);
        return status;
    }
    *generator_out = generator;
    return VQC_OK;
}

vqc_status vqc_generator_open(const char *config_path, const char *weights_path, vqc_generator *generator_out,
                              vqc_error *error)
{
    return generator_open(config_path, weights_path, NULL, false, generator_out, error);
}

vqc_status vqc_generator_open_key(const char *config_path, const char *weights_path, const char *key,
                                  vqc_generator *generator_out, vqc_error *error)
{
    return generator_open(config_path, weights_path, key, false, generator_out, error);
}

vqc_status vqc_generator_examine(const char *weights_path, const char *key, vqc_generator *generator_out,
                                 vqc_error *error)
{
    return generator_open(NULL, weights_path, key, true, generator_out, error);
}

void vqc_generator_close(vqc_generator *generator)
{
    vqc_weights_close(generator->weights);
    free(generator->config_path);
    free(generator->codebook);
    free(generator->own);
    free(generator->prefix);
    *generator = (vqc_generator){0};
}
