#include "ops/cpu/onednn_piece.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

#include "base/memory.h"

#if DNNL_CPU_RUNTIME != DNNL_RUNTIME_OMP && DNNL_CPU_RUNTIME != DNNL_RUNTIME_SEQ
#error "a oneDNN that is built with OpenMP is needed: other ways of threading would not heed the number of threads"
#endif

enum { ALIGNMENT = 64 };

struct vqc_onednn {
    dnnl_engine_t engine;
};

/* The arguments of an execution, in the order in which primitives list them. */
enum slot { SLOT_SOURCE, SLOT_MATRIX, SLOT_TARGET, SLOT_SCRATCHPAD, SLOT_BIAS, SLOT_COUNT };

struct vqc_onednn_piece {
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    dnnl_memory_t memory[SLOT_COUNT]; /* NULL where the primitive has no such argument */
    int argument[SLOT_COUNT];         /* oneDNN's number of each */
    bool constant;                    /* the matrix is */
    void *packed;                     /* the constant matrix; NULL if it is lent */
    float *bias;                      /* likewise */
    size_t packed_size, bias_size, scratchpad_size;
    char name[VQC_ONEDNN_NAME_SIZE];
};

static vqc_status check(dnnl_status_t status, const char *what, vqc_error *error)
{
    if (status == dnnl_success)
        return VQC_OK;
    const dnnl_version_t *version = dnnl_version();
    return vqc_error_set(error, VQC_FAILED, "oneDNN %d.%d.%d, %s: %s", version->major, version->minor, version->patch,
                         what, dnnl_status2str(status));
}

/* How the elements of a tensor lie in memory: a value in version 2, a handle in version 3. */
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t layout_view;

static layout_view layout_of(const dnnl_memory_desc_t *layout)
{
    return *layout;
}

static void layout_release(dnnl_memory_desc_t *layout)
{
    dnnl_memory_desc_destroy(*layout);
}

static dnnl_status_t layout_init_strided(dnnl_memory_desc_t *layout, int axes, const dnnl_dims_t sizes,
                                         dnnl_data_type_t type, const dnnl_dims_t strides)
{
    return dnnl_memory_desc_create_with_strides(layout, axes, sizes, type, strides);
}

static dnnl_status_t layout_init_any(dnnl_memory_desc_t *layout, int axes, const dnnl_dims_t sizes,
                                     dnnl_data_type_t type)
{
    return dnnl_memory_desc_create_with_tag(layout, axes, sizes, type, dnnl_format_tag_any);
}

static dnnl_status_t layout_init_like(dnnl_memory_desc_t *layout, const_dnnl_memory_t memory)
{
    const_dnnl_memory_desc_t other;
    dnnl_status_t status = dnnl_memory_get_memory_desc(memory, &other);
    return status == dnnl_success ? dnnl_memory_desc_clone(layout, other) : status;
}
#else
typedef const dnnl_memory_desc_t *layout_view;

static layout_view layout_of(const dnnl_memory_desc_t *layout)
{
    return layout;
}

static void layout_release(dnnl_memory_desc_t *layout)
{
    (void)layout;
}

static dnnl_status_t layout_init_strided(dnnl_memory_desc_t *layout, int axes, const dnnl_dims_t sizes,
                                         dnnl_data_type_t type, const dnnl_dims_t strides)
{
    return dnnl_memory_desc_init_by_strides(layout, axes, sizes, type, strides);
}

static dnnl_status_t layout_init_any(dnnl_memory_desc_t *layout, int axes, const dnnl_dims_t sizes,
                                     dnnl_data_type_t type)
{
    return dnnl_memory_desc_init_by_tag(layout, axes, sizes, type, dnnl_format_tag_any);
}

static dnnl_status_t layout_init_like(dnnl_memory_desc_t *layout, const_dnnl_memory_t memory)
{
    const dnnl_memory_desc_t *other;
    dnnl_status_t status = dnnl_memory_get_memory_desc(memory, &other);
    if (status == dnnl_success)
        *layout = *other;
    return status;
}
#endif

typedef struct layouts {
    dnnl_memory_desc_t source, matrix, bias, target;
    bool has_bias;
} layouts;

