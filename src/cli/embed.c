#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/visible.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/embeddings.h"
#include "cli/json_output.h"
#include "cli/tensor_file.h"
#include "models/clip.h"

typedef struct embed_options {
    vqc_compute compute;
    const char *perceptor;
    const char *vocabulary;
    const char *input;
    const char *output;
    vqc_text_list texts;
    vqc_text_list images;
    vqc_clip_options clip;
    long head_width;
    bool truncate;
} embed_options;

/* Reads an embedding value of a network into new memory. */
static vqc_status embeddings_read(vqc_network *network, vqc_value value, vqc_embeddings *result, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(network, value);
    result->count = shape.size[0];
    result->width = shape.size[1];
    VQC_TRY(vqc_memory_allocate((size_t)(result->count * result->width), sizeof(float), "embeddings", &result->data,
                                error));
    return vqc_network_read(network, value, result->data, error);
}

/* Adds embeddings to the results under the name. */
static vqc_status embeddings_add(const vqc_embeddings *rows, const char *name, vqc_tensor_file *results,
                                 vqc_error *error)
{
    int64_t shape[] = {rows->count, rows->width};
    return vqc_tensor_file_add(results, name, 2, shape, rows->data, error);
}

/* Runs the tower on pixels; with a weight, also backwards from it. */
static vqc_status pixels_run(vqc_clip_image_tower *tower, const vqc_host_tensor *pixels,
                             const vqc_host_tensor *weight, vqc_tensor_file *results, vqc_error *error)
{
    vqc_embeddings rows = {0};
    VQC_TRY(vqc_network_write(tower->network, tower->pixels, pixels->data, error));
    VQC_TRY(vqc_network_forward(tower->network, error));
    vqc_status status = embeddings_read(tower->network, tower->embedding, &rows, error);
    if (status == VQC_OK)
        status = embeddings_add(&rows, "image_embed", results, error);
    vqc_embeddings_release(&rows);
    if (status != VQC_OK || weight->data == NULL)
        return status;
    VQC_TRY(vqc_network_gradient_write(tower->network, tower->embedding, weight->data, error));
    VQC_TRY(vqc_network_backward(tower->network, error));
    float *gradient;
    size_t count = (size_t)(pixels->shape[0] * pixels->shape[1] * pixels->shape[2] * pixels->shape[3]);
    VQC_TRY(vqc_memory_allocate(count, sizeof *gradient, "a gradient", &gradient, error));
    status = vqc_network_gradient_read(tower->network, tower->pixels, gradient, error);
    if (status == VQC_OK)
        status = vqc_tensor_file_add(results, "pixels_grad", 4, pixels->shape, gradient, error);
    free(gradient);
    return status;
}

/* Pictures must have the perceptor's size, weights the shape of the embeddings. */
static vqc_status pixels_check(const embed_options *options, const vqc_clip *clip, const vqc_host_tensor *pixels,
                               const vqc_host_tensor *weight, vqc_error *error)
{
    int64_t side = clip->vision.side;
    if (pixels->shape[1] != side || pixels->shape[2] != side || pixels->shape[3] != 3)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: tensor pixels: expected 3 channels of %lld × %lld, found "
                             "%lld of %lld × %lld",
                             options->input, (long long)side, (long long)side, (long long)pixels->shape[3],
                             (long long)pixels->shape[1], (long long)pixels->shape[2]);
    if (weight->data != NULL && (weight->shape[0] != pixels->shape[0] || weight->shape[1] != clip->embed_width))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor embed_weight: expected %lld × %lld, found %lld × %lld",
                             options->input, (long long)pixels->shape[0], (long long)clip->embed_width,
                             (long long)weight->shape[0], (long long)weight->shape[1]);
    return VQC_OK;
}

