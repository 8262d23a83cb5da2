#include "ops/cpu/onednn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

struct vqc_onednn_primitive {
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    dnnl_memory_t memory[SLOT_COUNT]; /* NULL where the primitive has no such argument */
    int argument[SLOT_COUNT];         /* oneDNN's number of each */
    void *packed;                     /* the constant matrix, NULL if it is an argument */
    float *bias;
    size_t packed_size, bias_size, scratchpad_size;
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
#endif

/* A tensor of a primitive. Sizes are in oneDNN's order of axes (pictures: batch, channels, height, width), strides
 * count elements. */
typedef struct tensor {
    int axes; /* 0: the primitive has no such tensor */
    dnnl_dims_t sizes;
    dnnl_dims_t strides;
    vqc_dtype dtype;
    bool packed; /* oneDNN chooses the layout; the strides are those of the constants before packing */
} tensor;

typedef struct tensors {
    tensor source, matrix, bias, target;
    bool accumulate; /* add to what target holds */
} tensors;

typedef struct layouts {
    dnnl_memory_desc_t source, matrix, bias, target;
    bool has_bias;
} layouts;

static dnnl_data_type_t type_of(vqc_dtype dtype)
{
    return dtype == VQC_DTYPE_BF16 ? dnnl_bf16 : dnnl_f32;
}

static vqc_status layout_init(dnnl_memory_desc_t *layout, const tensor *t, vqc_error *error)
{
    dnnl_status_t status = t->packed ? layout_init_any(layout, t->axes, t->sizes, type_of(t->dtype))
                                     : layout_init_strided(layout, t->axes, t->sizes, type_of(t->dtype), t->strides);
    return check(status, "describing a tensor", error);
}

/* All or none. */
static vqc_status layouts_init(layouts *l, const tensors *t, vqc_error *error)
{
    dnnl_memory_desc_t *const layout[] = {&l->source, &l->matrix, &l->target, &l->bias};
    const tensor *const described[] = {&t->source, &t->matrix, &t->target, &t->bias};
    l->has_bias = t->bias.axes > 0;
    for (int i = 0; i < 3 + l->has_bias; i++) {
        vqc_status status = layout_init(layout[i], described[i], error);
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

typedef enum computation { CONVOLUTION, CONVOLUTION_GRADIENT, PRODUCT } computation;

/* How the kernel of a convolution moves; without meaning for products. */
typedef struct window {
    dnnl_dims_t strides, padding_before, padding_after;
} window;

/* Of a convolution's gradient, source is the gradient of the output and target that of the input. */
#if DNNL_VERSION_MAJOR >= 3
static dnnl_status_t describe_convolution(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const layouts *l,
                                          const window *w, dnnl_primitive_attr_t attributes)
{
    return dnnl_convolution_forward_primitive_desc_create(
        description, engine, dnnl_forward_inference, dnnl_convolution_direct, l->source, l->matrix,
        l->has_bias ? l->bias : NULL, l->target, w->strides, NULL, w->padding_before, w->padding_after, attributes);
}

static dnnl_status_t describe_gradient(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const layouts *l,
                                       const window *w, dnnl_primitive_attr_t attributes)
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
                                          const window *w, dnnl_primitive_attr_t attributes)
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
                                       const window *w, dnnl_primitive_attr_t attributes)
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

static vqc_status describe(dnnl_primitive_desc_t *description, dnnl_engine_t engine, computation kind,
                           const tensors *t, const window *w, vqc_error *error)
{
    layouts l;
    VQC_TRY(layouts_init(&l, t, error));
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = attributes_create(&attributes, t->accumulate);
    if (status == dnnl_success) {
        if (kind == CONVOLUTION)
            status = describe_convolution(description, engine, &l, w, attributes);
        else if (kind == CONVOLUTION_GRADIENT)
            status = describe_gradient(description, engine, &l, w, attributes);
        else
            status = describe_product(description, engine, &l, attributes);
        dnnl_primitive_attr_destroy(attributes);
    }
    layouts_release(&l);
    if (status == dnnl_unimplemented && t->source.dtype == VQC_DTYPE_BF16)
        return check(status, "which has no bf16 for this processor (on x86 it takes AVX-512); f32 works", error);
    return check(status, "choosing an algorithm", error);
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
static vqc_status matrix_pack(const vqc_onednn *onednn, vqc_onednn_primitive *p, layout_view packed_layout,
                              const tensor *matrix, const float *constant, vqc_error *error)
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

static vqc_status bias_copy(vqc_onednn_primitive *p, const tensor *layout, const float *bias, vqc_error *error)
{
    p->bias_size = (size_t)layout->sizes[layout->axes - 1] * sizeof(float);
    void *copy;
    VQC_TRY(allocate(p->bias_size, &copy, error));
    p->bias = copy;
    memcpy(p->bias, bias, p->bias_size);
    return check(dnnl_memory_set_data_handle(p->memory[SLOT_BIAS], p->bias), "placing the bias", error);
}

static vqc_status memory_create(const vqc_onednn *onednn, vqc_onednn_primitive *p, enum slot slot, int argument,
                                layout_view layout, vqc_error *error)
{
    p->argument[slot] = argument;
    return check(dnnl_memory_create(&p->memory[slot], layout, onednn->engine, DNNL_MEMORY_NONE),
                 "describing an argument", error);
}

/* Makes the memory objects of all arguments, without data. */
static vqc_status memories_create(const vqc_onednn *onednn, vqc_onednn_primitive *p, computation kind,
                                  const_dnnl_primitive_desc_t description, const tensors *t, vqc_error *error)
{
    bool gradient = kind == CONVOLUTION_GRADIENT;
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
    if (t->bias.axes > 0)
        VQC_TRY(memory_create(onednn, p, SLOT_BIAS, DNNL_ARG_BIAS,
                              dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 1), error));
    return VQC_OK;
}

/* Fills the primitive, which the caller destroys on failure. */
static vqc_status primitive_fill(const vqc_onednn *onednn, vqc_onednn_primitive *p, computation kind,
                                 const_dnnl_primitive_desc_t description, const tensors *t, const float *constant,
                                 const float *bias, vqc_error *error)
{
    VQC_TRY(check(dnnl_primitive_create(&p->primitive, description), "making the primitive", error));
    VQC_TRY(
        check(dnnl_stream_create(&p->stream, onednn->engine, dnnl_stream_default_flags), "making a stream", error));
    VQC_TRY(memories_create(onednn, p, kind, description, t, error));
    if (bias != NULL)
        VQC_TRY(bias_copy(p, &t->bias, bias, error));
    if (constant == NULL)
        return VQC_OK;
    return matrix_pack(onednn, p, dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0), &t->matrix,
                       constant, error);
}

