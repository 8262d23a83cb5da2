/* The tables of what a job file has beside settings. */

#include <float.h>
#include <math.h>

#include "study/prompt_table.h"
#include "study/study.h"
#include "study/tables.h"

#define SCHEMA(list, object)                                                                                         \
    .fields = (list), .count = sizeof(list) / sizeof((list)[0]), .object_size = sizeof(object)

static const vqc_field study_fields[] = {
    {.key = "study",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_study, name),
     .required = true,
     .says = "its name, and that of its archive, NAME.h5"},
    {.key = "models", .kind = VQC_FIELD_OTHER, .form = "mapping", .required = true, .says = "the models (below)"},
    {.key = "render",
     .kind = VQC_FIELD_OTHER,
     .form = "mapping",
     .otherwise = "the paper's",
     .says = "settings of every render (below)"},
    {.key = "seeds",
     .kind = VQC_FIELD_OTHER,
     .form = "list of integers, 0 to 2^64 - 1, and FIRST..LAST; FIRST..LAST; {count: N, from: FIRST}",
     .otherwise = "[0]",
     .says = "each prompt is rendered once with each; all random numbers come from it"},
    {.key = "prompts",
     .kind = VQC_FIELD_OTHER,
     .form = "list, a file's name, or mapping",
     .required = true,
     .says = "what to draw (below): a list, a text file with one prompt a line, or a table, .csv or .tsv (below)"},
    {.key = "choices",
     .kind = VQC_FIELD_OTHER,
     .form = "mapping to lists of texts",
     .otherwise = "none",
     .says = "in a prompt's text {NAME} is one of NAME's texts, drawn by the seed, put in before the text is parted; "
             "\\{ is a brace. Without this key braces are text"},
    {.key = "sweep",
     .kind = VQC_FIELD_OTHER,
     .form = "mapping to lists",
     .otherwise = "none",
     .says = "settings by their dotted keys, each with a list of values: every combination is rendered"},
    {.key = "team",
     .kind = VQC_FIELD_OTHER,
     .form = "auto, or an integer 1 to 65536",
     .otherwise = "auto",
     .says = "ranks that work on one picture together; auto: the program chooses"},
};

const vqc_schema vqc_study_schema = {
    .title = "The whole file",
    .says = "Every prompt is rendered with every seed and every combination of the sweep.",
    SCHEMA(study_fields, vqc_study),
};

static const vqc_field models_fields[] = {
    {.key = "generator",
     .kind = VQC_FIELD_OTHER,
     .form = "mapping",
     .required = true,
     .says = "the VQGAN that draws"},
    {.key = "perceptors",
     .kind = VQC_FIELD_OTHER,
     .form = "list of 1 to 16 mappings",
     .required = true,
     .says = "the CLIP models that look"},
};

const vqc_schema vqc_models_schema = {
    .title = "models",
    .says = "The files of the models, as they were published.",
    .fields = models_fields,
    .count = sizeof models_fields / sizeof models_fields[0],
};

static const vqc_field generator_fields[] = {
    {.key = "config",
     .kind = VQC_FIELD_PATH,
     VQC_MEMBER(vqc_generator_source, config),
     .otherwise = "the checkpoint says all, or has its config.json beside it",
     .says = "its configuration: taming-transformers' YAML, or a config.json"},
    {.key = "checkpoint",
     .kind = VQC_FIELD_PATH,
     VQC_MEMBER(vqc_generator_source, checkpoint),
     .required = true,
     .says = "its weights: safetensors or PyTorch, an index of several files, or a folder of them"},
    {.key = "key",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_generator_source, key),
     .otherwise = "the only one",
     .says = "which model of the file, where it holds two: ema; or its names' prefix, with the dot: clip."},
};

const vqc_schema vqc_generator_schema = {
    .title = "models.generator",
    .says = "The model that draws.",
    SCHEMA(generator_fields, vqc_generator_source),
};

static const vqc_word activations[] = {{.word = "quick_gelu"}, {.word = "gelu"}, {.word = "gelu_tanh"}};
/* As text/text_cleaning.h has them, which a test compares. */
static const vqc_word cleanings[] = {
    {.word = "none"}, {.word = "lower"}, {.word = "whitespace"}, {.word = "canonicalize"}};