/* pixels → image_embed; with embed_weight, pixels_grad. */
static vqc_status pixels_embed(embed_options *options, const vqc_clip *clip, const vqc_weights *input,
                               vqc_tensor_file *results, vqc_error *error)
{
    vqc_host_tensor pixels;
    vqc_host_tensor weight = {0};
    vqc_clip_image_tower tower = {0};
    VQC_TRY(vqc_host_tensor_read(input, "pixels", 4, &pixels, error));
    if (pixels.data == NULL)
        return VQC_OK;
    vqc_status status = vqc_host_tensor_read(input, "embed_weight", 2, &weight, error);
    if (status == VQC_OK)
        status = pixels_check(options, clip, &pixels, &weight, error);
    if (status == VQC_OK)
        status =
            vqc_embeddings_image_tower(&options->compute, clip, pixels.shape[0], weight.data != NULL, &tower, error);
    if (status == VQC_OK)
        status = pixels_run(&tower, &pixels, &weight, results, error);
    vqc_clip_image_tower_destroy(&tower);
    free(pixels.data);
    free(weight.data);
    return status;
}

/* token_ids → text_embed. */
static vqc_status token_ids_embed(embed_options *options, const vqc_clip *clip, const vqc_weights *input,
                                  vqc_tensor_file *results, vqc_error *error)
{
    int64_t shape[2];
    int32_t *ids;
    vqc_embeddings rows = {0};
    VQC_TRY(vqc_host_ids_read(input, "token_ids", shape, &ids, error));
    if (ids == NULL)
        return VQC_OK;
    vqc_status status = vqc_embeddings_of_ids(&options->compute, clip, ids, shape[0], shape[1], &rows, error);
    if (status == VQC_OK)
        status = embeddings_add(&rows, "text_embed", results, error);
    vqc_embeddings_release(&rows);
    free(ids);
    return status;
}

static vqc_status tensors_embed(embed_options *options, const vqc_clip *clip, vqc_error *error)
{
    vqc_weights *input;
    vqc_tensor_file results = {0};
    VQC_TRY(vqc_weights_open(options->input, &input, error));
    vqc_status status = pixels_embed(options, clip, input, &results, error);
    if (status == VQC_OK)
        status = token_ids_embed(options, clip, input, &results, error);
    vqc_weights_close(input);
    if (status == VQC_OK && results.count == 0)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a tensor pixels or token_ids", options->input);
    if (status == VQC_OK)
        status = vqc_weights_write(options->output, results.sources, results.count, error);
    vqc_tensor_file_release(&results);
    return status;
}

static vqc_status texts_embed(embed_options *options, const vqc_clip *clip, vqc_embeddings *result, vqc_error *error)
{
    if (options->texts.count == 0)
        return VQC_OK;
    return vqc_embeddings_of_texts(&options->compute, clip, options->vocabulary, options->texts.items,
                                   options->texts.count, options->truncate, result, error);
}

/* Embeds one picture file into a row. */
static vqc_status image_embed(vqc_picture_embedder *embedder, const char *path, float *row, vqc_error *error)
{
    vqc_image picture;
    VQC_TRY(vqc_image_read(path, &picture, error));
    vqc_status status = vqc_picture_embedder_run(embedder, &picture, row, error);
    vqc_image_release(&picture);
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s", path);
}