static dnnl_data_type_t type_of(vqc_dtype dtype)
{
    return dtype == VQC_DTYPE_BF16 ? dnnl_bf16 : dnnl_f32;
}

static vqc_status layout_init(dnnl_memory_desc_t *layout, const vqc_onednn_tensor *t, vqc_error *error)
{
    dnnl_status_t status = t->packed ? layout_init_any(layout, t->axes, t->sizes, type_of(t->dtype))
                                     : layout_init_strided(layout, t->axes, t->sizes, type_of(t->dtype), t->strides);
    return check(status, "describing a tensor", error);
}

/* All or none. The packed layout of `like`, unless NULL, is the matrix's. */
static vqc_status layouts_init(layouts *l, const vqc_onednn_computation *c, const vqc_onednn_piece *like,
                               vqc_error *error)
{
    dnnl_memory_desc_t *const layout[] = {&l->source, &l->target, &l->matrix, &l->bias};
    const vqc_onednn_tensor *const described[] = {&c->source, &c->target, &c->matrix, &c->bias};
    l->has_bias = c->bias.axes > 0;
    for (int i = 0; i < 3 + l->has_bias; i++) {
        vqc_status status =
            layout[i] == &l->matrix && like != NULL
                ? check(layout_init_like(layout[i], like->memory[SLOT_MATRIX]), "sharing weights", error)
                : layout_init(layout[i], described[i], error);
        while (status != VQC_OK && i > 0)
            layout_release(layout[--i]);
        VQC_TRY(status);
    }
    return VQC_OK;
}

static void layouts_release(layouts *l)
{
    layout_release(&l->source);
    layout_release(&l->matrix);
    layout_release(&l->target);
    if (l->has_bias)
        layout_release(&l->bias);
}

/* Of a convolution's gradient, source is the gradient of the output and target that of the input. */
#if DNNL_VERSION_MAJOR >= 3
static dnnl_status_t describe_convolution(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const layouts *l,
                                          const vqc_onednn_window *w, dnnl_primitive_attr_t attributes)
{
    return dnnl_convolution_forward_primitive_desc_create(
        description, engine, dnnl_forward_inference, dnnl_convolution_direct, l->source, l->matrix,
        l->has_bias ? l->bias : NULL, l->target, w->strides, NULL, w->padding_before, w->padding_after, attributes);
}

static dnnl_status_t describe_gradient(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const layouts *l,
                                       const vqc_onednn_window *w, dnnl_primitive_attr_t attributes)
{
    dnnl_primitive_desc_t forward;
    dnnl_status_t status = dnnl_convolution_forward_primitive_desc_create(
        &forward, engine, dnnl_forward_training, dnnl_convolution_direct, l->target, l->matrix, NULL, l->source,
        w->strides, NULL, w->padding_before, w->padding_after, attributes);
    if (status != dnnl_success)
        return status;
    status = dnnl_convolution_backward_data_primitive_desc_create(
        description, engine, dnnl_convolution_direct, l->target, l->matrix, l->source, w->strides, NULL,
        w->padding_before, w->padding_after, forward, attributes);
    dnnl_primitive_desc_destroy(forward);
    return status;
}

static dnnl_status_t describe_product(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const layouts *l,
                                      dnnl_primitive_attr_t attributes)
{
    return dnnl_matmul_primitive_desc_create(description, engine, l->source, l->matrix, l->has_bias ? l->bias : NULL,
                                             l->target, attributes);
}
#else
static dnnl_status_t describe_convolution(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const layouts *l,
                                          const vqc_onednn_window *w, dnnl_primitive_attr_t attributes)
{
    dnnl_convolution_desc_t convolution;
    dnnl_status_t status = dnnl_convolution_forward_desc_init(
        &convolution, dnnl_forward_inference, dnnl_convolution_direct, &l->source, &l->matrix,
        l->has_bias ? &l->bias : NULL, &l->target, w->strides, w->padding_before, w->padding_after);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(description, &convolution, attributes, engine, NULL);
}

