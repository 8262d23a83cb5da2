#ifndef VQC_CLI_PACKED_FACTS_H
#define VQC_CLI_PACKED_FACTS_H

#include "archive/pack.h"

/* What a packed archive has of its renders' settings besides their YAML: /columns/settings_json, and
 * /columns/KEY of each setting that differs among renders (`optimizer.lr`), with its value as text, "" where a render
 * does not have it; and the steps from one snapshot to the next. */
typedef struct vqc_packed_facts {
    vqc_pack_facts facts; /* points into what follows */
    vqc_pack_column *columns;
    char **paths;
    char **texts; /* (columns, renders) */
    size_t count, renders;
    uint32_t *snapshot_every;
} vqc_packed_facts;

/* To be released also after a failure. Settings that are no mapping are VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_packed_facts_find(const vqc_archive *archive, vqc_packed_facts *facts,
                                                vqc_error *error);
void vqc_packed_facts_release(vqc_packed_facts *facts);

#endif
