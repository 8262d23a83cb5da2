#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/cpu/softmax.h"

/* Attention, one head of one sequence (an item) after the other: its rows of q, k and v are gathered into dense
 * matrices, and between the matrix products stands the softmax over whole rows of scores. Long sequences are taken
 * in blocks of queries, so that the scores stay small; the last block is filled up with zeros. The backward pass
 * computes the probabilities again.
 *
 * Many or small items (transformers) are shared among the threads, each of which computes its items alone; few large
 * ones (the attention of VQGAN: one head, long sequences) are computed one by one with all threads in every step. */
enum { MANY_ITEMS = 16, LARGE_ITEM = 256 * 256, MAX_BLOCK = 1024 };

/* The matrix products of one block. P are the probabilities, S the scores, g the gradient of the output. */
typedef enum product {
    SCORES,             /* q kᵀ */
    OUTPUT,             /* P v */
    GRAD_PROBABILITIES, /* g vᵀ */
    GRAD_VALUES,        /* += Pᵀ g */
    GRAD_QUERIES,       /* grad S k */
    GRAD_KEYS,          /* += (grad S)ᵀ q */
    PRODUCT_COUNT
} product;
enum { FORWARD_PRODUCT_COUNT = 2 };

typedef struct attention {
    vqc_attention shape;
    vqc_dtype dtype;
    int64_t block; /* queries */
    float scale;
    bool alone;                       /* each thread computes items of its own */
    int workers;                      /* how many items are computed at a time */
    vqc_onednn_primitive **primitive; /* (workers, PRODUCT_COUNT) */
    size_t scratchpad;                /* bytes, the most of all products */
    size_t worker_size;               /* bytes of workspace for each worker */
} attention;

/* The workspace of one worker. `scores` and `probabilities` are one matrix where the latter are f32. */
typedef struct worker {
    vqc_onednn_primitive **primitive;
    void *q, *k, *v, *output, *g, *probabilities; /* of the activations' type */
    float *scores, *grad_scores, *grad_q, *grad_k, *grad_v;
    void *scratchpad;
} worker;

static void state_destroy(void *opaque)
{
    attention *state = opaque;
    if (state->primitive != NULL)
        for (int i = 0; i < state->workers * PRODUCT_COUNT; i++)
            vqc_onednn_primitive_destroy(state->primitive[i]);
    free(state->primitive);
    free(state);
}

/* The rows of one of q, k, v or the output that belong to one item. */
typedef struct rows {
    int64_t first;  /* element */
    int64_t stride; /* elements from one row to the next */
    int input;      /* which tensor, for q, k and v */
} rows;

static rows rows_of_queries(const vqc_attention *o, int64_t batch, int64_t head)
{
    int64_t stride = o->heads * o->head_width * (o->packed ? 3 : 1);
    return (rows){batch * o->queries * stride + head * o->head_width, stride, 0};
}

/* part 1: keys, 2: values */
static rows rows_of_keys(const vqc_attention *o, int64_t batch, int64_t head, int part)
{
    int64_t width = o->heads * o->head_width;
    int64_t stride = width * (o->packed ? 3 : 2);
    int64_t place = o->packed ? part : part - 1;
    return (rows){batch * o->keys * stride + place * width + head * o->head_width, stride, o->packed ? 0 : 1};
}

static rows rows_of_output(const vqc_attention *o, int64_t batch, int64_t head)
{
    int64_t stride = o->heads * o->head_width;
    return (rows){batch * o->queries * stride + head * o->head_width, stride, 0};
}

enum { ROWS_AT_ONCE = 16 };

/* Runs function(context, first, end) over rows: by the calling thread alone if other threads have items of their own,
 * else by all threads. */
static void rows_run(const attention *a, int64_t count,
                     void (*function)(const void *context, int64_t first, int64_t end), const void *context)
{
    if (a->alone) {
        function(context, 0, count);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t first = 0; first < count; first += ROWS_AT_ONCE)
        function(context, first, first + ROWS_AT_ONCE < count ? first + ROWS_AT_ONCE : count);
}

/* Rows of bytes to copy. */
typedef struct copying {
    size_t size;
    const char *source;
    size_t source_stride;
    char *target;
    size_t target_stride;
} copying;

static void rows_copy(const void *context, int64_t first, int64_t end)
{
    const copying *c = context;
    for (int64_t i = first; i < end; i++)
        memcpy(c->target + (size_t)i * c->target_stride, c->source + (size_t)i * c->source_stride, c->size);
}

