#include "weights/directory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

/* The most elements that a tensor may have: their number in bytes, of any type, still fits an int64_t. */
static const int64_t max_elements = INT64_MAX / 8;

/* Number of elements. Sizes of zero are left out of the bound, so that partial products of a shape never overflow
 * either. */
static vqc_status shape_count(const vqc_weights_tensor *tensor, int64_t *count_out, vqc_error *error)
{
    int64_t product = 1;
    bool empty = false;
    for (int d = 0; d < tensor->rank; d++) {
        int64_t size = tensor->shape[d];
        if (size < 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "size %" PRId64 " of dimension %d is negative", size, d);
        if (size == 0)
            empty = true;
        else if (__builtin_mul_overflow(product, size, &product) || product > max_elements)
            return vqc_error_set(error, VQC_BAD_INPUT, "its shape has too many elements to count");
    }
    *count_out = empty ? 0 : product;
    return VQC_OK;
}

vqc_status vqc_directory_entry_lay_out(vqc_directory_entry *entry, vqc_error *error)
{
    VQC_TRY(shape_count(&entry->tensor, &entry->tensor.count, error));
    int64_t stride = 1;
    for (int d = entry->tensor.rank - 1; d >= 0; d--) {
        entry->stride[d] = stride;
        stride *= entry->tensor.shape[d] == 0 ? 1 : entry->tensor.shape[d];
    }
    return VQC_OK;
}

static vqc_status name_check(const char *name, size_t size, vqc_error *error)
{
    if (!vqc_utf8_is_valid(name, size))
        return vqc_error_set(error, VQC_BAD_INPUT, "its name is not UTF-8");
    if (memchr(name, '\0', size) != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "its name holds a NUL character");
    return VQC_OK;
}

/* Checks that the last element ends at or before the limit. The tensor has at least one element. */
static vqc_status extent_check(const vqc_directory_entry *entry, uint64_t limit, vqc_error *error)
{
    uint64_t last = 0;
    bool overflow = false;
    for (int d = 0; d < entry->tensor.rank; d++) {
        uint64_t step;
        if (entry->stride[d] < 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "stride %" PRId64 " of dimension %d is negative",
                                 entry->stride[d], d);
        overflow |= __builtin_mul_overflow((uint64_t)entry->tensor.shape[d] - 1, (uint64_t)entry->stride[d], &step) ||
                    __builtin_add_overflow(last, step, &last);
    }
    uint64_t end;
    overflow |= __builtin_add_overflow(last, 1, &end) ||
                __builtin_mul_overflow(end, vqc_dtype_size(entry->tensor.dtype), &end) ||
                __builtin_add_overflow(end, entry->start, &end);
    if (overflow)
        return vqc_error_set(error, VQC_BAD_INPUT, "its strides lead beyond any file");
    if (end > limit)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected its elements within the %" PRIu64 " bytes of its storage, found them up to "
                             "byte %" PRIu64,
                             limit, end);
    return VQC_OK;
}

static vqc_status entry_check(const vqc_directory *directory, const vqc_directory_entry *entry, uint64_t limit,
                              vqc_error *error)
{
    if (entry->tensor.count == 0)
        return VQC_OK;
    VQC_TRY(extent_check(entry, limit, error));
    /* Strides of zero repeat elements: without a bound a file of a few bytes could ask for any amount of memory. */
    uint64_t stored = limit / vqc_dtype_size(entry->tensor.dtype);
    uint64_t most = stored > directory->file_size ? stored : directory->file_size;
    if ((uint64_t)entry->tensor.count > most)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%" PRId64 " elements repeat the %" PRIu64 " that are stored too often",
                             entry->tensor.count, stored);
    return VQC_OK;
}

vqc_status vqc_directory_add(vqc_directory *directory, const vqc_directory_entry *entry, const char *name,
                             size_t name_size, uint64_t limit, vqc_error *error)
{
    vqc_directory_entry added = *entry;
    VQC_TRY(name_check(name, name_size, error));
    VQC_TRY(shape_count(&added.tensor, &added.tensor.count, error));
    if (added.tensor.unreadable == NULL)
        VQC_TRY(entry_check(directory, &added, limit, error));
    VQC_TRY(vqc_memory_grow(&directory->entries, &directory->capacity, directory->count + 1,
                            sizeof *directory->entries, "the directory of tensors", error));
    char *copy;
    VQC_TRY(vqc_memory_allocate(name_size + 1, 1, "the name of a tensor", &copy, error));
    memcpy(copy, name, name_size);
    added.tensor.name = copy;
    directory->entries[directory->count++] = added;
    return VQC_OK;
}

vqc_status vqc_directory_add_text(vqc_directory *directory, const char *key, const char *value, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&directory->texts, &directory->text_capacity, directory->text_count + 1,
                            sizeof *directory->texts, "the texts of a checkpoint", error));
    vqc_directory_text text = {0};
    VQC_TRY(vqc_memory_copy_text(key, &text.key, error));
    vqc_status status = vqc_memory_copy_text(value, &text.value, error);
    if (status != VQC_OK) {
        free(text.key);
        return status;
    }
    directory->texts[directory->text_count++] = text;
    return VQC_OK;
}

static int compare_names(const void *left, const void *right)
{
    const vqc_directory_entry *const *a = left;
    const vqc_directory_entry *const *b = right;
    return strcmp((*a)->tensor.name, (*b)->tensor.name);
}

static int compare_name_with_entry(const void *name, const void *entry)
{
    const vqc_directory_entry *const *of = entry;
    return strcmp(name, (*of)->tensor.name);
}

vqc_status vqc_directory_finish(vqc_directory *directory, vqc_error *error)
{
    VQC_TRY(
        vqc_memory_allocate(directory->count, sizeof(void *), "the index of tensors", &directory->by_name, error));
    for (size_t i = 0; i < directory->count; i++)
        directory->by_name[i] = &directory->entries[i];
    qsort(directory->by_name, directory->count, sizeof(void *), compare_names);
    for (size_t i = 1; i < directory->count; i++) {
        const char *name = directory->by_name[i]->tensor.name;
        if (strcmp(directory->by_name[i - 1]->tensor.name, name) == 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "tensor %s: its name appears twice", name);
    }
    return VQC_OK;
}

const vqc_directory_entry *vqc_directory_find(const vqc_directory *directory, const char *name)
{
    const vqc_directory_entry *const *found =
        bsearch(name, directory->by_name, directory->count, sizeof(void *), compare_name_with_entry);
    return found == NULL ? NULL : *found;
}

void vqc_directory_release(vqc_directory *directory)
{
    for (size_t i = 0; i < directory->count; i++)
        free((void *)(uintptr_t)directory->entries[i].tensor.name);
    for (size_t i = 0; i < directory->text_count; i++) {
        free(directory->texts[i].key);
        free(directory->texts[i].value);
    }
    free(directory->entries);
    free(directory->by_name);
    free(directory->storages);
    free(directory->texts);
    free(directory->key);
    *directory = (vqc_directory){0};
}