static dnnl_status_t describe_gradient(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const layouts *l,
                                       const vqc_onednn_window *w, dnnl_primitive_attr_t attributes)
{
    const layouts forward_layouts = {.source = l->target, .matrix = l->matrix, .target = l->source};
    dnnl_primitive_desc_t forward;
    dnnl_status_t status = describe_convolution(&forward, engine, &forward_layouts, w, attributes);
    if (status != dnnl_success)
        return status;
    dnnl_convolution_desc_t gradient;
    status = dnnl_convolution_backward_data_desc_init(&gradient, dnnl_convolution_direct, &l->target, &l->matrix,
                                                      &l->source, w->strides, w->padding_before, w->padding_after);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(description, &gradient, attributes, engine, forward);
    dnnl_primitive_desc_destroy(forward);
    return status;
}

static dnnl_status_t describe_product(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const layouts *l,
                                      dnnl_primitive_attr_t attributes)
{
    dnnl_matmul_desc_t product;
    dnnl_status_t status =
        dnnl_matmul_desc_init(&product, &l->source, &l->matrix, l->has_bias ? &l->bias : NULL, &l->target);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(description, &product, attributes, engine, NULL);
}
#endif

static dnnl_status_t append_sum(dnnl_post_ops_t post_ops)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_post_ops_append_sum(post_ops, 1.0F, 0, dnnl_data_type_undef);
#else
    return dnnl_post_ops_append_sum(post_ops, 1.0F);
#endif
}

/* Makes the primitive add to what its target holds. A binary post-op could add a third tensor instead and would
 * save a copy, but rules out the fastest convolutions of version 2. */
static dnnl_status_t attributes_set_accumulate(dnnl_primitive_attr_t attributes)
{
    dnnl_post_ops_t post_ops;
    dnnl_status_t status = dnnl_post_ops_create(&post_ops);
    if (status != dnnl_success)
        return status;
    status = append_sum(post_ops);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(attributes, post_ops);
    dnnl_post_ops_destroy(post_ops);
    return status;
}

/* Scratch memory comes from the caller, and f32 stays f32 whatever the environment says. */
static dnnl_status_t attributes_create(dnnl_primitive_attr_t *attributes_out, bool accumulate)
{
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = dnnl_primitive_attr_create(&attributes);
    if (status != dnnl_success)
        return status;
    status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_fpmath_mode(attributes, dnnl_fpmath_mode_strict);
    if (status == dnnl_success && accumulate)
        status = attributes_set_accumulate(attributes);
    if (status != dnnl_success) {
        dnnl_primitive_attr_destroy(attributes);
        return status;
    }
    *attributes_out = attributes;
    return dnnl_success;
}

static dnnl_status_t describe_kind(dnnl_primitive_desc_t *description, dnnl_engine_t engine,
                                   const vqc_onednn_computation *c, const layouts *l,
                                   dnnl_primitive_attr_t attributes)
{
    switch (c->kind) {
    case VQC_ONEDNN_CONVOLUTION:
        return describe_convolution(description, engine, l, &c->window, attributes);
    case VQC_ONEDNN_CONVOLUTION_GRADIENT:
        return describe_gradient(description, engine, l, &c->window, attributes);
    case VQC_ONEDNN_PRODUCT:
        return describe_product(description, engine, l, attributes);
    }
    return dnnl_invalid_arguments;
}

static vqc_status describe(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const vqc_onednn_computation *c,
                           const vqc_onednn_piece *like, vqc_error *error)
{
    layouts l;
    VQC_TRY(layouts_init(&l, c, like, error));
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = attributes_create(&attributes, c->accumulate);
    if (status == dnnl_success) {
        status = describe_kind(description, engine, c, &l, attributes);
        dnnl_primitive_attr_destroy(attributes);
    }
    layouts_release(&l);
    if (status == dnnl_unimplemented && c->source.dtype == VQC_DTYPE_BF16)
        return check(status, "which has no bf16 for this processor (on x86 it takes AVX-512); f32 works", error);
    return check(status, "choosing an algorithm", error);
}