/* Copies rows [first, first + count) of an item together, and zeros behind them up to `filled` rows. */
static void gather(const attention *a, const void *tensor, rows r, int64_t first, int64_t count, int64_t filled,
                   void *target)
{
    size_t element = vqc_dtype_size(a->dtype);
    size_t size = (size_t)a->shape.head_width * element;
    const copying c = {.size = size,
                       .source = vqc_cpu_at(a->dtype, tensor, r.first + first * r.stride),
                       .source_stride = (size_t)r.stride * element,
                       .target = target,
                       .target_stride = size};
    rows_run(a, count, rows_copy, &c);
    memset((char *)target + (size_t)count * size, 0, (size_t)(filled - count) * size);
}

static void scatter(const attention *a, const void *source, rows r, int64_t first, int64_t count, void *tensor)
{
    size_t element = vqc_dtype_size(a->dtype);
    size_t size = (size_t)a->shape.head_width * element;
    const copying c = {.size = size,
                       .source = source,
                       .source_stride = size,
                       .target = vqc_cpu_at_writable(a->dtype, tensor, r.first + first * r.stride),
                       .target_stride = (size_t)r.stride * element};
    rows_run(a, count, rows_copy, &c);
}

/* Rows of a gradient to convert and to store or to add. */
typedef struct storing {
    vqc_dtype dtype;
    bool accumulate;
    int64_t width;
    const float *source; /* dense */
    void *target;
    int64_t stride;
} storing;

VQC_CPU_INLINE void store(vqc_dtype dtype, bool accumulate, const storing *s, int64_t first, int64_t end)
{
    for (int64_t i = first; i < end; i++) {
        const float *restrict source = s->source + i * s->width;
        void *restrict target = vqc_cpu_at_writable(dtype, s->target, i * s->stride);
        for (int64_t c = 0; c < s->width; c++)
            vqc_cpu_store_gradient(dtype, accumulate, target, c, source[c]);
    }
}

VQC_CPU_KERNEL static void rows_store(const void *context, int64_t first, int64_t end)
{
    const storing *s = context;
    VQC_CPU_FOR_STORE(store, s->dtype, s->accumulate, s, first, end);
}

static void scatter_gradient(const attention *a, const float *source, rows r, int64_t first, int64_t count,
                             const vqc_backward *arguments)
{
    void *tensor = arguments->grad_input[r.input];
    if (tensor == NULL)
        return;
    const storing s = {.dtype = a->dtype,
                       .accumulate = arguments->accumulate[r.input],
                       .width = a->shape.head_width,
                       .source = source,
                       .target = vqc_cpu_at_writable(a->dtype, tensor, r.first + first * r.stride),
                       .stride = r.stride};
    rows_run(a, count, rows_store, &s);
}

/* A block of queries of an item. */
typedef struct block {
    int64_t first, count;
    vqc_cpu_normaliser *saved; /* of the first query */
} block;

/* How many keys row i of the block sees; none if the row only fills the block up. */
static int64_t visible_of(const attention *a, block b, int64_t i)
{
    if (i >= b.count)
        return 0;
    return a->shape.causal ? b.first + i + 1 : a->shape.keys;
}

/* The softmax of a block, or its gradient. */
typedef struct block_scores {
    const attention *attention;
    const worker *worker;
    block block;
    const int32_t *seen; /* which keys of the sequence; NULL: all */
    bool again;          /* the forward pass has been: its normalisers are used */
} block_scores;

/* Which keys of the sequence are seen, where the attention is masked. */
static const int32_t *seen_of(const vqc_attention *o, const void *const input[VQC_OPERATION_MAX_INPUTS],
                              int64_t batch)
{
    return o->masked ? (const int32_t *)input[1] + batch * o->keys : NULL;
}

/* Scores of keys that are not seen become so small that their probability is 0. */
static void scores_hide(float *row, const int32_t *seen, int64_t count)
{
    for (int64_t k = 0; seen != NULL && k < count; k++)
        if (seen[k] == 0)
            row[k] = -INFINITY;
}

static void *probabilities_row(const block_scores *s, int64_t i)
{
    return vqc_cpu_at_writable(s->attention->dtype, s->worker->probabilities, i * s->attention->shape.keys);
}

