#include "models/attentional_pool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef char tensor_name[VQC_PARAMETER_NAME_SIZE];

vqc_status vqc_attentional_pool_size(const vqc_parameters *parameters, const char *name, int64_t *queries_out,
                                     int64_t *width_out, vqc_error *error)
{
    tensor_name part;
    const vqc_weights_tensor *query;
    vqc_parameter_name(part, "%s.query", name);
    VQC_TRY(vqc_parameters_require_rank(parameters, part, 2, &query, error));
    *queries_out = query->shape[0];
    *width_out = query->shape[1];
    return VQC_OK;
}

static vqc_status part_read(const vqc_layers *layers, const vqc_attentional_pool *pool, const char *part, int rank,
                            const int64_t *shape, float **data_out, vqc_error *error)
{
    tensor_name name;
    vqc_parameter_name(name, "%s.%s", pool->name, part);
    return vqc_parameters_read(layers->parameters, name, rank, shape, data_out, error);
}

/* What the attention's projections are stored as: PyTorch keeps one tensor where tokens are as wide as queries. */
typedef struct projections {
    float *query;       /* (width, width) */
    float *keys_values; /* (2 · width, in_width) */
    float *bias;        /* (3 · width) */
} projections;

static void projections_release(projections *p)
{
    free(p->query);
    free(p->keys_values);
    free(p->bias);
}

/* Two matrices (width, in_width), one below the other. */
static vqc_status stack(const vqc_layers *layers, const vqc_attentional_pool *pool, const int64_t shape[2],
                        float **stacked_out, vqc_error *error)
{
    size_t size = (size_t)(shape[0] * shape[1]);
    float *keys = NULL;
    float *values = NULL;
    vqc_status status = part_read(layers, pool, "attn.k_proj_weight", 2, shape, &keys, error);
    if (status == VQC_OK)
        status = part_read(layers, pool, "attn.v_proj_weight", 2, shape, &values, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate(2 * size, sizeof(float), "a pool's keys and values", stacked_out, error);
    if (status == VQC_OK) {
        memcpy(*stacked_out, keys, size * sizeof(float));
        memcpy(*stacked_out + size, values, size * sizeof(float));
    }
    free(keys);
    free(values);
    return status;
}

/* To be released also after a failure. */
static vqc_status projections_read(const vqc_layers *layers, const vqc_attentional_pool *pool, int64_t width,
                                   int64_t in_width, projections *p, vqc_error *error)
{
    const int64_t query[] = {width, width};
    const int64_t keys[] = {width, in_width};
    const int64_t packed[] = {3 * width, width};
    VQC_TRY(part_read(layers, pool, "attn.in_proj_bias", 1, packed, &p->bias, error));
    if (in_width != width) {
        VQC_TRY(part_read(layers, pool, "attn.q_proj_weight", 2, query, &p->query, error));
        return stack(layers, pool, keys, &p->keys_values, error);
    }
    size_t rest = 2 * (size_t)(width * width);
    VQC_TRY(part_read(layers, pool, "attn.in_proj_weight", 2, packed, &p->query, error));
    VQC_TRY(vqc_memory_allocate(rest, sizeof(float), "a pool's keys and values", &p->keys_values, error));
    memcpy(p->keys_values, p->query + width * width, rest * sizeof(float));
    return VQC_OK;
}

/* Layer norm of a row, which no picture changes, in place. */
static void row_norm(const float *weight, const float *bias, float epsilon, int64_t width, double *row)
{
    double mean = 0.0;
    double square = 0.0;
    for (int64_t i = 0; i < width; i++)
        mean += row[i] / (double)width;
    for (int64_t i = 0; i < width; i++)
        square += (row[i] - mean) * (row[i] - mean) / (double)width;
    for (int64_t i = 0; i < width; i++)
        row[i] = (row[i] - mean) / sqrt(square + (double)epsilon) * (double)weight[i] + (double)bias[i];
}

/* The learned queries and the norm that they go through. */
typedef struct queries {
    float *rows, *weight, *bias;
} queries;

static void queries_release(queries *q)
{
    free(q->rows);
    free(q->weight);
    free(q->bias);
}

/* To be released also after a failure. */
static vqc_status queries_read(const vqc_layers *layers, const vqc_attentional_pool *pool, int64_t width, queries *q,
                               vqc_error *error)
{
    int64_t shape[2];
    VQC_TRY(vqc_attentional_pool_size(layers->parameters, pool->name, &shape[0], &shape[1], error));
    VQC_TRY(part_read(layers, pool, "query", 2, shape, &q->rows, error));
    VQC_TRY(part_read(layers, pool, "ln_q.weight", 1, &width, &q->weight, error));
    return part_read(layers, pool, "ln_q.bias", 1, &width, &q->bias, error);
}

/* The queries that are asked, through their norm and their projection. */
static vqc_status constant_add(const vqc_layers *layers, const vqc_attentional_pool *pool, const queries *q,
                               const projections *p, int64_t batch, int64_t width, vqc_value *output,
                               vqc_error *error)
{
    const vqc_shape shape = {3, {batch, pool->count, width}};
    double *rows;
    VQC_TRY(vqc_memory_allocate((size_t)(pool->count * width), sizeof *rows, "queries", &rows, error));
    for (int64_t i = 0; i < pool->count * width; i++)
        rows[i] = (double)q->rows[pool->first * width + i];
    for (int64_t i = 0; i < pool->count; i++)
        row_norm(q->weight, q->bias, pool->epsilon, width, rows + i * width);
    vqc_status status = vqc_layer_constant_queries(layers, p->query, p->bias, rows, shape, output, error);
    free(rows);
    return status;
}

/* The queries, and key and value of each token. */
static vqc_status inputs_add(const vqc_layers *layers, const vqc_attentional_pool *pool, vqc_value x, int64_t width,
                             vqc_value *query, vqc_value *keys_values, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, x);
    queries q = {0};
    projections p = {0};
    vqc_status status = queries_read(layers, pool, width, &q, error);
    if (status == VQC_OK)
        status = projections_read(layers, pool, width, shape.size[2], &p, error);
    if (status == VQC_OK)
        status = constant_add(layers, pool, &q, &p, shape.size[0], width, query, error);
    if (status == VQC_OK)
        status = vqc_layer_linear_with(layers, p.keys_values, p.bias + width, x, 2 * width, NULL, keys_values, error);
    queries_release(&q);
    projections_release(&p);
    return status;
}

vqc_status vqc_attentional_pool_add(const vqc_layers *layers, const vqc_attentional_pool *pool, vqc_value x,
                                    vqc_value *output, vqc_error *error)
{
    tensor_name name;
    int64_t count;
    int64_t width;
    vqc_value query;
    vqc_value keys_values;
    VQC_TRY(vqc_attentional_pool_size(layers->parameters, pool->name, &count, &width, error));
    if (width % pool->heads != 0 || pool->first + pool->count > count)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: %s: %lld queries of width %lld, which do not divide into %lld heads",
                             vqc_weights_path(layers->parameters->weights), pool->name, (long long)count,
                             (long long)width, (long long)pool->heads);
    vqc_parameter_name(name, "%s.ln_k", pool->name);
    VQC_TRY(vqc_layer_layer_norm(layers, name, pool->epsilon, x, &x, error));
    VQC_TRY(inputs_add(layers, pool, x, width, &query, &keys_values, error));
    VQC_TRY(vqc_layer_query_attention(layers, query, keys_values, pool->heads, output, error));
    vqc_parameter_name(name, "%s.attn.out_proj", pool->name);
    return vqc_layer_linear(layers, name, false, *output, width, NULL, output, error);
}
