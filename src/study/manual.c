#include "study/manual.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "study/tables.h"

enum { COLUMNS = 4, CELL = 512, COLUMN_GAP = 2, MANUAL_WIDTH = 100 };

/* Where the manual goes. */
typedef struct manual_page {
    vqc_text *text;
    bool markdown;
} manual_page;

/* One line of a table: key, value, default, what it is. */
typedef struct manual_row {
    char cells[COLUMNS][CELL];
} manual_row;

static const char example[] = "study: first\n"
                              "models:\n"
                              "  generator: {config: vqgan.yaml, checkpoint: vqgan.ckpt}\n"
                              "  perceptors:\n"
                              "    - {checkpoint: ViT-B-32.pt, vocabulary: bpe_simple_vocab_16e6.txt.gz}\n"
                              "render:\n"
                              "  steps: 300\n"
                              "  augment: [Hf, {name: Af, degrees: 10}]\n"
                              "seeds: [0, 1]\n"
                              "prompts:\n"
                              "  - an astronaut in the style of van Gogh\n"
                              "  - {text: \"a waterfall | blurry:-0.5\", init: {image: in.png}, l2: {weight: 0.2}}\n"
                              "sweep:\n"
                              "  optimizer.lr: [0.05, 0.15]\n";

const char *vqc_job_manual_example(void)
{
    return example;
}

/* ---- Tables ---- */

/* Appends the text with a backslash before every bar, which would end a cell. */
static vqc_status cell_write(const manual_page *page, const char *cell, vqc_error *error)
{
    for (; *cell != '\0'; cell++)
        VQC_TRY(vqc_text_append(page->text, error, *cell == '|' ? "\\%c" : "%c", *cell));
    return VQC_OK;
}

static vqc_status markdown_row(const manual_page *page, const manual_row *row, vqc_error *error)
{
    VQC_TRY(vqc_text_append(page->text, error, "| `%s` |", row->cells[0]));
    for (int i = 1; i < COLUMNS; i++) {
        VQC_TRY(vqc_text_append(page->text, error, " "));
        VQC_TRY(cell_write(page, row->cells[i], error));
        VQC_TRY(vqc_text_append(page->text, error, " |"));
    }
    return vqc_text_append(page->text, error, "\n");
}

/* Takes as many words off the text as fit into the width, at least one; returns their length. */
static int words_take(const char **text, int width)
{
    const char *start = *text;
    int length = (int)strlen(start);
    if (length > width) {
        length = width;
        while (length > 0 && start[length] != ' ')
            length--;
        if (length == 0)
            length = (int)strcspn(start, " ");
    }
    *text = start + length;
    while (**text == ' ')
        *text += 1;
    return length;
}

/* A row as columns of text, each broken into lines of its own width. */
static vqc_status terminal_row(const manual_page *page, const manual_row *row, vqc_error *error)
{
    static const int widths[COLUMNS] = {22, 20, 14, MANUAL_WIDTH - 22 - 20 - 14 - COLUMNS * COLUMN_GAP};
    const char *rest[COLUMNS];
    bool more = true;
    for (int i = 0; i < COLUMNS; i++)
        rest[i] = row->cells[i];
    while (more) {
        int written = 0;
        int column = 0;
        more = false;
        for (int i = 0; i < COLUMNS; i++) {
            const char *words = rest[i];
            int length = words_take(&rest[i], widths[i]);
            column += COLUMN_GAP;
            if (length > 0) {
                VQC_TRY(vqc_text_append(page->text, error, "%*s%.*s", column - written, "", length, words));
                written = column + length;
            }
            column += widths[i];
            more = more || rest[i][0] != '\0';
        }
        VQC_TRY(vqc_text_append(page->text, error, "\n"));
    }
    return VQC_OK;
}

static vqc_status row_write(const manual_page *page, const manual_row *row, vqc_error *error)
{
    return page->markdown ? markdown_row(page, row, error) : terminal_row(page, row, error);
}

static const manual_row keys_head = {.cells = {"KEY", "VALUE", "DEFAULT", "WHAT IT IS"}};
static const manual_row words_head = {.cells = {"WORD", "ITS OPTIONS", "", "WHAT IT IS"}};

/* Begins a section with a table. */
static vqc_status table_open(const manual_page *page, const char *title, const char *says, const manual_row *head,
                             vqc_error *error)
{
    VQC_TRY(vqc_text_append(page->text, error, page->markdown ? "\n## %s\n\n%s\n\n" : "\n%s\n  %s\n\n", title, says));
    if (!page->markdown)
        return terminal_row(page, head, error);
    return vqc_text_append(page->text, error, "| %s | %s | %s | %s |\n| --- | --- | --- | --- |\n", head->cells[0],
                           head->cells[1], head->cells[2], head->cells[3]);
}

/* ---- Cells ---- */