static void probabilities_compute(const void *context, int64_t first, int64_t end)
{
    const block_scores *s = context;
    const attention *a = s->attention;
    int64_t keys = a->shape.keys;
    for (int64_t i = first; i < end; i++) {
        float *row = s->worker->scores + i * keys;
        int64_t visible = visible_of(a, s->block, i);
        scores_hide(row, s->seen, visible);
        if (visible > 0 && s->again)
            vqc_cpu_softmax_again(row, visible, a->scale, s->block.saved[i]);
        else if (visible > 0)
            s->block.saved[i] = vqc_cpu_softmax(row, visible, a->scale);
        vqc_cpu_softmax_store(a->dtype, row, probabilities_row(s, i), visible, keys);
    }
}

/* The gradients of the scores replace the probabilities. */
static void grad_scores_compute(const void *context, int64_t first, int64_t end)
{
    const block_scores *s = context;
    const attention *a = s->attention;
    int64_t keys = a->shape.keys;
    for (int64_t i = first; i < end; i++) {
        float *row = s->worker->grad_scores + i * keys;
        int64_t visible = visible_of(a, s->block, i);
        if (visible > 0)
            vqc_cpu_softmax_gradient(s->worker->scores + i * keys, row, visible, a->scale);
        vqc_cpu_softmax_store(a->dtype, row, probabilities_row(s, i), visible, keys);
    }
}

static vqc_status multiply(const worker *w, product which, const void *source, const void *matrix, void *target,
                           vqc_error *error)
{
    const vqc_onednn_arguments operands = {
        .source = source, .matrix = matrix, .target = target, .scratchpad = w->scratchpad};
    return vqc_onednn_execute(w->primitive[which], &operands, error);
}

/* What is done with an item or with a block of its queries; arguments are those of the call. */
typedef vqc_status item_function(const attention *a, const worker *w, const void *arguments, int64_t item,
                                 vqc_error *error);
typedef vqc_status block_function(const attention *a, const worker *w, const void *arguments, int64_t item, block b,
                                  vqc_error *error);

/* Calls the function for each block of the item's queries until one fails. */
static vqc_status blocks_run(const attention *a, vqc_cpu_normaliser *saved, int64_t item, block_function *function,
                             const worker *w, const void *arguments, vqc_error *error)
{
    for (int64_t first = 0; first < a->shape.queries; first += a->block) {
        int64_t rest = a->shape.queries - first;
        block b = {.first = first,
                   .count = rest < a->block ? rest : a->block,
                   .saved = saved + item * a->shape.queries + first};
        VQC_TRY(function(a, w, arguments, item, b, error));
    }
    return VQC_OK;
}

static vqc_status forward_block(const attention *a, const worker *w, const void *opaque, int64_t item, block b,
                                vqc_error *error)
{
    const vqc_forward *arguments = opaque;
    const vqc_attention *o = &a->shape;
    int64_t batch = item / o->heads;
    int64_t head = item % o->heads;
    gather(a, arguments->input[0], rows_of_queries(o, batch, head), b.first, b.count, a->block, w->q);
    VQC_TRY(multiply(w, SCORES, w->q, w->k, w->scores, error));
    const block_scores s = {.attention = a, .worker = w, .block = b, .seen = seen_of(o, arguments->input, batch)};
    rows_run(a, a->block, probabilities_compute, &s);
    VQC_TRY(multiply(w, OUTPUT, w->probabilities, w->v, w->output, error));
    scatter(a, w->output, rows_of_output(o, batch, head), b.first, b.count, arguments->output);
    return VQC_OK;
}

static vqc_status forward_item(const attention *a, const worker *w, const void *opaque, int64_t item,
                               vqc_error *error)
{
    const vqc_forward *arguments = opaque;
    const vqc_attention *o = &a->shape;
    rows keys = rows_of_keys(o, item / o->heads, item % o->heads, 1);
    rows values = rows_of_keys(o, item / o->heads, item % o->heads, 2);
    gather(a, arguments->input[keys.input], keys, 0, o->keys, o->keys, w->k);
    gather(a, arguments->input[values.input], values, 0, o->keys, o->keys, w->v);
    return blocks_run(a, arguments->saved, item, forward_block, w, arguments, error);
}

