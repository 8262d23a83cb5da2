#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/visible.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "models/parameters.h"
#include "models/recognition.h"
#include "weights/parts.h"
#include "weights/weights.h"

typedef struct inspection {
    const vqc_weights *weights;
    char digest[VQC_DIGEST_TEXT_SIZE];
    vqc_recognition recognition;
} inspection;

static int64_t elements_total(const vqc_weights *weights)
{
    int64_t total = 0;
    for (size_t i = 0; i < vqc_weights_count(weights); i++)
        total += vqc_weights_at(weights, i)->count;
    return total;
}

static void inspection_print(const inspection *found)
{
    const vqc_weights *weights = found->weights;
    vqc_print(stdout, "file     %s\n", vqc_weights_path(weights));
    if (vqc_weights_file_count(weights) > 1)
        vqc_print(stdout, "files    %zu, as it says\n", vqc_weights_file_count(weights));
    vqc_print(stdout, "format   %s\n", vqc_weights_format_name(vqc_weights_format_of(weights)));
    vqc_print(stdout, "sha256   %s\n", found->digest);
    if (vqc_weights_key(weights) != NULL)
        vqc_print(stdout, "key      %s\n", vqc_weights_key(weights));
    vqc_print(stdout, "model    %s\n", found->recognition.model);
    (void)printf("tensors  %zu with %lld elements\n\n", vqc_weights_count(weights),
                 (long long)elements_total(weights));
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
        char shape[128];
        vqc_parameters_shape_text(tensor->rank, tensor->shape, shape, sizeof shape);
        vqc_print(stdout, "%-4s  %-24s  %s\n", vqc_weights_type_name(tensor), shape, tensor->name);
    }
}

static json_t *tensors_to_json(const vqc_weights *weights)
{
    json_t *tensors = json_array();
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
        json_t *entry = json_object();
        json_object_set_new(entry, "name", json_string(tensor->name));
        json_object_set_new(entry, "dtype", json_string(vqc_weights_type_name(tensor)));
        json_object_set_new(entry, "shape", vqc_json_integers(tensor->shape, (size_t)tensor->rank));
        json_array_append_new(tensors, entry);
    }
    return tensors;
}

static json_t *usable_to_json(const vqc_recognition *found)
{
    json_t *parts = json_array();
    for (size_t i = 0; i < found->usable_count; i++)
        json_array_append_new(parts, json_string(found->usable[i]));
    return parts;
}

static vqc_status inspection_print_json(const inspection *found, vqc_error *error)
{
    json_t *report = json_object();
    vqc_weights_format format = vqc_weights_format_of(found->weights);
    json_object_set_new(report, "file", json_string(vqc_weights_path(found->weights)));
    json_object_set_new(report, "files", json_integer((json_int_t)vqc_weights_file_count(found->weights)));
    json_object_set_new(report, "format", json_string(vqc_weights_format_name(format)));
    json_object_set_new(report, "sha256", json_string(found->digest));
    if (vqc_weights_key(found->weights) != NULL)
        json_object_set_new(report, "key", json_string(vqc_weights_key(found->weights)));
    json_object_set_new(report, "model", json_string(found->recognition.model));
    json_object_set_new(report, "usable", usable_to_json(&found->recognition));
    json_object_set_new(report, "tensors", tensors_to_json(found->weights));
    return vqc_json_print(report, error);
}

typedef struct inspect_options {
    bool json;
    vqc_recognition_options model;
    long head_width;
} inspect_options;

static vqc_status inspect_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    inspect_options *options = context;
    const char *path = operands->items[0];
    vqc_weights *weights;
    VQC_TRY(vqc_weights_open_key(path, options->model.clip.key, &weights, error));
    inspection found = {.weights = weights};
    vqc_status status = vqc_weights_digest(path, found.digest, error);
    options->model.clip.head_width = options->head_width;
    vqc_recognise(weights, &options->model, &found.recognition);
    if (status == VQC_OK && options->json)
        status = inspection_print_json(&found, error);
    else if (status == VQC_OK)
        inspection_print(&found);
    vqc_weights_close(weights);
    return status;
}

static const vqc_option table[] = {
    {.name = "--json", .help = "print the result as JSON", VQC_OPTION_MEMBER(inspect_options, json)},
    {.name = "--key",
     .value = "NAME",
     .help = "which model of a file that holds two",
     VQC_OPTION_MEMBER(inspect_options, model.clip.key)},
    {.name = "--generator",
     .value = "FILE",
     .help = "the configuration of a generator, YAML or config.json, as `reconstruct` takes it",
     VQC_OPTION_MEMBER(inspect_options, model.generator)},
    {.name = "--activation",
     .value = "NAME",
     .help = "quick_gelu, gelu or gelu_tanh of a perceptor, as `embed` takes it",
     VQC_OPTION_MEMBER(inspect_options, model.clip.activation)},
    {.name = "--head-width",
     .value = "N",
     .help = "width of a perceptor's attention heads, as `embed` takes it",
     VQC_OPTION_MEMBER(inspect_options, head_width)},
};

const vqc_command vqc_command_inspect = {
    .name = "inspect",
    .summary = "what a weights file holds",
    .usage = "vqclip inspect FILE [--generator FILE] [--json]",
    .about = "Says what a weights file holds: format, SHA-256, the model it is recognised as, and every\n"
             "tensor's type, shape and name. The model is built of the file, and all of its tensors read, as\n"
             "embed, reconstruct and render do it: a part that they refuse is said not to be usable, and why;\n"
             "what is assumed is said. Reads safetensors, PyTorch and TorchScript zip files and the older\n"
             "PyTorch serialisation; several by their index (model.safetensors.index.json), or what a folder of\n"
             "Hugging Face, open_clip or diffusers holds. The SHA-256 of several files is that of the lines\n"
             "`DIGEST  NAME` that sha256sum prints of them, in the order of their names.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(inspect_options),
    .run = inspect_run,
};