static vqc_status images_embed(embed_options *options, const vqc_clip *clip, vqc_embeddings *result, vqc_error *error)
{
    vqc_picture_embedder embedder;
    if (options->images.count == 0)
        return VQC_OK;
    result->count = (int64_t)options->images.count;
    result->width = clip->embed_width;
    vqc_status status = vqc_picture_embedder_init(&embedder, &options->compute, clip, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate((size_t)(result->count * result->width), sizeof(float), "embeddings",
                                     &result->data, error);
    for (int64_t i = 0; i < result->count && status == VQC_OK; i++)
        status = image_embed(&embedder, options->images.items[i], result->data + i * result->width, error);
    vqc_picture_embedder_release(&embedder);
    return status;
}

/* Cosine similarities: one line for each row of `rows`, one column for each of `columns`. */
static void similarities_print(const vqc_embeddings *rows, const vqc_text_list *row_names,
                               const vqc_embeddings *columns, const vqc_text_list *column_names)
{
    for (int64_t j = 0; j < columns->count; j++)
        vqc_print(stdout, "[%lld] %s\n", (long long)j + 1, column_names->items[j]);
    (void)printf("\n");
    for (int64_t j = 0; j < columns->count; j++)
        (void)printf("     [%lld] ", (long long)j + 1);
    (void)printf("\n");
    for (int64_t i = 0; i < rows->count; i++) {
        for (int64_t j = 0; j < columns->count; j++)
            (void)printf("%8.4f ", vqc_embeddings_cosine(rows->data + i * rows->width,
                                                         columns->data + j * columns->width, rows->width));
        vqc_print(stdout, " %s\n", row_names->items[i]);
    }
}

/* An array of {"name", "embedding"}. */
static json_t *embeddings_to_json(const vqc_embeddings *rows, const vqc_text_list *names)
{
    json_t *array = json_array();
    for (int64_t i = 0; i < rows->count; i++) {
        json_t *entry = json_object();
        json_object_set_new(entry, "name", json_string(names->items[i]));
        json_object_set_new(entry, "embedding", vqc_json_numbers(rows->data + i * rows->width, (size_t)rows->width));
        json_array_append_new(array, entry);
    }
    return array;
}

static json_t *similarities_to_json(const vqc_embeddings *images, const vqc_embeddings *texts)
{
    json_t *matrix = json_array();
    for (int64_t i = 0; i < images->count; i++) {
        json_t *row = json_array();
        for (int64_t j = 0; j < texts->count; j++)
            json_array_append_new(row,
                                  json_real(vqc_embeddings_cosine(images->data + i * images->width,
                                                                  texts->data + j * texts->width, texts->width)));
        json_array_append_new(matrix, row);
    }
    return matrix;
}

static vqc_status results_print(embed_options *options, const vqc_embeddings *images, const vqc_embeddings *texts,
                                vqc_error *error)
{
    if (options->compute.json) {
        json_t *report = json_object();
        json_object_set_new(report, "images", embeddings_to_json(images, &options->images));
        json_object_set_new(report, "texts", embeddings_to_json(texts, &options->texts));
        json_object_set_new(report, "similarity", similarities_to_json(images, texts));
        vqc_json_add_compute(report, &options->compute);
        return vqc_json_print(report, error);
    }
    if (images->count == 0)
        similarities_print(texts, &options->texts, texts, &options->texts);
    else if (texts->count == 0)
        similarities_print(images, &options->images, images, &options->images);
    else
        similarities_print(images, &options->images, texts, &options->texts);
    return VQC_OK;
}

static vqc_status results_write(const char *path, const vqc_embeddings *images, const vqc_embeddings *texts,
                                vqc_error *error)
{
    vqc_tensor_file results = {0};
    vqc_status status = VQC_OK;
    if (images->count > 0)
        status = embeddings_add(images, "image_embed", &results, error);
    if (status == VQC_OK && texts->count > 0)
        status = embeddings_add(texts, "text_embed", &results, error);
    if (status == VQC_OK)
        status = vqc_weights_write(path, results.sources, results.count, error);
    vqc_tensor_file_release(&results);
    return status;
}

static vqc_status files_embed(embed_options *options, const vqc_clip *clip, vqc_error *error)
{
    vqc_embeddings images = {0};
    vqc_embeddings texts = {0};
    vqc_status status = texts_embed(options, clip, &texts, error);
    if (status == VQC_OK)
        status = images_embed(options, clip, &images, error);
    if (status == VQC_OK && options->output != NULL)
        status = results_write(options->output, &images, &texts, error);
    if (status == VQC_OK)
        status = results_print(options, &images, &texts, error);
    vqc_embeddings_release(&images);
    vqc_embeddings_release(&texts);
    return status;
}

static vqc_status options_check(const embed_options *options, vqc_error *error)
{
    size_t files = options->texts.count + options->images.count;
    if (options->perceptor == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "embed: --perceptor is needed");
    if ((options->input == NULL) == (files == 0))
        return vqc_error_set(error, VQC_BAD_INPUT, "embed: expected either --input, or --text and --image");
    if (options->input != NULL && options->output == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "embed: --input needs --output");
    if (options->texts.count > 0 && options->vocabulary == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "embed: --text needs --vocabulary");
    return VQC_OK;
}

static vqc_status model_embed(embed_options *options, vqc_error *error)
{
    VQC_TRY(options_check(options, error));
    VQC_TRY(vqc_compute_open(&options->compute, error));
    options->clip.head_width = options->head_width;
    vqc_clip *clip;
    VQC_TRY(vqc_clip_open(options->perceptor, &options->clip, &clip, error));
    options->compute.load_seconds = vqc_clock_seconds() - options->compute.started;
    vqc_status status =
        options->input != NULL ? tensors_embed(options, clip, error) : files_embed(options, clip, error);
    vqc_clip_close(clip);
    if (status != VQC_OK || options->input == NULL || !options->compute.json)
        return status;
    json_t *report = json_object();
    vqc_json_add_compute(report, &options->compute);
    return vqc_json_print(report, error);
}

static vqc_status embed_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    embed_options *options = context;
    (void)operands; /* there are none */
    vqc_status status = model_embed(options, error);
    vqc_compute_close(&options->compute);
    return status;
}

