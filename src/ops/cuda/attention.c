#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ops/cuda/attention_kernels.h"
#include "ops/cuda/fused_attention.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/product.h"

/* Attention as batched matrix products, where the kernels of fused_attention.h do not apply. A pair is one head of
 * one sequence; pairs are worked on in pieces, so that the scores of a piece fit the workspace. q, k, v (and the
 * output's gradient) of a piece are gathered into matrices (tokens, head_width) for each pair; the backward pass
 * computes the probabilities again, since the scores take more memory than time. With S the scores, P the
 * probabilities, g the output's gradient and s = 1 / √head_width:
 *
 *     S = s q kᵀ    P = softmax(S)    output = P v
 *     dP = g vᵀ    dS = P (dP − Σ P dP)    dv = Pᵀ g    dq = s dS k    dk = s dSᵀ q */

/* Rows of scores are as long as a multiple of this, so that each begins aligned. */
enum { SCORE_STEP = 8 };

/* Bytes that the scores of a piece may take, unless those of one pair take more. */
#define MAX_SCORES_SIZE ((int64_t)128 << 20)

/* Parts of the workspace. In f32 PROBABILITY is SCORE and GRAD_SCORE is GRAD_PROBABILITY: computed in place. */
typedef enum attention_part {
    QUERY,
    KEY,
    VALUE,
    GRAD_OUTPUT,
    SCORE,
    PROBABILITY,
    GRAD_PROBABILITY,
    GRAD_SCORE,
    RESULT, /* the output or a gradient, f32, before it is scattered */
    LIBRARY,
    PART_COUNT
} attention_part;

typedef struct attention {
    int64_t pieces;
    int64_t piece; /* pairs in each */
    float scale;
    vqc_cuda_attention_heads heads;
    vqc_cuda_scores scores;
    size_t offset[PART_COUNT];
    vqc_cuda_product *by_head_width; /* (queries, head_width) · (keys, head_width)ᵀ: S, dP */
    vqc_cuda_product *by_keys;       /* (queries, keys) · (keys, head_width): output, dq */
    vqc_cuda_product *by_queries;    /* (queries, keys)ᵀ · (queries, head_width): dk, dv; NULL without backward */
} attention;

static void state_destroy(void *opaque)
{
    attention *state = opaque;
    vqc_cuda_product_destroy(state->by_head_width);
    vqc_cuda_product_destroy(state->by_keys);
    vqc_cuda_product_destroy(state->by_queries);
    free(state);
}

static void *part(const attention *state, void *workspace, attention_part which)
{
    return (char *)workspace + state->offset[which];
}

static vqc_status gather(const vqc_cuda_plan *plan, const vqc_cuda_heads *heads, vqc_cuda_pairs pairs,
                         const void *tensor, void *target, vqc_error *error)
{
    return vqc_cuda_check(
        vqc_cuda_heads_gather(plan->operation.dtype, heads, pairs, tensor, target, plan->device->stream),
        "gathering heads", error);
}

static vqc_status scatter(const vqc_cuda_plan *plan, const vqc_cuda_heads *heads, vqc_cuda_pairs pairs,
                          bool accumulate, const float *source, void *tensor, vqc_error *error)
{
    return vqc_cuda_check(
        vqc_cuda_heads_scatter(plan->operation.dtype, heads, pairs, accumulate, source, tensor, plan->device->stream),
        "scattering heads", error);
}

/* target = scale · left · right, parts of the workspace. */
static vqc_status multiply(const attention *state, const vqc_cuda_product *product, float scale, attention_part left,
                           attention_part right, attention_part target, void *workspace, vqc_error *error)
{
    const vqc_cuda_product_operands operands = {.left = part(state, workspace, left),
                                                .right = part(state, workspace, right),
                                                .target = part(state, workspace, target),
                                                .workspace = part(state, workspace, LIBRARY),
                                                .scale = scale};
    return vqc_cuda_product_run(product, &operands, error);
}

