#define _GNU_SOURCE /* asprintf */

#include "weights/parts.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/json_file.h"

static const char index_end[] = ".index.json";

/* What the libraries call a model's tensors in its folder. */
static const char *const folder_names[] = {
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "open_clip_model.safetensors",
    "open_clip_model.safetensors.index.json",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.bin.index.json",
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json",
    "diffusion_pytorch_model.bin",
    "diffusion_pytorch_model.bin.index.json",
};

/* Files that tell what a folder is instead. */
static const struct folder_mark {
    const char *name;
    const char *says;
} folder_marks[] = {
    {.name = "model_index.json",
     .says = "a pipeline of several models: name the folder of one, such as vqvae or vae"},
    {.name = "adapter_config.json",
     .says = "an adapter of peft without its model: merge it (merge_and_unload), and save what that gives"},
    {.name = ".metadata",
     .says = "a distributed checkpoint (DCP): convert it with "
             "torch.distributed.checkpoint.format_utils.dcp_to_torch_save"},
    {.name = "saved_model.pb", .says = "a TensorFlow model: convert it to safetensors"},
    {.name = "flax_model.msgpack", .says = "a Flax model: convert it to safetensors"},
    {.name = "tf_model.h5", .says = "a TensorFlow model: convert it to safetensors"},
};

/* FOLDER/NAME; the caller frees it. */
static vqc_status path_join(const char *folder, size_t size, const char *name, char **path_out, vqc_error *error)
{
    bool slash = size > 0 && folder[size - 1] == '/';
    if (asprintf(path_out, "%.*s%s%s", (int)size, folder, slash || size == 0 ? "" : "/", name) < 0)
        return vqc_error_set(error, VQC_FAILED, "not enough memory for a path");
    return VQC_OK;
}

static vqc_status folder_has(const char *folder, const char *name, bool *has_out, vqc_error *error)
{
    char *path;
    VQC_TRY(path_join(folder, strlen(folder), name, &path, error));
    *has_out = access(path, F_OK) == 0;
    free(path);
    return VQC_OK;
}

/* Says what a folder without a known name is, where something in it tells. */
static vqc_status folder_refused(const char *folder, vqc_error *error)
{
    for (size_t i = 0; i < sizeof folder_marks / sizeof folder_marks[0]; i++) {
        bool has;
        VQC_TRY(folder_has(folder, folder_marks[i].name, &has, error));
        if (has)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: is %s", folder, folder_marks[i].says);
    }
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: expected a folder with %s, %s, %s, ..., or the file itself; found none of them", folder,
                         folder_names[0], folder_names[1], folder_names[4]);
}

/* transformers 5.24 opens such a folder with the adapter where peft is installed, and says nothing of it. */
static vqc_status adapter_check(const char *folder, const char *chosen, vqc_error *error)
{
    static const char adapter[] = "adapter_config.json";
    bool has;
    VQC_TRY(folder_has(folder, adapter, &has, error));
    if (!has)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: holds %s beside %s: an adapter of peft changes the model, which is not computed: merge "
                         "it (merge_and_unload), or name %s for the weights without it",
                         folder, adapter, chosen, chosen);
}

/* The one file of a folder whose name is known. */
static vqc_status folder_choose(const char *folder, char **path_out, vqc_error *error)
{
    const char *chosen = NULL;
    for (size_t i = 0; i < sizeof folder_names / sizeof folder_names[0]; i++) {
        bool has;
        VQC_TRY(folder_has(folder, folder_names[i], &has, error));
        if (has && chosen != NULL)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: holds both %s and %s: name one of them", folder, chosen,
                                 folder_names[i]);
        if (has)
            chosen = folder_names[i];
    }
    if (chosen == NULL)
        return folder_refused(folder, error);
    VQC_TRY(adapter_check(folder, chosen, error));
    return path_join(folder, strlen(folder), chosen, path_out, error);
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

static int compare_texts(const void *left, const void *right)
{
    char *const *a = left;
    char *const *b = right;
    return strcmp(*a, *b);
}

static int compare_tensors(const void *left, const void *right)
{
    const vqc_weights_part_tensor *a = left;
    const vqc_weights_part_tensor *b = right;
    return strcmp(a->name, b->name);
}

/* Only names of files beside the index: it may come from anywhere. */
static vqc_status file_name_check(const char *tensor, const char *name, vqc_error *error)
{
    if (name == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "weight_map: %.256s: expected the name of a file", tensor);
    if (name[0] == '\0' || strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        ends_with(name, index_end))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "weight_map: %.256s: expected the name of a file in the same folder, found %.256s",
                             tensor, name);
    return VQC_OK;
}

/* Collects the names of files, each once, sorted; the tensors' own are still to be found among them. */
static vqc_status files_collect(vqc_weights_parts *parts, json_t *map, vqc_error *error)
{
    const char *tensor;
    json_t *file;
    size_t count = 0;
    VQC_TRY(vqc_memory_allocate(json_object_size(map), sizeof *parts->files, "an index", &parts->files, error));
    json_object_foreach(map, tensor, file)
    {
        VQC_TRY(file_name_check(tensor, json_string_value(file), error));
        VQC_TRY(vqc_memory_copy_text(json_string_value(file), &parts->files[parts->count++], error));
    }
    qsort(parts->files, parts->count, sizeof *parts->files, compare_texts);
    for (size_t i = 0; i < parts->count; i++) {
        if (count > 0 && strcmp(parts->files[count - 1], parts->files[i]) == 0)
            free(parts->files[i]);
        else
            parts->files[count++] = parts->files[i];
    }
    parts->count = count;
    return VQC_OK;
}

