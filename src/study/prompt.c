#include "study/prompt.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "study/tables.h"

/* What stands behind a colon. */
typedef enum tail_kind {
    TAIL_TEXT,
    TAIL_NUMBER,
    TAIL_NEARLY /* begins like a number and is none: meant as a weight, or as text, who knows */
} tail_kind;

#define BLANKS " \t\r\n"
#define MINUS "\xe2\x88\x92" /* U+2212, which word processors write */
#define DASH "\xe2\x80\x93"  /* U+2013, which is no minus but meant as one */

/* A piece of a prompt. */
typedef struct piece {
    const char *text;
    size_t length;
} piece;

static piece trimmed(piece p)
{
    while (p.length > 0 && strchr(BLANKS, p.text[0]) != NULL) {
        p.text++;
        p.length--;
    }
    while (p.length > 0 && strchr(BLANKS, p.text[p.length - 1]) != NULL)
        p.length--;
    return p;
}

static bool begins_with(piece p, const char *start)
{
    return p.length >= strlen(start) && memcmp(p.text, start, strlen(start)) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether it is "inf", "infinity" or "nan" in any letters, also as YAML has them, ".inf". */
static bool is_no_finite(const char *text)
{
    static const char *const words[] = {"inf", "infinity", "nan"};
    text += text[0] == '.';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* A decimal number: sign, digits, a point, an exponent. */
static tail_kind tail_read(piece tail, double *value_out)
{
    char number[64] = {0}; /* the beginning, if it is longer */
    tail = trimmed(tail);
    bool dash = begins_with(tail, DASH);
    bool minus = begins_with(tail, MINUS);
    size_t skipped = dash || minus ? strlen(MINUS) : 0;
    size_t size = tail.length - skipped;
    bool too_long = size > sizeof number - 2;
    number[0] = dash || minus ? '-' : '+';
    memcpy(number + 1, tail.text + skipped, too_long ? sizeof number - 2 : size);
    const char *digits = skipped == 0 && (number[1] == '+' || number[1] == '-') ? number + 2 : number + 1;
    const char *start = digits == number + 2 ? number + 1 : number;
    char *end;
    *value_out = strtod(start, &end);
    if (!is_digit(digits[0]) && !(digits[0] == '.' && is_digit(digits[1])))
        return is_no_finite(digits) || (end != start && *end == '\0') ? TAIL_NEARLY : TAIL_TEXT;
    bool plain = strspn(digits, "0123456789.eE+-") == strlen(digits);
    return plain && *end == '\0' && !too_long && !dash ? TAIL_NUMBER : TAIL_NEARLY;
}

/* Takes the tail behind the last colon that no backslash stands before. Whether there is one. */
static bool tail_cut(piece *p, piece *tail_out)
{
    for (size_t i = p->length; i > 0; i--) {
        if (p->text[i - 1] != ':' || (i > 1 && p->text[i - 2] == '\\'))
            continue;
        *tail_out = (piece){p->text + i, p->length - i};
        p->length = i - 1;
        return true;
    }
    return false;
}

static vqc_status tail_refuse(piece tail, vqc_error *error)
{
    return vqc_error_set(
        error, VQC_BAD_INPUT,
        "\"%.*s\" behind a colon is not a number; a weight is written as in \"blurry:-0.5\", a colon "
        "that belongs to the text as \"\\:\", or the text as it is by targets: [{text: ...}]",
        (int)(tail.length < 40 ? tail.length : 40), tail.text);
}

/* Cuts ":weight" or ":weight:stop" off. */
static vqc_status numbers_cut(piece *p, vqc_target *target, vqc_error *error)
{
    double last = 0.0;
    double before = 0.0;
    piece rest = *p;
    piece tail;
    if (!tail_cut(&rest, &tail))
        return VQC_OK;
    tail_kind kind = tail_read(tail, &last);
    piece shorter = rest;
    piece first;
    tail_kind kind_before = tail_cut(&shorter, &first) ? tail_read(first, &before) : TAIL_TEXT;
    if (kind == TAIL_NEARLY || (kind == TAIL_TEXT && kind_before == TAIL_NUMBER))
        return tail_refuse(trimmed(tail), error);
    if (kind == TAIL_TEXT)
        return VQC_OK;
    if (kind_before == TAIL_NEARLY)
        return tail_refuse(trimmed(first), error);
    target->weight = kind_before == TAIL_NUMBER ? before : last;
    target->stop = kind_before == TAIL_NUMBER ? last : target->stop;
    *p = kind_before == TAIL_NUMBER ? shorter : rest;
    return VQC_OK;
}

/* The first step at which a phrase of a story is told; that of the phrase behind the last is where all begin again.
 */
static int64_t phrase_begin(const vqc_settings *settings, int64_t phrases, int64_t phrase)
{
    return settings->story_period > 0 ? settings->story_period * phrase
                                      : (phrase * settings->steps + phrases - 1) / phrases;
}

/* The share that a phrase has of a step for itself: 1, and less in its last steps, the fade. */
static double phrase_told(const vqc_settings *settings, int64_t phrases, int64_t phrase, int64_t step)
{
    const int64_t begin = phrase_begin(settings, phrases, phrase);
    const int64_t end = phrase_begin(settings, phrases, phrase + 1);
    const int64_t fade = settings->story_fade < end - begin ? settings->story_fade : end - begin;
    if (step < begin || step >= end)
        return 0.0;
    return end - step < fade ? (double)(end - step) / (double)fade : 1.0;
}

/* The share that a phrase has of a step: in the fade of the one before it comes in; behind the last one the first
 * comes again. */
static double phrase_share(const vqc_target *target, const vqc_settings *settings, int64_t step)
{
    const int64_t phrases = target->phrases;
    const int64_t now = step % phrase_begin(settings, phrases, phrases);
    const double before = phrase_told(settings, phrases, (target->phrase + phrases - 1) % phrases, now);
    return phrase_told(settings, phrases, target->phrase, now) + (before > 0.0 ? 1.0 - before : 0.0);
}

vqc_status vqc_target_story_check(const vqc_target *target, const vqc_settings *settings, vqc_error *error)
{
    const int64_t phrases = target->phrases;
    const int64_t needed = settings->story_period > 0 ? settings->story_period * (phrases - 1) + 1 : phrases;
    if (phrases < 2 || needed <= settings->steps)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "a story of %lld phrases needs %lld steps until the last one is told, found %lld steps",
                         (long long)phrases, (long long)needed, (long long)settings->steps);
}

bool vqc_target_changes(const vqc_target *target)
{
    return target->curve != NULL || target->phrases > 1;
}

double vqc_target_weight(const vqc_target *target, const vqc_settings *settings, int64_t step)
{
    const double weight = target->curve == NULL ? target->weight : vqc_curve_at(target->curve, target->weight, step);
    return target->phrases > 1 ? weight * phrase_share(target, settings, step) : weight;
}

/* The first target of the phrase that has the most of the step; NULL: the prompt is no story. */
static const vqc_target *phrase_find(const vqc_prompt *prompt, const vqc_settings *settings, int64_t step)
{
    const vqc_target *found = NULL;
    for (size_t i = 0; i < prompt->target_count; i++) {
        const vqc_target *target = &prompt->targets[i];
        if (target->phrases > 1 &&
            (found == NULL || phrase_share(target, settings, step) > phrase_share(found, settings, step)))
            found = target;
    }
    return found;
}

vqc_status vqc_prompt_told(const vqc_prompt *prompt, const vqc_settings *settings, int64_t step, vqc_text *text,
                           vqc_error *error)
{
    const vqc_target *phrase = phrase_find(prompt, settings, step);
    const char *between = "";
    if (phrase == NULL)
        return vqc_text_append(text, error, "%s", prompt->text);
    for (size_t i = 0; i < prompt->target_count; i++) {
        const vqc_target *target = &prompt->targets[i];
        if (target->phrase != phrase->phrase || target->weight < 0.0)
            continue;
        VQC_TRY(vqc_text_append(text, error, "%s%s", between, target->text));
        between = " | ";
    }
    return between[0] == '\0' ? vqc_text_append(text, error, "%s", prompt->text) : VQC_OK;
}

/* As in a mapping. */
static vqc_status weight_check(double weight, vqc_error *error)
{
    const vqc_field *field = vqc_schema_find(&vqc_target_schema, "weight");
    if (weight == 0.0)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a weight that is not 0, found 0");
    if (!(weight >= field->minimum && weight <= field->maximum))
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a weight from %g to %g, found %g", field->minimum,
                             field->maximum, weight);
    return VQC_OK;
}