/* Gathers q, k and v of the pairs and computes their scores. */
static vqc_status piece_scores(const vqc_cuda_plan *plan, vqc_cuda_pairs pairs,
                               const void *const input[VQC_OPERATION_MAX_INPUTS], void *workspace, vqc_error *error)
{
    const attention *state = plan->state;
    const void *keys = plan->operation.attention.packed ? input[0] : input[1];
    VQC_TRY(gather(plan, &state->heads.query, pairs, input[0], part(state, workspace, QUERY), error));
    VQC_TRY(gather(plan, &state->heads.key, pairs, keys, part(state, workspace, KEY), error));
    VQC_TRY(gather(plan, &state->heads.value, pairs, keys, part(state, workspace, VALUE), error));
    return multiply(state, state->by_head_width, state->scale, QUERY, KEY, SCORE, workspace, error);
}

static vqc_status piece_forward(const vqc_cuda_plan *plan, vqc_cuda_pairs pairs, const vqc_forward *arguments,
                                vqc_error *error)
{
    const attention *state = plan->state;
    void *workspace = arguments->workspace;
    VQC_TRY(piece_scores(plan, pairs, arguments->input, workspace, error));
    VQC_TRY(vqc_cuda_check(vqc_cuda_softmax(plan->operation.dtype, &state->scores, part(state, workspace, SCORE),
                                            part(state, workspace, PROBABILITY), plan->device->stream),
                           "softmax", error));
    VQC_TRY(multiply(state, state->by_keys, 1.0F, PROBABILITY, VALUE, RESULT, workspace, error));
    return scatter(plan, &state->heads.output, pairs, false, part(state, workspace, RESULT), arguments->output,
                   error);
}

static vqc_status run_forward(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const attention *state = plan->state;
    for (int64_t i = 0; i < state->pieces; i++)
        VQC_TRY(piece_forward(plan, (vqc_cuda_pairs){i * state->piece, state->piece}, arguments, error));
    return VQC_OK;
}

/* P and dS of the pairs. */
static vqc_status piece_score_gradients(const vqc_cuda_plan *plan, vqc_cuda_pairs pairs,
                                        const vqc_backward *arguments, vqc_error *error)
{
    const attention *state = plan->state;
    void *workspace = arguments->workspace;
    VQC_TRY(piece_scores(plan, pairs, arguments->input, workspace, error));
    VQC_TRY(gather(plan, &state->heads.output, pairs, arguments->grad_output, part(state, workspace, GRAD_OUTPUT),
                   error));
    VQC_TRY(multiply(state, state->by_head_width, 1.0F, GRAD_OUTPUT, VALUE, GRAD_PROBABILITY, workspace, error));
    return vqc_cuda_check(
        vqc_cuda_softmax_gradient(plan->operation.dtype, &state->scores, part(state, workspace, SCORE),
                                  part(state, workspace, GRAD_PROBABILITY), part(state, workspace, PROBABILITY),
                                  part(state, workspace, GRAD_SCORE), plan->device->stream),
        "softmax", error);
}

static vqc_status piece_query_gradient(const vqc_cuda_plan *plan, vqc_cuda_pairs pairs, const vqc_backward *arguments,
                                       vqc_error *error)
{
    const attention *state = plan->state;
    void *workspace = arguments->workspace;
    VQC_TRY(multiply(state, state->by_keys, state->scale, GRAD_SCORE, KEY, RESULT, workspace, error));
    return scatter(plan, &state->heads.query, pairs, arguments->accumulate[0], part(state, workspace, RESULT),
                   arguments->grad_input[0], error);
}