static vqc_status tensors_collect(vqc_weights_parts *parts, json_t *map, vqc_error *error)
{
    const char *tensor;
    json_t *file;
    VQC_TRY(vqc_memory_allocate(json_object_size(map), sizeof *parts->tensors, "an index", &parts->tensors, error));
    json_object_foreach(map, tensor, file)
    {
        const char *name = json_string_value(file);
        char *const *found = bsearch(&name, parts->files, parts->count, sizeof *parts->files, compare_texts);
        vqc_weights_part_tensor *added = &parts->tensors[parts->tensor_count];
        VQC_TRY(vqc_memory_copy_text(tensor, &added->name, error));
        added->file = (size_t)(found - parts->files);
        parts->tensor_count++;
    }
    qsort(parts->tensors, parts->tensor_count, sizeof *parts->tensors, compare_tensors);
    return VQC_OK;
}

/* Turns names into paths beside the index. */
static vqc_status files_place(vqc_weights_parts *parts, vqc_error *error)
{
    const char *slash = strrchr(parts->path, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - parts->path) + 1;
    for (size_t i = 0; i < parts->count; i++) {
        char *path;
        VQC_TRY(path_join(parts->path, folder, parts->files[i], &path, error));
        free(parts->files[i]);
        parts->files[i] = path;
    }
    return VQC_OK;
}

static vqc_status index_parse(vqc_weights_parts *parts, json_t *index, vqc_error *error)
{
    json_t *map = json_object_get(index, "weight_map");
    if (!json_is_object(map) || json_object_size(map) == 0)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected the object weight_map, of tensors and the files they are in");
    VQC_TRY(files_collect(parts, map, error));
    VQC_TRY(tensors_collect(parts, map, error));
    return files_place(parts, error);
}

static vqc_status index_read(vqc_weights_parts *parts, vqc_error *error)
{
    json_t *index;
    VQC_TRY(vqc_json_file_read(parts->path, &index, error));
    vqc_status status = index_parse(parts, index, error);
    json_decref(index);
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s", parts->path);
}

static vqc_status parts_fill(vqc_weights_parts *parts, const char *path, vqc_error *error)
{
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        VQC_TRY(folder_choose(path, &parts->path, error));
    else
        VQC_TRY(vqc_memory_copy_text(path, &parts->path, error));
    if (ends_with(parts->path, index_end))
        return index_read(parts, error);
    VQC_TRY(vqc_memory_allocate(1, sizeof *parts->files, "a file's name", &parts->files, error));
    VQC_TRY(vqc_memory_copy_text(parts->path, &parts->files[0], error));
    parts->count = 1;
    return VQC_OK;
}

vqc_status vqc_weights_parts_find(const char *path, vqc_weights_parts *parts_out, vqc_error *error)
{
    vqc_weights_parts parts = {0};
    vqc_status status = parts_fill(&parts, path, error);
    if (status != VQC_OK) {
        vqc_weights_parts_release(&parts);
        return status;
    }
    *parts_out = parts;
    return VQC_OK;
}

bool vqc_weights_parts_have(const vqc_weights_parts *parts, const char *tensor, size_t file)
{
    const vqc_weights_part_tensor wanted = {.name = (char *)(uintptr_t)tensor};
    const vqc_weights_part_tensor *found =
        bsearch(&wanted, parts->tensors, parts->tensor_count, sizeof wanted, compare_tensors);
    return found != NULL && found->file == file;
}

void vqc_weights_parts_release(vqc_weights_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        free(parts->files[i]);
    for (size_t i = 0; i < parts->tensor_count; i++)
        free(parts->tensors[i].name);
    free(parts->files);
    free(parts->tensors);
    free(parts->path);
    *parts = (vqc_weights_parts){0};
}

/* The digest of the files' digests. */
static vqc_status files_digest(const vqc_weights_parts *parts, char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    vqc_text lines = {0};
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < parts->count && status == VQC_OK; i++) {
        char digest[VQC_DIGEST_TEXT_SIZE];
        const char *slash = strrchr(parts->files[i], '/');
        status = vqc_digest_file(parts->files[i], digest, error);
        if (status == VQC_OK)
            status = vqc_text_append(&lines, error, "%s  %s\n", digest, slash == NULL ? parts->files[i] : slash + 1);
    }
    if (status == VQC_OK)
        status = vqc_digest_bytes(lines.data, strlen(lines.data), text, error);
    vqc_text_release(&lines);
    return status;
}

vqc_status vqc_weights_digest(const char *path, char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    vqc_weights_parts parts;
    VQC_TRY(vqc_weights_parts_find(path, &parts, error));
    vqc_status status =
        parts.count > 1 ? files_digest(&parts, text, error) : vqc_digest_file(parts.files[0], text, error);
    vqc_weights_parts_release(&parts);
    return status;
}