/* What a value of each kind is, where no row says it. */
static const char *const kinds[] = {
    [VQC_FIELD_INTEGER] = "integer",
    [VQC_FIELD_SIZE] = "[width, height], each",
    [VQC_FIELD_REAL] = "number",
    [VQC_FIELD_RANGE] = "[from, to], each",
    [VQC_FIELD_AXES] = "[x, y], or one number,",
    [VQC_FIELD_FRACTION] = "number 0 to below 1",
    [VQC_FIELD_FRACTIONS] = "[number, number], each 0 to below 1",
    [VQC_FIELD_BOOL] = "true, false",
    [VQC_FIELD_CHOICE] = "",
    [VQC_FIELD_TEXT] = "text",
    [VQC_FIELD_WORD] = "",
    [VQC_FIELD_PATH] = "path",
    [VQC_FIELD_OTHER] = "",
};

/* What may stand behind the key. */
static void value_describe(const vqc_field *field, char cell[CELL])
{
    int size = snprintf(cell, CELL, "%s", field->form == NULL ? kinds[field->kind] : field->form);
    for (size_t i = 0; i < field->word_count; i++)
        size += snprintf(cell + size, CELL - (size_t)size, "%s%s", i == 0 ? "" : ", ", field->words[i].word);
    if (field->minimum == 0.0 && field->maximum == 0.0)
        return;
    if (field->minimum > -DBL_MAX)
        size += snprintf(cell + size, CELL - (size_t)size, " %.15g", field->minimum);
    if (field->maximum < DBL_MAX)
        size += snprintf(cell + size, CELL - (size_t)size, " to %.15g", field->maximum);
    if (field->curve != 0)
        (void)snprintf(cell + size, CELL - (size_t)size, ", or a curve (below)");
}

static void usual_describe(const vqc_field *field, char cell[CELL])
{
    bool pair = field->kind == VQC_FIELD_SIZE || field->kind == VQC_FIELD_RANGE || field->kind == VQC_FIELD_AXES ||
                field->kind == VQC_FIELD_FRACTIONS;
    const char *word = field->required                   ? "must be given"
                       : field->otherwise != NULL        ? field->otherwise
                       : field->kind == VQC_FIELD_CHOICE ? field->words[(size_t)field->usual[0]].word
                       : field->kind != VQC_FIELD_BOOL   ? NULL
                       : field->usual[0] != 0.0          ? "true"
                                                         : "false";
    if (word != NULL)
        (void)snprintf(cell, CELL, "%s", word);
    else if (pair)
        (void)snprintf(cell, CELL, "[%g, %g]", field->usual[0], field->usual[1]);
    else
        (void)snprintf(cell, CELL, "%g", field->usual[0]);
}

/* The options that a word brings with it, with their defaults. */
static void options_describe(const vqc_schema *schema, const vqc_word *word, char cell[CELL])
{
    int size = 0;
    for (int i = 0; i < VQC_WORD_OPTIONS && word->options[i].key != NULL; i++) {
        const vqc_field field = vqc_field_led(word, vqc_schema_find(schema, word->options[i].key));
        char usual[CELL];
        usual_describe(&field, usual);
        size += snprintf(cell + size, CELL - (size_t)size, "%s%s: %.64s", i == 0 ? "" : ", ",
                         strchr(field.key, '.') + 1, usual);
    }
}

/* ---- Sections ---- */

static vqc_status field_write(const manual_page *page, const char *before, const vqc_field *field,
                              const vqc_field *leader, vqc_error *error)
{
    manual_row row;
    (void)snprintf(row.cells[0], CELL, "%s%s", before, field->key);
    value_describe(field, row.cells[1]);
    usual_describe(field, row.cells[2]);
    if (leader != NULL)
        (void)snprintf(row.cells[2], CELL, "by %s", leader->leads);
    (void)snprintf(row.cells[3], CELL, "%s", field->says);
    return row_write(page, &row, error);
}

static vqc_status schema_write(const manual_page *page, const vqc_schema *schema, vqc_error *error)
{
    VQC_TRY(table_open(page, schema->title, schema->says, &keys_head, error));
    for (size_t i = 0; i < schema->count; i++) {
        const vqc_field *field = &schema->fields[i];
        const vqc_field *leader = field->leader == NULL ? NULL : vqc_schema_find(schema, field->leader);
        VQC_TRY(field_write(page, "", field, leader, error));
    }
    return VQC_OK;
}

/* The choices whose words have something said of them. */
static vqc_status choices_write(const manual_page *page, const vqc_schema *schema, vqc_error *error)
{
    for (size_t i = 0; i < schema->count; i++) {
        const vqc_field *field = &schema->fields[i];
        if (field->word_count == 0 || field->words[0].says == NULL)
            continue;
        VQC_TRY(table_open(page, field->key, field->says, &words_head, error));
        for (size_t j = 0; j < field->word_count; j++) {
            manual_row row = {0};
            (void)snprintf(row.cells[0], CELL, "%s", field->words[j].word);
            options_describe(schema, &field->words[j], row.cells[1]);
            (void)snprintf(row.cells[3], CELL, "%s", field->words[j].says);
            VQC_TRY(row_write(page, &row, error));
        }
    }
    return VQC_OK;
}

