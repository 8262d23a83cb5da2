#include "study/inputs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "study/study.h"

const vqc_input_row vqc_input_rows[] = {
    [VQC_INPUT_PROMPTS] = {.what = "prompts",
                           .owner = VQC_INPUT_OF_STUDY,
                           .offset = offsetof(vqc_study, prompts_path)},
    [VQC_INPUT_TARGET] = {.what = "target", .owner = VQC_INPUT_OF_TARGET, .offset = offsetof(vqc_target, file)},
    [VQC_INPUT_START] = {.what = "init", .owner = VQC_INPUT_OF_SETTINGS, .offset = offsetof(vqc_settings, init.file)},
    [VQC_INPUT_MASK] = {.what = "mask", .owner = VQC_INPUT_OF_SETTINGS, .offset = offsetof(vqc_settings, mask.file)},
};

static_assert(sizeof vqc_input_rows / sizeof vqc_input_rows[0] == VQC_INPUT_COUNT, "a row for every kind of input");

const char **vqc_input_path(vqc_input_kind kind, void *owner)
{
    return (const char **)(void *)((char *)owner + vqc_input_rows[kind].offset);
}

int64_t vqc_input_render(vqc_input_kind kind, const void *owner)
{
    if (kind != VQC_INPUT_START)
        return VQC_INPUT_FILE;
    const vqc_init *init = &((const vqc_settings *)owner)->init;
    return init->kind == VQC_INIT_LATENT ? init->render : VQC_INPUT_FILE;
}

static int inputs_compare(const void *left, const void *right)
{
    const vqc_input *a = left;
    const vqc_input *b = right;
    int order = (a->name[0] == '/') - (b->name[0] == '/');
    if (order == 0)
        order = strcmp(a->name, b->name);
    if (order == 0)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    return order == 0 ? (a->render > b->render) - (a->render < b->render) : order;
}

size_t vqc_inputs_settle(vqc_input *inputs, size_t count)
{
    size_t kept = 0;
    if (count == 0)
        return 0;
    qsort(inputs, count, sizeof *inputs, inputs_compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || inputs_compare(&inputs[kept - 1], &inputs[i]) != 0)
            inputs[kept++] = inputs[i];
    return kept;
}
