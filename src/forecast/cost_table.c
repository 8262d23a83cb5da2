#include "forecast/cost_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void vqc_cost_table_release(vqc_cost_table *table)
{
    free(table->shapes);
    *table = (vqc_cost_table){0};
}

/* What becomes of a crop, step by step. */
static void crops_describe(const vqc_settings *settings, char text[VQC_COST_TEXT_SIZE])
{
    size_t size = 0;
    if (settings->crop_method == VQC_CROPS_POOLED)
        size += (size_t)snprintf(text, VQC_COST_TEXT_SIZE, "pooled");
    for (int i = 0; i < settings->augmentation_count; i++)
        size += (size_t)snprintf(text + size, VQC_COST_TEXT_SIZE - size, "%s%s", size == 0 ? "" : " ",
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
        .group = vqc_settings_batch(settings),
        .init = settings->init.kind,
        .recompute = settings->recompute,
    };
    crops_describe(settings, shape_out->augmentations);
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

/* A step's seconds with so many lanes at work; something was measured. */
static double lane_phase_seconds(const vqc_shape_cost *shape, int lanes)
{
    int last = shape->lane_phase_count - 1;
    int place = 0;
    while (place < last && shape->lane_phases[place + 1].lanes < lanes)
        place++;
    const vqc_lane_phase *from = &shape->lane_phases[place];
    if (lanes > shape->lane_phases[last].lanes || place == last)
        return shape->lane_phases[last].seconds * (double)lanes / (double)shape->lane_phases[last].lanes;
    const vqc_lane_phase *to = from + 1;
    return from->seconds +
           (to->seconds - from->seconds) * (double)(lanes - from->lanes) / (double)(to->lanes - from->lanes);
}

double vqc_shape_cost_slowdown(const vqc_shape_cost *shape, int lanes)
{
    if (shape->lane_phase_count == 0)
        return (double)lanes;
    return fmax(1.0, lane_phase_seconds(shape, lanes) / shape->lane_phases[0].seconds);
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
