#include "text/pre_tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/patterns.h"

struct step_type;

/* What becomes of the matches of Split. */
typedef enum split_behaviour { SPLIT_REMOVED, SPLIT_MERGED_WITH_PREVIOUS, SPLIT_BEHAVIOURS } split_behaviour;

typedef struct split_step {
    const struct step_type *type;
    /* Split */
    const vqc_pattern *pattern; /* NULL: the text searched */
    vqc_code_points searched;
    split_behaviour behaviour;
    bool inverted;
    /* Metaspace */
    int32_t replacement;
    bool prepends, splits;
    /* ByteLevel */
    bool uses_regex;
} split_step;

typedef struct step_type {
    const char *name;
    vqc_status (*read)(const vqc_json_place *place, split_step *step, vqc_error *error);
    vqc_status (*run)(const split_step *step, const vqc_code_points *word, vqc_words *words, vqc_error *error);
} step_type;

enum { MAX_DEPTH = 4 };

struct vqc_pre_tokenizer {
    split_step *steps;
    size_t count, capacity;
};

/* ---- WhitespaceSplit ---- */

static vqc_status whitespace_read(const vqc_json_place *place, split_step *step, vqc_error *error)
{
    static const char *const keys[] = {"type", NULL};
    (void)step;
    return vqc_json_keys_check(place, keys, error);
}

static vqc_status whitespace_run(const split_step *step, const vqc_code_points *word, vqc_words *words,
                                 vqc_error *error)
{
    (void)step;
    size_t start = 0;
    for (size_t i = 0; i <= word->count; i++) {
        if (i < word->count && !vqc_code_point_is_space(word->at[i]))
            continue;
        VQC_TRY(vqc_words_add(words, word->at + start, i - start, error));
        start = i + 1;
    }
    return VQC_OK;
}

/* ---- Metaspace ---- */

static vqc_status scheme_read(const vqc_json_place *place, split_step *step, vqc_error *error)
{
    const char *scheme = "always";
    vqc_json_place member = vqc_json_member(place, "prepend_scheme");
    vqc_json_place older = vqc_json_member(place, "add_prefix_space");
    bool adds;
    if (member.value != NULL)
        VQC_TRY(vqc_json_text(&member, &scheme, error));
    step->prepends = strcmp(scheme, "always") == 0;
    if (!step->prepends && strcmp(scheme, "never") != 0)
        return vqc_json_refuse_value(&member, "\"always\" or \"never\"", error);
    VQC_TRY(vqc_json_flag(&older, step->prepends, &adds, error));
    return adds == step->prepends ? VQC_OK : vqc_json_refuse_value(&older, "what prepend_scheme says", error);
}

static vqc_status metaspace_read(const vqc_json_place *place, split_step *step, vqc_error *error)
{
    static const char *const keys[] = {"type",  "replacement", "str_rep", "prepend_scheme", "add_prefix_space",
                                       "split", NULL};
    const char *text;
    vqc_code_points replacement = {0};
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    VQC_TRY(scheme_read(place, step, error));
    vqc_json_place split = vqc_json_member(place, "split");
    VQC_TRY(vqc_json_flag(&split, true, &step->splits, error));
    vqc_json_place member = vqc_json_member(place, "replacement");
    VQC_TRY(vqc_json_text(&member, &text, error));
    VQC_TRY(vqc_code_points_append_utf8(&replacement, text, strlen(text), error));
    size_t count = replacement.count;
    step->replacement = count == 1 ? replacement.at[0] : 0;
    vqc_code_points_release(&replacement);
    return count == 1 ? VQC_OK : vqc_json_refuse_value(&member, "one character", error);
}

static vqc_status metaspace_run(const split_step *step, const vqc_code_points *word, vqc_words *words,
                                vqc_error *error)
{
    vqc_code_points marked = {0};
    vqc_status status = VQC_OK;
    int32_t first = word->at[0] == ' ' ? step->replacement : word->at[0];
    if (step->prepends && first != step->replacement)
        status = vqc_code_points_append(&marked, step->replacement, error);
    for (size_t i = 0; i < word->count && status == VQC_OK; i++)
        status = vqc_code_points_append(&marked, word->at[i] == ' ' ? step->replacement : word->at[i], error);
    size_t start = 0; /* every mark begins a word */
    for (size_t i = 1; i <= marked.count && status == VQC_OK; i++) {
        if (i < marked.count && !(step->splits && marked.at[i] == step->replacement))
            continue;
        status = vqc_words_add(words, marked.at + start, i - start, error);
        start = i;
    }
    vqc_code_points_release(&marked);
    return status;
}

/* ---- Split ---- */