static const vqc_field perceptor_fields[] = {
    {.key = "name",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_perceptor_source, name),
     .otherwise = "its checkpoint",
     .says = "for tables of losses"},
    {.key = "checkpoint",
     .kind = VQC_FIELD_PATH,
     VQC_MEMBER(vqc_perceptor_source, checkpoint),
     .required = true,
     .says = "its weights: safetensors, PyTorch or TorchScript, an index of several files, or a folder of them"},
    {.key = "key",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_perceptor_source, key),
     .otherwise = "the only one",
     .says = "which model of the file, where it holds two: ema; or its names' prefix, with the dot: clip."},
    {.key = "vocabulary",
     .kind = VQC_FIELD_PATH,
     VQC_MEMBER(vqc_perceptor_source, vocabulary),
     .otherwise = "none",
     .says = "the tokenizer of its texts: byte pairs (plain or .gz), tokenizer.json, vocab.json, spiece.model, or "
             "their folder; needed where a prompt has a text"},
    {.key = "cleaning",
     .kind = VQC_FIELD_WORD,
     VQC_MEMBER(vqc_perceptor_source, cleaning),
     VQC_WORDS(cleanings),
     .otherwise = "as the files say",
     .says = "what is done to its texts before they become tokens"},
    {.key = "weight",
     .kind = VQC_FIELD_REAL,
     VQC_MEMBER(vqc_perceptor_source, weight),
     VQC_CURVE(vqc_perceptor_source, weight_curve),
     .minimum = 1e-6,
     .maximum = 1e6,
     .usual = {1.0},
     .says = "of its loss"},
    {.key = "crops",
     .kind = VQC_FIELD_INTEGER,
     VQC_MEMBER(vqc_perceptor_source, crops),
     .minimum = 1,
     .maximum = VQC_SETTINGS_MAX_CROPS,
     .otherwise = "crops.count",
     .says = "crops that it sees at every step; its loss is their mean, however many they are"},
    {.key = "activation",
     .kind = VQC_FIELD_WORD,
     VQC_MEMBER(vqc_perceptor_source, activation),
     VQC_WORDS(activations),
     .otherwise = "as its family has it",
     .says = "between the layers of its transformer's blocks"},
    {.key = "head_width",
     .kind = VQC_FIELD_INTEGER,
     VQC_MEMBER(vqc_perceptor_source, head_width),
     .minimum = 1,
     .maximum = 4096,
     .otherwise = "64",
     .says = "channels of an attention head of the picture tower"},
    {.key = "truncate",
     .kind = VQC_FIELD_BOOL,
     VQC_MEMBER(vqc_perceptor_source, truncate),
     .says = "true: texts of more tokens than it takes (77 in the public models) are cut; else they are errors"},
};

const vqc_schema vqc_perceptor_schema = {
    .title = "models.perceptors[]",
    .says = "A model that looks at the picture and says how far it is from the prompt.",
    SCHEMA(perceptor_fields, vqc_perceptor_source),
};

static const vqc_field prompt_fields[] = {
    {.key = "id",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_prompt, id),
     .otherwise = "its number, from 1",
     .says = "its name in lists and files; no two are the same"},
    {.key = "text",
     .kind = VQC_FIELD_OTHER,
     .form = "text",
     .otherwise = "none",
     .says = "what to draw: PART | PART ..., each TEXT, TEXT:WEIGHT or TEXT:WEIGHT:STOP; \\: is a colon of the text, "
             "\\| a bar"},
    {.key = "targets",
     .kind = VQC_FIELD_OTHER,
     .form = "list of mappings",
     .otherwise = "none",
     .says = "the same, part by part (below); a prompt has either this or a text"},
    {.key = "category",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_prompt, category),
     .otherwise = "none",
     .says = "kept in the archive with the prompt's renders, to compare kinds of prompts"},
    {.key = "seed",
     .kind = VQC_FIELD_OTHER,
     .form = "integer, 0 to 2^64 - 1",
     .otherwise = "the study's",
     .says = "it is rendered with this seed alone"},
};

const vqc_schema vqc_prompt_schema = {
    .title = "prompts[]",
    .says = "A prompt is a text, or a mapping of these keys and any of render's.",
    SCHEMA(prompt_fields, vqc_prompt),
};