static vqc_status backward_block(const attention *a, const worker *w, const void *opaque, int64_t item, block b,
                                 vqc_error *error)
{
    const vqc_backward *arguments = opaque;
    const vqc_attention *o = &a->shape;
    rows queries = rows_of_queries(o, item / o->heads, item % o->heads);
    rows output = rows_of_output(o, item / o->heads, item % o->heads);
    gather(a, arguments->input[0], queries, b.first, b.count, a->block, w->q);
    gather(a, arguments->grad_output, output, b.first, b.count, a->block, w->g);
    VQC_TRY(multiply(w, SCORES, w->q, w->k, w->scores, error));
    const block_scores s = {.attention = a,
                            .worker = w,
                            .block = b,
                            .seen = seen_of(o, arguments->input, item / o->heads),
                            .again = true};
    rows_run(a, a->block, probabilities_compute, &s);
    VQC_TRY(multiply(w, GRAD_VALUES, w->probabilities, w->g, w->grad_v, error));
    VQC_TRY(multiply(w, GRAD_PROBABILITIES, w->g, w->v, w->grad_scores, error));
    rows_run(a, a->block, grad_scores_compute, &s);
    VQC_TRY(multiply(w, GRAD_QUERIES, w->probabilities, w->k, w->grad_q, error));
    VQC_TRY(multiply(w, GRAD_KEYS, w->probabilities, w->q, w->grad_k, error));
    scatter_gradient(a, w->grad_q, queries, b.first, b.count, arguments);
    return VQC_OK;
}

static vqc_status backward_item(const attention *a, const worker *w, const void *opaque, int64_t item,
                                vqc_error *error)
{
    const vqc_backward *arguments = opaque;
    const vqc_attention *o = &a->shape;
    rows keys = rows_of_keys(o, item / o->heads, item % o->heads, 1);
    rows values = rows_of_keys(o, item / o->heads, item % o->heads, 2);
    gather(a, arguments->input[keys.input], keys, 0, o->keys, o->keys, w->k);
    gather(a, arguments->input[values.input], values, 0, o->keys, o->keys, w->v);
    memset(w->grad_k, 0, (size_t)(o->keys * o->head_width) * sizeof(float));
    memset(w->grad_v, 0, (size_t)(o->keys * o->head_width) * sizeof(float));
    VQC_TRY(
        blocks_run(a, (vqc_cpu_normaliser *)(uintptr_t)arguments->saved, item, backward_block, w, arguments, error));
    scatter_gradient(a, w->grad_k, keys, 0, o->keys, arguments);
    scatter_gradient(a, w->grad_v, values, 0, o->keys, arguments);
    return VQC_OK;
}

/* Memory that is handed out in parts; with base NULL only the size is counted. */
typedef struct memory {
    char *base;
    size_t used;
} memory;

static void *part_take(memory *m, size_t size)
{
    void *part = m->base != NULL ? m->base + m->used : NULL;
    m->used += vqc_cpu_align(size);
    return part;
}

/* Divides the memory among a worker's matrices. Returns the bytes that they take. */
static size_t worker_divide(const attention *a, bool backward, char *base, worker *w)
{
    size_t element = vqc_dtype_size(a->dtype);
    size_t q = (size_t)(a->block * a->shape.head_width);
    size_t k = (size_t)(a->shape.keys * a->shape.head_width);
    size_t scores = (size_t)(a->block * a->shape.keys);
    memory m = {.base = base};
    w->q = part_take(&m, q * element);
    w->k = part_take(&m, k * element);
    w->v = part_take(&m, k * element);
    w->output = part_take(&m, q * element);
    w->scores = part_take(&m, scores * sizeof(float));
    w->probabilities = a->dtype == VQC_DTYPE_F32 ? w->scores : part_take(&m, scores * element);
    w->scratchpad = part_take(&m, a->scratchpad);
    if (backward) {
        w->g = part_take(&m, q * element);
        w->grad_scores = part_take(&m, scores * sizeof(float));
        w->grad_q = part_take(&m, q * sizeof(float));
        w->grad_k = part_take(&m, k * sizeof(float));
        w->grad_v = part_take(&m, k * sizeof(float));
    }
    return m.used;
}