static const vqc_option table[] = {
    {.name = "--perceptor", .value = "FILE", .help = "CLIP model", VQC_OPTION_MEMBER(embed_options, perceptor)},
    {.name = "--vocabulary",
     .value = "FILE",
     .help = "its tokenizer, for --text: byte pairs, tokenizer.json, vocab.json, spiece.model, or their folder",
     VQC_OPTION_MEMBER(embed_options, vocabulary)},
    {.name = "--text",
     .value = "TEXT",
     .help = "a text to embed; may be repeated",
     VQC_OPTION_MEMBER(embed_options, texts)},
    {.name = "--image",
     .value = "FILE",
     .help = "a picture to embed; may be repeated",
     VQC_OPTION_MEMBER(embed_options, images)},
    {.name = "--truncate",
     .help = "cut texts that are too long instead of refusing them",
     VQC_OPTION_MEMBER(embed_options, truncate)},
    {.name = "--input",
     .value = "FILE",
     .help = "safetensors with pixels, token_ids, embed_weight instead",
     VQC_OPTION_MEMBER(embed_options, input)},
    {.name = "-o, --output",
     .value = "FILE",
     .help = "safetensors to write the embeddings to",
     VQC_OPTION_MEMBER(embed_options, output)},
    {.name = "--key",
     .value = "NAME",
     .help = "which model of a file that holds two",
     VQC_OPTION_MEMBER(embed_options, clip.key)},
    {.name = "--activation",
     .value = "NAME",
     .help = "quick_gelu, gelu or gelu_tanh, where the file does not say",
     VQC_OPTION_MEMBER(embed_options, clip.activation)},
    {.name = "--cleaning",
     .value = "NAME",
     .help = "of its texts: none, lower, whitespace or canonicalize (default: as the files say)",
     VQC_OPTION_MEMBER(embed_options, clip.cleaning)},
    {.name = "--head-width",
     .value = "N",
     .help = "width of the picture tower's attention heads (default: as the model's files say, else 64)",
     VQC_OPTION_MEMBER(embed_options, head_width)},
    VQC_COMPUTE_OPTIONS(embed_options, "cpu", "f32"),
};

const vqc_command vqc_command_embed = {
    .name = "embed",
    .summary = "pictures and texts to embeddings, and how alike they are",
    .usage = "vqclip embed --perceptor FILE [--vocabulary FILE] [--text TEXT]... [--image FILE]...",
    .about = "Prints how alike pictures and texts are to a CLIP model: the cosine of their embeddings.\n"
             "With --input, reads pixels, token_ids and embed_weight and writes image_embed, text_embed and\n"
             "pixels_grad.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .options_size = sizeof(embed_options),
    .run = embed_run,
};