/* oneDNN keeps the number of threads that OpenMP allows now. */
static vqc_status describe_alone(dnnl_primitive_desc_t *description, dnnl_engine_t engine,
                                 const vqc_onednn_computation *c, const vqc_onednn_piece *like, vqc_error *error)
{
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    vqc_status status = describe(description, engine, c, like, error);
    omp_set_num_threads(threads);
    return status;
}

static vqc_status name_query(const_dnnl_primitive_desc_t description, char name_out[VQC_ONEDNN_NAME_SIZE],
                             vqc_error *error)
{
    const char *name;
    VQC_TRY(check(dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, (void *)&name),
                  "naming an algorithm", error));
    (void)snprintf(name_out, VQC_ONEDNN_NAME_SIZE, "%s", name);
    return VQC_OK;
}

static vqc_status allocate(size_t size, void **memory_out, vqc_error *error)
{
    *memory_out = aligned_alloc(ALIGNMENT, (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (*memory_out == NULL)
        return vqc_error_set(error, VQC_FAILED, "no memory for %zu bytes of packed weights", size);
    return VQC_OK;
}

/* Runs a reorder from one memory to the other. */
static dnnl_status_t reorder(dnnl_engine_t engine, dnnl_stream_t stream, layout_view from, dnnl_memory_t source,
                             layout_view to, dnnl_memory_t target)
{
    dnnl_primitive_desc_t description;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&description, from, engine, to, engine, NULL);
    if (status != dnnl_success)
        return status;
    dnnl_primitive_t primitive;
    status = dnnl_primitive_create(&primitive, description);
    dnnl_primitive_desc_destroy(description);
    if (status != dnnl_success)
        return status;
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}};
    status = dnnl_primitive_execute(primitive, stream, 2, arguments);
    if (status == dnnl_success)
        status = dnnl_stream_wait(stream);
    dnnl_primitive_destroy(primitive);
    return status;
}

/* Converts and packs the constant, f32 in host memory, as the primitive wants it. */
static vqc_status matrix_pack(const vqc_onednn *onednn, vqc_onednn_piece *p, layout_view packed_layout,
                              const vqc_onednn_tensor *matrix, const float *constant, vqc_error *error)
{
    p->packed_size = dnnl_memory_desc_get_size(packed_layout);
    VQC_TRY(allocate(p->packed_size, &p->packed, error));
    dnnl_memory_desc_t layout;
    VQC_TRY(check(layout_init_strided(&layout, matrix->axes, matrix->sizes, dnnl_f32, matrix->strides),
                  "describing the weights", error));
    dnnl_memory_t source;
    dnnl_status_t status =
        dnnl_memory_create(&source, layout_of(&layout), onednn->engine, (void *)(uintptr_t)constant);
    if (status == dnnl_success) {
        status = dnnl_memory_set_data_handle(p->memory[SLOT_MATRIX], p->packed);
        if (status == dnnl_success)
            status =
                reorder(onednn->engine, p->stream, layout_of(&layout), source, packed_layout, p->memory[SLOT_MATRIX]);
        dnnl_memory_destroy(source);
    }
    layout_release(&layout);
    return check(status, "packing the weights", error);
}

static vqc_status bias_copy(vqc_onednn_piece *p, const vqc_onednn_tensor *layout, const float *bias, vqc_error *error)
{
    p->bias_size = (size_t)layout->sizes[layout->axes - 1] * sizeof(float);
    void *copy;
    VQC_TRY(allocate(p->bias_size, &copy, error));
    p->bias = copy;
    memcpy(p->bias, bias, p->bias_size);
    return check(dnnl_memory_set_data_handle(p->memory[SLOT_BIAS], p->bias), "placing the bias", error);
}

static vqc_status memory_create(const vqc_onednn *onednn, vqc_onednn_piece *p, enum slot slot, int argument,
                                layout_view layout, vqc_error *error)
{
    p->argument[slot] = argument;
    return check(dnnl_memory_create(&p->memory[slot], layout, onednn->engine, DNNL_MEMORY_NONE),
                 "describing an argument", error);
}