static vqc_status pattern_read(const vqc_json_place *place, split_step *step, vqc_error *error)
{
    static const char *const keys[] = {"String", "Regex", NULL};
    const char *text;
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    vqc_json_place regex = vqc_json_member(place, "Regex");
    if (regex.value != NULL) {
        VQC_TRY(vqc_json_text(&regex, &text, error));
        step->pattern = vqc_pattern_find(text);
        return step->pattern != NULL ? VQC_OK : vqc_json_refuse_value(&regex, "an expression that is known", error);
    }
    vqc_json_place string = vqc_json_member(place, "String");
    VQC_TRY(vqc_json_text(&string, &text, error));
    VQC_TRY(vqc_code_points_append_utf8(&step->searched, text, strlen(text), error));
    return step->searched.count > 0 ? VQC_OK : vqc_json_refuse(&string, error, "expected a text that is not empty");
}

static vqc_status split_read(const vqc_json_place *place, split_step *step, vqc_error *error)
{
    static const char *const keys[] = {"type", "pattern", "behavior", "invert", NULL};
    static const char *const words[SPLIT_BEHAVIOURS] = {
        [SPLIT_REMOVED] = "Removed", [SPLIT_MERGED_WITH_PREVIOUS] = "MergedWithPrevious"};
    const char *word;
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    vqc_json_place pattern = vqc_json_member(place, "pattern");
    VQC_TRY(pattern_read(&pattern, step, error));
    vqc_json_place invert = vqc_json_member(place, "invert");
    VQC_TRY(vqc_json_flag(&invert, false, &step->inverted, error));
    vqc_json_place behaviour = vqc_json_member(place, "behavior");
    VQC_TRY(vqc_json_text(&behaviour, &word, error));
    for (int i = 0; i < SPLIT_BEHAVIOURS; i++) {
        if (strcmp(words[i], word) == 0) {
            step->behaviour = (split_behaviour)i;
            return VQC_OK;
        }
    }
    return vqc_json_refuse_value(&behaviour, "\"Removed\" or \"MergedWithPrevious\"", error);
}

static size_t split_match(const split_step *step, const vqc_code_points *text, size_t at)
{
    const vqc_code_points *searched = &step->searched;
    if (step->pattern != NULL)
        return step->pattern->match(text, at);
    if (text->count - at < searched->count ||
        memcmp(text->at + at, searched->at, searched->count * sizeof *searched->at) != 0)
        return at;
    return at + searched->count;
}

/* The word under way, and whether what came last was a match. */
typedef struct split_state {
    size_t start, end;
    bool matched;
} split_state;

/* Takes the next stretch, a match or what lies between. */
static vqc_status split_take(const split_step *step, const vqc_code_points *word, size_t end, bool matches,
                             split_state *state, vqc_words *words, vqc_error *error)
{
    bool joins = step->behaviour == SPLIT_MERGED_WITH_PREVIOUS && matches && !state->matched;
    state->matched = matches;
    if (!joins) {
        VQC_TRY(vqc_words_add(words, word->at + state->start, state->end - state->start, error));
        state->start = state->end;
    }
    state->end = end;
    if (step->behaviour == SPLIT_REMOVED && matches)
        state->start = end;
    return VQC_OK;
}

static vqc_status split_run(const split_step *step, const vqc_code_points *word, vqc_words *words, vqc_error *error)
{
    split_state state = {0};
    size_t between = 0; /* where the stretch without a match begins */
    for (size_t i = 0; i < word->count;) {
        size_t end = split_match(step, word, i);
        if (end == i) {
            i++;
            continue;
        }
        if (between < i)
            VQC_TRY(split_take(step, word, i, step->inverted, &state, words, error));
        VQC_TRY(split_take(step, word, end, !step->inverted, &state, words, error));
        i = between = end;
    }
    if (between < word->count)
        VQC_TRY(split_take(step, word, word->count, step->inverted, &state, words, error));
    return vqc_words_add(words, word->at + state.start, state.end - state.start, error);
}

/* ---- ByteLevel ---- */

static vqc_status byte_level_read(const vqc_json_place *place, split_step *step, vqc_error *error)
{
    static const char *const keys[] = {"type", "add_prefix_space", "trim_offsets", "use_regex", NULL};
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    VQC_TRY(vqc_json_only_flag(place, "add_prefix_space", false, error));
    vqc_json_place prefix = vqc_json_member(place, "add_prefix_space");
    if (prefix.value == NULL)
        return vqc_json_refuse_value(&prefix, "false", error);
    vqc_json_place regex = vqc_json_member(place, "use_regex");
    return vqc_json_flag(&regex, true, &step->uses_regex, error);
}

