#include "study/render_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct vqc_render_index {
    size_t count;
    const vqc_render *sorted[];
};

static int renders_compare(const vqc_render *a, const vqc_render *b)
{
    int order = strcmp(a->prompt->id, b->prompt->id);
    if (order == 0)
        order = (a->seed > b->seed) - (a->seed < b->seed);
    return order == 0 ? strcmp(a->variant, b->variant) : order;
}

static int places_compare(const void *left, const void *right)
{
    return renders_compare(*(const vqc_render *const *)left, *(const vqc_render *const *)right);
}

static int prompt_compare(const void *id, const void *place)
{
    return strcmp(id, (*(const vqc_render *const *)place)->prompt->id);
}

vqc_status vqc_render_index_create(const vqc_study *study, vqc_render_index **index_out, vqc_error *error)
{
    const size_t count = study->render_count;
    vqc_render_index *index;
    VQC_TRY(vqc_memory_allocate(1, sizeof *index + count * sizeof(vqc_render *), "renders", &index, error));
    index->count = count;
    for (size_t i = 0; i < count; i++)
        index->sorted[i] = &study->renders[i];
    qsort(index->sorted, count, sizeof(vqc_render *), places_compare);
    *index_out = index;
    return VQC_OK;
}

void vqc_render_index_destroy(vqc_render_index *index)
{
    free(index);
}

const vqc_render *vqc_render_index_find(const vqc_render_index *index, const char *prompt, uint64_t seed,
                                        const char *variant)
{
    const vqc_prompt named = {.id = prompt};
    const vqc_render wanted = {.prompt = &named, .seed = seed, .variant = variant};
    const vqc_render *key = &wanted;
    const vqc_render *const *found = bsearch(&key, index->sorted, index->count, sizeof(vqc_render *), places_compare);
    return found == NULL ? NULL : *found;
}

bool vqc_render_index_has_prompt(const vqc_render_index *index, const char *prompt)
{
    return bsearch(prompt, index->sorted, index->count, sizeof(vqc_render *), prompt_compare) != NULL;
}