static vqc_status piece_key_value_gradients(const vqc_cuda_plan *plan, vqc_cuda_pairs pairs,
                                            const vqc_backward *arguments, vqc_error *error)
{
    const attention *state = plan->state;
    void *workspace = arguments->workspace;
    int input = plan->operation.attention.packed ? 0 : 1;
    bool accumulate = arguments->accumulate[input];
    void *target = arguments->grad_input[input];
    VQC_TRY(multiply(state, state->by_queries, state->scale, GRAD_SCORE, QUERY, RESULT, workspace, error));
    VQC_TRY(scatter(plan, &state->heads.key, pairs, accumulate, part(state, workspace, RESULT), target, error));
    VQC_TRY(multiply(state, state->by_queries, 1.0F, PROBABILITY, GRAD_OUTPUT, RESULT, workspace, error));
    return scatter(plan, &state->heads.value, pairs, accumulate, part(state, workspace, RESULT), target, error);
}

static vqc_status run_backward(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const attention *state = plan->state;
    void *grad_keys = arguments->grad_input[plan->operation.attention.packed ? 0 : 1];
    if (arguments->grad_input[0] == NULL && grad_keys == NULL)
        return VQC_OK;
    for (int64_t i = 0; i < state->pieces; i++) {
        vqc_cuda_pairs pairs = {i * state->piece, state->piece};
        VQC_TRY(piece_score_gradients(plan, pairs, arguments, error));
        if (arguments->grad_input[0] != NULL)
            VQC_TRY(piece_query_gradient(plan, pairs, arguments, error));
        if (grad_keys != NULL)
            VQC_TRY(piece_key_value_gradients(plan, pairs, arguments, error));
    }
    return VQC_OK;
}

/* As many pairs as the limit allows, the same number in each piece. */
static void pieces_set(attention *state, const vqc_attention *o)
{
    int64_t pairs = o->batch * o->heads;
    int64_t pair_size = o->queries * state->scores.stride * (int64_t)sizeof(float);
    int64_t most = MAX_SCORES_SIZE / pair_size;
    state->piece = most < 1 ? 1 : most < pairs ? most : pairs;
    while (pairs % state->piece != 0)
        state->piece--;
    state->pieces = pairs / state->piece;
}

static void sizes_set(attention *state, const vqc_attention *o)
{
    state->scale = (float)(1.0 / sqrt((double)o->head_width));
    state->scores = (vqc_cuda_scores){.queries = o->queries,
                                      .keys = o->keys,
                                      .stride = (o->keys + SCORE_STEP - 1) / SCORE_STEP * SCORE_STEP,
                                      .causal = o->causal};
    state->heads = vqc_cuda_attention_heads_of(o);
    pieces_set(state, o);
    state->scores.rows = state->piece * o->queries;
}

static vqc_status products_create(vqc_cuda_plan *plan, attention *state, vqc_error *error)
{
    const vqc_attention *o = &plan->operation.attention;
    vqc_dtype dtype = plan->operation.dtype;
    int64_t score_step = o->queries * state->scores.stride;
    int64_t query_step = o->queries * o->head_width;
    int64_t key_step = o->keys * o->head_width;
    const vqc_cuda_product_shape by_head_width = {
        .batch = state->piece,
        .rows = o->queries,
        .columns = o->keys,
        .depth = o->head_width,
        .right_transposed = true,
        .left_stride = o->head_width,
        .right_stride = o->head_width,
        .target_stride = state->scores.stride,
        .left_step = query_step,
        .right_step = key_step,
        .target_step = score_step,
        .dtype = dtype,
        .target_dtype = VQC_DTYPE_F32,
    };
    const vqc_cuda_product_shape by_keys = {
        .batch = state->piece,
        .rows = o->queries,
        .columns = o->head_width,
        .depth = o->keys,
        .left_stride = state->scores.stride,
        .right_stride = o->head_width,
        .target_stride = o->head_width,
        .left_step = score_step,
        .right_step = key_step,
        .target_step = query_step,
        .dtype = dtype,
        .target_dtype = VQC_DTYPE_F32,
    };
    const vqc_cuda_product_shape by_queries = {
        .batch = state->piece,
        .rows = o->keys,
        .columns = o->head_width,
        .depth = o->queries,
        .left_transposed = true,
        .left_stride = state->scores.stride,
        .right_stride = o->head_width,
        .target_stride = o->head_width,
        .left_step = score_step,
        .right_step = query_step,
        .target_step = key_step,
        .dtype = dtype,
        .target_dtype = VQC_DTYPE_F32,
    };
    VQC_TRY(vqc_cuda_product_create(plan->device, &by_head_width, &state->by_head_width, error));
    VQC_TRY(vqc_cuda_product_create(plan->device, &by_keys, &state->by_keys, error));
    return plan->backward ? vqc_cuda_product_create(plan->device, &by_queries, &state->by_queries, error) : VQC_OK;
}