/* The character that stands for a byte: itself where it can be seen, else one from U+0100 on. */
static int32_t byte_character(unsigned byte)
{
    if ((byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae)
        return (int32_t)byte;
    if (byte <= 0x20)
        return (int32_t)(0x100 + byte);
    return byte == 0xad ? 0x143 : (int32_t)(0x121 + byte - 0x7f);
}

static vqc_status bytes_append(const int32_t *code_points, size_t count, vqc_code_points *target, vqc_error *error)
{
    for (size_t i = 0; i < count; i++) {
        char utf8[4];
        size_t size = vqc_code_point_to_utf8(code_points[i], utf8);
        for (size_t k = 0; k < size; k++)
            VQC_TRY(vqc_code_points_append(target, byte_character((unsigned char)utf8[k]), error));
    }
    return VQC_OK;
}

static vqc_status byte_level_run(const split_step *step, const vqc_code_points *word, vqc_words *words,
                                 vqc_error *error)
{
    for (size_t i = 0; i < word->count;) {
        size_t end = step->uses_regex ? vqc_pattern_gpt2(word, i) : word->count;
        vqc_code_points bytes = {0};
        vqc_status status = bytes_append(word->at + i, end - i, &bytes, error);
        if (status == VQC_OK)
            status = vqc_words_add(words, bytes.at, bytes.count, error);
        vqc_code_points_release(&bytes);
        VQC_TRY(status);
        i = end;
    }
    return VQC_OK;
}

static const step_type types[] = {
    {.name = "WhitespaceSplit", .read = whitespace_read, .run = whitespace_run},
    {.name = "Metaspace", .read = metaspace_read, .run = metaspace_run},
    {.name = "Split", .read = split_read, .run = split_run},
    {.name = "ByteLevel", .read = byte_level_read, .run = byte_level_run},
};

static const step_type *type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

static vqc_status steps_read(vqc_pre_tokenizer *pre_tokenizer, const vqc_json_place *place, int depth,
                             vqc_error *error);

static vqc_status sequence_read(vqc_pre_tokenizer *pre_tokenizer, const vqc_json_place *place, int depth,
                                vqc_error *error)
{
    static const char *const keys[] = {"type", "pretokenizers", NULL};
    VQC_TRY(vqc_json_keys_check(place, keys, error));
    vqc_json_place list = vqc_json_member(place, "pretokenizers");
    VQC_TRY(vqc_json_array(&list, error));
    for (size_t i = 0; i < vqc_json_count(&list); i++) {
        vqc_json_place item = vqc_json_item(&list, i);
        VQC_TRY(steps_read(pre_tokenizer, &item, depth + 1, error));
    }
    return VQC_OK;
}

static vqc_status steps_read(vqc_pre_tokenizer *pre_tokenizer, const vqc_json_place *place, int depth,
                             vqc_error *error)
{
    const char *name;
    vqc_json_place type = vqc_json_member(place, "type");
    VQC_TRY(vqc_json_text(&type, &name, error));
    if (strcmp(name, "Sequence") == 0 && depth < MAX_DEPTH)
        return sequence_read(pre_tokenizer, place, depth, error);
    const step_type *found = type_find(name);
    if (found == NULL)
        return vqc_json_refuse_value(&type, "a pre-tokenizer that is computed", error);
    VQC_TRY(vqc_memory_grow(&pre_tokenizer->steps, &pre_tokenizer->capacity, pre_tokenizer->count + 1,
                            sizeof *pre_tokenizer->steps, "a pre-tokenizer", error));
    split_step *step = &pre_tokenizer->steps[pre_tokenizer->count++];
    *step = (split_step){.type = found};
    return found->read(place, step, error);
}

vqc_status vqc_pre_tokenizer_create(const vqc_json_place *place, vqc_pre_tokenizer **pre_tokenizer_out,
                                    vqc_error *error)
{
    vqc_pre_tokenizer *pre_tokenizer;
    VQC_TRY(vqc_memory_allocate(1, sizeof *pre_tokenizer, "a pre-tokenizer", &pre_tokenizer, error));
    vqc_status status = place->value == NULL ? VQC_OK : steps_read(pre_tokenizer, place, 0, error);
    if (status != VQC_OK) {
        vqc_pre_tokenizer_destroy(pre_tokenizer);
        return status;
    }
    *pre_tokenizer_out = pre_tokenizer;
    return VQC_OK;
}

void vqc_pre_tokenizer_destroy(vqc_pre_tokenizer *pre_tokenizer)
{
    if (pre_tokenizer == NULL)
        return;
    for (size_t i = 0; i < pre_tokenizer->count; i++)
        vqc_code_points_release(&pre_tokenizer->steps[i].searched);
    free(pre_tokenizer->steps);
    free(pre_tokenizer);
}

/* Every word through one step. */
static vqc_status step_run(const split_step *step, const vqc_words *words, vqc_words *target, vqc_error *error)
{
    for (size_t i = 0; i < words->count; i++) {
        vqc_code_points word = vqc_words_at(words, i);
        VQC_TRY(step->type->run(step, &word, target, error));
    }
    return VQC_OK;
}

vqc_status vqc_pre_tokenizer_run(const vqc_pre_tokenizer *pre_tokenizer, const vqc_code_points *text,
                                 vqc_words *words, vqc_error *error)
{
    VQC_TRY(vqc_words_add(words, text->at, text->count, error));
    for (size_t i = 0; i < pre_tokenizer->count; i++) {
        vqc_words target = {0};
        vqc_status status = step_run(&pre_tokenizer->steps[i], words, &target, error);
        if (status != VQC_OK) {
            vqc_words_release(&target);
            return status;
        }
        vqc_words_release(words);
        *words = target;
    }
    return VQC_OK;
}