/* A sign behind a backslash is the sign; a backslash before anything else is one. */
static void signs_unescape(char *text, const char *signs)
{
    char *target = text;
    for (; *text != '\0'; text++)
        if (text[0] != '\\' || text[1] == '\0' || strchr(signs, text[1]) == NULL)
            *target++ = *text;
    *target = '\0';
}

/* Bytes up to the next such sign, or all. One behind a backslash does not count if it is among `signs`. */
static size_t length_to(piece p, char sign, const char *signs)
{
    const bool escapes = strchr(signs, sign) != NULL;
    for (size_t i = 0; i < p.length; i++)
        if (p.text[i] == sign && !(escapes && i > 0 && p.text[i - 1] == '\\'))
            return i;
    return p.length;
}

/* Takes the first piece off, up to such a sign. */
static piece piece_take(piece *rest, char sign, const char *signs)
{
    const size_t length = length_to(*rest, sign, signs);
    const piece taken = {rest->text, length};
    const size_t gone = length < rest->length ? length + 1 : length;
    *rest = (piece){rest->text + gone, rest->length - gone};
    return taken;
}

/* Pieces between the signs. */
static size_t pieces_count(piece p, char sign, const char *signs)
{
    size_t count = 1;
    for (size_t length = length_to(p, sign, signs); length < p.length; length = length_to(p, sign, signs)) {
        p = (piece){p.text + length + 1, p.length - length - 1};
        count++;
    }
    return count;
}