/* Makes the memory objects of all arguments, without data. */
static vqc_status memories_create(const vqc_onednn *onednn, vqc_onednn_piece *p,
                                  const_dnnl_primitive_desc_t description, const vqc_onednn_computation *c,
                                  vqc_error *error)
{
    bool gradient = c->kind == VQC_ONEDNN_CONVOLUTION_GRADIENT;
    layout_view source =
        dnnl_primitive_desc_query_md(description, gradient ? dnnl_query_diff_dst_md : dnnl_query_src_md, 0);
    layout_view target =
        dnnl_primitive_desc_query_md(description, gradient ? dnnl_query_diff_src_md : dnnl_query_dst_md, 0);
    layout_view matrix = dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    layout_view scratchpad = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    VQC_TRY(memory_create(onednn, p, SLOT_SOURCE, gradient ? DNNL_ARG_DIFF_DST : DNNL_ARG_SRC, source, error));
    VQC_TRY(memory_create(onednn, p, SLOT_MATRIX, DNNL_ARG_WEIGHTS, matrix, error));
    VQC_TRY(memory_create(onednn, p, SLOT_TARGET, gradient ? DNNL_ARG_DIFF_SRC : DNNL_ARG_DST, target, error));
    VQC_TRY(memory_create(onednn, p, SLOT_SCRATCHPAD, DNNL_ARG_SCRATCHPAD, scratchpad, error));
    p->scratchpad_size = (dnnl_memory_desc_get_size(scratchpad) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (c->bias.axes > 0)
        VQC_TRY(memory_create(onednn, p, SLOT_BIAS, DNNL_ARG_BIAS,
                              dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 1), error));
    return VQC_OK;
}

static vqc_status constant_borrow(const vqc_onednn_piece *p, const vqc_onednn_piece *like, enum slot slot,
                                  vqc_error *error)
{
    if (p->memory[slot] == NULL)
        return VQC_OK;
    void *data;
    VQC_TRY(check(dnnl_memory_get_data_handle(like->memory[slot], &data), "sharing weights", error));
    return check(dnnl_memory_set_data_handle(p->memory[slot], data), "sharing weights", error);
}

static vqc_status constants_place(const vqc_onednn *onednn, vqc_onednn_piece *p,
                                  const_dnnl_primitive_desc_t description, const vqc_onednn_computation *c,
                                  const vqc_onednn_piece *like, vqc_error *error)
{
    p->constant = c->constant != NULL;
    if (like != NULL) {
        VQC_TRY(constant_borrow(p, like, SLOT_MATRIX, error));
        return constant_borrow(p, like, SLOT_BIAS, error);
    }
    if (c->bias_values != NULL)
        VQC_TRY(bias_copy(p, &c->bias, c->bias_values, error));
    if (!p->constant)
        return VQC_OK;
    return matrix_pack(onednn, p, dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0), &c->matrix,
                       c->constant, error);
}

/* Fills the piece, which the caller destroys on failure. */
static vqc_status piece_fill(const vqc_onednn *onednn, vqc_onednn_piece *p, const_dnnl_primitive_desc_t description,
                             const vqc_onednn_computation *c, const vqc_onednn_piece *like, vqc_error *error)
{
    VQC_TRY(name_query(description, p->name, error));
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status = dnnl_primitive_create(&p->primitive, description);
    omp_set_num_threads(threads);
    VQC_TRY(check(status, "making the primitive", error));
    VQC_TRY(
        check(dnnl_stream_create(&p->stream, onednn->engine, dnnl_stream_default_flags), "making a stream", error));
    VQC_TRY(memories_create(onednn, p, description, c, error));
    return constants_place(onednn, p, description, c, like, error);
}

vqc_status vqc_onednn_name(const vqc_onednn *onednn, const vqc_onednn_computation *computation,
                           char name_out[VQC_ONEDNN_NAME_SIZE], vqc_error *error)
{
    dnnl_primitive_desc_t description;
    VQC_TRY(describe_alone(&description, onednn->engine, computation, NULL, error));
    vqc_status status = name_query(description, name_out, error);
    dnnl_primitive_desc_destroy(description);
    return status;
}

