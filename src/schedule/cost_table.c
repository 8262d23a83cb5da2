#include "schedule/cost_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void vqc_cost_table_release(vqc_cost_table *table)
{
    free(table->shapes);
    *table = (vqc_cost_table){0};
}

static void augmentations_describe(const vqc_settings *settings, char text[VQC_COST_TEXT_SIZE])
{
    size_t size = 0;
    for (int i = 0; i < settings->augmentation_count; i++)
        size += (size_t)snprintf(text + size, VQC_COST_TEXT_SIZE - size, "%s%s", i == 0 ? "" : " ",
                                 vqc_augmentation_code(settings->augmentations[i].kind));
    if (settings->noise > 0.0)
        (void)snprintf(text + size, VQC_COST_TEXT_SIZE - size, "%snoise", size == 0 ? "" : " ");
}

void vqc_shape_cost_describe(const vqc_render *render, vqc_shape_cost *shape_out)
{
    const vqc_settings *settings = &render->settings;
    *shape_out = (vqc_shape_cost){
        .width = settings->width,
        .height = settings->height,
        .group = settings->crop_group < settings->crop_count ? settings->crop_group : settings->crop_count,
        .init = settings->init.kind,
        .recompute = settings->recompute,
    };
    augmentations_describe(settings, shape_out->augmentations);
}

bool vqc_shape_cost_networks_equal(const vqc_shape_cost *a, const vqc_shape_cost *b)
{
    return a->width == b->width && a->height == b->height && a->group == b->group && a->recompute == b->recompute &&
           strcmp(a->augmentations, b->augmentations) == 0;
}

bool vqc_shape_cost_equal(const vqc_shape_cost *a, const vqc_shape_cost *b)
{
    return a->init == b->init && vqc_shape_cost_networks_equal(a, b);
}

size_t vqc_cost_table_find(const vqc_cost_table *table, const vqc_render *render)
{
    vqc_shape_cost wanted;
    size_t place = 0;
    vqc_shape_cost_describe(render, &wanted);
    while (place < table->count && !vqc_shape_cost_equal(&table->shapes[place], &wanted))
        place++;
    return place;
}

vqc_status vqc_cost_table_add(vqc_cost_table *table, const vqc_shape_cost *shape, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&table->shapes, &table->capacity, table->count + 1, sizeof *shape, "shapes", error));
    table->shapes[table->count++] = *shape;
    return VQC_OK;
}
