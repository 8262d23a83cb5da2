#include <string.h>

#include "study/reader.h"
#include "study/repeats.h"

/* From first to last. */
typedef struct seed_range {
    uint64_t first, last;
} seed_range;

/* Whether the node is "FIRST..LAST". */
static bool range_parse(const vqc_yaml_node *node, seed_range *range)
{
    const char *text = vqc_yaml_scalar(node);
    const char *dots = text == NULL || !vqc_yaml_is_plain(node) ? NULL : strstr(text, "..");
    return dots != NULL && vqc_yaml_parse_unsigned(text, (size_t)(dots - text), &range->first) &&
           vqc_yaml_parse_unsigned(dots + 2, strlen(dots + 2), &range->last);
}

static vqc_status range_check(const seed_range *range, const vqc_yaml_node *node, vqc_error *error)
{
    if (range->last < range->first)
        return vqc_yaml_error(node, error, "expected FIRST..LAST, found a last one below the first");
    if (range->last - range->first >= VQC_STUDY_MAX_RENDERS)
        return vqc_yaml_error(node, error, "expected at most %d seeds", VQC_STUDY_MAX_RENDERS);
    return VQC_OK;
}

static vqc_status mapping_read(const vqc_yaml_node *node, seed_range *range, vqc_error *error)
{
    static const char *const keys[] = {"count", "from"};
    const vqc_yaml_node *count_node;
    const vqc_yaml_node *from = vqc_yaml_find(node, "from");
    int64_t count;
    VQC_TRY(vqc_yaml_check_keys(node, keys, sizeof keys / sizeof keys[0], error));
    VQC_TRY(vqc_yaml_require(node, "count", &count_node, error));
    VQC_TRY(vqc_yaml_read_integer(count_node, 1, VQC_STUDY_MAX_RENDERS, &count, error));
    range->first = 0;
    if (from != NULL)
        VQC_TRY(vqc_yaml_read_unsigned(from, &range->first, error));
    if (range->first > UINT64_MAX - (uint64_t)(count - 1))
        return vqc_yaml_error(node, error, "expected seeds up to 2^64 - 1");
    range->last = range->first + (uint64_t)(count - 1);
    return VQC_OK;
}

/* Seeds of the node as a whole, or of an item of its list. */
static vqc_status range_read(const vqc_yaml_node *node, seed_range *range, vqc_error *error)
{
    if (vqc_yaml_kind_of(node) == VQC_YAML_MAPPING)
        return mapping_read(node, range, error);
    if (range_parse(node, range))
        return range_check(range, node, error);
    VQC_TRY(vqc_yaml_read_unsigned(node, &range->first, error));
    range->last = range->first;
    return VQC_OK;
}

static int seeds_compare(const void *seeds, size_t a, size_t b)
{
    const uint64_t *values = seeds;
    return (values[a] > values[b]) - (values[a] < values[b]);
}

static vqc_status repeats_check(const uint64_t *seeds, size_t count, const vqc_yaml_node *node, vqc_error *error)
{
    bool found;
    size_t first;
    size_t second;
    VQC_TRY(vqc_repeat_find(seeds, count, seeds_compare, &found, &first, &second, error));
    if (found && vqc_yaml_count(node) == count) /* one number an item */
        return vqc_yaml_error(vqc_yaml_at(node, second), error, "expected seeds that differ, found seeds[%zu] again",
                              first);
    if (found)
        return vqc_yaml_error(node, error, "expected seeds that differ, found %llu again",
                              (unsigned long long)seeds[second]);
    return VQC_OK;
}

/* Puts the seeds of count nodes into the list, or only counts them where it is NULL. */
static vqc_status ranges_list(const vqc_yaml_node *const *nodes, size_t count, uint64_t *seeds, size_t *listed,
                              vqc_error *error)
{
    *listed = 0;
    for (size_t i = 0; i < count; i++) {
        seed_range range;
        VQC_TRY(range_read(nodes[i], &range, error));
        const size_t more = (size_t)(range.last - range.first) + 1;
        if (more > VQC_STUDY_MAX_RENDERS - *listed)
            return vqc_yaml_error(nodes[i], error, "expected at most %d seeds", VQC_STUDY_MAX_RENDERS);
        for (size_t j = 0; seeds != NULL && j < more; j++)
            seeds[*listed + j] = range.first + j;
        *listed += more;
    }
    return VQC_OK;
}

/* That it is a list, as it is neither of the forms for many seeds. */
static vqc_status form_check(const vqc_yaml_node *node, vqc_error *error)
{
    const char *text = vqc_yaml_scalar(node);
    if (vqc_yaml_kind_of(node) == VQC_YAML_SEQUENCE)
        return VQC_OK;
    const char *quote = text != NULL && !vqc_yaml_is_plain(node) ? "\"" : "";
    return vqc_yaml_error(node, error,
                          "expected a list, [SEED, ...], a range, FIRST..LAST, up to 2^64 - 1, or {count: N, from: "
                          "FIRST}, found %s%s%s",
                          quote, text == NULL || text[0] == '\0' ? "nothing" : text, quote);
}

vqc_status vqc_study_seeds_read(vqc_study_reader *reader, const vqc_yaml_node *node, const uint64_t **seeds_out,
                                size_t *count_out, vqc_error *error)
{
    static const uint64_t usual[] = {0};
    const vqc_yaml_node **items;
    uint64_t *seeds;
    seed_range whole;
    *seeds_out = usual;
    *count_out = 1;
    if (node == NULL)
        return VQC_OK;
    const bool single = vqc_yaml_kind_of(node) == VQC_YAML_MAPPING || range_parse(node, &whole);
    if (!single)
        VQC_TRY(form_check(node, error));
    const size_t count = single ? 1 : vqc_yaml_count(node);
    if (count == 0)
        return vqc_yaml_error(node, error, "expected at least one seed");
    VQC_TRY(vqc_study_storage_allocate(reader->storage, count, sizeof(vqc_yaml_node *), &items, error));
    for (size_t i = 0; i < count; i++)
        items[i] = single ? node : vqc_yaml_at(node, i);
    VQC_TRY(ranges_list(items, count, NULL, count_out, error));
    VQC_TRY(vqc_study_storage_allocate(reader->storage, *count_out, sizeof *seeds, &seeds, error));
    VQC_TRY(ranges_list(items, count, seeds, count_out, error));
    *seeds_out = seeds;
    return reader->source != NULL ? VQC_OK : repeats_check(seeds, *count_out, node, error);
}
