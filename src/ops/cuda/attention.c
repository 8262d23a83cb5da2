#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ops/cuda/attention_kernels.h"
#include "ops/cuda/fused_attention.h"
#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/product.h"

/* Attention as batched matrix products, where the kernels of fused_attention.h do not apply. A pair is one head of
 * one sequence; pairs are worked on in pieces, so that the scores of a piece fit the workspace. A single head's q, k,
 * v, output and gradients are matrices where they lie; of several heads, q, k, v and the output's gradient are
 * gathered into matrices (tokens, head_width), one for each pair, and results are scattered. The backward pass
 * computes the probabilities again, since the scores take more memory than time. With S the scores, P the
 * probabilities, g the output's gradient and s = 1 / √head_width:
 *
 *     S = s q kᵀ    P = softmax(S)    output = P v
 *     dP = g vᵀ    dS = P (dP − Σ P dP)    dv = Pᵀ g    dq = s dS k    dk = s dSᵀ q */

/* Rows of scores are as long as a multiple of this, so that each begins aligned. */
enum { SCORE_STEP = 8 };

/* Alignment of what the products read and write, in bytes. */
enum { MATRIX_ALIGNMENT = 16 };

/* Bytes that the scores of a piece may take, unless those of one pair take more. */
#define MAX_SCORES_SIZE ((int64_t)128 << 20)

