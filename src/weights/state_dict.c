#include "weights/state_dict.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    MAX_DEPTH = 64,       /* modules within modules */
    BUDGET_PER_BYTE = 16, /* steps and characters of names that a byte of the pickle pays for */
    BUDGET_AT_LEAST = 64 << 10,
    NAMED_KEYS = 8 /* keys that the message names when there are no tensors */
};

/* A walk through the objects of a pickle, which may be shared and may hold themselves. */
typedef struct tensor_walk {
    vqc_storage_find find;
    void *context;
    vqc_directory *directory;
    char *name; /* of the object the walk is at, dotted; not terminated */
    size_t name_size, name_capacity;
    int depth;
    size_t budget; /* what may still be spent */
} tensor_walk;

static vqc_status walk_module(tensor_walk *walk, const vqc_pickle_value *module, vqc_error *error);

/* Bytes of an element of a type that is known, if only by name. */
static vqc_status type_size(const vqc_pickle_value *type, uint64_t *size_out, vqc_error *error)
{
    const vqc_pickle_global *global = &type->global;
    if (global->element_size == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "elements of type %.*s are not supported",
                             (int)(global->name.size < 64 ? global->name.size : 64), global->name.data);
    *size_out = global->element_size;
    return VQC_OK;
}

vqc_status vqc_pickle_storage_size(const vqc_pickle_storage *storage, uint64_t *size_out, vqc_error *error)
{
    uint64_t element;
    VQC_TRY(type_size(storage->type, &element, error));
    if (storage->count < 0 || __builtin_mul_overflow((uint64_t)storage->count, element, size_out))
        return vqc_error_set(error, VQC_BAD_INPUT, "its storage cannot have %" PRId64 " elements", storage->count);
    return VQC_OK;
}

/* The bytes begin...end of the storage that a tensor's pickled storage is a view of. */
static vqc_status storage_view(const vqc_pickle_storage *storage, uint64_t file_storage_size, uint64_t *begin_out,
                               uint64_t *end_out, vqc_error *error)
{
    uint64_t size;
    uint64_t element;
    VQC_TRY(vqc_pickle_storage_size(storage, &size, error));
    VQC_TRY(type_size(storage->type, &element, error));
    if (file_storage_size < size)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected %" PRIu64 " bytes in its storage, found %" PRIu64, size,
                             file_storage_size);
    if (storage->view_start < 0 || storage->view_count < 0 || storage->view_start > storage->count ||
        storage->view_count > storage->count - storage->view_start)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected a view within the %" PRId64 " elements of its storage, found %" PRId64
                             " from %" PRId64,
                             storage->count, storage->view_count, storage->view_start);
    *begin_out = (uint64_t)storage->view_start * element;
    *end_out = *begin_out + (uint64_t)storage->view_count * element;
    return VQC_OK;
}

static vqc_status tensor_geometry(const vqc_pickle_tensor *tensor, vqc_directory_entry *entry, vqc_error *error)
{
    size_t rank = tensor->shape->count;
    if (rank > VQC_WEIGHTS_MAX_RANK || rank != tensor->stride->count)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected up to %d sizes and as many strides, found %zu and %zu",
                             VQC_WEIGHTS_MAX_RANK, rank, tensor->stride->count);
    entry->tensor.rank = (int)rank;
    for (size_t d = 0; d < rank; d++) {
        const vqc_pickle_value *size = tensor->shape->values[d];
        const vqc_pickle_value *stride = tensor->stride->values[d];
        if (size->kind != VQC_PICKLE_INTEGER || stride->kind != VQC_PICKLE_INTEGER)
            return vqc_error_set(error, VQC_BAD_INPUT, "expected integers as shape and strides, found %s and %s",
                                 vqc_pickle_kind_name(size->kind), vqc_pickle_kind_name(stride->kind));
        entry->tensor.shape[d] = size->integer;
        entry->stride[d] = stride->integer;
    }
    return VQC_OK;
}

static vqc_status add_tensor(tensor_walk *walk, const vqc_pickle_tensor *tensor, vqc_error *error)
{
    vqc_directory_entry entry = {0};
    uint64_t begin;
    uint64_t end;
    uint64_t element;
    VQC_TRY(type_size(tensor->type, &element, error));
    entry.tensor.dtype = tensor->type->global.dtype;
    entry.tensor.unreadable = tensor->type->global.unreadable;
    VQC_TRY(tensor_geometry(tensor, &entry, error));
    VQC_TRY(walk->find(walk->context, tensor->storage, &entry.storage, error));
    VQC_TRY(storage_view(tensor->storage, walk->directory->storages[entry.storage].size, &begin, &end, error));
    uint64_t offset;
    if (tensor->start < 0 || __builtin_mul_overflow((uint64_t)tensor->start, element, &offset) ||
        __builtin_add_overflow(begin, offset, &entry.start))
        return vqc_error_set(error, VQC_BAD_INPUT, "its offset %" PRId64 " lies beyond its storage", tensor->start);
    return vqc_directory_add(walk->directory, &entry, walk->name, walk->name_size, end, error);
}

