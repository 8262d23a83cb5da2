#include <math.h>
#include <string.h>

#include "ops/ref/ref.h"

/* Where the rows of one head of one sequence begin, in the inputs or in their gradients: q in input 0, k and v in
 * input 0 if packed, else in input 1. */
typedef struct attention_place {
    int64_t query, key, value;
    int64_t query_stride;
    int64_t key_stride; /* of key and value */
} attention_place;

static attention_place place_of(const vqc_attention *o, int64_t b, int64_t h)
{
    int64_t width = o->heads * o->head_width;
    attention_place place = {.query_stride = o->packed ? 3 * width : width,
                             .key_stride = o->packed ? 3 * width : 2 * width};
    place.query = b * o->queries * place.query_stride + h * o->head_width;
    place.key = b * o->keys * place.key_stride + (o->packed ? width : 0) + h * o->head_width;
    place.value = place.key + width;
    return place;
}

/* The rows of one head, for reading, and which keys its sequence's queries see; NULL: all. */
typedef struct attention_rows {
    const double *query, *key, *value;
    const int32_t *seen;
} attention_rows;

static attention_rows rows_of(const vqc_attention *o, const double *const input[VQC_OPERATION_MAX_INPUTS],
                              const int32_t *seen, attention_place place, int64_t b)
{
    const double *keys = o->packed ? input[0] : input[1];
    return (attention_rows){.query = input[0] + place.query,
                            .key = keys + place.key,
                            .value = keys + place.value,
                            .seen = o->masked ? seen + b * o->keys : NULL};
}

static double dot(const double *a, const double *b, int64_t width)
{
    double sum = 0.0;
    for (int64_t i = 0; i < width; i++)
        sum += a[i] * b[i];
    return sum;
}

static void accumulate(double factor, const double *restrict row, int64_t width, double *restrict output)
{
    for (int64_t i = 0; i < width; i++)
        output[i] += factor * row[i];
}

/* Number of keys that a query may see. */
static int64_t keys_of(const vqc_attention *o, int64_t query)
{
    return o->causal ? query + 1 : o->keys;
}

static double score_scale(const vqc_attention *o)
{
    return 1.0 / sqrt((double)o->head_width);
}

/* The softmax over the keys that the query sees. */
static void probabilities(const vqc_attention *o, attention_place place, attention_rows rows, int64_t query,
                          double *probability)
{
    int64_t keys = keys_of(o, query);
    double maximum = -INFINITY;
    for (int64_t k = 0; k < keys; k++) {
        probability[k] = score_scale(o) *
                         dot(rows.query + query * place.query_stride, rows.key + k * place.key_stride, o->head_width);
        if (rows.seen != NULL && rows.seen[k] == 0)
            probability[k] = -INFINITY;
        maximum = fmax(maximum, probability[k]);
    }
    double sum = 0.0;
    for (int64_t k = 0; k < keys; k++) {
        probability[k] = exp(probability[k] - maximum);
        sum += probability[k];
    }
    for (int64_t k = 0; k < keys; k++)
        probability[k] /= sum;
}

static void head_forward(const vqc_attention *o, attention_place place, attention_rows rows, double *output,
                         double *scratch)
{
    int64_t width = o->heads * o->head_width;
    for (int64_t q = 0; q < o->queries; q++) {
        double *row = output + q * width;
        memset(row, 0, (size_t)o->head_width * sizeof *row);
        probabilities(o, place, rows, q, scratch);
        for (int64_t k = 0; k < keys_of(o, q); k++)
            accumulate(scratch[k], rows.value + k * place.key_stride, o->head_width, row);
    }
}

/* grad_score = d loss / d (scaled score), for one query and all keys that it sees: with P the probabilities and
 * dP = g · vᵀ it is P (dP − Σ P dP). */
static void score_gradients(const vqc_attention *o, attention_place place, attention_rows rows, int64_t query,
                            const double *grad_output, const double *probability, double *grad_score)
{
    double mean = 0.0;
    for (int64_t k = 0; k < keys_of(o, query); k++) {
        grad_score[k] = dot(grad_output, rows.value + k * place.key_stride, o->head_width);
        mean += probability[k] * grad_score[k];
    }
    for (int64_t k = 0; k < keys_of(o, query); k++)
        grad_score[k] = probability[k] * (grad_score[k] - mean);
}

/* With dS the gradient of the scores: dv = Pᵀ g, dq = dS k / √d, dk = dSᵀ q / √d. */
static void head_backward(const vqc_attention *o, attention_place place, attention_rows rows,
                          const double *grad_output, double *const grad_input[VQC_OPERATION_MAX_INPUTS],
                          double *scratch)
{
    double *probability = scratch;
    double *grad_score = scratch + o->keys;
    double *grad_query = grad_input[0];
    double *grad_keys = o->packed ? grad_input[0] : grad_input[1];
    for (int64_t q = 0; q < o->queries; q++) {
        const double *g = grad_output + q * o->heads * o->head_width;
        const double *query = rows.query + q * place.query_stride;
        probabilities(o, place, rows, q, probability);
        score_gradients(o, place, rows, q, g, probability, grad_score);
        for (int64_t k = 0; k < keys_of(o, q); k++) {
            int64_t row = k * place.key_stride;
            double scaled = score_scale(o) * grad_score[k];
            if (grad_query != NULL)
                accumulate(scaled, rows.key + row, o->head_width, grad_query + place.query + q * place.query_stride);
            if (grad_keys != NULL) {
                accumulate(scaled, query, o->head_width, grad_keys + place.key + row);
                accumulate(probability[k], g, o->head_width, grad_keys + place.value + row);
            }
        }
    }
}

static vqc_status prepare(ref_plan *plan, const vqc_operation *operation, bool with_backward, vqc_error *error)
{
    (void)with_backward;
    (void)error;
    plan->scratch_count = 2 * (size_t)operation->attention.keys;
    return VQC_OK;
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_attention *o = &plan->operation.attention;
    for (int64_t b = 0; b < o->batch; b++) {
        for (int64_t h = 0; h < o->heads; h++) {
            attention_place place = place_of(o, b, h);
            head_forward(o, place, rows_of(o, arguments->input, arguments->index[1], place, b),
                         arguments->output + (b * o->queries * o->heads + h) * o->head_width, arguments->scratch);
        }
    }
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_attention *o = &plan->operation.attention;
    for (int64_t b = 0; b < o->batch; b++) {
        for (int64_t h = 0; h < o->heads; h++) {
            attention_place place = place_of(o, b, h);
            head_backward(o, place, rows_of(o, arguments->input, arguments->index[1], place, b),
                          arguments->grad_output + (b * o->queries * o->heads + h) * o->head_width,
                          arguments->grad_input, arguments->scratch);
        }
    }
}

const ref_kernel ref_attention_kernel = {.prepare = prepare, .forward = forward, .backward = backward};