/* A row that opens the rows of what is called so. */
static vqc_status name_write(const manual_page *page, const char *name, const char *form, const char *says,
                             vqc_error *error)
{
    manual_row row = {0};
    (void)snprintf(row.cells[0], CELL, "%s", name);
    (void)snprintf(row.cells[1], CELL, "%s", form);
    (void)snprintf(row.cells[3], CELL, "%s", says);
    return row_write(page, &row, error);
}

static vqc_status curves_write(const manual_page *page, vqc_error *error)
{
    VQC_TRY(table_open(page, "curves",
                       "A number that changes over the steps, from 0: {0: 1, 200: 0.3} or {curve: WORD, 0: 1, ...}.",
                       &words_head, error));
    for (int i = 0; i < VQC_CURVE_SHAPES; i++)
        VQC_TRY(name_write(page, vqc_curve_word((vqc_curve_shape)i), "", vqc_curve_says((vqc_curve_shape)i), error));
    return VQC_OK;
}

static vqc_status inits_write(const manual_page *page, vqc_error *error)
{
    VQC_TRY(table_open(page, "init", "What the latent starts as: one of these words, or {WORD: ...}.", &keys_head,
                       error));
    for (int i = 0; i < VQC_INIT_COUNT; i++) {
        const vqc_init_form *form = &vqc_init_forms[i];
        const vqc_schema *schema = &form->schema;
        VQC_TRY(name_write(page, form->word,
                           schema->count == 0 ? ""
                           : form->bare       ? "path"
                           : form->alone      ? "alone, or mapping"
                                              : "mapping",
                           schema->says, error));
        for (size_t j = form->bare ? 1 : 0; j < schema->count; j++)
            VQC_TRY(field_write(page, "  ", &schema->fields[j], NULL, error));
    }
    return VQC_OK;
}

static vqc_status augmentations_write(const manual_page *page, vqc_error *error)
{
    VQC_TRY(table_open(page, "augment",
                       "A list of codes, or {name: CODE, ...} with parameters; as kornia 0.5.4 has them.", &keys_head,
                       error));
    for (int kind = 0; kind < VQC_AUGMENTATION_COUNT; kind++) {
        vqc_field fields[VQC_SCHEMA_FIELDS];
        size_t count = vqc_augmentation_fields((vqc_augmentation_kind)kind, fields);
        VQC_TRY(name_write(page, vqc_augmentation_code((vqc_augmentation_kind)kind), "",
                           vqc_augmentation_says((vqc_augmentation_kind)kind), error));
        for (size_t i = 0; i + 1 < count; i++)
            VQC_TRY(field_write(page, "  ", &fields[i], NULL, error));
    }
    VQC_TRY(name_write(page, "any", "", "each of them may also have:", error));
    return field_write(page, "  ", &vqc_augmentation_crops_field, NULL, error);
}

static vqc_status head_write(const manual_page *page, vqc_error *error)
{
    static const char says[] =
        "A study is one YAML file. What is not given has a default; what is unknown, of the wrong type or\n"
        "out of range is an error with its line and column. Paths are seen from the file's folder.\n"
        "vqclip plan JOB checks a file and lists its renders.\n";
    const char *fence = page->markdown ? "```" : "";
    if (page->markdown)
        VQC_TRY(vqc_text_append(page->text, error,
                                "# The job file\n\n<!-- Made by `vqclip help job --markdown`. -->\n\n"));
    return vqc_text_append(page->text, error, "%s\n%s%s\n%s%s%s", says, fence, page->markdown ? "yaml" : "Example:\n",
                           example, fence, page->markdown ? "\n" : "");
}

vqc_status vqc_job_manual_write(vqc_text *text, bool markdown, vqc_error *error)
{
    static const vqc_schema *const schemas[] = {
        &vqc_study_schema,    &vqc_models_schema,       &vqc_generator_schema, &vqc_perceptor_schema,
        &vqc_prompt_schema,   &vqc_prompt_table_schema, &vqc_target_schema,    &vqc_embedding_schema,
        &vqc_settings_schema, &vqc_mask_schemas[0],     &vqc_mask_schemas[1],
    };
    const manual_page page = {.text = text, .markdown = markdown};
    VQC_TRY(head_write(&page, error));
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++)
        VQC_TRY(schema_write(&page, schemas[i], error));
    VQC_TRY(curves_write(&page, error));
    VQC_TRY(choices_write(&page, &vqc_settings_schema, error));
    VQC_TRY(augmentations_write(&page, error));
    return inits_write(&page, error);
}