vqc_status vqc_onednn_piece_create(const vqc_onednn *onednn, const vqc_onednn_computation *computation,
                                   const vqc_onednn_piece *like, vqc_onednn_piece **piece_out, vqc_error *error)
{
    vqc_onednn_piece *p;
    VQC_TRY(vqc_memory_allocate(1, sizeof *p, "a primitive", &p, error));
    dnnl_primitive_desc_t description;
    vqc_status status = describe_alone(&description, onednn->engine, computation, like, error);
    if (status == VQC_OK) {
        status = piece_fill(onednn, p, description, computation, like, error);
        dnnl_primitive_desc_destroy(description);
    }
    if (status != VQC_OK) {
        vqc_onednn_piece_destroy(p);
        return status;
    }
    *piece_out = p;
    return VQC_OK;
}

void vqc_onednn_piece_destroy(vqc_onednn_piece *p)
{
    if (p == NULL)
        return;
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        if (p->memory[slot] != NULL)
            dnnl_memory_destroy(p->memory[slot]);
    if (p->stream != NULL)
        dnnl_stream_destroy(p->stream);
    if (p->primitive != NULL)
        dnnl_primitive_destroy(p->primitive);
    free(p->packed);
    free(p->bias);
    free(p);
}

const char *vqc_onednn_piece_name(const vqc_onednn_piece *piece)
{
    return piece->name;
}

size_t vqc_onednn_piece_scratchpad(const vqc_onednn_piece *piece)
{
    return piece->scratchpad_size;
}

size_t vqc_onednn_piece_parameters(const vqc_onednn_piece *piece)
{
    return piece->packed_size + piece->bias_size;
}

vqc_status vqc_onednn_create(vqc_onednn **onednn_out, vqc_error *error)
{
    vqc_onednn *onednn;
    VQC_TRY(vqc_memory_allocate(1, sizeof *onednn, "oneDNN", &onednn, error));
    vqc_status status = check(dnnl_engine_create(&onednn->engine, dnnl_cpu, 0), "opening the processor", error);
    if (status != VQC_OK) {
        free(onednn);
        return status;
    }
    *onednn_out = onednn;
    return VQC_OK;
}

void vqc_onednn_destroy(vqc_onednn *onednn)
{
    if (onednn == NULL)
        return;
    dnnl_engine_destroy(onednn->engine);
    free(onednn);
}

void vqc_onednn_describe(vqc_ops_description *description_out)
{
    const dnnl_version_t *version = dnnl_version();
    /* "cpu_isa_avx2" or "cpu_isa:avx2", after the version */
    const char *name = dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa());
    const char *prefix = "cpu_isa";
    if (strncmp(name, prefix, strlen(prefix)) == 0)
        name += strlen(prefix) + 1;
    (void)snprintf(description_out->instruction_set, sizeof description_out->instruction_set, "%s", name);
    (void)snprintf(description_out->library, sizeof description_out->library, "oneDNN %d.%d.%d", version->major,
                   version->minor, version->patch);
}

static dnnl_status_t place(const vqc_onednn_piece *p, enum slot slot, const void *data)
{
    return dnnl_memory_set_data_handle(p->memory[slot], (void *)(uintptr_t)data);
}

vqc_status vqc_onednn_piece_execute(vqc_onednn_piece *p, const vqc_onednn_arguments *arguments, vqc_error *error)
{
    dnnl_status_t status = place(p, SLOT_SOURCE, arguments->source);
    if (status == dnnl_success && !p->constant)
        status = place(p, SLOT_MATRIX, arguments->matrix);
    if (status == dnnl_success)
        status = place(p, SLOT_TARGET, arguments->target);
    if (status == dnnl_success)
        status = place(p, SLOT_SCRATCHPAD, arguments->scratchpad);
    dnnl_exec_arg_t list[SLOT_COUNT];
    int count = 0;
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        if (p->memory[slot] != NULL)
            list[count++] = (dnnl_exec_arg_t){p->argument[slot], p->memory[slot]};
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    if (status == dnnl_success)
        status = dnnl_primitive_execute(p->primitive, p->stream, count, list);
    if (status == dnnl_success)
        status = dnnl_stream_wait(p->stream);
    omp_set_num_threads(threads);
    return check(status, "computing", error);
}