/* Pays for one step that handles that many characters or items. */
static vqc_status walk_spend(tensor_walk *walk, size_t items, vqc_error *error)
{
    if (items >= walk->budget)
        return vqc_error_set(error, VQC_BAD_INPUT, "holds more tensors than a pickle of its size can name");
    walk->budget -= 1 + items;
    return VQC_OK;
}

/* Puts ".key" behind the name. The caller sets the size back. */
static vqc_status name_extend(tensor_walk *walk, vqc_pickle_text key, vqc_error *error)
{
    VQC_TRY(walk_spend(walk, key.size, error));
    VQC_TRY(vqc_memory_grow(&walk->name, &walk->name_capacity, walk->name_size + key.size + 1, 1,
                            "the name of a tensor", error));
    if (walk->name_size > 0)
        walk->name[walk->name_size++] = '.';
    memcpy(walk->name + walk->name_size, key.data, key.size);
    walk->name_size += key.size;
    return VQC_OK;
}

static vqc_status walk_tensor(tensor_walk *walk, const vqc_pickle_tensor *tensor, vqc_error *error)
{
    VQC_TRY(walk_spend(walk, walk->name_size, error));
    vqc_status status = add_tensor(walk, tensor, error);
    if (status != VQC_OK)
        (void)vqc_error_prefix(error, "tensor %.*s", (int)(walk->name_size < 256 ? walk->name_size : 256),
                               walk->name);
    return status;
}

/* Adds the tensors among the values of a mapping, and where `modules` is set what the objects among them hold. */
static vqc_status walk_pairs(tensor_walk *walk, const vqc_pickle_items *pairs, bool modules, vqc_error *error)
{
    for (size_t i = 0; i + 1 < pairs->count; i += 2) {
        const vqc_pickle_value *key = pairs->values[i];
        const vqc_pickle_value *value = pairs->values[i + 1];
        VQC_TRY(walk_spend(walk, 0, error));
        bool wanted = value->kind == VQC_PICKLE_TENSOR || (modules && value->kind == VQC_PICKLE_OBJECT);
        if (key->kind != VQC_PICKLE_TEXT || !wanted)
            continue;
        size_t name_size = walk->name_size;
        VQC_TRY(name_extend(walk, key->text, error));
        if (value->kind == VQC_PICKLE_TENSOR)
            VQC_TRY(walk_tensor(walk, &value->tensor, error));
        else
            VQC_TRY(walk_module(walk, value, error));
        walk->name_size = name_size;
    }
    return VQC_OK;
}

/* A torch.nn.Module keeps its tensors and modules in three mappings among its attributes; of a TorchScript module
 * they are the attributes themselves. */
static vqc_status walk_attributes(tensor_walk *walk, const vqc_pickle_items *attributes, vqc_error *error)
{
    static const char *const parts[] = {"_parameters", "_buffers", "_modules"};
    if (vqc_pickle_items_find(attributes, parts[0]) == NULL)
        return walk_pairs(walk, attributes, true, error);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const vqc_pickle_value *part = vqc_pickle_items_find(attributes, parts[i]);
        if (part != NULL && part->kind == VQC_PICKLE_MAPPING)
            VQC_TRY(walk_pairs(walk, &part->items, true, error));
    }
    return VQC_OK;
}

static vqc_status walk_module(tensor_walk *walk, const vqc_pickle_value *module, vqc_error *error)
{
    const vqc_pickle_value *state = module->object.state;
    if (state == NULL || state->kind != VQC_PICKLE_MAPPING)
        return VQC_OK;
    VQC_TRY(walk_spend(walk, state->items.count, error));
    if (walk->depth >= MAX_DEPTH)
        return vqc_error_set(error, VQC_BAD_INPUT, "its modules are nested more than %d deep", MAX_DEPTH);
    walk->depth++;
    vqc_status status = walk_attributes(walk, &state->items, error);
    walk->depth--;
    return status;
}

static vqc_status walk_root(tensor_walk *walk, const vqc_pickle_value *root, vqc_error *error)
{
    if (root->kind == VQC_PICKLE_MAPPING)
        return walk_pairs(walk, &root->items, false, error);
    if (root->kind != VQC_PICKLE_OBJECT)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a mapping of names to tensors or a module, found %s",
                             vqc_pickle_kind_name(root->kind));
    VQC_TRY(walk_pairs(walk, &root->object.items, false, error));
    return walk_module(walk, root, error);
}

