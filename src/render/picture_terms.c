#include "render/picture_terms.h"

#include <stdlib.h>

#include "base/memory.h"

/* A term's value and its weight have a slot of memory each, so that each begins aligned. */
enum { SLOT = 64, SLOT_FLOATS = SLOT / sizeof(float) };

/* One term: pieces of one block of device memory. */
typedef struct picture_term {
    const vqc_picture_regulariser_type *type;
    vqc_plan *plan;
    float *value, *weight;
    void *saved;
    void *workspace;
} picture_term;

struct vqc_picture_terms {
    vqc_picture_terms_site site;
    int count;
    picture_term terms[VQC_PICTURE_REGULARISERS];
    unsigned char *memory;
    float *values, *weights; /* (count) slots each */
    float *start;            /* the picture that the render starts from; NULL where none is looked at */
    float *known_values;     /* the values in host memory that the device reaches */
    float *next_weights;     /* the weights, on their way */
};

static size_t picture_size(const vqc_picture_terms_site *site)
{
    return (size_t)(3 * site->height * site->width) * sizeof(float);
}

/* A piece of device memory of `size` bytes; where there is no memory yet, only counts it. */
static void *piece_take(unsigned char *memory, size_t *used, size_t size)
{
    void *piece = memory == NULL ? NULL : memory + *used;
    *used += (size + SLOT - 1) / SLOT * SLOT;
    return piece;
}

/* Lays the pieces out; returns their size. */
static size_t pieces_set(vqc_picture_terms *terms)
{
    size_t used = 0;
    terms->values = piece_take(terms->memory, &used, (size_t)terms->count * SLOT);
    terms->weights = piece_take(terms->memory, &used, (size_t)terms->count * SLOT);
    for (int i = 0; i < terms->count; i++) {
        picture_term *term = &terms->terms[i];
        term->value = terms->values == NULL ? NULL : terms->values + (ptrdiff_t)i * SLOT_FLOATS;
        term->weight = terms->weights == NULL ? NULL : terms->weights + (ptrdiff_t)i * SLOT_FLOATS;
        term->saved = piece_take(terms->memory, &used, vqc_plan_saved_size(term->plan));
        term->workspace = piece_take(terms->memory, &used, vqc_plan_workspace_size(term->plan));
    }
    if (vqc_picture_regularisers_beside_start(terms->site.settings))
        terms->start = piece_take(terms->memory, &used, picture_size(&terms->site));
    return used;
}

static vqc_status term_plan(vqc_picture_terms *terms, int row, vqc_error *error)
{
    picture_term *term = &terms->terms[terms->count];
    term->type = vqc_picture_regulariser_of(row);
    const vqc_operation operation = {.kind = VQC_OPERATION_PICTURE_TERM,
                                     .dtype = VQC_DTYPE_F32,
                                     .picture_term = {.height = terms->site.height,
                                                      .width = terms->site.width,
                                                      .function = term->type->function(terms->site.settings),
                                                      .scale = term->type->unlimited ? terms->site.scale : 1.0F,
                                                      .shift = term->type->unlimited ? terms->site.shift : 0.0F}};
    VQC_TRY(vqc_plan_create(terms->site.ops, &operation, true, &term->plan, error));
    terms->count++;
    return VQC_OK;
}

static vqc_status terms_plan(vqc_picture_terms *terms, vqc_error *error)
{
    const uint32_t used = vqc_picture_regularisers_used(terms->site.settings);
    for (int row = 0; row < VQC_PICTURE_REGULARISERS; row++)
        if ((used >> row & 1) != 0)
            VQC_TRY(term_plan(terms, row, error));
    return VQC_OK;
}

static vqc_status memory_create(vqc_picture_terms *terms, vqc_error *error)
{
    vqc_ops *ops = terms->site.ops;
    void *memory;
    VQC_TRY(vqc_ops_memory_allocate(ops, pieces_set(terms), &memory, error));
    terms->memory = memory;
    (void)pieces_set(terms);
    VQC_TRY(vqc_ops_host_allocate(ops, (size_t)terms->count * SLOT, &memory, error));
    terms->known_values = memory;
    VQC_TRY(vqc_ops_host_allocate(ops, (size_t)terms->count * SLOT, &memory, error));
    terms->next_weights = memory;
    return VQC_OK;
}