static vqc_status primitive_create(const vqc_onednn *onednn, computation kind, const tensors *t, const window *w,
                                   const float *constant, const float *bias, vqc_onednn_primitive **primitive_out,
                                   vqc_error *error)
{
    vqc_onednn_primitive *p;
    VQC_TRY(vqc_memory_allocate(1, sizeof *p, "a primitive", &p, error));
    dnnl_primitive_desc_t description;
    vqc_status status = describe(&description, onednn->engine, kind, t, w, error);
    if (status == VQC_OK) {
        status = primitive_fill(onednn, p, kind, description, t, constant, bias, error);
        dnnl_primitive_desc_destroy(description);
    }
    if (status != VQC_OK) {
        vqc_onednn_primitive_destroy(p);
        return status;
    }
    *primitive_out = p;
    return VQC_OK;
}

void vqc_onednn_primitive_destroy(vqc_onednn_primitive *p)
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

size_t vqc_onednn_primitive_scratchpad(const vqc_onednn_primitive *primitive)
{
    return primitive->scratchpad_size;
}

size_t vqc_onednn_primitive_parameters(const vqc_onednn_primitive *primitive)
{
    return primitive->packed_size + primitive->bias_size;
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

/* Channels last in memory. */
static tensor picture_of(vqc_dtype dtype, int64_t batch, int64_t channels, int64_t height, int64_t width)
{
    return (tensor){.axes = 4,
                    .sizes = {batch, channels, height, width},
                    .strides = {height * width * channels, 1, width * channels, channels},
                    .dtype = dtype};
}

static tensor kernel_of(vqc_dtype dtype, int64_t out_channels, int64_t in_channels, int64_t height, int64_t width)
{
    return (tensor){.axes = 4,
                    .sizes = {out_channels, in_channels, height, width},
                    .strides = {in_channels * height * width, height * width, width, 1},
                    .dtype = dtype,
                    .packed = true};
}

/* The tensors of the forward pass. */
static tensors convolution_tensors(vqc_dtype dtype, const vqc_convolution *c)
{
    int64_t out_height = (c->height + c->pad_top + c->pad_bottom - c->kernel_height) / c->stride + 1;
    int64_t out_width = (c->width + c->pad_left + c->pad_right - c->kernel_width) / c->stride + 1;
    tensors t = {
        .source = picture_of(dtype, c->batch, c->in_channels, c->height, c->width),
        .matrix = kernel_of(dtype, c->out_channels, c->in_channels, c->kernel_height, c->kernel_width),
        .target = picture_of(dtype, c->batch, c->out_channels, out_height, out_width),
        .accumulate = c->residual,
    };
    if (c->bias != NULL)
        t.bias = (tensor){.axes = 1, .sizes = {c->out_channels}, .strides = {1}, .dtype = VQC_DTYPE_F32};
    return t;
}

static window window_of(const vqc_convolution *c)
{
    return (window){.strides = {c->stride, c->stride},
                    .padding_before = {c->pad_top, c->pad_left},
                    .padding_after = {c->pad_bottom, c->pad_right}};
}

vqc_status vqc_onednn_convolution_create(const vqc_onednn *onednn, vqc_dtype dtype,
                                         const vqc_convolution *convolution, vqc_onednn_primitive **primitive_out,
                                         vqc_error *error)
{
    tensors t = convolution_tensors(dtype, convolution);
    window w = window_of(convolution);
    return primitive_create(onednn, CONVOLUTION, &t, &w, convolution->weight, convolution->bias, primitive_out,
                            error);
}

vqc_status vqc_onednn_convolution_gradient_create(const vqc_onednn *onednn, vqc_dtype dtype,
                                                  const vqc_convolution *convolution,
                                                  vqc_onednn_primitive **primitive_out, vqc_error *error)
{
    tensors forward = convolution_tensors(dtype, convolution);
    window w = window_of(convolution);
    const tensors t = {.source = forward.target, .matrix = forward.matrix, .target = forward.source};
    return primitive_create(onednn, CONVOLUTION_GRADIENT, &t, &w, convolution->weight, NULL, primitive_out, error);
}

static tensor matrix_of(vqc_dtype dtype, int64_t rows, int64_t columns, bool transposed)
{
    return (tensor){.axes = 2,
                    .sizes = {rows, columns},
                    .strides = {transposed ? 1 : columns, transposed ? rows : 1},
                    .dtype = dtype};
}

vqc_status vqc_onednn_product_create(const vqc_onednn *onednn, const vqc_onednn_product *product,
                                     vqc_onednn_primitive **primitive_out, vqc_error *error)
{
    tensors t = {
        .source = matrix_of(product->dtype, product->rows, product->depth, product->source_transposed),
        .matrix = matrix_of(product->dtype, product->depth, product->columns, product->matrix_transposed),
        .target = matrix_of(product->target_dtype, product->rows, product->columns, false),
        .accumulate = product->accumulate,
    };
    t.matrix.packed = product->constant != NULL;
    if (product->bias != NULL)
        t.bias = matrix_of(VQC_DTYPE_F32, 1, product->columns, false);
    const window none = {0};
    return primitive_create(onednn, PRODUCT, &t, &none, product->constant, product->bias, primitive_out, error);
}

static dnnl_status_t place(const vqc_onednn_primitive *p, enum slot slot, const void *data)
{
    return dnnl_memory_set_data_handle(p->memory[slot], (void *)(uintptr_t)data);
}

vqc_status vqc_onednn_execute(vqc_onednn_primitive *p, const vqc_onednn_arguments *arguments, vqc_error *error)
{
    dnnl_status_t status = place(p, SLOT_SOURCE, arguments->source);
    if (status == dnnl_success && p->packed == NULL)
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
    if (status == dnnl_success)
        status = dnnl_primitive_execute(p->primitive, p->stream, count, list);
    if (status == dnnl_success)
        status = dnnl_stream_wait(p->stream);
    return check(status, "computing", error);
}