/* Reads "text:weight:stop". */
static vqc_status part_read(piece p, const char *signs, vqc_study_storage *storage, vqc_target *target,
                            vqc_error *error)
{
    *target = (vqc_target){.kind = VQC_TARGET_TEXT, .weight = 1.0, .stop = -INFINITY};
    VQC_TRY(numbers_cut(&p, target, error));
    p = trimmed(p);
    if (p.length == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a text, found an empty part");
    VQC_TRY(weight_check(target->weight, error));
    char *text;
    VQC_TRY(vqc_study_storage_allocate(storage, p.length + 1, 1, &text, error));
    memcpy(text, p.text, p.length);
    text[p.length] = '\0';
    signs_unescape(text, signs);
    target->text = text;
    return VQC_OK;
}

/* The parts of a phrase, of which there are `phrases`. */
static vqc_status phrase_read(piece phrase, int32_t number, int32_t phrases, const char *signs,
                              vqc_study_storage *storage, vqc_target *targets, vqc_error *error)
{
    const size_t parts = pieces_count(phrase, '|', signs);
    for (size_t i = 0; i < parts; i++) {
        VQC_TRY(part_read(piece_take(&phrase, '|', signs), signs, storage, &targets[i], error));
        targets[i].phrase = number;
        targets[i].phrases = phrases;
    }
    return VQC_OK;
}

vqc_status vqc_prompt_split(const char *text, const char *signs, vqc_study_storage *storage, vqc_target **targets_out,
                            size_t *count_out, vqc_error *error)
{
    const piece all = {text, strlen(text)};
    const bool story = strchr(signs, '^') != NULL;
    const size_t phrases = story ? pieces_count(all, '^', signs) : 1;
    vqc_target *targets;
    size_t count = 0;
    piece rest = all;
    for (size_t i = 0; i < phrases; i++)
        count += pieces_count(story ? piece_take(&rest, '^', signs) : all, '|', signs);
    VQC_TRY(vqc_study_storage_allocate(storage, count, sizeof *targets, &targets, error));
    *targets_out = targets;
    *count_out = count;
    rest = all;
    for (size_t i = 0; i < phrases; i++) {
        const piece phrase = story ? piece_take(&rest, '^', signs) : all;
        VQC_TRY(phrase_read(phrase, (int32_t)i, story ? (int32_t)phrases : 0, signs, storage, targets, error));
        targets += pieces_count(phrase, '|', signs);
    }
    return VQC_OK;
}

/* Takes the message of a failure to the node's place. */
static vqc_status prompt_refuse(const vqc_yaml_node *node, vqc_error *error)
{
    vqc_error reason = *error;
    return vqc_yaml_error(node, error, "%s", reason.message);
}

/* What the target is: exactly one of its kinds. */
static vqc_status target_kind_read(const vqc_yaml_node *node, vqc_target *target, vqc_error *error)
{
    const vqc_yaml_node *text = vqc_yaml_find(node, "text");
    const vqc_yaml_node *image = vqc_yaml_find(node, "image");
    const vqc_yaml_node *embedding = vqc_yaml_find(node, "embedding");
    const vqc_yaml_node *noise = vqc_yaml_find(node, "noise");
    if ((text != NULL) + (image != NULL) + (embedding != NULL) + (noise != NULL) != 1)
        return vqc_yaml_error(node, error, "expected exactly one of text, image, embedding, noise");
    if (text != NULL) {
        target->kind = VQC_TARGET_TEXT;
        return vqc_yaml_read_text(text, &target->text, error);
    }
    if (image != NULL) {
        target->kind = VQC_TARGET_IMAGE;
        return vqc_yaml_read_text(image, &target->file, error);
    }
    if (embedding != NULL) {
        target->kind = VQC_TARGET_EMBEDDING;
        return vqc_schema_read(&vqc_embedding_schema, target, embedding, error);
    }
    target->kind = VQC_TARGET_NOISE;
    return vqc_yaml_read_unsigned(noise, &target->seed, error);
}

static vqc_status target_read(const vqc_yaml_node *node, vqc_study_storage *storage, vqc_target *target,
                              vqc_error *error)
{
    vqc_target_form form = {0};
    VQC_TRY(vqc_schema_read(&vqc_target_schema, &form, node, error));
    *target = form.target;
    VQC_TRY(target_kind_read(node, target, error));
    if (target->weight == 0.0)
        return vqc_yaml_error(vqc_yaml_find(node, "weight"), error, "expected a weight that is not 0");
    if (form.weight_curve.count == 0)
        return VQC_OK;
    return vqc_study_storage_share(storage, &form.weight_curve, sizeof form.weight_curve, &target->curve, error);
}

static vqc_status targets_read(const vqc_yaml_node *list, vqc_study_storage *storage, vqc_prompt *prompt,
                               vqc_error *error)
{
    VQC_TRY(vqc_yaml_expect(list, VQC_YAML_SEQUENCE, error));
    prompt->target_count = vqc_yaml_count(list);
    if (prompt->target_count == 0)
        return vqc_yaml_error(list, error, "expected at least one target");
    VQC_TRY(
        vqc_study_storage_allocate(storage, prompt->target_count, sizeof *prompt->targets, &prompt->targets, error));
    for (size_t i = 0; i < prompt->target_count; i++)
        VQC_TRY(target_read(vqc_yaml_at(list, i), storage, &prompt->targets[i], error));
    return VQC_OK;
}

/* A prompt given as one text. */
static vqc_status prompt_read_text(const vqc_yaml_node *node, const char *signs, vqc_study_storage *storage,
                                   vqc_prompt *prompt, vqc_error *error)
{
    VQC_TRY(vqc_yaml_read_text(node, &prompt->text, error));
    if (vqc_prompt_split(prompt->text, signs, storage, &prompt->targets, &prompt->target_count, error) != VQC_OK)
        return prompt_refuse(node, error);
    return VQC_OK;
}

/* A mapping that has neither a text nor targets, or both. "- A man: in oil" is one with the key "A man", to YAML. */
static vqc_status keys_refuse(const vqc_yaml_node *node, vqc_error *error)
{
    const vqc_yaml_node *first = vqc_yaml_count(node) == 1 ? vqc_yaml_at(node, 0) : NULL;
    if (first == NULL || vqc_schema_find(&vqc_prompt_schema, vqc_yaml_key(first)) != NULL ||
        vqc_schema_find(&vqc_settings_schema, vqc_yaml_key(first)) != NULL)
        return vqc_yaml_error(node, error, "expected either text or targets");
    return vqc_yaml_error(
        node, error,
        "expected either text or targets, found the key %s: a prompt with a colon or braces is to be "
        "quoted, - \"%s: ...\"",
        vqc_yaml_key(first), vqc_yaml_key(first));
}

/* What a mapping says of the prompt beside what is drawn. */
static vqc_status labels_read(const vqc_yaml_node *node, vqc_prompt *prompt, vqc_error *error)
{
    const vqc_yaml_node *category = vqc_yaml_find(node, "category");
    const vqc_yaml_node *seed = vqc_yaml_find(node, "seed");
    if (category != NULL)
        VQC_TRY(vqc_yaml_read_text(category, &prompt->category, error));
    prompt->seeded = seed != NULL;
    return seed == NULL ? VQC_OK : vqc_yaml_read_unsigned(seed, &prompt->seed, error);
}

vqc_status vqc_prompt_read(const vqc_yaml_node *node, size_t number, const char *signs, vqc_study_storage *storage,
                           vqc_prompt *prompt_out, vqc_error *error)
{
    vqc_prompt prompt = {.node = node};
    VQC_TRY(vqc_study_storage_text(storage, &prompt.id, error, "%zu", number));
    if (vqc_yaml_kind_of(node) == VQC_YAML_MAPPING) {
        const vqc_yaml_node *id = vqc_yaml_find(node, "id");
        const vqc_yaml_node *text = vqc_yaml_find(node, "text");
        const vqc_yaml_node *targets = vqc_yaml_find(node, "targets");
        if ((text == NULL) == (targets == NULL))
            return keys_refuse(node, error);
        if (id != NULL)
            VQC_TRY(vqc_yaml_read_text(id, &prompt.id, error));
        VQC_TRY(labels_read(node, &prompt, error));
        if (text != NULL)
            VQC_TRY(prompt_read_text(text, signs, storage, &prompt, error));
        else
            VQC_TRY(targets_read(targets, storage, &prompt, error));
        if (text == NULL)
            prompt.text = prompt.targets[0].text == NULL ? "" : prompt.targets[0].text;
    } else {
        VQC_TRY(prompt_read_text(node, signs, storage, &prompt, error));
    }
    *prompt_out = prompt;
    return VQC_OK;
}
