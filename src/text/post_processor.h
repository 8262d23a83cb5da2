#ifndef VQC_TEXT_POST_PROCESSOR_H
#define VQC_TEXT_POST_PROCESSOR_H

#include "config/json_place.h"
#include "text/token_list.h"

/* The post-processor of a tokenizer.json: the ids that stand before and behind those of a text. Known are
 * TemplateProcessing, RobertaProcessing, BertProcessing, ByteLevel (which does nothing to ids) and a Sequence of
 * them. A place without a value adds none. Appends to both lists; what is not known is VQC_BAD_INPUT with its way. */
VQC_MUST_CHECK vqc_status vqc_post_processor_read(const vqc_json_place *place, vqc_token_list *before,
                                                  vqc_token_list *after, vqc_error *error);

#endif