static size_t library_size(const attention *state)
{
    size_t size = vqc_cuda_product_workspace(state->by_head_width);
    if (vqc_cuda_product_workspace(state->by_keys) > size)
        size = vqc_cuda_product_workspace(state->by_keys);
    if (state->by_queries != NULL && vqc_cuda_product_workspace(state->by_queries) > size)
        size = vqc_cuda_product_workspace(state->by_queries);
    return size;
}

/* Lays out the workspace; the size of a part that is not used is 0. */
static void workspace_set(vqc_cuda_plan *plan, attention *state)
{
    const vqc_attention *o = &plan->operation.attention;
    bool f32 = plan->operation.dtype == VQC_DTYPE_F32;
    bool backward = plan->backward;
    size_t element = vqc_dtype_size(plan->operation.dtype);
    size_t queries = (size_t)(state->piece * o->queries * o->head_width);
    size_t keys = (size_t)(state->piece * o->keys * o->head_width);
    size_t scores = (size_t)(state->scores.rows * state->scores.stride);
    const size_t size[PART_COUNT] = {
        [QUERY] = queries * element,
        [KEY] = keys * element,
        [VALUE] = keys * element,
        [GRAD_OUTPUT] = backward ? queries * element : 0,
        [SCORE] = scores * sizeof(float),
        [PROBABILITY] = f32 ? 0 : scores * element,
        [GRAD_PROBABILITY] = backward ? scores * sizeof(float) : 0,
        [GRAD_SCORE] = backward && !f32 ? scores * element : 0,
        [RESULT] = (backward && keys > queries ? keys : queries) * sizeof(float),
        [LIBRARY] = library_size(state),
    };
    plan->sizes.workspace = 0;
    for (int i = 0; i < PART_COUNT; i++) {
        state->offset[i] = plan->sizes.workspace;
        plan->sizes.workspace += vqc_cuda_align(size[i]);
    }
    if (f32) {
        state->offset[PROBABILITY] = state->offset[SCORE];
        state->offset[GRAD_SCORE] = state->offset[GRAD_PROBABILITY];
    }
}

static vqc_status run_fused_forward(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    vqc_forward called = *arguments;
    if (!plan->backward)
        called.saved = NULL;
    return vqc_cuda_check(vqc_cuda_fused_attention_forward(&plan->operation.attention, &called, plan->device->stream),
                          "starting it", error);
}

static vqc_status run_fused_backward(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    return vqc_cuda_check(
        vqc_cuda_fused_attention_backward(&plan->operation.attention, arguments, plan->device->stream), "starting it",
        error);
}

vqc_status vqc_cuda_attention_init(vqc_cuda_plan *plan, vqc_error *error)
{
    if (vqc_cuda_fused_attention_applies(&plan->operation)) {
        plan->run_forward = run_fused_forward;
        plan->run_backward = run_fused_backward;
        plan->sizes.saved = plan->backward ? vqc_cuda_fused_attention_saved_size(&plan->operation.attention) : 0;
        return VQC_OK;
    }
    attention *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    sizes_set(state, &plan->operation.attention);
    VQC_TRY(products_create(plan, state, error));
    workspace_set(plan, state);
    return VQC_OK;
}