/* Computes all items. Of several failures, that of the first worker is reported. */
static vqc_status items_run(const vqc_cpu_plan *plan, void *workspace, item_function *function, const void *arguments,
                            vqc_error *error)
{
    const attention *a = plan->state;
    int64_t items = a->shape.batch * a->shape.heads;
    vqc_status failure = VQC_OK;
    int failed = a->workers;
#pragma omp parallel for schedule(static) num_threads(a->workers) if (a->workers > 1)
    for (int number = 0; number < a->workers; number++) {
        worker w = {.primitive = a->primitive + number * PRODUCT_COUNT};
        worker_divide(a, plan->backward, (char *)workspace + (size_t)number * a->worker_size, &w);
        vqc_error own = {0};
        vqc_status status = VQC_OK;
        for (int64_t item = items * number / a->workers; status == VQC_OK && item < items * (number + 1) / a->workers;
             item++)
            status = function(a, &w, arguments, item, &own);
#pragma omp critical
        if (status != VQC_OK && number < failed) {
            failed = number;
            failure = status;
            *error = own;
        }
    }
    return failure;
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    return items_run(plan, arguments->workspace, forward_item, arguments, error);
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    if (arguments->grad_input[0] == NULL && arguments->grad_input[1] == NULL)
        return VQC_OK;
    return items_run(plan, arguments->workspace, backward_item, arguments, error);
}

static vqc_onednn_product product_shape(const attention *a, product which)
{
    int64_t keys = a->shape.keys;
    int64_t width = a->shape.head_width;
    vqc_onednn_product shape = {.dtype = a->dtype, .target_dtype = VQC_DTYPE_F32, .whole = a->alone};
    bool over_keys = which == OUTPUT || which == GRAD_QUERIES;        /* (block, keys) · (keys, width) */
    bool over_width = which == SCORES || which == GRAD_PROBABILITIES; /* (block, width) · (keys, width)ᵀ */
    shape.rows = over_keys || over_width ? a->block : keys;           /* else (block, keys)ᵀ · (block, width) */
    shape.columns = over_width ? keys : width;
    shape.depth = over_keys ? keys : over_width ? width : a->block;
    shape.matrix_transposed = over_width;
    shape.source_transposed = !over_keys && !over_width;
    shape.accumulate = shape.source_transposed;
    if (which == OUTPUT)
        shape.target_dtype = a->dtype;
    return shape;
}

static vqc_status primitives_create(const vqc_cpu_plan *plan, attention *a, vqc_error *error)
{
    int products = plan->backward ? PRODUCT_COUNT : FORWARD_PRODUCT_COUNT;
    for (int i = 0; i < a->workers * PRODUCT_COUNT; i++) {
        if (i % PRODUCT_COUNT >= products)
            continue;
        vqc_onednn_product shape = product_shape(a, (product)(i % PRODUCT_COUNT));
        VQC_TRY(vqc_onednn_product_create(plan->device->onednn, &shape, &a->primitive[i], error));
        size_t scratchpad = vqc_onednn_primitive_scratchpad(a->primitive[i]);
        if (scratchpad > a->scratchpad)
            a->scratchpad = scratchpad;
    }
    return VQC_OK;
}

/* Every primitive keeps the number of threads that OpenMP allows while it is made: for workers on their own, one. */
static vqc_status workers_init(const vqc_cpu_plan *plan, attention *a, vqc_error *error)
{
    int64_t items = a->shape.batch * a->shape.heads;
    a->alone = items >= MANY_ITEMS || a->shape.queries * a->shape.keys < LARGE_ITEM;
    a->workers = 1;
    if (a->alone) {
        a->workers = items < plan->device->threads ? (int)items : plan->device->threads;
        omp_set_num_threads(1);
    }
    vqc_status status =
        vqc_memory_allocate((size_t)a->workers * PRODUCT_COUNT, sizeof(void *), "primitives", &a->primitive, error);
    if (status == VQC_OK)
        status = primitives_create(plan, a, error);
    omp_set_num_threads(plan->device->threads);
    return status;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_attention *o = &plan->operation.attention;
    attention *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    state->shape = *o;
    state->dtype = plan->operation.dtype;
    state->scale = (float)(1.0 / sqrt((double)o->head_width));
    int64_t blocks = (o->queries + MAX_BLOCK - 1) / MAX_BLOCK;
    state->block = (o->queries + blocks - 1) / blocks;
    VQC_TRY(workers_init(plan, state, error));
    worker w;
    state->worker_size = worker_divide(state, plan->backward, NULL, &w);
    plan->sizes.saved = (size_t)(o->batch * o->heads * o->queries) * sizeof(vqc_cpu_normaliser);
    plan->sizes.workspace = (size_t)state->workers * state->worker_size;
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_attention_kernel = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