/* Parts of the workspace. In f32 PROBABILITY is SCORE and GRAD_SCORE is GRAD_PROBABILITY: computed in place. */
typedef enum attention_part {
    QUERY, /* these four and RESULT only where heads are gathered */
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

typedef enum attention_product {
    SCORES,
    OUTPUT,
    PROBABILITY_GRADIENTS,
    QUERY_GRADIENT,
    KEY_GRADIENT,
    VALUE_GRADIENT,
    PRODUCT_COUNT
} attention_product;

typedef struct attention {
    int64_t pieces;
    int64_t piece; /* pairs in each */
    float scale;
    bool in_place; /* a single head: nothing is gathered or scattered */
    vqc_cuda_attention_heads heads;
    vqc_cuda_scores scores;
    size_t offset[PART_COUNT];
    vqc_cuda_product *product[PRODUCT_COUNT]; /* without backward, those up to OUTPUT */
} attention;

/* A piece that is being worked on: its pairs, and where its parts are. */
typedef struct piece {
    vqc_cuda_pairs pairs;
    void *workspace;
    const void *factor[LIBRARY]; /* by part */
} piece;

static void state_destroy(void *opaque)
{
    attention *state = opaque;
    for (int i = 0; i < PRODUCT_COUNT; i++)
        vqc_cuda_product_destroy(state->product[i]);
    free(state);
}

static void *part(const attention *state, const piece *p, attention_part which)
{
    return (char *)p->workspace + state->offset[which];
}

/* Bytes before the pairs' heads in a tensor, of which there is one to a sequence. */
static size_t heads_offset(const vqc_cuda_plan *plan, const vqc_cuda_heads *heads, vqc_cuda_pairs pairs)
{
    int64_t elements = heads->offset + pairs.first * heads->tokens * heads->row_stride;
    return (size_t)elements * vqc_dtype_size(plan->operation.dtype);
}

/* Makes the pairs' heads of a tensor that part of the piece. */
static vqc_status gather(const vqc_cuda_plan *plan, piece *p, attention_part which, const vqc_cuda_heads *heads,
                         const void *tensor, vqc_error *error)
{
    const attention *state = plan->state;
    if (state->in_place) {
        p->factor[which] = (const char *)tensor + heads_offset(plan, heads, p->pairs);
        return VQC_OK;
    }
    return vqc_cuda_check(vqc_cuda_heads_gather(plan->operation.dtype, heads, p->pairs, tensor, part(state, p, which),
                                                plan->device->stream),
                          "gathering heads", error);
}

/* target = scale · left · right (+ added) */
static vqc_status multiply(const attention *state, attention_product which, const piece *p, float scale,
                           attention_part left, attention_part right, const void *added, void *target,
                           vqc_error *error)
{
    const vqc_cuda_product_operands operands = {.left = p->factor[left],
                                                .right = p->factor[right],
                                                .added = added,
                                                .target = target,
                                                .workspace = part(state, p, LIBRARY),
                                                .scale = scale};
    return vqc_cuda_product_run(state->product[which], &operands, error);
}

/* The pairs' heads of the tensor (+)= scale · left · right */
static vqc_status multiply_into(const vqc_cuda_plan *plan, attention_product which, const piece *p, float scale,
                                attention_part left, attention_part right, const vqc_cuda_heads *heads,
                                bool accumulate, void *tensor, vqc_error *error)
{
    const attention *state = plan->state;
    if (state->in_place) {
        void *target = (char *)tensor + heads_offset(plan, heads, p->pairs);
        return multiply(state, which, p, scale, left, right, accumulate ? target : NULL, target, error);
    }
    VQC_TRY(multiply(state, which, p, scale, left, right, NULL, part(state, p, RESULT), error));
    return vqc_cuda_check(vqc_cuda_heads_scatter(plan->operation.dtype, heads, p->pairs, accumulate,
                                                 part(state, p, RESULT), tensor, plan->device->stream),
                          "scattering heads", error);
}

static piece piece_of(const attention *state, int64_t index, void *workspace)
{
    piece p = {.pairs = {index * state->piece, state->piece}, .workspace = workspace};
    for (int i = 0; i < LIBRARY; i++)
        p.factor[i] = part(state, &p, i);
    return p;
}

/* Gathers q, k and v of the pairs and computes their scores. */
static vqc_status piece_scores(const vqc_cuda_plan *plan, piece *p, const void *const input[VQC_OPERATION_MAX_INPUTS],
                               vqc_error *error)
{
    const attention *state = plan->state;
    const void *keys = plan->operation.attention.packed ? input[0] : input[1];
    VQC_TRY(gather(plan, p, QUERY, &state->heads.query, input[0], error));
    VQC_TRY(gather(plan, p, KEY, &state->heads.key, keys, error));
    VQC_TRY(gather(plan, p, VALUE, &state->heads.value, keys, error));
    VQC_TRY(multiply(state, SCORES, p, state->scale, QUERY, KEY, NULL, part(state, p, SCORE), error));
    if (!plan->operation.attention.masked)
        return VQC_OK;
    return vqc_cuda_check(vqc_cuda_scores_hide(&state->scores, plan->operation.attention.heads, p->pairs, input[1],
                                               part(state, p, SCORE), plan->device->stream),
                          "hiding keys", error);
}

static vqc_status piece_forward(const vqc_cuda_plan *plan, piece *p, const vqc_forward *arguments, vqc_error *error)
{
    const attention *state = plan->state;
    VQC_TRY(piece_scores(plan, p, arguments->input, error));
    VQC_TRY(vqc_cuda_check(vqc_cuda_softmax(plan->operation.dtype, &state->scores, part(state, p, SCORE),
                                            part(state, p, PROBABILITY), plan->device->stream),
                           "softmax", error));
    return multiply_into(plan, OUTPUT, p, 1.0F, PROBABILITY, VALUE, &state->heads.output, false, arguments->output,
                         error);
}

static vqc_status run_forward(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const attention *state = plan->state;
    for (int64_t i = 0; i < state->pieces; i++) {
        piece p = piece_of(state, i, arguments->workspace);
        VQC_TRY(piece_forward(plan, &p, arguments, error));
    }
    return VQC_OK;
}

/* P and dS of the pairs. */
static vqc_status piece_score_gradients(const vqc_cuda_plan *plan, piece *p, const vqc_backward *arguments,
                                        vqc_error *error)
{
    const attention *state = plan->state;
    VQC_TRY(piece_scores(plan, p, arguments->input, error));
    VQC_TRY(gather(plan, p, GRAD_OUTPUT, &state->heads.output, arguments->grad_output, error));
    VQC_TRY(multiply(state, PROBABILITY_GRADIENTS, p, 1.0F, GRAD_OUTPUT, VALUE, NULL,
                     part(state, p, GRAD_PROBABILITY), error));
    return vqc_cuda_check(vqc_cuda_softmax_gradient(plan->operation.dtype, &state->scores, part(state, p, SCORE),
                                                    part(state, p, GRAD_PROBABILITY), part(state, p, PROBABILITY),
                                                    part(state, p, GRAD_SCORE), plan->device->stream),
                          "softmax", error);
}

static vqc_status piece_backward(const vqc_cuda_plan *plan, piece *p, const vqc_backward *arguments, vqc_error *error)
{
    const attention *state = plan->state;
    int keys = plan->operation.attention.packed ? 0 : 1;
    void *grad_keys = arguments->grad_input[keys];
    VQC_TRY(piece_score_gradients(plan, p, arguments, error));
    if (arguments->grad_input[0] != NULL)
        VQC_TRY(multiply_into(plan, QUERY_GRADIENT, p, state->scale, GRAD_SCORE, KEY, &state->heads.query,
                              arguments->accumulate[0], arguments->grad_input[0], error));
    if (grad_keys == NULL)
        return VQC_OK;
    VQC_TRY(multiply_into(plan, KEY_GRADIENT, p, state->scale, GRAD_SCORE, QUERY, &state->heads.key,
                          arguments->accumulate[keys], grad_keys, error));
    return multiply_into(plan, VALUE_GRADIENT, p, 1.0F, PROBABILITY, GRAD_OUTPUT, &state->heads.value,
                         arguments->accumulate[keys], grad_keys, error);
}

static vqc_status run_backward(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const attention *state = plan->state;
    if (arguments->grad_input[0] == NULL && arguments->grad_input[1] == NULL)
        return VQC_OK;
    for (int64_t i = 0; i < state->pieces; i++) {
        piece p = piece_of(state, i, arguments->workspace);
        VQC_TRY(piece_backward(plan, &p, arguments, error));
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

/* Distance of the rows of a pair's matrix. */
static int64_t row_stride(const attention *state, const vqc_cuda_heads *heads)
{
    return state->in_place ? heads->row_stride : heads->head_width;
}

/* (queries, head_width) · (keys, head_width)ᵀ: S, dP */
static vqc_cuda_product_shape scores_shape(const vqc_cuda_plan *plan, const vqc_cuda_heads *left,
                                           const vqc_cuda_heads *right)
{
    const attention *state = plan->state;
    return (vqc_cuda_product_shape){.batch = state->piece,
                                    .rows = left->tokens,
                                    .columns = right->tokens,
                                    .depth = left->head_width,
                                    .right_transposed = true,
                                    .left_stride = row_stride(state, left),
                                    .right_stride = row_stride(state, right),
                                    .target_stride = state->scores.stride,
                                    .left_step = left->tokens * row_stride(state, left),
                                    .right_step = right->tokens * row_stride(state, right),
                                    .target_step = state->scores.queries * state->scores.stride,
                                    .dtype = plan->operation.dtype,
                                    .target_dtype = VQC_DTYPE_F32};
}

/* Scores (queries, keys), or their transpose, by heads: output, dq; dk, dv */
static vqc_cuda_product_shape heads_shape(const vqc_cuda_plan *plan, bool transposed, const vqc_cuda_heads *right,
                                          const vqc_cuda_heads *target)
{
    const attention *state = plan->state;
    return (vqc_cuda_product_shape){.batch = state->piece,
                                    .rows = target->tokens,
                                    .columns = right->head_width,
                                    .depth = right->tokens,
                                    .left_transposed = transposed,
                                    .left_stride = state->scores.stride,
                                    .right_stride = row_stride(state, right),
                                    .target_stride = row_stride(state, target),
                                    .left_step = state->scores.queries * state->scores.stride,
                                    .right_step = right->tokens * row_stride(state, right),
                                    .target_step = target->tokens * row_stride(state, target),
                                    .dtype = plan->operation.dtype,
                                    .target_dtype = state->in_place ? plan->operation.dtype : VQC_DTYPE_F32};
}

static vqc_status products_create(vqc_cuda_plan *plan, attention *state, vqc_error *error)
{
    const vqc_cuda_attention_heads *h = &state->heads;
    const vqc_cuda_product_shape shape[PRODUCT_COUNT] = {
        [SCORES] = scores_shape(plan, &h->query, &h->key),
        [PROBABILITY_GRADIENTS] = scores_shape(plan, &h->output, &h->value),
        [OUTPUT] = heads_shape(plan, false, &h->value, &h->output),
        [QUERY_GRADIENT] = heads_shape(plan, false, &h->key, &h->query),
        [KEY_GRADIENT] = heads_shape(plan, true, &h->query, &h->key),
        [VALUE_GRADIENT] = heads_shape(plan, true, &h->output, &h->value),
    };
    for (int i = 0; i < PRODUCT_COUNT; i++)
        if (plan->backward || i <= OUTPUT)
            VQC_TRY(vqc_cuda_product_create(plan->device, &shape[i], &state->product[i], error));
    return VQC_OK;
}

static size_t library_size(const attention *state)
{
    size_t size = 0;
    for (int i = 0; i < PRODUCT_COUNT; i++)
        if (state->product[i] != NULL && vqc_cuda_product_workspace(state->product[i]) > size)
            size = vqc_cuda_product_workspace(state->product[i]);
    return size;
}

/* Lays out the workspace; the size of a part that is not used is 0. */
static void workspace_set(vqc_cuda_plan *plan, attention *state)
{
    const vqc_attention *o = &plan->operation.attention;
    bool f32 = plan->operation.dtype == VQC_DTYPE_F32;
    bool backward = plan->backward;
    size_t element = vqc_dtype_size(plan->operation.dtype);
    size_t gathered = state->in_place ? 0 : (size_t)(state->piece * o->head_width);
    size_t queries = gathered * (size_t)o->queries;
    size_t keys = gathered * (size_t)o->keys;
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

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
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
    size_t row_size = (size_t)plan->operation.attention.head_width * vqc_dtype_size(plan->operation.dtype);
    state->in_place = plan->operation.attention.heads == 1 && row_size % MATRIX_ALIGNMENT == 0;
    VQC_TRY(products_create(plan, state, error));
    workspace_set(plan, state);
    return VQC_OK;
}

const vqc_cuda_kernels vqc_cuda_attention_kernels = {.prepare = prepare};
