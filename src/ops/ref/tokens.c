#include <string.h>

#include "ops/ref/ref.h"

/* The operations on token sequences: tokens, embed, select. */

enum { FIRST, POSITIONS }; /* parameters of tokens */

static vqc_status tokens_prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    const vqc_tokens *o = &operation->tokens;
    (void)with_backward;
    if (o->front == VQC_TOKENS_FRONT_GIVEN)
        VQC_TRY(ref_parameter_copy(plan, FIRST, o->first, o->width, error));
    return ref_parameter_copy(plan, POSITIONS, o->positions, (vqc_tokens_front_count(o) + o->tokens) * o->width,
                              error);
}

/* The token in front, without its position. */
static void first_token(const vqc_tokens *o, const double *first, const double *input, double *output)
{
    if (o->front == VQC_TOKENS_FRONT_NONE)
        return;
    if (o->front == VQC_TOKENS_FRONT_GIVEN) {
        memcpy(output, first, (size_t)o->width * sizeof *output);
        return;
    }
    memset(output, 0, (size_t)o->width * sizeof *output);
    for (int64_t t = 0; t < o->tokens; t++)
        for (int64_t c = 0; c < o->width; c++)
            output[c] += input[t * o->width + c] / (double)o->tokens;
}

static void tokens_forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_tokens *o = &plan->operation.tokens;
    int64_t input_size = o->tokens * o->width;
    int64_t front_size = vqc_tokens_front_count(o) * o->width;
    int64_t output_size = front_size + input_size;
    for (int64_t b = 0; b < o->batch; b++) {
        const double *input = arguments->input[0] + b * input_size;
        double *output = arguments->output + b * output_size;
        first_token(o, plan->parameter[FIRST], input, output);
        memcpy(output + front_size, input, (size_t)input_size * sizeof *output);
        for (int64_t i = 0; i < output_size; i++)
            output[i] += plan->parameter[POSITIONS][i];
    }
}

static void tokens_backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_tokens *o = &plan->operation.tokens;
    if (arguments->grad_input[0] == NULL)
        return;
    double share = o->front == VQC_TOKENS_FRONT_MEAN ? 1.0 / (double)o->tokens : 0.0;
    int64_t front = vqc_tokens_front_count(o);
    for (int64_t b = 0; b < o->batch; b++) {
        const double *first = arguments->grad_output + b * (front + o->tokens) * o->width;
        const double *others = first + front * o->width;
        double *grad_input = arguments->grad_input[0] + b * o->tokens * o->width;
        for (int64_t i = 0; i < o->tokens * o->width; i++)
            grad_input[i] = others[i] + share * first[i % o->width];
    }
}

enum { TABLE, EMBED_POSITIONS }; /* parameters of embed */

static vqc_status embed_prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    const vqc_embed *o = &operation->embed;
    (void)with_backward;
    VQC_TRY(ref_parameter_copy(plan, TABLE, o->table, o->entries * o->width, error));
    return ref_parameter_copy(plan, EMBED_POSITIONS, o->positions, o->tokens * o->width, error);
}

static void embed_forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_embed *o = &plan->operation.embed;
    for (int64_t t = 0; t < o->batch * o->tokens; t++) {
        const double *row = plan->parameter[TABLE] + arguments->index[0][t] * o->width;
        const double *position = plan->parameter[EMBED_POSITIONS] + t % o->tokens * o->width;
        for (int64_t c = 0; c < o->width; c++)
            arguments->output[t * o->width + c] = row[c] + position[c];
    }
}

static void select_forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_select *o = &plan->operation.select;
    for (int64_t b = 0; b < o->batch; b++)
        memcpy(arguments->output + b * o->width,
               arguments->input[0] + (b * o->tokens + arguments->index[1][b]) * o->width,
               (size_t)o->width * sizeof(double));
}

static void select_backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_select *o = &plan->operation.select;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t b = 0; b < o->batch; b++)
        memcpy(arguments->grad_input[0] + (b * o->tokens + arguments->index[1][b]) * o->width,
               arguments->grad_output + b * o->width, (size_t)o->width * sizeof(double));
}

const ref_kernel ref_tokens_kernel = {
    .prepare = tokens_prepare, .forward = tokens_forward, .backward = tokens_backward};
const ref_kernel ref_embed_kernel = {.prepare = embed_prepare, .forward = embed_forward};
const ref_kernel ref_select_kernel = {.forward = select_forward, .backward = select_backward};