/* Says what there is instead of tensors. */
static vqc_status no_tensors(const vqc_pickle_value *root, vqc_error *error)
{
    char keys[256] = "";
    size_t used = 0;
    for (size_t i = 0; root->kind == VQC_PICKLE_MAPPING && i < root->items.count && i / 2 < NAMED_KEYS; i += 2) {
        const vqc_pickle_value *key = root->items.values[i];
        if (key->kind != VQC_PICKLE_TEXT || key->text.size >= sizeof keys ||
            used + key->text.size + sizeof ", " > sizeof keys)
            continue;
        if (used > 0)
            used = (size_t)(stpcpy(keys + used, ", ") - keys);
        memcpy(keys + used, key->text.data, key->text.size);
        used += key->text.size;
        keys[used] = '\0';
    }
    return vqc_error_set(error, VQC_BAD_INPUT, "expected tensors at the top or under state_dict, found none%s%s",
                         used > 0 ? " among the keys " : "", keys);
}

static bool items_hold_tensors(const vqc_pickle_items *pairs)
{
    for (size_t i = 1; i < pairs->count; i += 2)
        if (pairs->values[i]->kind == VQC_PICKLE_TENSOR)
            return true;
    return false;
}

/* Whether what stands under a key is a mapping with tensors, or a module. */
static bool holds_tensors(const vqc_pickle_value *value)
{
    if (value == NULL)
        return false;
    if (value->kind == VQC_PICKLE_MAPPING)
        return items_hold_tensors(&value->items);
    if (value->kind != VQC_PICKLE_OBJECT)
        return false;
    const vqc_pickle_value *state = value->object.state;
    return items_hold_tensors(&value->object.items) || (state != NULL && state->kind == VQC_PICKLE_MAPPING &&
                                                        vqc_pickle_items_find(&state->items, "_modules") != NULL);
}

/* Keys under which training programs keep weights, beside optimisers and counters. */
static const char *const usual_keys[] = {
    "state_dict", "model",     "model_state_dict", "module",         "net",
    "network",    "generator", "params",           "params_ema",     "ema",
    "model_ema",  "ema_model", "state_dict_ema",   "ema_state_dict",
};

/* Goes to the part under the one usual key that has tensors, where one has. */
static vqc_status root_choose(const vqc_pickle_value **root, vqc_directory *directory, vqc_error *error)
{
    const vqc_pickle_value *top = *root;
    const char *chosen = NULL;
    for (size_t i = 0; i < sizeof usual_keys / sizeof usual_keys[0]; i++) {
        const vqc_pickle_value *part = vqc_pickle_items_find(&top->items, usual_keys[i]);
        if (!holds_tensors(part))
            continue;
        if (chosen != NULL)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "expected one model, found tensors under the keys %s and %s: say which with `key`",
                                 chosen, usual_keys[i]);
        chosen = usual_keys[i];
        *root = part;
    }
    if (chosen != NULL)
        return vqc_memory_copy_text(chosen, &directory->key, error);
    const vqc_pickle_value *empty = vqc_pickle_items_find(&top->items, usual_keys[0]);
    if (empty != NULL) /* nothing there: the message shall say what it holds instead */
        *root = empty;
    return VQC_OK;
}

/* Goes to the part that the caller has named. */
static vqc_status root_named(const vqc_pickle_value **root, const char *key, vqc_error *error)
{
    const vqc_pickle_value *part =
        (*root)->kind == VQC_PICKLE_MAPPING ? vqc_pickle_items_find(&(*root)->items, key) : NULL;
    if (part == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a mapping with the key %.64s, found none", key);
    *root = part;
    return VQC_OK;
}

vqc_status vqc_state_dict_read(const vqc_pickle *pickle, vqc_storage_find find, void *context,
                               vqc_directory *directory, vqc_error *error)
{
    const vqc_pickle_value *root = pickle->top;
    if (directory->key != NULL)
        VQC_TRY(root_named(&root, directory->key, error));
    else if (root->kind == VQC_PICKLE_MAPPING)
        VQC_TRY(root_choose(&root, directory, error));
    tensor_walk walk = {.find = find,
                        .context = context,
                        .directory = directory,
                        .budget = pickle->size * BUDGET_PER_BYTE + BUDGET_AT_LEAST};
    vqc_status status = walk_root(&walk, root, error);
    free(walk.name);
    if (status == VQC_OK && directory->count == 0)
        return no_tensors(root, error);
    return status;
}