static const vqc_word quotes_words[] = {
    {.word = "cells", .says = "a cell may stand in quotes, as RFC 4180 has it"},
    {.word = "text", .says = "quotes are text; no cell has a separator or a line feed in it"},
};

static const vqc_field prompt_table_fields[] = {
    {.key = "file",
     .kind = VQC_FIELD_OTHER,
     .form = "path",
     .required = true,
     .says = "the table: .csv, .tsv or .tab"},
    {.key = "prompt",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_prompt_table_form, prompt),
     .otherwise = "prompt",
     .says = "the heading of the column with the prompts' texts"},
    {.key = "id",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_prompt_table_form, id),
     .otherwise = "id",
     .says = "of that with their names"},
    {.key = "category",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_prompt_table_form, category),
     .otherwise = "category",
     .says = "of that with their categories"},
    {.key = "seed",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_prompt_table_form, seed),
     .otherwise = "seed",
     .says = "of that with their seeds"},
    {.key = "ignore",
     .kind = VQC_FIELD_OTHER,
     .form = "list of texts",
     .otherwise = "none",
     .says =
         "headings of columns that are left out. An empty cell is as the study has it; one of a setting that begins "
         "with [ or { is YAML; paths are seen from the job file's folder"},
    {.key = "quotes",
     .kind = VQC_FIELD_CHOICE,
     VQC_MEMBER(vqc_prompt_table_form, quotes_are_text),
     VQC_WORDS(quotes_words),
     .says = "what quotes are"},
};

const vqc_schema vqc_prompt_table_schema = {
    .title = "prompts, a table",
    .says = "A CSV or TSV file, by its name alone or so; any other column is a setting's key.",
    SCHEMA(prompt_table_fields, vqc_prompt_table_form),
};

static const vqc_field target_fields[] = {
    {.key = "text", .kind = VQC_FIELD_OTHER, .form = "text", .otherwise = "none", .says = "a text"},
    {.key = "image",
     .kind = VQC_FIELD_OTHER,
     .form = "path",
     .otherwise = "none",
     .says = "a picture file, as each perceptor has its pictures prepared, whatever fit says"},
    {.key = "embedding",
     .kind = VQC_FIELD_OTHER,
     .form = "mapping",
     .otherwise = "none",
     .says = "an embedding from a file (below)"},
    {.key = "noise",
     .kind = VQC_FIELD_OTHER,
     .form = "integer, 0 to 2^64 - 1",
     .otherwise = "none",
     .says = "a vector of normal random numbers from this seed"},
    {.key = "weight",
     .kind = VQC_FIELD_REAL,
     VQC_MEMBER(vqc_target_form, target.weight),
     VQC_CURVE(vqc_target_form, weight_curve),
     .minimum = -1e6,
     .maximum = 1e6,
     .usual = {1.0},
     .says =
         "of its loss; below 0: drawn away from it; not 0. All of a prompt, without signs, times a perceptor's: at "
         "most 1e6; from some 30000 on gradients may leave their sum's range, and the render fails"},
    {.key = "stop",
     .kind = VQC_FIELD_REAL,
     VQC_MEMBER(vqc_target_form, target.stop),
     .minimum = -INFINITY,
     .maximum = DBL_MAX,
     .usual = {-INFINITY},
     .says = "it guides only while its distance, signed as the weight, is above this"},
};

const vqc_schema vqc_target_schema = {
    .title = "prompts[].targets[]",
    .says = "What a picture is drawn to: exactly one of text, image, embedding and noise.",
    SCHEMA(target_fields, vqc_target_form),
};

static const vqc_field embedding_fields[] = {
    {.key = "file",
     .kind = VQC_FIELD_PATH,
     VQC_MEMBER(vqc_target, file),
     .required = true,
     .says = "safetensors file"},
    {.key = "tensor",
     .kind = VQC_FIELD_TEXT,
     VQC_MEMBER(vqc_target, tensor),
     .required = true,
     .says = "the name of a tensor (rows, width of the perceptor's embeddings) in it"},
    {.key = "row",
     .kind = VQC_FIELD_INTEGER,
     VQC_MEMBER(vqc_target, row),
     .maximum = INT32_MAX,
     .says = "which of its rows, from 0"},
};

const vqc_schema vqc_embedding_schema = {
    .title = "prompts[].targets[].embedding",
    .says = "A row of a tensor.",
    SCHEMA(embedding_fields, vqc_target),
};