vqc_status vqc_picture_terms_create(const vqc_picture_terms_site *site, vqc_picture_terms **terms_out,
                                    vqc_error *error)
{
    vqc_picture_terms *terms;
    *terms_out = NULL;
    if (vqc_picture_regularisers_used(site->settings) == 0)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(1, sizeof *terms, "terms of a picture", &terms, error));
    terms->site = *site;
    vqc_status status = terms_plan(terms, error);
    if (status == VQC_OK)
        status = memory_create(terms, error);
    if (status != VQC_OK) {
        vqc_picture_terms_destroy(terms);
        return status;
    }
    *terms_out = terms;
    return VQC_OK;
}

static void plans_destroy(vqc_picture_terms *terms)
{
    for (int i = 0; i < terms->count; i++)
        vqc_plan_destroy(terms->terms[i].plan);
}

void vqc_picture_terms_destroy(vqc_picture_terms *terms)
{
    if (terms == NULL)
        return;
    plans_destroy(terms);
    if (terms->memory != NULL)
        vqc_ops_memory_release(terms->site.ops, terms->memory);
    vqc_ops_host_release(terms->site.ops, terms->known_values);
    vqc_ops_host_release(terms->site.ops, terms->next_weights);
    free(terms);
}

vqc_status vqc_picture_terms_size(const vqc_picture_terms_site *site, size_t *bytes_out, vqc_error *error)
{
    vqc_picture_terms terms = {.site = *site};
    vqc_status status = terms_plan(&terms, error);
    if (status == VQC_OK)
        *bytes_out = pieces_set(&terms);
    plans_destroy(&terms);
    return status;
}

vqc_status vqc_picture_terms_start(vqc_picture_terms *terms, const float *picture, vqc_error *error)
{
    return terms == NULL ? VQC_OK
                         : vqc_ops_upload(terms->site.ops, terms->start, picture, picture_size(&terms->site), error);
}

vqc_status vqc_picture_terms_prepare(vqc_picture_terms *terms, int64_t step, vqc_error *error)
{
    if (terms == NULL)
        return VQC_OK;
    for (int i = 0; i < terms->count * SLOT_FLOATS; i++)
        terms->next_weights[i] = 0.0F;
    for (int i = 0; i < terms->count; i++)
        terms->next_weights[i * SLOT_FLOATS] = (float)terms->terms[i].type->weight(terms->site.settings, step);
    return vqc_ops_copy(terms->site.ops, terms->weights, terms->next_weights, (size_t)terms->count * SLOT, error);
}

/* `accumulate`: the gradient is added to what is there. */
static vqc_status term_add(const vqc_picture_terms *terms, const picture_term *term,
                           const vqc_picture_terms_place *place, bool accumulate, vqc_error *error)
{
    const float *picture = term->type->unlimited ? place->unlimited : place->picture;
    const float *start = term->type->beside_start ? terms->start : NULL;
    const vqc_forward forward = {
        .input = {picture, start}, .output = term->value, .saved = term->saved, .workspace = term->workspace};
    const vqc_backward backward = {
        .grad_output = term->weight,
        .input = {picture, start},
        .saved = term->saved,
        .grad_input = {term->type->unlimited ? place->unlimited_gradient : place->gradient},
        .accumulate = {accumulate},
        .workspace = term->workspace};
    VQC_TRY(vqc_plan_forward(term->plan, &forward, error));
    return vqc_plan_backward(term->plan, &backward, error);
}

vqc_status vqc_picture_terms_add(vqc_picture_terms *terms, const vqc_picture_terms_place *place, vqc_error *error)
{
    bool unlimited_set = false;
    for (int i = 0; terms != NULL && i < terms->count; i++) {
        const bool unlimited = terms->terms[i].type->unlimited;
        VQC_TRY(term_add(terms, &terms->terms[i], place, !unlimited || unlimited_set, error));
        unlimited_set = unlimited_set || unlimited;
    }
    return VQC_OK;
}

vqc_status vqc_picture_terms_fetch(vqc_picture_terms *terms, vqc_error *error)
{
    if (terms == NULL)
        return VQC_OK;
    return vqc_ops_copy(terms->site.ops, terms->known_values, terms->values, (size_t)terms->count * SLOT, error);
}

void vqc_picture_terms_losses(const vqc_picture_terms *terms, int64_t step, double *losses)
{
    for (int i = 0; terms != NULL && i < terms->count; i++)
        losses[i] =
            terms->terms[i].type->weight(terms->site.settings, step) * (double)terms->known_values[i * SLOT_FLOATS];
}
