#include <string.h>

#include "base/stream.h"
#include "base/text.h"
#include "study/reader.h"

enum { MOST_LISTS = 256 };

/* A text of a list, which has no choices of its own. */
static vqc_status choice_check(const vqc_yaml_node *node, vqc_error *error)
{
    const char *text;
    VQC_TRY(vqc_yaml_read_text(node, &text, error));
    if (strchr(text, '{') != NULL)
        return vqc_yaml_error(node, error,
                              "expected a text without {, as a choice has no choices of its own, found %s", text);
    return VQC_OK;
}

vqc_status vqc_study_choices_check(const vqc_yaml_node *root, vqc_error *error)
{
    const vqc_yaml_node *lists = vqc_yaml_find(root, "choices");
    if (lists == NULL)
        return VQC_OK;
    VQC_TRY(vqc_yaml_expect(lists, VQC_YAML_MAPPING, error));
    if (vqc_yaml_count(lists) == 0 || vqc_yaml_count(lists) > MOST_LISTS)
        return vqc_yaml_error(lists, error, "expected 1 to %d lists", MOST_LISTS);
    for (size_t i = 0; i < vqc_yaml_count(lists); i++) {
        const vqc_yaml_node *list = vqc_yaml_at(lists, i);
        VQC_TRY(vqc_yaml_expect(list, VQC_YAML_SEQUENCE, error));
        if (vqc_yaml_count(list) == 0)
            return vqc_yaml_error(list, error, "expected at least one text");
        for (size_t j = 0; j < vqc_yaml_count(list); j++)
            VQC_TRY(choice_check(vqc_yaml_at(list, j), error));
    }
    return VQC_OK;
}

bool vqc_study_chooses(const vqc_yaml_node *root, const vqc_prompt *prompt)
{
    const bool split = prompt->node != NULL && vqc_yaml_find(prompt->node, "targets") == NULL;
    return split && vqc_yaml_find(root, "choices") != NULL && strchr(prompt->text, '{') != NULL;
}

/* Of a text, so that two prompts draw independently (FNV-1a). */
static uint32_t text_hash(const char *text)
{
    uint32_t hash = 0x811c9dc5U;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x01000193U;
    return hash;
}

static vqc_status name_refuse(const vqc_yaml_node *lists, const char *name, size_t length, const vqc_prompt *prompt,
                              vqc_error *error)
{
    const char *words[MOST_LISTS];
    char found[64];
    const size_t shown = length < sizeof found - 1 ? length : sizeof found - 1;
    memcpy(found, name, shown);
    found[shown] = '\0';
    for (size_t i = 0; i < vqc_yaml_count(lists); i++)
        words[i] = vqc_yaml_key(vqc_yaml_at(lists, i));
    return vqc_yaml_error(
        prompt->node, error,
        "choices have no {%s}, the nearest one is {%s}; a brace that belongs to the text is written "
        "\\{",
        found, vqc_yaml_nearest(words, vqc_yaml_count(lists), found));
}

/* The list of that name. */
static const vqc_yaml_node *list_find(const vqc_yaml_node *lists, const char *name, size_t length)
{
    for (size_t i = 0; i < vqc_yaml_count(lists); i++) {
        const vqc_yaml_node *list = vqc_yaml_at(lists, i);
        if (strlen(vqc_yaml_key(list)) == length && memcmp(vqc_yaml_key(list), name, length) == 0)
            return list;
    }
    return NULL;
}

/* Appends one of the texts of the list whose name begins behind the brace, and goes on behind the name. */
static vqc_status place_fill(const vqc_yaml_node *lists, const vqc_prompt *prompt, const char **next,
                             vqc_stream *stream, vqc_text *text, vqc_error *error)
{
    const char *name = *next + 1;
    const size_t length = strcspn(name, "}");
    if (name[length] == '\0')
        return vqc_yaml_error(prompt->node, error,
                              "expected } behind {; a brace that belongs to the text is written \\{");
    const vqc_yaml_node *list = list_find(lists, name, length);
    if (list == NULL)
        return name_refuse(lists, name, length, prompt, error);
    stream->draw = 0;
    const int64_t choice = vqc_stream_integer(stream, (int64_t)vqc_yaml_count(list));
    stream->item++;
    *next = name + length + 1;
    return vqc_text_append(text, error, "%s", vqc_yaml_scalar(vqc_yaml_at(list, (size_t)choice)));
}

static vqc_status text_fill(const vqc_yaml_node *lists, const vqc_prompt *prompt, uint64_t seed, vqc_text *text,
                            vqc_error *error)
{
    vqc_stream stream = {.seed = seed, .purpose = VQC_STREAM_CHOICE, .step = text_hash(prompt->text)};
    for (const char *next = prompt->text; *next != '\0';) {
        if (*next == '{') {
            VQC_TRY(place_fill(lists, prompt, &next, &stream, text, error));
            continue;
        }
        next += next[0] == '\\' && (next[1] == '{' || next[1] == '}');
        VQC_TRY(vqc_text_append(text, error, "%c", *next++));
    }
    return VQC_OK;
}

vqc_status vqc_study_choose(vqc_study_reader *reader, const vqc_prompt *prompt, uint64_t seed, vqc_prompt *chosen_out,
                            vqc_error *error)
{
    const vqc_yaml_node *lists = vqc_yaml_find(vqc_yaml_root(reader->yaml), "choices");
    vqc_text text = {0};
    vqc_prompt chosen = *prompt;
    vqc_status status = text_fill(lists, prompt, seed, &text, error);
    if (status == VQC_OK)
        status = vqc_study_storage_share(reader->storage, text.data, text.size + 1, &chosen.text, error);
    vqc_text_release(&text);
    VQC_TRY(status);
    if (vqc_prompt_split(chosen.text, vqc_study_signs(reader, prompt->node), reader->storage, &chosen.targets,
                         &chosen.target_count, error) != VQC_OK) {
        vqc_error reason = *error;
        return vqc_yaml_error(prompt->node, error, "with seed %llu: %s", (unsigned long long)seed, reason.message);
    }
    *chosen_out = chosen;
    return VQC_OK;
}

static vqc_status brace_refuse(const vqc_prompt *prompt, const char *where, vqc_error *error)
{
    return vqc_yaml_error(prompt->node, error, "choices are filled in in a prompt's text alone, found { in %s",
                          where);
}

vqc_status vqc_study_choices_elsewhere(const vqc_study_reader *reader, const vqc_prompt *prompt,
                                       const vqc_settings *settings, vqc_error *error)
{
    if (prompt->node == NULL || vqc_yaml_find(vqc_yaml_root(reader->yaml), "choices") == NULL)
        return VQC_OK;
    if (settings->mask.text != NULL && strchr(settings->mask.text, '{') != NULL)
        return brace_refuse(prompt, "the mask's text", error);
    if (vqc_yaml_find(prompt->node, "targets") == NULL)
        return VQC_OK;
    for (size_t i = 0; i < prompt->target_count; i++)
        if (prompt->targets[i].text != NULL && strchr(prompt->targets[i].text, '{') != NULL)
            return brace_refuse(prompt, "a target's text", error);
    return VQC_OK;
}
